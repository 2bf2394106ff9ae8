//! What the platform vouches for a login with through the browser, where no key of its may: a JWT
//! (RFC 7519) of type `login+jwt`.

use core::time::Duration;

use serde::Deserialize;

use crate::crypto::secret::Secret;
use crate::json_reader;
use crate::oauth::issuer::Issuer;
use crate::oauth::jws::Unverified;
use crate::oauth::openid::AuthenticationMethod;
use crate::pending::AcceptedLogin;
use crate::snowflake::UserId;
use crate::time::Timestamp;

/// Longest life of an assertion: it is made for one form.
const LONGEST_LIFE: Duration = Duration::from_secs(60);
/// How far the platform's clock may be from this server's.
pub const CLOCK_SKEW: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    jti: String,
    sub: UserId,
    auth_time: u64,
    #[serde(default)]
    amr: Vec<String>,
    sid: Option<String>,
    exp: u64,
    #[serde(default)]
    remember_seconds: u32,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// An assertion that says the right things. Whether the platform said them, its signature shows.
#[derive(Debug)]
pub struct LoginAssertion {
    /// The challenge that it answers.
    pub challenge: String,
    /// The user who logged in, and by which proof.
    pub login: AcceptedLogin,
}

impl LoginAssertion {
    /// Reads the claims. Fails with what is wrong, for the platform's developer.
    pub fn read(
        token: &Unverified<'_>,
        platform: &str,
        issuer: &Issuer,
        now: Timestamp,
    ) -> Result<Self, &'static str> {
        if token.typ.as_deref() != Some("login+jwt") {
            return Err("typ must be login+jwt");
        }
        let claims: Claims = json_reader::read_value(&token.claims)
            .map_err(|_| "iss, aud, jti, sub, auth_time and exp must be there")?;
        if claims.iss != platform {
            return Err("iss must be the platform's");
        }
        let is_for_us = match &claims.aud {
            Audience::One(one) => one == issuer.as_str(),
            Audience::Several(all) => all.len() == 1 && all.iter().all(|it| it == issuer.as_str()),
        };
        if !is_for_us {
            return Err("aud must be this issuer");
        }
        let exp = Timestamp::from_millis(claims.exp.saturating_mul(1000));
        if exp + CLOCK_SKEW <= now || exp > now + LONGEST_LIFE + CLOCK_SKEW {
            return Err("exp must be within 60 seconds");
        }
        let auth_time = Timestamp::from_millis(claims.auth_time.saturating_mul(1000));
        if auth_time > now + CLOCK_SKEW {
            return Err("auth_time must not be ahead");
        }
        let amr = claims
            .amr
            .iter()
            .filter_map(|it| AuthenticationMethod::from_wire(it));
        Ok(Self {
            challenge: claims.jti,
            login: AcceptedLogin {
                subject: claims.sub,
                auth_time,
                amr: amr.collect(),
                session: claims.sid.map(|sid| Secret::new(sid).hash()),
                remember_seconds: claims.remember_seconds,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64url;
    use serde_json::Value;
    use serde_json::json;

    const NOW: u64 = 1_700_000_000;

    fn read(typ: &str, changed: &Value) -> Result<LoginAssertion, &'static str> {
        let mut claims = json!({
            "iss": "https://platform.example", "aud": "https://id.example", "jti": "C",
            "sub": "5", "auth_time": NOW - 10, "amr": ["pwd", "otp", "x"], "sid": "s",
            "exp": NOW + 60,
        });
        for (name, value) in changed.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        let part = |json: &Value| base64url::encode(json.to_string().as_bytes());
        let header = json!({"alg": "ES256", "typ": typ});
        let token = format!("{}.{}.AA", part(&header), part(&claims));
        let token = Unverified::parse(&token).expect("a token");
        let issuer = Issuer::parse("https://id.example").expect("an issuer");
        let now = Timestamp::from_millis(NOW * 1000);
        LoginAssertion::read(&token, "https://platform.example", &issuer, now)
    }

    #[test]
    fn an_assertion_is_for_one_login_here_and_now() {
        let good = read("login+jwt", &json!({})).expect("good");
        assert_eq!(good.challenge, "C");
        assert_eq!(good.login.amr.to_string(), "otp pwd");
        assert!(read("login+jwt", &json!({"aud": ["https://id.example"]})).is_ok());
        for typ in ["JWT", "at+jwt", "logout+jwt"] {
            assert!(read(typ, &json!({})).is_err(), "{typ}");
        }
        for changed in [
            json!({"iss": "https://evil.example"}),
            json!({"aud": "https://other.example"}),
            json!({"aud": ["https://id.example", "https://other.example"]}),
            json!({"aud": []}),
            json!({"exp": NOW - 6}),
            json!({"exp": NOW + 66}),
            json!({"exp": null}),
            json!({"auth_time": NOW + 6}),
            json!({"auth_time": "now"}),
            json!({"sub": 5}),
            json!({"sub": "alice"}),
            json!({"jti": null}),
        ] {
            assert!(read("login+jwt", &changed).is_err(), "{changed}");
        }
    }
}
