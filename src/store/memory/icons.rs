//! Icons, over plain collections.

use super::Memory;
use crate::fluxer::user::ImageHash;
use crate::snowflake::ApplicationId;
use crate::store::{Ambient, Fault, Icons};

impl Memory {
    /// How many icons KV has.
    pub fn stored_icons(&self) -> usize {
        self.state.borrow().icons.len()
    }
}

fn key(application: ApplicationId, hash: &ImageHash) -> String {
    format!("{application}:{}", hash.as_str())
}

impl Icons for Memory {
    async fn put_icon(
        &self,
        application: ApplicationId,
        hash: &ImageHash,
        icon: &[u8],
    ) -> Result<(), Fault> {
        self.step("kv.put", |state| {
            state.icons.insert(key(application, hash), icon.to_vec());
        })
    }

    async fn icon(
        &self,
        application: ApplicationId,
        hash: &ImageHash,
    ) -> Result<Option<Vec<u8>>, Fault> {
        self.step("kv.get", |state| {
            state.icons.get(&key(application, hash)).cloned()
        })
    }

    fn delete_icon(&self, application: ApplicationId, hash: &ImageHash) {
        let deleted = self.step("kv.put", |state| {
            state.icons.remove(&key(application, hash));
        });
        if let Err(fault) = deleted {
            self.log(&fault.to_string());
        }
    }
}
