//! The limit on passwords that are tried: at the login form, and where a password confirms what is
//! done.

use super::context::Context;
use crate::rate_limit::Verdict;
use crate::store::{Edge, Fault};

/// A place in the window of the address and in that of the account, taken before the password is
/// looked at: of two hundred guesses at once, five are. A right password gives its places back.
pub struct Places {
    taken: Vec<(String, Verdict)>,
}

impl Places {
    /// Takes both places, or says whose window is full. `account` is any name that only this
    /// account has.
    pub async fn take<E: Edge>(
        cx: &Context<'_, E>,
        account: &str,
    ) -> Result<Result<Self, Verdict>, Fault> {
        let mut places = Self { taken: Vec::new() };
        let Some(limit) = cx.config.limits.login else {
            return Ok(Ok(places));
        };
        let keys = [
            format!("login:address:{}", cx.request.client_address()),
            format!("login:account:{account}"),
        ];
        for key in keys {
            let verdict = match cx.edge.take(&key, limit).await {
                Ok(verdict) => verdict,
                Err(fault) => {
                    places.give_back(cx).await;
                    return Err(fault);
                }
            };
            if !verdict.admitted {
                places.give_back(cx).await;
                return Ok(Err(verdict));
            }
            places.taken.push((key, verdict));
        }
        Ok(Ok(places))
    }

    /// The window with the fewest places left.
    pub fn tightest(&self) -> Option<&Verdict> {
        let verdicts = self.taken.iter().map(|(_, verdict)| verdict);
        verdicts.min_by_key(|verdict| verdict.remaining)
    }

    /// A place that cannot be given back is free a minute later anyway.
    pub async fn give_back<E: Edge>(&self, cx: &Context<'_, E>) {
        for (key, verdict) in &self.taken {
            if let Err(fault) = cx.edge.give_back(key, verdict.at).await {
                cx.edge.log(&fault.to_string());
            }
        }
    }
}
