//! The ids that a request uses up: the `jti` of its client's assertion, and that of its proof of possession.

use core::cell::RefCell;

use crate::id::AttemptId;
use crate::pending::{Claim, PendingId};
use crate::store::{Edge, Fault};
use crate::time::Timestamp;

/// The ids that a request has used up so far, or may have used up.
#[derive(Default)]
pub struct RequestClaims(RefCell<Vec<(PendingId, AttemptId)>>);

impl RequestClaims {
    /// Uses an id up; it stays used until `until`. Answers whether this was its first use.
    pub async fn use_up<E: Edge>(
        &self,
        edge: &E,
        id: PendingId,
        until: Timestamp,
    ) -> Result<bool, Fault> {
        let by = AttemptId::from_bytes(edge.random()?);
        // Noted before it is asked: a use whose answer is lost is one.
        self.0.borrow_mut().push((id.clone(), by));
        edge.ask_pending(&id, Claim { until, by }).await
    }

    /// Gives back what the request has used up, because it ends in a fault of ours: the same request can be sent
    /// again. What cannot be given back stays used until it expires.
    pub async fn give_back<E: Edge>(&self, edge: &E) {
        for (id, by) in self.0.take() {
            if let Err(fault) = edge.release(&id, by).await {
                edge.log(&format!("not given back: {fault}"));
            }
        }
    }
}
