//! The cookie of a browser that somebody logged in with: a guess from there is told from a stranger's.
//! It opens nothing.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::keyring::{Keyring, Purpose, SigningError};
use crate::base64url;
use crate::snowflake::UserId;
use crate::time::Timestamp;

/// How long a browser is known after a login.
pub const LIFETIME: Duration = Duration::from_hours(180 * 24);
/// How many people a browser is known by: a family's.
const MAX_USERS: usize = 4;
/// What stands between two tokens of the cookie.
const SEPARATOR: char = '~';

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: UserId,
    /// The browser, as this account's limits count it.
    jti: String,
}

/// The name of the browser whose cookie this is, where this user has logged in with it.
pub fn name(keyring: &Keyring, cookie: &str, user: UserId, now: Timestamp) -> Option<String> {
    tokens(keyring, cookie, now)
        .find(|(_, claims)| claims.sub == user)
        .map(|(_, claims)| claims.jti)
}

/// The cookie after a login of this user. Whoever logged in with the browser before stays known.
pub fn remember(
    keyring: &Keyring,
    cookie: &str,
    user: UserId,
    entropy: [u8; 16],
    now: Timestamp,
) -> Result<String, SigningError> {
    let known = name(keyring, cookie, user, now);
    let jti = known.unwrap_or_else(|| base64url::encode(&entropy));
    let claims = Claims { sub: user, jti };
    let mut kept = vec![keyring.sign(Purpose::Browser, claims, now, now + LIFETIME)?];
    let others = tokens(keyring, cookie, now).filter(|(_, claims)| claims.sub != user);
    kept.extend(
        others
            .map(|(token, _)| token.to_owned())
            .take(MAX_USERS - 1),
    );
    Ok(kept.join(&SEPARATOR.to_string()))
}

fn tokens<'a>(
    keyring: &'a Keyring,
    cookie: &'a str,
    now: Timestamp,
) -> impl Iterator<Item = (&'a str, Claims)> {
    cookie
        .split(SEPARATOR)
        .take(MAX_USERS)
        .filter_map(move |token| {
            let verified = keyring.verify::<Claims>(Purpose::Browser, token, now)?;
            Some((token, verified.claims))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn keyring() -> Keyring {
        Keyring::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").expect("valid keys")
    }

    fn user(id: &str) -> UserId {
        UserId::parse(id).expect("an id")
    }

    #[test]
    fn a_browser_is_known_by_its_last_four_users_each_by_a_name_of_its_own() {
        let keyring = keyring();
        let mut cookie = String::new();
        for (index, id) in ["1", "2", "3", "4", "5"].iter().enumerate() {
            let entropy = [u8::try_from(index).expect("small"); 16];
            cookie = remember(&keyring, &cookie, user(id), entropy, NOW).expect("signed");
        }
        assert_eq!(name(&keyring, &cookie, user("1"), NOW), None);
        let five = name(&keyring, &cookie, user("5"), NOW);
        assert!(five.is_some() && five != name(&keyring, &cookie, user("4"), NOW));
        let again = remember(&keyring, &cookie, user("5"), [9; 16], NOW).expect("signed");
        assert_eq!(
            name(&keyring, &again, user("5"), NOW),
            five,
            "a login renews it"
        );
        assert_eq!(name(&keyring, &again, user("5"), NOW + LIFETIME), None);
        assert_eq!(name(&keyring, "forged~x", user("5"), NOW), None);
    }
}
