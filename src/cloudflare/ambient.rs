//! The runtime's clock, entropy and log.

use worker::js_sys::Date;

use super::Bindings;
use super::js::from_millis;
use crate::ledger::{Devices, LedgerId};
use crate::rate_limit::{Limit, Verdict};
use crate::snowflake::{ApplicationId, Snowflake};
use crate::store::{Ambient, Fault, Ledgers, Limiter, Schema};
use crate::time::Timestamp;

/// The clock. It stands still while code runs and moves on with every answer from outside, which
/// is how the platform keeps timing attacks out.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(super) fn now() -> Timestamp {
    // Of JavaScript's own: the `worker` crate makes an object for each look.
    from_millis(Date::now())
}

impl Ambient for Bindings {
    fn now(&self) -> Timestamp {
        now()
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
