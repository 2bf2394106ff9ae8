//! KV: the icons of applications. An icon's key is its hash, and it stays until it is deleted.

use worker::js_sys::Uint8Array;

use super::Bindings;
use crate::fluxer::user::ImageHash;
use crate::snowflake::ApplicationId;
use crate::store::{Fault, Icons};

fn key(application: ApplicationId, hash: &ImageHash) -> String {
    format!("icon:{application}:{}", hash.as_str())
}

impl Icons for Bindings {
    async fn put_icon(
        &self,
        application: ApplicationId,
        hash: &ImageHash,
        icon: &[u8],
    ) -> Result<(), Fault> {
        let icon = Uint8Array::from(icon);
        let key = key(application, hash);
        let records = self.records()?;
        records.put(&key, &icon, None).await
    }

    async fn icon(
        &self,
        application: ApplicationId,
        hash: &ImageHash,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let key = key(application, hash);
        let icon = self.records()?.get_as("arrayBuffer", &key).await?;
        Ok(icon.is_object().then(|| Uint8Array::new(&icon).to_vec()))
    }

    fn delete_icon(&self, application: ApplicationId, hash: &ImageHash) {
        self.delete_later(key(application, hash));
    }
}
