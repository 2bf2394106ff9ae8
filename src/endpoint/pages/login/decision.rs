//! The decisions of a login: at the form's URL, about a password that was tried, about an answer of the platform.
//! Pure.

use core::time::Duration;

use sha2::{Digest, Sha256};

use crate::base64url;
use crate::crypto::password::{self, Cost, HashingError};
use crate::endpoint::Notice;
use crate::endpoint::attempts::Counter;
use crate::endpoint::return_to::ReturnTo;
use crate::oauth::params::Params;
use crate::pending::{AcceptedLogin, AnsweredLogin, AskedLogin, LoginDecision, RejectedLogin};
use crate::snowflake::UserId;
use crate::store::Account;

/// Longest password that is looked at, in bytes: as long as one that can be set.
const MAX_PASSWORD_BYTES: usize = 1024;
/// Longest login that is looked at, in bytes: as long as an e-mail address.
pub(super) const MAX_LOGIN_BYTES: usize = 254;

/// The next step at the URL of the login form.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LoginStep {
    /// The user is logged in, and goes on at once: in another tab, or by the same form sent twice.
    GoOn(ReturnTo),
    /// The user is logged in, and the URL names nothing to go on to.
    StayHere,
    /// Nobody is logged in, or a new proof is demanded all the same.
    LogIn,
}

impl LoginStep {
    /// Decides by the query of the URL and by the user who is logged in.
    pub(super) fn of(query: &str, user: Option<UserId>) -> Self {
        if user.is_none() {
            return Self::LogIn;
        }
        match ReturnTo::without_login(query) {
            Some(on) => Self::GoOn(on),
            None if ReturnTo::read(query).is_none() => Self::StayHere,
            None => Self::LogIn,
        }
    }
}

/// A login and a password that may be somebody's.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TypedLogin<'a> {
    /// A user name or an e-mail address.
    pub(super) login: &'a str,
    /// The password.
    pub(super) password: &'a str,
}

impl<'a> TypedLogin<'a> {
    /// Reads the form. `None` where the login or the password is longer than anybody's can be.
    pub(super) fn read(form: &'a Params) -> Result<Option<Self>, Notice> {
        let field = |name| form.one(name).map_err(Notice::bad_request);
        let login = field("login")?.unwrap_or_default().trim();
        let password = field("password")?.unwrap_or_default();
        let fits = login.len() <= MAX_LOGIN_BYTES && password.len() <= MAX_PASSWORD_BYTES;
        Ok(fits.then_some(Self { login, password }))
    }
}

/// The counter of a guess besides that of its address. Whoever guesses at an account from elsewhere must not keep its
/// user out. `known` names a browser that the user has logged in with before: guesses from there are counted with
/// that browser and not with the account.
pub(super) fn counter(login: &str, account: Option<&Account>, known: Option<String>) -> Counter {
    match (known, account) {
        (Some(browser), _) => Counter::KnownBrowser(browser),
        // The name and the e-mail address of one user are one account; an unknown login is its own.
        (None, Some(account)) => Counter::Account(account.user.id.to_string()),
        (None, None) => {
            let login = login.to_ascii_lowercase();
            Counter::Account(base64url::encode(&Sha256::digest(login)))
        }
    }
}

