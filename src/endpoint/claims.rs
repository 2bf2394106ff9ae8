//! What a request uses up: the `jti` of its client's assertion, and of its proof of possession.

use core::cell::RefCell;

use super::Context;
use crate::id::AttemptId;
use crate::pending::{Claim, PendingId};
use crate::store::{Edge, Fault};
use crate::time::Timestamp;

/// What a request has used up so far, or may have.
#[derive(Default)]
pub struct RequestClaims(RefCell<Vec<(PendingId, AttemptId)>>);

impl<E: Edge> Context<'_, E> {
    /// Uses a key up until then. Answers whether this was its first use.
    pub async fn use_up(&self, id: PendingId, until: Timestamp) -> Result<bool, Fault> {
        let by = AttemptId::from_bytes(self.edge.random()?);
        // Noted before it is asked: a use whose answer is lost is one.
        let claims = &self.so_far.claims.0;
        claims.borrow_mut().push((id.clone(), by));
        self.edge.ask_pending(&id, Claim { until, by }).await
    }

    /// Gives back whatever the request has used up, for it ends in a fault of ours: the same request can
    /// be sent again. What cannot be given back stays used until it expires.
    pub async fn give_back(&self) {
        for (id, by) in self.so_far.claims.0.take() {
            if let Err(fault) = self.edge.release(&id, by).await {
                self.edge.log(&format!("not given back: {fault}"));
            }
        }
    }
}
