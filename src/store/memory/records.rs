//! Records, over plain collections.

use super::KvMood;
use super::Memory;
use crate::crypto::secret::{AuthorizationCode, Hash};
use crate::id::FamilyId;
use crate::store::{Ambient, CodeRecord, Fault, Records, RefreshRecord};

impl Records for Memory {
    async fn put_code(
        &self,
        code: &Hash<AuthorizationCode>,
        record: &CodeRecord,
    ) -> Result<(), Fault> {
        self.step("kv.put", |state| {
            let record = serde_json::to_string(record).unwrap_or_default();
            state.codes.insert(code.to_string(), record);
        })
    }

    async fn code(&self, code: &Hash<AuthorizationCode>) -> Result<Option<CodeRecord>, Fault> {
        let shown = self.kv_mood.get() == KvMood::Fresh;
        self.step("kv.get", |state| {
            let record = state.codes.get(&code.to_string()).filter(|_| shown)?;
            serde_json::from_str(record).ok()
        })
    }

    fn put_refresh(&self, family: FamilyId, record: RefreshRecord) {
        let put = self.step("kv.put", |state| {
            state.refreshes.insert(family, record);
        });
        if let Err(fault) = put {
            self.log(&fault.to_string());
        }
    }
}
