//! KV: code and refresh-token records, with TTLs.
//!
//! Keys are hashes and fixed-form ids, never input: KV throws on an empty key, on `.` and `..`,
//! and above 512 bytes.

use core::time::Duration;

use serde::Serialize;
use worker::kv::KvStore;

use super::{Edge, ambient};
use crate::oauth::secret::{AuthorizationCode, Hash};
use crate::oauth::time::Timestamp;
use crate::opaque_id::FamilyId;
use crate::store::{CodeRecord, Fault, Records, RefreshRecord};

const BINDING: &str = "RECORDS";
/// KV refuses a shorter `expirationTtl`, in seconds; records carry the expiry that counts.
const MIN_TTL: u64 = 60;

impl Edge {
    fn records(&self) -> Result<KvStore, Fault> {
        self.env
            .kv(BINDING)
            .map_err(|error| Fault::new(BINDING, error))
    }

    /// Whether KV answers.
    pub(super) async fn records_answer(&self) -> Result<(), Fault> {
        let answer = self.records()?.get("health").text().await;
        answer
            .map(|_| ())
            .map_err(|error| Fault::new(BINDING, error))
    }
}

impl Records for Edge {
    async fn put_code(
        &self,
        code: &Hash<AuthorizationCode>,
        record: &CodeRecord,
    ) -> Result<(), Fault> {
        put(
            &self.records()?,
            &format!("code:{code}"),
            record,
            record.expires_at,
        )
        .await
    }

    async fn code(&self, code: &Hash<AuthorizationCode>) -> Result<Option<CodeRecord>, Fault> {
        let key = format!("code:{code}");
        let stored = self.records()?.get(&key).text().await;
        let stored = stored.map_err(|error| Fault::new(BINDING, error))?;
        // What cannot be read is as good as not there: the ledger has the same record.
        Ok(stored.and_then(|stored| serde_json::from_str(&stored).ok()))
    }

    fn put_refresh(&self, family: FamilyId, record: RefreshRecord) {
        let records = self.records();
        self.context.wait_until(async move {
            let put = match records {
                Ok(records) => {
                    put(
                        &records,
                        &format!("refresh:{family}"),
                        &record,
                        record.expires_at,
                    )
                    .await
                }
                Err(fault) => Err(fault),
            };
            if let Err(fault) = put {
                worker::console_error!("{fault}");
            }
        });
    }
}

async fn put(
    records: &KvStore,
    key: &str,
    record: &impl Serialize,
    expires_at: Timestamp,
) -> Result<(), Fault> {
    let fault = |error: &dyn core::fmt::Display| Fault::new(BINDING, error);
    let text = serde_json::to_string(record).map_err(|error| fault(&error))?;
    let left: Duration = expires_at.since(ambient::now());
    records
        .put(key, text)
        .map_err(|error| fault(&error))?
        .expiration_ttl(left.as_secs().max(MIN_TTL))
        .execute()
        .await
        .map_err(|error| fault(&error))
}
