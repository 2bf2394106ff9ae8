//! The life of an authorization: open, redeem, rotate, revoke. Pure.
//!
//! A *ledger* holds what one user granted one application, as *families*: a family is one login on
//! one device, from its code through its refresh tokens to its end. The ledger alone says first
//! use, already used, rotated, revoked. It runs inside one Durable Object, where each verb reads,
//! decides and writes with nothing else awaited in between; here a verb is a function of the
//! family as stored, the question and `now`, and returns what to store beside the answer.
//!
//! Invariants, each checked over random histories in `tests/ledger_model.rs`:
//! 1. A code is redeemed at most once.
//! 2. A family has one live generation of refresh tokens, and at most the one before it is
//!    forgiven, for a while.
//! 3. Nothing of a family works once it has ended, and an ended family never lives again.

use core::net::IpAddr;
use core::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::crypto::form_ticket::FORM_LIFETIME;
use crate::fluxer::guild::JoinedGuild;
use crate::id::{AttemptId, FamilyId};
use crate::oauth::client::authentication::Proof;
use crate::oauth::error::GrantRefusal;
use crate::oauth::pkce::CodeChallenge;
use crate::oauth::scope::Scopes;
use crate::snowflake::{ApplicationId, UserId};
use crate::time::Timestamp;

/// How long the generation before the current one is forgiven, while the current one is unused: a
/// lost answer, or two tabs that refresh at once.
pub const ROTATION_GRACE: Duration = Duration::from_secs(30);
/// How long a second redemption with the right verifier is forgiven: a page that mounts twice.
pub const REDEMPTION_GRACE: Duration = Duration::from_secs(10);
/// Wrong clients, redirect URIs or verifiers that burn a code.
pub const MAX_MISSES: u8 = 10;

/// Which ledger: one per user and application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LedgerId {
    /// Who granted; for the tokens of client credentials, `None`: nobody but the application.
    pub user: Option<UserId>,
    /// To which application.
    pub application: ApplicationId,
}

impl core::fmt::Display for LedgerId {
    /// The name of its Durable Object.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.user {
            Some(user) => write!(f, "{user}:{}", self.application),
            None => write!(f, ":{}", self.application),
        }
    }
}

/// What the user approved: the record behind a code and behind every refresh token of its family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What it opens.
    pub scope: Scopes,
    /// Where the code was sent, as the request spelled it.
    pub redirect_uri: String,
    /// PKCE, where the request had it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code_challenge: Option<CodeChallenge>,
    /// The browser that approved, as it names itself, for the user to recognize the device.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub device: Option<String>,
    /// Where that browser was, for the same reason.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<IpAddr>,
    /// Where the application's bot was added, where it was: for the answer to the code, which must
    /// not have to look it up after the code is spent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub guild: Option<Box<JoinedGuild>>,
}

/// What a client shows when it redeems a code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Evidence {
    /// The client, authenticated.
    pub client: ApplicationId,
    /// How much its authentication proves.
    pub proof: Proof,
    /// `redirect_uri`, where it was sent.
    pub redirect_uri: Option<String>,
    /// The challenge that its `code_verifier` answers, where it was sent.
    pub challenge: Option<CodeChallenge>,
}

impl Grant {
    /// Whether the evidence fits the grant (RFC 6749 §4.1.3, RFC 7636 §4.6).
    pub fn admits(
        &self,
        evidence: &Evidence,
        application: ApplicationId,
    ) -> Result<(), GrantRefusal> {
        if evidence.client != application {
            return Err(GrantRefusal::ForeignCode);
        }
        match &evidence.redirect_uri {
            Some(redirect_uri) if *redirect_uri != self.redirect_uri => {
                return Err(GrantRefusal::RedirectUri);
            }
            // With PKCE the code is bound to its request without it (OAuth 2.1 §10.2).
            None if self.code_challenge.is_none() => return Err(GrantRefusal::RedirectUri),
            _ => {}
        }
        match (self.code_challenge, evidence.challenge) {
            (None, None) => Ok(()),
            (Some(_), None) => Err(GrantRefusal::VerifierMissing),
            // Else an attacker could strip the challenge from the request (RFC 9700 §4.8.2).
            (None, Some(_)) => Err(GrantRefusal::VerifierUnexpected),
            (Some(asked), Some(answered)) if asked == answered => Ok(()),
            (Some(_), Some(_)) => Err(GrantRefusal::VerifierWrong),
        }
    }

    /// Whether this is the other one, sent once more. In between a browser may have moved to
    /// another network, or to its other address there.
    fn repeats(&self, other: &Self) -> bool {
        let from_there = Self {
            address: other.address,
            ..self.clone()
        };
        from_there == *other
    }
}

