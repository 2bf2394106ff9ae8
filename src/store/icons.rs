//! The icons that are kept for applications.

use super::Fault;
use crate::fluxer::user::ImageHash;
use crate::snowflake::ApplicationId;

/// KV: icons, which are there until their application lets go of them.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Icons {
    /// Keeps an icon of an application, under the hash of the icon.
    async fn put_icon(
        &self,
        application: ApplicationId,
        hash: &ImageHash,
        icon: &[u8],
    ) -> Result<(), Fault>;
    /// An icon. `None` says little: a fresh one may be invisible elsewhere for a minute.
    async fn icon(
        &self,
        application: ApplicationId,
        hash: &ImageHash,
    ) -> Result<Option<Vec<u8>>, Fault>;
    /// Deletes an icon. Runs on after the answer.
    fn delete_icon(&self, application: ApplicationId, hash: &ImageHash);
}
