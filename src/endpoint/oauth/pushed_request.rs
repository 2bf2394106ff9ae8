//! A pushed request that its user has opened (RFC 9126 §4): its parameters, and how it ends.

use core::time::Duration;
use std::rc::Rc;

use crate::endpoint::Context;
use crate::http::Method;
use crate::id::FamilyId;
use crate::oauth::error::Refusal;
use crate::oauth::params::Params;
use crate::pending::{EntryKind, PendingId, Spend, Visit, Visited};
use crate::store::{Edge, Fault};
use crate::time::Timestamp;

/// The beginning of every `request_uri` of this server (RFC 9126 §2.2).
pub(super) const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
/// How long a pushed request is kept from its first visit on. A login and a consent page take their time.
const STAYS: Duration = Duration::from_secs(3600);

/// A pushed request that a user has opened.
pub(in crate::endpoint) struct OpenedRequest {
    client: String,
    handle: String,
    /// The pushed parameters. Those of the authorization URL do not count (RFC 9126 §4).
    pub(in crate::endpoint) params: Rc<Params>,
    /// The time of its first visit. A login since then was made for this request.
    pub(super) since: Timestamp,
    /// Whether the request has ended, by a code or a refusal.
    pub(super) is_spent: bool,
}

impl OpenedRequest {
    /// Opens the pushed request that `sent` names. `None` where it names none of this server's.
    pub(in crate::endpoint) async fn open<E: Edge>(
        cx: &Context<'_, E>,
        sent: &Params,
        client: &str,
    ) -> Result<Option<Result<Self, Refusal>>, Fault> {
        let Ok(Some(uri)) = sent.one("request_uri") else {
            return Ok(None);
        };
        let Some(handle) = uri.strip_prefix(PREFIX) else {
            return Ok(None);
        };
        let visit = Visit {
            client: client.to_owned(),
            // HEAD changes nothing (RFC 9110 §9.2.1).
            until: match cx.request.method {
                Method::Head => Visit::LOOK,
                _ => cx.now + STAYS,
            },
        };
        let id = PendingId::new(EntryKind::PushedRequest, client, handle);
        let visited = cx.edge.ask_pending(&id, visit).await?;
        let opened = visited.map(|visited| Self::of(client, handle, &visited));
        if let Some(opened) = &opened {
            let params = Rc::clone(&opened.params);
            cx.so_far.pushed.get_or_init(|| params);
        }
        Ok(Some(opened.ok_or(Refusal::Invalid {
            parameter: "request_uri",
            must: "it must be one that this application pushed a short time ago, and not used",
        })))
    }

    fn of(client: &str, handle: &str, visited: &Visited) -> Self {
        Self {
            client: client.to_owned(),
            handle: handle.to_owned(),
            params: Rc::new(Params::from_form(&visited.request)),
            since: visited.since,
            is_spent: visited.is_spent,
        }
    }

    /// The part of the `request_uri` that names this request.
    pub(super) fn handle(&self) -> &str {
        &self.handle
    }

    /// Ends the request by a code, or by [`Spend::REFUSED`]. Answers whether it ended by this, now or before, and not
    /// by something else.
    pub(super) async fn spend<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        family: FamilyId,
    ) -> Result<bool, Fault> {
        let spend = Spend {
            client: self.client.clone(),
            family,
        };
        let id = PendingId::new(EntryKind::PushedRequest, &self.client, &self.handle);
        cx.edge.ask_pending(&id, spend).await
    }
}

/// Whether a query names a pushed request.
pub(super) fn is_pushed(sent: &Params) -> bool {
    let uri = sent.one("request_uri").ok().flatten();
    uri.is_some_and(|uri| uri.starts_with(PREFIX))
}