/// One login of the user, for the application, on one device: how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Its code has not been redeemed.
    Offered(Offered),
    /// Its code was redeemed; its refresh tokens take turns.
    Live(Live),
    /// Revoked or burnt: a mark, kept only while something of it could still arrive.
    Ended {
        /// Until when.
        until: Timestamp,
    },
}

/// An approval: what, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// What was approved.
    pub grant: Grant,
    /// When.
    pub opened_at: Timestamp,
    /// Until when the code is good.
    pub code_expires_at: Timestamp,
}

/// A family whose code has not been redeemed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// What its code is for.
    pub approval: Approval,
    /// Redemptions that failed.
    pub misses: u8,
}

/// A family whose tokens work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// What its tokens are for.
    pub approval: Approval,
    /// When the code was redeemed.
    pub redeemed_at: Timestamp,
    /// The request that redeemed it, so that its own repetition is not a replay.
    pub attempt: AttemptId,
    /// The current generation of the refresh token, from 1.
    pub generation: u32,
    /// When it was made.
    pub rotated_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// What to store after a verb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// As it was.
    Keep,
    /// This.
    Put(Family),
    /// Nothing.
    Remove,
}

/// A live generation: what an answer's refresh token is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// What the family's tokens may open.
    pub scope: Scopes,
    /// Which generation of the refresh token.
    pub generation: u32,
    /// When it was made.
    pub issued_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// What a redeemed code gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redeemed {
    /// The first generation.
    pub generation: Generation,
    /// Where the application's bot was added, where it was.
    pub guild: Option<Box<JoinedGuild>>,
}

impl Family {
    /// When nothing is left to remember of it.
    pub fn purge_at(&self) -> Timestamp {
        match self {
            Self::Offered(Offered { approval, .. }) => approval.forgotten_at(),
            Self::Live(live) => live.expires_at.max(live.approval.forgotten_at()),
            Self::Ended { until } => *until,
        }
    }

    /// The family where its tokens work.
    pub fn live(self, now: Timestamp) -> Option<Live> {
        match self {
            Self::Live(live) if now < live.expires_at => Some(live),
            Self::Offered(_) | Self::Live(_) | Self::Ended { .. } => None,
        }
    }

    /// Ends it, as revocation and deauthorization do.
    pub fn end(self, now: Timestamp) -> Next {
        match self {
            Self::Offered(Offered { approval, .. }) | Self::Live(Live { approval, .. }) => {
                approval.end(now)
            }
            Self::Ended { .. } => Next::Keep,
        }
    }
}

impl Approval {
    /// Until then its code or its consent form could arrive again and must not open it anew.
    fn forgotten_at(&self) -> Timestamp {
        (self.opened_at + FORM_LIFETIME).max(self.code_expires_at)
    }

    /// A mark while one is needed, then nothing.
    fn end(&self, now: Timestamp) -> Next {
        let until = self.forgotten_at();
        if now < until {
            Next::Put(Family::Ended { until })
        } else {
            Next::Remove
        }
    }
}

impl Live {
    fn redeemed(&self) -> Redeemed {
        Redeemed {
            generation: self.generation(),
            guild: self.approval.grant.guild.clone(),
        }
    }

    fn generation(&self) -> Generation {
        Generation {
            scope: self.approval.grant.scope,
            generation: self.generation,
            issued_at: self.rotated_at,
            expires_at: self.expires_at,
        }
    }
}

/// A question to one family of a ledger, and the rule that answers it.
pub trait Verb: Into<Message> + Clone {
    /// What it answers.
    type Answer: Serialize + DeserializeOwned;

    /// Which family it asks about.
    fn family(&self) -> FamilyId;

    /// Decides: what to store, and what to answer.
    fn decide(self, family: Option<Family>, now: Timestamp) -> (Next, Self::Answer);
}

/// Any verb, as it travels to the ledger's object.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// [`Open`].
    Open(Open),
    /// [`Redeem`].
    Redeem(Redeem),
    /// [`Rotate`].
    Rotate(Rotate),
    /// [`Revoke`].
    Revoke(Revoke),
    /// [`Standing`].
    Standing(Standing),
    /// [`Withdraw`].
    Withdraw(Withdraw),
    /// [`Withdrawn`].
    Withdrawn(Withdrawn),
    /// Ends every family: [`crate::store::Ledgers::deauthorize`].
    Deauthorize,
    /// Lists the live families: [`crate::store::Ledgers::devices`].
    Families,
}

macro_rules! messages {
    ($($verb:ident)+) => {$(
        impl From<$verb> for Message {
            fn from(verb: $verb) -> Self {
                Self::$verb(verb)
            }
        }
    )+};
}
messages!(Open Redeem Rotate Revoke Standing Withdraw Withdrawn);