/// The outcome of a password that was tried.
#[derive(Debug)]
pub(super) enum TriedPassword<'a> {
    /// The password is not this user's; `None` where no account has the login.
    Wrong(Option<UserId>),
    /// The password is right, and its user is suspended.
    Suspended(&'a Account),
    /// The password is right.
    Right(&'a Account),
}

impl<'a> TriedPassword<'a> {
    /// Checks a password. Without an account it takes as long.
    pub(super) fn of(
        shown: &str,
        account: Option<&'a Account>,
        cost: Cost,
    ) -> Result<Self, HashingError> {
        let hash = account.map(|it| it.password_hash.as_str());
        let matches = password::verify(shown, hash, cost)?;
        Ok(match account.filter(|_| matches) {
            None => Self::Wrong(account.map(|it| it.user.id)),
            Some(account) if account.user.suspended => Self::Suspended(account),
            Some(account) => Self::Right(account),
        })
    }
}

/// The outcome of an answer of the platform.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LoginAnswer<'a> {
    /// The platform logged nobody in.
    Rejected(&'a RejectedLogin),
    /// The answer was used before, for this user.
    Used(UserId),
    /// The proof of this user is older than was wanted.
    TooOld(UserId),
    /// The answer opens a session.
    Opens(&'a AcceptedLogin),
}

impl<'a> LoginAnswer<'a> {
    pub(super) fn of(login: &'a AnsweredLogin) -> Self {
        match &login.decision {
            LoginDecision::Rejected(rejected) => Self::Rejected(rejected),
            LoginDecision::Accepted(it) if login.taken.is_some() => Self::Used(it.subject),
            LoginDecision::Accepted(it) if is_proof_enough(&login.asked, it) => Self::Opens(it),
            LoginDecision::Accepted(it) => Self::TooOld(it.subject),
        }
    }
}

/// Whether the proof is as new as was demanded: made since the browser was sent where a new one was wanted, and
/// otherwise no older than `max_age`. A clock that tells whole seconds may be behind by one.
fn is_proof_enough(asked: &AskedLogin, accepted: &AcceptedLogin) -> bool {
    let is_new = accepted.auth_time.seconds() >= asked.at.seconds();
    let demands = ReturnTo::at(&asked.target).map(|it| it.login_demands());
    let demands = demands.unwrap_or_default();
    let is_old = demands
        .max_age
        .is_some_and(|max_age| asked.at.since(accepted.auth_time) > max_age);
    is_new || !(asked.again || demands.login || is_old)
}

/// How long the browser keeps its session; `None` where the platform does not want it remembered.
pub(super) fn kept_for(accepted: &AcceptedLogin, longest: Duration) -> Option<Duration> {
    let remembered = Duration::from_secs(accepted.remember_seconds.into());
    (!remembered.is_zero()).then_some(remembered.min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::password::Password;
    use crate::crypto::secret::{BrowserId, Secret};
    use crate::fluxer::user::{Discriminator, Email, User, Username};
    use crate::id::AttemptId;
    use crate::oauth::openid::AuthenticationMethod;
    use crate::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
    const ALICE: &str = "1130650140672000001";
    const CLIENT: &str = "/oauth2/authorize?client_id=1";

    fn alice() -> UserId {
        UserId::parse(ALICE).expect("an id")
    }

    fn cost() -> Cost {
        Cost::parse("1024/1").expect("a cost")
    }

    /// Alice's account, with the password `correct horse`.
    fn account() -> Account {
        let password = Password::parse("correct horse").expect("long enough");
        Account {
            user: User {
                id: alice(),
                username: Username::parse("alice").expect("a name"),
                discriminator: Discriminator::parse("0001").expect("four digits"),
                email: Email::parse("alice@mail.example").expect("an address"),
                verified: true,
                admin: false,
                suspended: false,
                avatar: None,
                public_flags: 0,
                created_at: NOW,
                updated_at: None,
            },
            password_hash: password::hash(&password, cost(), [7; 16]).expect("hashed"),
        }
    }

    #[test]
    fn who_is_logged_in_goes_on_unless_a_new_proof_is_wanted_or_nothing_follows() {
        let account = "return_to=/settings";
        let on = || LoginStep::GoOn(ReturnTo::at("/settings").expect("a page of ours"));
        for (query, user, expected) in [
            ("", None, LoginStep::LogIn),
            (account, None, LoginStep::LogIn),
            ("", Some(alice()), LoginStep::StayHere),
            (account, Some(alice()), on()),
            (
                "return_to=/settings&prompt=login",
                Some(alice()),
                LoginStep::LogIn,
            ),
            (
                "return_to=https://evil.example/",
                Some(alice()),
                LoginStep::StayHere,
            ),
            ("prompt=login", Some(alice()), LoginStep::StayHere),
        ] {
            assert_eq!(LoginStep::of(query, user), expected, "{query} {user:?}");
        }
    }

    #[test]
    fn no_longer_login_or_password_is_looked_at_than_somebody_may_have() {
        let read = |login: &str, password: &str| {
            let form = Params::from_form(&format!("login={login}&password={password}"));
            let typed = TypedLogin::read(&form);
            let typed = typed.unwrap_or_else(|_| panic!("each field came once"));
            typed.map(|it| (it.login.len(), it.password.len()))
        };
        assert_eq!(read("+alice+", "+x+"), Some((5, 3)), "no password is cut");
        assert_eq!(read(&"x".repeat(254), &"y".repeat(1024)), Some((254, 1024)));
        assert_eq!(read(&"x".repeat(255), "y"), None);
        assert_eq!(read("x", &"y".repeat(1025)), None);
        let form = Params::from_form("");
        let typed = TypedLogin::read(&form).ok().flatten();
        assert_eq!(typed.map(|it| (it.login, it.password)), Some(("", "")));
        for twice in ["login=a&login=b", "password=a&password=b"] {
            assert!(TypedLogin::read(&Params::from_form(twice)).is_err());
        }
    }

    #[test]
    fn an_account_has_one_counter_by_any_name_and_a_known_browser_its_own() {
        let account = account();
        let of = |login: &str| counter(login, Some(&account), None);
        assert_eq!(of("alice"), Counter::Account(ALICE.to_owned()));
        assert_eq!(of("alice@mail.example"), of("alice"));
        let unknown = |login: &str| counter(login, None, None);
        assert_eq!(unknown("NOBODY"), unknown("nobody"));
        assert_ne!(unknown("nobody"), unknown("somebody"));
        assert_ne!(unknown(ALICE), of("alice"), "no login is another's id");
        let known = Some("browser".to_owned());
        let expected = Counter::KnownBrowser("browser".to_owned());
        assert_eq!(counter("alice", Some(&account), known), expected);
    }

    #[test]
    fn a_password_is_wrong_before_its_user_is_suspended() {
        let told = |shown: &str, account: Option<&Account>| {
            let tried = TriedPassword::of(shown, account, cost()).expect("a hash of ours");
            match tried {
                TriedPassword::Wrong(whose) => ("wrong", whose),
                TriedPassword::Suspended(account) => ("suspended", Some(account.user.id)),
                TriedPassword::Right(account) => ("right", Some(account.user.id)),
            }
        };
        let (free, mut suspended) = (account(), account());
        suspended.user.suspended = true;
        let whose = Some(alice());
        assert_eq!(told("correct horse", Some(&free)), ("right", whose));
        assert_eq!(told("correct hors", Some(&free)), ("wrong", whose));
        assert_eq!(
            told("correct horse", Some(&suspended)),
            ("suspended", whose)
        );
        // Nobody learns of a suspension who does not know the password.
        assert_eq!(told("correct hors", Some(&suspended)), ("wrong", whose));
        assert_eq!(told("correct horse", None), ("wrong", None));
    }

    fn accepted(auth_time: Timestamp, remember_seconds: u32) -> AcceptedLogin {
        AcceptedLogin {
            subject: alice(),
            auth_time,
            amr: AuthenticationMethod::Password.into(),
            session: None,
            remember_seconds,
        }
    }

    /// What a browser that was sent now brings back, on its way to `target`.
    fn answered(target: &str, again: bool, decision: LoginDecision) -> AnsweredLogin {
        AnsweredLogin {
            asked: AskedLogin {
                browser: Secret::<BrowserId>::new("browser").hash(),
                target: target.to_owned(),
                at: NOW,
                again,
                subject: None,
            },
            decision,
            taken: None,
        }
    }

    #[test]
    fn a_proof_is_as_new_as_the_request_wants_it() {
        let (long_ago, minute) = (
            Timestamp::from_millis(NOW.millis() - 60_000),
            Duration::from_secs(60),
        );
        let second = Timestamp::from_millis(NOW.millis() / 1000 * 1000);
        let with = |more: &str| [CLIENT, more].concat();
        for (target, again, auth_time, opens) in [
            (CLIENT.to_owned(), false, long_ago, true),
            (with("&prompt=login"), false, long_ago, false),
            (with("&prompt=login"), false, second, true),
            (with("&max_age=60"), false, long_ago, true),
            (with("&max_age=59"), false, long_ago, false),
            ("/settings".to_owned(), false, long_ago, true),
            ("/settings".to_owned(), true, long_ago, false),
            ("/settings".to_owned(), true, long_ago + minute, true),
            // What only looks like a client's wish, at a page where no client waits.
            ("/settings?prompt=login".to_owned(), false, long_ago, true),
        ] {
            let accepted = accepted(auth_time, 0);
            let login = answered(&target, again, LoginDecision::Accepted(accepted.clone()));
            let expected = if opens {
                LoginAnswer::Opens(&accepted)
            } else {
                LoginAnswer::TooOld(alice())
            };
            assert_eq!(LoginAnswer::of(&login), expected, "{target} {again}");
        }
    }

    #[test]
    fn an_answer_that_was_used_or_that_rejects_opens_nothing() {
        let mut used = answered(CLIENT, true, LoginDecision::Accepted(accepted(NOW, 0)));
        used.taken = Some(AttemptId::from_bytes([1; 16]));
        assert_eq!(LoginAnswer::of(&used), LoginAnswer::Used(alice()));
        let rejected = RejectedLogin {
            denied: true,
            description: String::new(),
        };
        let login = answered(CLIENT, false, LoginDecision::Rejected(rejected.clone()));
        assert_eq!(LoginAnswer::of(&login), LoginAnswer::Rejected(&rejected));
    }

    #[test]
    fn a_browser_is_remembered_as_long_as_the_platform_wants_and_a_session_lasts() {
        let longest = Duration::from_secs(600);
        for (seconds, expected) in [(0, None), (1, Some(1)), (600, Some(600)), (601, Some(600))] {
            let kept = kept_for(&accepted(NOW, seconds), longest);
            assert_eq!(kept, expected.map(Duration::from_secs), "{seconds}");
        }
    }
}
