//! The limit on secrets that are tried: passwords at the login form and where one confirms what is
//! done, the codes of devices, client secrets at the introspection endpoint.

use core::time::Duration;

use super::context::Context;
use crate::rate_limit::{Begun, Limit, Place, TryOutcome, Verdict};
use crate::snowflake::UserId;
use crate::store::{Edge, Fault};
use crate::time::Timestamp;

/// How often a limiter is asked that waits for verdicts under way, some seconds each time.
const PATIENCE: usize = 5;

/// A place that is there within this time was not waited for.
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
    /// Those of a session that asks for the password again. They have a window of their own: whoever
    /// guesses at the login form must not keep a developer from resetting a secret that leaked.
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

/// A password that is being tried. Its places are taken before it is looked at: of two hundred guesses
/// at once, as many are as the limit says. Dropped without a verdict, it was not looked at.
pub struct Attempt<'a, E: Edge> {
    edge: &'a E,
    places: Vec<TakenPlace>,
    outcome: TryOutcome,
}

/// A place in a counter's window.
struct TakenPlace {
    key: String,
    limit: Limit,
    place: Place,
    verdict: Verdict,
}

impl<'a, E: Edge> Attempt<'a, E> {
    /// Takes a place of each counter, or says whose window is full. A try that only others under way
    /// stand before waits for what comes of them: whoever shares an address with twenty people who
    /// know their passwords gets in as they do.
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

    /// Whether it waited for others, since the request came.
    pub fn has_waited(&self, since: Timestamp) -> bool {
        let taken_at = self.places.iter().map(|taken| taken.verdict.at);
        taken_at.max().is_some_and(|at| at.since(since) > AT_ONCE)
    }

    /// Settles the attempt as wrong. Answers the window with the fewest places left.
    pub fn failed(mut self) -> Option<Verdict> {
        self.outcome = TryOutcome::Failed;
        let verdicts = self.places.iter().map(|taken| taken.verdict);
        verdicts.min_by_key(|verdict| verdict.remaining)
    }

    /// Settles the attempt as right: its places are free again.
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