/// Opens a family for a code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Open {
    /// The family of that code.
    pub family: FamilyId,
    /// What was approved.
    pub grant: Grant,
    /// Until when the code is good.
    pub code_expires_at: Timestamp,
}

/// What [`Open`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opened {
    /// The code may go out: it is new, or it is the same approval arriving twice.
    Open,
    /// The form was answered before, differently, or its code has been used.
    AnsweredBefore,
}

impl Verb for Open {
    type Answer = Opened;

    fn family(&self) -> FamilyId {
        self.family
    }

    fn decide(self, family: Option<Family>, now: Timestamp) -> (Next, Opened) {
        match family {
            None => {
                let approval = Approval {
                    grant: self.grant,
                    opened_at: now,
                    code_expires_at: self.code_expires_at,
                };
                let offered = Offered {
                    approval,
                    misses: 0,
                };
                (Next::Put(Family::Offered(offered)), Opened::Open)
            }
            Some(Family::Offered(Offered { approval, .. }))
                if self.grant.repeats(&approval.grant) && now < approval.code_expires_at =>
            {
                (Next::Keep, Opened::Open)
            }
            Some(_) => (Next::Keep, Opened::AnsweredBefore),
        }
    }
}

/// Redeems a code: the commit point of the code exchange.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Redeem {
    /// The family of the code.
    pub family: FamilyId,
    /// The application whose code it is.
    pub application: ApplicationId,
    /// What the client showed.
    pub evidence: Evidence,
    /// The request that asks.
    pub attempt: AttemptId,
    /// How long its refresh token will be good.
    pub lifetime: Duration,
}

impl Verb for Redeem {
    type Answer = Result<Redeemed, GrantRefusal>;

    fn family(&self) -> FamilyId {
        self.family
    }

    fn decide(self, family: Option<Family>, now: Timestamp) -> (Next, Self::Answer) {
        match family {
            None => (Next::Keep, Err(GrantRefusal::UnknownCode)),
            Some(Family::Offered(offered)) => self.first_use(offered, now),
            Some(Family::Live(live)) => self.second_use(&live, now),
            Some(Family::Ended { .. }) => (Next::Keep, Err(GrantRefusal::SpentCode)),
        }
    }
}

impl Redeem {
    fn first_use(self, offered: Offered, now: Timestamp) -> (Next, Result<Redeemed, GrantRefusal>) {
        let Offered { approval, misses } = offered;
        if now >= approval.code_expires_at {
            return (Next::Keep, Err(GrantRefusal::ExpiredCode));
        }
        if let Err(refusal) = approval.grant.admits(&self.evidence, self.application) {
            // A slip of the client must not cost the user a login; guessing must not go on.
            let misses = misses + 1;
            let next = if misses < MAX_MISSES {
                Next::Put(Family::Offered(Offered { approval, misses }))
            } else {
                approval.end(now)
            };
            return (next, Err(refusal));
        }
        let live = Live {
            approval,
            redeemed_at: now,
            attempt: self.attempt,
            generation: 1,
            rotated_at: now,
            expires_at: now + self.lifetime,
        };
        let redeemed = live.redeemed();
        (Next::Put(Family::Live(live)), Ok(redeemed))
    }

    /// RFC 6749 §4.1.2: "If an authorization code is used more than once, the authorization server
    /// MUST deny the request and SHOULD revoke (when possible) all tokens previously issued based
    /// on that authorization code."
    fn second_use(&self, live: &Live, now: Timestamp) -> (Next, Result<Redeemed, GrantRefusal>) {
        if live.attempt == self.attempt && live.generation == 1 && now < live.expires_at {
            // The same request: its answer was lost between the ledger and the edge.
            return (Next::Keep, Ok(live.redeemed()));
        }
        let approval = &live.approval;
        let fits = approval
            .grant
            .admits(&self.evidence, self.application)
            .is_ok();
        let has_verifier = self.evidence.challenge.is_some() && fits;
        let is_the_client = self.evidence.client == self.application
            && (self.evidence.proof == Proof::Secret || has_verifier);
        let is_the_same_party = has_verifier && now.since(live.redeemed_at) < REDEMPTION_GRACE;
        // A code that is long expired is an old page reopened, not an attack.
        let is_fresh = now < approval.code_expires_at;
        let next = if is_the_client && is_fresh && !is_the_same_party {
            approval.end(now)
        } else {
            Next::Keep
        };
        (next, Err(GrantRefusal::SpentCode))
    }
}

/// Exchanges a refresh token for its successor: the commit point of a refresh.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rotate {
    /// The family that the token names.
    pub family: FamilyId,
    /// The generation that it names.
    pub generation: u32,
    /// What the new access token is to open, where that is less than the family's scope.
    pub scope: Option<Scopes>,
    /// How long the successor will be good.
    pub lifetime: Duration,
}

