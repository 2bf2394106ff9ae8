//! Other resource servers.

use std::rc::Rc;

use super::{Fault, Known, Paging};
use crate::fluxer::resource::Resource;
use crate::oauth::resource::ResourceKey;
use crate::snowflake::ResourceId;

/// What a resource server has that another one has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceTaken {
    /// The id: draw another one.
    Id,
    /// The identifier (RFC 8707): it must be unique.
    Identifier,
}

/// A resource server as a request names it.
#[derive(Debug, Clone, Copy)]
pub enum WhichResource<'a> {
    /// The one with this id.
    Id(ResourceId),
    /// The one that is known by this.
    Key(&'a ResourceKey),
}

impl WhichResource<'_> {
    /// Whether `resource` is the one that is meant.
    pub fn is(self, resource: &Resource) -> bool {
        match self {
            Self::Id(id) => resource.id == id,
            Self::Key(key) => resource.identifier.key() == *key,
        }
    }
}

/// The other resource servers for which this server issues tokens.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Resources {
    /// A resource server, at most [`super::FRESH_FOR`] old; where the directory does not answer, at most
    /// [`super::SERVES_OUTAGES_FOR`].
    async fn resource(&self, which: WhichResource<'_>) -> Result<Known<Resource>, Fault>;
    /// A resource server as it is now.
    async fn current_resource(
        &self,
        which: WhichResource<'_>,
    ) -> Result<Option<Rc<Resource>>, Fault>;
    /// Resource servers, in the order of their ids.
    async fn resources(&self, paging: Paging) -> Result<Vec<Resource>, Fault>;
    /// Adds a resource server.
    async fn add_resource(&self, resource: &Resource) -> Result<Result<(), ResourceTaken>, Fault>;
    /// Replaces a resource server. Answers whether it was there.
    async fn change_resource(
        &self,
        resource: &Resource,
    ) -> Result<Result<bool, ResourceTaken>, Fault>;
    /// Deletes a resource server. Answers whether it was there.
    async fn delete_resource(&self, id: ResourceId) -> Result<bool, Fault>;
}
