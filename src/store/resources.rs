//! Other resource servers.

use std::rc::Rc;

use super::{Fault, Paging};
use crate::fluxer::resource::Resource;
use crate::oauth::resource::ResourceKey;
use crate::snowflake::ResourceId;

/// What a resource server has that another one has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceTaken {
    /// The id: draw another one.
    Id,
    /// The identifier.
    Identifier,
}

/// Other resource servers.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Resources {
    /// The resource server that is known by this, at most five seconds old; where the directory does
    /// not answer, at most ten minutes.
    async fn resource(&self, key: &ResourceKey) -> Result<Option<Rc<Resource>>, Fault>;
    /// The resource server with this id, likewise.
    async fn resource_by_id(&self, id: ResourceId) -> Result<Option<Rc<Resource>>, Fault>;
    /// A resource server as it is now.
    async fn current_resource(&self, id: ResourceId) -> Result<Option<Resource>, Fault>;
    /// All of them, by id.
    async fn resources(&self, paging: Paging) -> Result<Vec<Resource>, Fault>;
    /// Adds one.
    async fn add_resource(&self, resource: &Resource) -> Result<Result<(), ResourceTaken>, Fault>;
    /// Writes one anew; whether it was there.
    async fn change_resource(
        &self,
        resource: &Resource,
    ) -> Result<Result<bool, ResourceTaken>, Fault>;
    /// Deletes one; whether it was there.
    async fn delete_resource(&self, id: ResourceId) -> Result<bool, Fault>;
}
