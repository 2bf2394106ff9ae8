//! Redeems a code: the commit point of the code exchange.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::family::{BoundTo, Family, Live, Offered, Redeemed};
use super::grant::Grant;
use super::{FamilyVerb, Update};
use crate::id::{AttemptId, FamilyId};
use crate::oauth::client::authentication::AuthenticatedBy;
use crate::oauth::error::GrantRefusal;
use crate::oauth::jwk::JwkThumbprint;
use crate::oauth::pkce::CodeChallenge;
use crate::oauth::redirect_uri::RegisteredUri;
use crate::snowflake::ApplicationId;
use crate::time::Timestamp;

/// How long a second redemption with the right verifier is forgiven: a page that mounts twice.
pub const REDEMPTION_GRACE: Duration = Duration::from_secs(10);
/// Wrong clients, redirect URIs or verifiers that burn a code.
pub const MAX_MISSES: u8 = 10;

/// Redeems a code: the commit point of the code exchange.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Redeem {
    /// The family of the code.
    pub family: FamilyId,
    /// The application whose code it is.
    pub application: ApplicationId,
    /// What the client showed.
    pub evidence: Evidence,
    /// The redirect URIs that the application has registered at this moment. A Worker of the version
    /// before does not send them.
    #[serde(default)]
    pub registered: Option<Vec<RegisteredUri>>,
    /// The request that asks.
    pub attempt: AttemptId,
    /// How long its refresh token will be good.
    pub lifetime: Duration,
}

/// What a client shows when it redeems a code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Evidence {
    /// The client, authenticated.
    pub client: ApplicationId,
    /// How much its authentication proves.
    pub proof: AuthenticatedBy,
    /// `redirect_uri`, where it was sent.
    pub redirect_uri: Option<String>,
    /// The challenge that its `code_verifier` answers, where it was sent.
    pub challenge: Option<CodeChallenge>,
    /// The key that it proved, where it proved one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<JwkThumbprint>,
}

impl FamilyVerb for Redeem {
    fn family(&self) -> FamilyId {
        self.family
    }

    fn decide(self, family: Option<Family>, now: Timestamp) -> (Update, Self::Answer) {
        match family {
            None => (Update::Keep, Err(GrantRefusal::UnknownCode)),
            Some(Family::Offered(offered)) => self.first_use(offered, now),
            Some(Family::Live(live)) => self.second_use(&live, now),
            Some(Family::Ended { .. }) => (Update::Keep, Err(GrantRefusal::SpentCode)),
        }
    }
}

impl Redeem {
    fn first_use(
        self,
        offered: Offered,
        now: Timestamp,
    ) -> (Update, Result<Redeemed, GrantRefusal>) {
        let Offered { approval, misses } = offered;
        if approval.suspended {
            return (Update::Keep, Err(GrantRefusal::UnknownCode));
        }
        if now >= approval.code_expires_at {
            return (Update::Keep, Err(GrantRefusal::ExpiredCode));
        }
        if let Err(refusal) = self.fits(&approval.grant) {
            // A slip of the client must not cost the user a login; guessing must not go on.
            let misses = misses + 1;
            let next = if misses < MAX_MISSES {
                Update::Put(Family::Offered(Offered { approval, misses }))
            } else {
                approval.end(now)
            };
            return (next, Err(refusal));
        }
        // Whoever authenticates as the client may change its key; who does not is known by it alone.
        let is_public = self.evidence.proof == AuthenticatedBy::IdOnly;
        let live = Live {
            approval,
            bound_to: self
                .evidence
                .key
                .filter(|_| is_public)
                .map(|jkt| BoundTo { jkt, since: 1 }),
            redeemed_at: now,
            attempt: self.attempt,
            generation: 1,
            rotated_at: now,
            expires_at: now + self.lifetime,
        };
        let redeemed = live.redeemed();
        (Update::Put(Family::Live(live)), Ok(redeemed))
    }

    /// RFC 6749 §4.1.2: "If an authorization code is used more than once, the authorization server
    /// MUST deny the request and SHOULD revoke (when possible) all tokens previously issued based
    /// on that authorization code."
    fn second_use(&self, live: &Live, now: Timestamp) -> (Update, Result<Redeemed, GrantRefusal>) {
        if live.approval.suspended {
            return (Update::Keep, Err(GrantRefusal::SpentCode));
        }
        if live.attempt == self.attempt && live.generation == 1 && now < live.expires_at {
            // The same request: its answer was lost between the ledger and the edge.
            return (Update::Keep, Ok(live.redeemed()));
        }
        let approval = &live.approval;
        let fits = self.fits(&approval.grant).is_ok();
        let has_verifier = self.evidence.challenge.is_some() && fits;
        let is_the_client = self.evidence.client == self.application
            && (self.evidence.proof == AuthenticatedBy::Secret || has_verifier);
        let is_the_same_party = has_verifier && now.since(live.redeemed_at) < REDEMPTION_GRACE;
        // A code that is long expired is an old page reopened, not an attack.
        let is_fresh = now < approval.code_expires_at;
        let next = if is_the_client && is_fresh && !is_the_same_party {
            approval.end(now)
        } else {
            Update::Keep
        };
        (next, Err(GrantRefusal::SpentCode))
    }

    /// Whether the redemption fits what was granted (RFC 6749 §4.1.3, RFC 7636 §4.6).
    pub(super) fn fits(&self, grant: &Grant) -> Result<(), GrantRefusal> {
        let evidence = &self.evidence;
        if evidence.client != self.application {
            return Err(GrantRefusal::ForeignCode);
        }
        let admits = |uri: &RegisteredUri| uri.admit(&grant.redirect_uri).is_some();
        let registered = self.registered.as_ref();
        if registered.is_some_and(|uris| !uris.iter().any(admits)) {
            return Err(GrantRefusal::RedirectUriWithdrawn);
        }
        match &evidence.redirect_uri {
            Some(redirect_uri) if *redirect_uri != grant.redirect_uri => {
                return Err(GrantRefusal::RedirectUri);
            }
            // With PKCE the code is bound to its request without it (OAuth 2.1 §10.2).
            None if grant.code_challenge.is_none() => return Err(GrantRefusal::RedirectUri),
            _ => {}
        }
        if grant.dpop_jkt.is_some() && grant.dpop_jkt != evidence.key {
            return Err(GrantRefusal::CodeKey);
        }
        match (grant.code_challenge, evidence.challenge) {
            (None, None) => Ok(()),
            (Some(_), None) => Err(GrantRefusal::VerifierMissing),
            // Else an attacker could strip the challenge from the request (RFC 9700 §4.8.2).
            (None, Some(_)) => Err(GrantRefusal::VerifierUnexpected),
            (Some(asked), Some(answered)) if asked == answered => Ok(()),
            (Some(_), Some(_)) => Err(GrantRefusal::VerifierWrong),
        }
    }
}
