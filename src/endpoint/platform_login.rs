//! The platform's answer to a login: kept for the browser that asked, wherever the platform hands it over.

use serde_json::json;

use super::context::Context;
use crate::fluxer::audit::Action;
use crate::location::Target;
use crate::pending::{AnswerLogin, LoginDecision};
use crate::platform::challenge::{Challenge, RETURN_WITHIN};
use crate::snowflake::UserId;
use crate::store::{Edge, Fault};

/// The path where the browser comes back.
const CONTINUE: &str = "/oauth2/continue";

/// Keeps the platform's answer. Answers whether it stands: the first one does, and the same one again.
pub async fn answer<E: Edge>(
    cx: &Context<'_, E>,
    challenge: &Challenge,
    decision: LoginDecision,
) -> Result<bool, Fault> {
    let answer = AnswerLogin {
        asked: challenge.asked.clone(),
        decision,
        until: challenge.expires_at() + RETURN_WITHIN,
    };
    cx.edge
        .ask_pending(&challenge.verifier().pending(), answer)
        .await
}

/// Notes that the platform vouched for a login, and by what.
pub fn note_accepted<E: Edge>(
    cx: &Context<'_, E>,
    challenge: &Challenge,
    subject: UserId,
    by: &str,
) {
    let once = challenge.verifier().pending();
    let entry = cx.entry(Action::LoginAccepted).on(subject.0);
    let entry = entry.once(once.as_str()).saying(json!({"by": by}));
    cx.edge.record(entry);
}

/// The URL where the browser comes back with this challenge.
pub fn way_back(challenge: &Challenge) -> Target {
    let verifier = challenge.verifier();
    Target::of(CONTINUE, &[("login_verifier", verifier.expose())])
}
