//! The limit on secrets that are tried: passwords at the login form and before some operations, user codes of
//! devices, client secrets at the introspection endpoint.

use core::time::Duration;

use super::context::Context;
use crate::rate_limit::{Begun, Limit, Place, TryOutcome, Verdict};
use crate::snowflake::UserId;
use crate::store::{Edge, Fault};
use crate::time::Timestamp;

/// How often a limiter is asked that waits for the verdicts of other tries. It waits for some seconds each time.
const PATIENCE: usize = 5;

/// The time within which a place is taken without having waited for it.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The party whose failures a window counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counter {
    /// Failures from the request's address.
    Address,
    /// Failures at an account, by any name that only this account has.
    Account(String),
    /// Failures of a browser that the account's user has logged in with.
    KnownBrowser(String),
    /// Failures of clients at the introspection endpoint, by address.
    Client,
    /// Wrong user codes from the request's address.
    UserCodes,
    /// Wrong user codes that a user typed.
    UserCodesOf(UserId),
    /// Wrong passwords of a session that confirms an operation. They have a window of their own: whoever guesses at
    /// the login form must not keep a developer from resetting a secret that leaked.
    Confirmation(UserId),
}

impl Counter {
    fn key<E>(&self, cx: &Context<'_, E>) -> String {
        match self {
            Self::Address => format!("login:address:{}", cx.request.client_address()),
            Self::Account(account) => format!("login:account:{account}"),
            Self::KnownBrowser(browser) => format!("login:browser:{browser}"),
            Self::Client => format!("introspect:{}", cx.request.client_address()),
            Self::Confirmation(user) => format!("login:confirmation:{user}"),
            Self::UserCodes => format!("device:address:{}", cx.request.client_address()),
            Self::UserCodesOf(user) => format!("device:account:{user}"),
        }
    }

    const fn limit<E>(&self, cx: &Context<'_, E>) -> Option<Limit> {
        match self {
            Self::Client => cx.config.limits.revoke,
            Self::Address
            | Self::Account(_)
            | Self::KnownBrowser(_)
            | Self::UserCodes
            | Self::UserCodesOf(_)
            | Self::Confirmation(_) => cx.config.limits.login,
        }
    }
}

/// A secret that is being tried. Its places are taken before the secret is looked at: of two hundred guesses at once,
/// as many are looked at as the limit says. An attempt that is dropped without a verdict was not looked at.
pub struct Attempt<'a, E: Edge> {
    edge: &'a E,
    places: Vec<TakenPlace>,
    outcome: TryOutcome,
}

/// A place in the window of a counter.
struct TakenPlace {
    key: String,
    limit: Limit,
    place: Place,
    verdict: Verdict,
}

impl<'a, E: Edge> Attempt<'a, E> {
    /// Takes a place of each counter, or answers the verdict of the one whose window is full. Where only others that
    /// are under way stand before this try, it waits for their verdicts: whoever shares an address with twenty people
    /// who know their passwords gets in as they do.
    ///
    /// The counters are always asked in the same order, so that no two tries wait for each other.
    pub async fn begin(
        cx: &Context<'a, E>,
        counters: &[Counter],
    ) -> Result<Result<Self, Verdict>, Fault> {
        let mut attempt = Self {
            edge: cx.edge,
            places: Vec::new(),
            outcome: TryOutcome::Free,
        };
        for counter in counters {
            let Some(limit) = counter.limit(cx) else {
                continue;
            };
            let key = counter.key(cx);
            match patiently(cx.edge, &key, limit).await? {
                Begun::Admitted(place, verdict) => attempt.places.push(TakenPlace {
                    key,
                    limit,
                    place,
                    verdict,
                }),
                Begun::Refused(verdict) | Begun::Busy(verdict) => return Ok(Err(verdict)),
            }
        }
        Ok(Ok(attempt))
    }

    /// Whether the attempt waited for others, since the request came at `since`.
    pub fn has_waited(&self, since: Timestamp) -> bool {
        let taken_at = self.places.iter().map(|taken| taken.verdict.at);
        taken_at.max().is_some_and(|at| at.since(since) > AT_ONCE)
    }

    /// Settles the attempt as wrong. Answers the verdict of the window with the fewest places left.
    pub fn failed(mut self) -> Option<Verdict> {
        self.outcome = TryOutcome::Failed;
        let verdicts = self.places.iter().map(|taken| taken.verdict);
        verdicts.min_by_key(|verdict| verdict.remaining)
    }

    /// Settles the attempt as right, which frees its places.
    pub fn succeeded(self) {}
}

async fn patiently<E: Edge>(edge: &E, key: &str, limit: Limit) -> Result<Begun, Fault> {
    let mut begun = edge.begin(key, limit).await?;
    for _ in 1..PATIENCE {
        if !matches!(begun, Begun::Busy(_)) {
            break;
        }
        begun = edge.begin(key, limit).await?;
    }
    Ok(begun)
}

impl<E: Edge> Drop for Attempt<'_, E> {
    fn drop(&mut self) {
        for TakenPlace {
            key, limit, place, ..
        } in &self.places
        {
            self.edge.settle(key, *limit, *place, self.outcome);
        }
    }
}
