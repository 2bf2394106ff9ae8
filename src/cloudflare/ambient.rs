//! The runtime's entropy and log, and the questions whether the stores behind the bindings answer.

use super::{Bindings, clock};
use crate::ledger::{Devices, LedgerId};
use crate::rate_limit::{Limit, Verdict};
use crate::snowflake::{ApplicationId, Snowflake};
use crate::store::{Ambient, Fault, Ledgers, Limiter, Schema};
use crate::time::Timestamp;

impl Ambient for Bindings {
    fn now(&self) -> Timestamp {
        clock::now()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the source of randomness"
    )]
    fn entropy(&self, buffer: &mut [u8]) -> Result<(), Fault> {
        getrandom::fill(buffer).map_err(|error| Fault::new("entropy", error))
    }

    fn log(&self, line: &str) {
        worker::console_error!("{line}");
    }

    async fn schema(&self) -> Result<Schema, Fault> {
        self.directory_schema().await
    }

    async fn health(&self) -> Vec<(&'static str, Result<(), Fault>)> {
        // A ledger and a limiter that no user has.
        let nobody = ApplicationId(Snowflake::from_bytes([0; 8]));
        let ledger = LedgerId::SharedByApplication(nobody);
        let limit = Limit {
            requests: 1,
            window: core::time::Duration::from_secs(1),
        };
        let limiter: Result<Verdict, Fault> = self.take("health", limit).await;
        vec![
            ("records", self.records_answer().await),
            ("ledger", self.ask(ledger, Devices).await.map(|_| ())),
            ("limiter", limiter.map(|_| ())),
            ("directory", self.directory_answers().await),
        ]
    }
}