impl Verb for Rotate {
    type Answer = Result<Generation, GrantRefusal>;

    fn family(&self) -> FamilyId {
        self.family
    }

    fn decide(self, family: Option<Family>, now: Timestamp) -> (Next, Self::Answer) {
        let Some(live) = family.and_then(|family| family.live(now)) else {
            return (Next::Keep, Err(GrantRefusal::UnknownRefreshToken));
        };
        if self.generation > live.generation {
            // Signed by us, yet never made here: storage went back in time. Not theft.
            return (Next::Keep, Err(GrantRefusal::UnknownRefreshToken));
        }
        let is_current = self.generation == live.generation;
        // The current generation is unused, else it would not be the current one.
        let is_forgiven =
            self.generation + 1 == live.generation && now.since(live.rotated_at) < ROTATION_GRACE;
        if !is_current && !is_forgiven {
            // RFC 9700 §4.14.2: one of two parties that hold this family's tokens stole them, and
            // there is no telling which.
            let next = live.approval.end(now);
            return (next, Err(GrantRefusal::ReusedRefreshToken));
        }
        // RFC 6749 §6: "MUST NOT include any scope not originally granted". A slip costs no token.
        let granted = live.approval.grant.scope;
        if self.scope.is_some_and(|asked| !granted.covers(asked)) {
            return (Next::Keep, Err(GrantRefusal::ScopeExceedsGrant));
        }
        if is_forgiven {
            return (Next::Keep, Ok(live.generation()));
        }
        let successor = Live {
            generation: live.generation + 1,
            rotated_at: now,
            expires_at: now + self.lifetime,
            ..live
        };
        let issued = successor.generation();
        (Next::Put(Family::Live(successor)), Ok(issued))
    }
}

/// Ends a family: this login on this device, and no other (RFC 7009 §2.1).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Revoke {
    /// Which.
    pub family: FamilyId,
}

impl Verb for Revoke {
    /// Whether there was anything to end.
    type Answer = bool;

    fn family(&self) -> FamilyId {
        self.family
    }

    fn decide(self, family: Option<Family>, now: Timestamp) -> (Next, bool) {
        let next = family.map_or(Next::Keep, |family| family.end(now));
        let ended = next != Next::Keep;
        (next, ended)
    }
}

/// Asks whether a family's tokens work.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Standing {
    /// Which.
    pub family: FamilyId,
}

impl Verb for Standing {
    /// The current generation where the family lives.
    type Answer = Option<Generation>;

    fn family(&self) -> FamilyId {
        self.family
    }

    fn decide(self, family: Option<Family>, now: Timestamp) -> (Next, Self::Answer) {
        let live = family.and_then(|family| family.live(now));
        (Next::Keep, live.map(|live| live.generation()))
    }
}

/// Withdraws a token of client credentials. Issuing one asks no ledger, so its family lives unless
/// a mark says otherwise; the mark outlives the token, and no longer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Withdraw {
    /// The token's family.
    pub family: FamilyId,
    /// When the token expires by itself.
    pub until: Timestamp,
}

impl Verb for Withdraw {
    /// Whether it had not been withdrawn before.
    type Answer = bool;

    fn family(&self) -> FamilyId {
        self.family
    }

    fn decide(self, family: Option<Family>, _: Timestamp) -> (Next, bool) {
        let mark = Family::Ended { until: self.until };
        (Next::Put(mark), family.is_none())
    }
}

/// Asks whether a token of client credentials was withdrawn.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Withdrawn {
    /// The token's family.
    pub family: FamilyId,
}

impl Verb for Withdrawn {
    type Answer = bool;

    fn family(&self) -> FamilyId {
        self.family
    }

    fn decide(self, family: Option<Family>, _: Timestamp) -> (Next, bool) {
        (Next::Keep, family.is_some())
    }
}

/// A live family, for its user to recognize.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its id.
    pub family: FamilyId,
    /// What its tokens may open.
    pub scope: Scopes,
    /// When it was authorized.
    pub opened_at: Timestamp,
    /// When it last took a turn.
    pub last_used_at: Timestamp,
    /// The browser that approved, as it named itself.
    pub device: Option<String>,
    /// Where it was then.
    #[serde(default)]
    pub address: Option<IpAddr>,
}

impl Device {
    /// What the user sees of a family; `None` where it is not live.
    pub fn of(id: FamilyId, family: Family, now: Timestamp) -> Option<Self> {
        let live = family.live(now)?;
        Some(Self {
            family: id,
            scope: live.approval.grant.scope,
            opened_at: live.approval.opened_at,
            last_used_at: live.rotated_at,
            device: live.approval.grant.device,
            address: live.approval.grant.address,
        })
    }
}
