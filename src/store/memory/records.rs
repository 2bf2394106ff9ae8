//! Records, over plain collections.

use super::{KvMood, Memory, State};
use crate::crypto::secret::{AuthorizationCode, Hash};
use crate::id::FamilyId;
use crate::json_reader;
use crate::snowflake::ApplicationId;
use crate::store::{Ambient, CodeRecord, Fault, Records, RefreshRecord};

impl Memory {
    /// A write that nobody waits for.
    fn write_record(&self, effect: impl FnOnce(&mut State)) {
        if let Err(fault) = self.step("kv.put", effect) {
            self.log(&fault.to_string());
        }
    }
}

impl Memory {
    /// How many refresh-token records KV has.
    pub fn refresh_records(&self) -> usize {
        self.state.borrow().refreshes.len()
    }
}

impl Memory {
    /// How many records of codes KV has.
    pub fn code_records(&self) -> usize {
        self.state.borrow().codes.len()
    }
}

impl Records for Memory {
    fn put_code(&self, code: &Hash<AuthorizationCode>, record: &CodeRecord) {
        let record = serde_json::to_string(record).unwrap_or_default();
        self.write_record(|state| {
            state.codes.insert(code.to_string(), record);
        });
    }

    async fn code(&self, code: &Hash<AuthorizationCode>) -> Result<Option<CodeRecord>, Fault> {
        let shown = self.kv_mood.get() == KvMood::Fresh;
        self.step("kv.get", |state| {
            let record = state.codes.get(&code.to_string()).filter(|_| shown)?;
            json_reader::read(record).ok()
        })
    }

    fn put_refresh(&self, family: FamilyId, record: &RefreshRecord) {
        self.write_record(|state| {
            state.refreshes.insert(family, record.clone());
        });
    }

    fn delete_refresh(&self, family: FamilyId) {
        self.write_record(|state| {
            state.refreshes.remove(&family);
        });
    }

    fn delete_code(&self, family: FamilyId) {
        let id = family.to_string();
        self.write_record(|state| {
            state.codes.retain(|code, _| !code.starts_with(&id[..21]));
        });
    }

    fn mark_stopped(&self, application: ApplicationId) {
        self.write_record(|state| {
            state.stopped.insert(application);
        });
    }

    async fn is_stopped(&self, application: ApplicationId) -> Result<bool, Fault> {
        let shown = self.kv_mood.get() == KvMood::Fresh;
        self.step("kv.get", |state| {
            shown && state.stopped.contains(&application)
        })
    }
}
