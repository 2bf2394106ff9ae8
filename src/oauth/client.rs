//! Clients, and how they prove who they are (RFC 6749 §2).
//!
//! Invariant: an [`Authenticated`] is made only by [`Client::authenticate`].

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};

use super::error::{ClientRefusal, Refusal, Tried};
use super::grant_type::GrantType;
use super::redirect_uri::{RedirectUri, RegisteredUri, Registrant};
use crate::crypto::secret::{ClientSecret, Hash, Secret};
use crate::oauth::params::{self, Params};
use crate::snowflake::ApplicationId;

/// What OAuth needs to know of an application.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its `client_id`.
    pub id: ApplicationId,
    /// What it is, and so how it authenticates.
    pub kind: ClientKind,
    /// Where it may be answered.
    pub redirect_uris: Vec<RegisteredUri>,
    /// Whether it may ask for `admin` and introspect others' tokens.
    pub trusted: bool,
}

/// RFC 6749 §2.1's client types, and ours.
#[derive(Debug, Clone, Copy)]
pub enum ClientKind {
    /// Runs on its user's device and can keep no secret.
    Public,
    /// Runs on a server and keeps a secret.
    Confidential {
        /// SHA-256 of it.
        secret: Hash<ClientSecret>,
    },
    /// The administration application of the configuration: client credentials, and nothing else.
    BuiltIn {
        /// SHA-256 of it.
        secret: Hash<ClientSecret>,
    },
}

impl ClientKind {
    /// The rules that its redirect URIs follow.
    pub const fn registrant(self) -> Registrant {
        match self {
            Self::Public => Registrant::Public,
            Self::Confidential { .. } | Self::BuiltIn { .. } => Registrant::Confidential,
        }
    }

    /// Whether its users' remembered consent stands for their next one. A public client's does
    /// not: any program on the device could claim its `client_id` (RFC 6749 §10.2).
    pub const fn may_skip_consent(self) -> bool {
        matches!(self, Self::Confidential { .. })
    }
}

impl Client {
    /// The redirect URI to answer at, where `requested` is one of the registered ones.
    pub fn redirect_uri(&self, requested: &str) -> Option<RedirectUri> {
        self.redirect_uris
            .iter()
            .find_map(|registered| registered.admit(requested, self.kind.registrant()))
    }

    /// Refuses the grants that are not for this kind of client (RFC 6749 §4.4: "The client
    /// credentials grant type MUST only be used by confidential clients").
    pub const fn may_use(&self, grant: GrantType) -> Result<(), Refusal> {
        let allowed = match (&self.kind, grant) {
            (ClientKind::Public, GrantType::ClientCredentials) => false,
            (ClientKind::Public | ClientKind::Confidential { .. }, _) => true,
            (ClientKind::BuiltIn { .. }, grant) => matches!(grant, GrantType::ClientCredentials),
        };
        if allowed {
            Ok(())
        } else {
            Err(Refusal::GrantNotAllowed(grant))
        }
    }

    /// Checks what a request presented against what is known of the client with that id. An
    /// unknown client, a wrong secret and a missing one are one refusal.
    pub fn authenticate(&self, presented: &Presented) -> Result<Authenticated<'_>, Refusal> {
        let proof = match (&self.kind, &presented.secret) {
            (ClientKind::Public, None) => Some(Proof::IdOnly),
            (
                ClientKind::Confidential { secret } | ClientKind::BuiltIn { secret },
                Some(presented),
            ) if presented.hash() == *secret => Some(Proof::Secret),
            _ => None,
        };
        match proof {
            Some(proof) if self.id == presented.id => Ok(Authenticated {
                client: self,
                proof,
            }),
            _ => Err(presented.refuse()),
        }
    }
}

/// A client that has proved who it is, as far as its kind can.
#[derive(Debug, Clone, Copy)]
pub struct Authenticated<'a> {
    client: &'a Client,
    proof: Proof,
}

/// How much a client's authentication proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// It holds the secret.
    Secret,
    /// It knows the `client_id`, as anybody may.
    IdOnly,
}

impl<'a> Authenticated<'a> {
    /// The client.
    pub const fn client(&self) -> &'a Client {
        self.client
    }

    /// Its id.
    pub const fn id(&self) -> ApplicationId {
        self.client.id
    }

    /// How much was proved.
    pub const fn proof(&self) -> Proof {
        self.proof
    }
}

/// The credentials of a request, before anything is known of the client.
#[derive(Debug)]
pub struct Presented {
    /// Who it says it is.
    pub id: ApplicationId,
    secret: Option<Secret<ClientSecret>>,
    tried: Tried,
}

impl Presented {
    /// Reads the credentials of a request to the token, revocation or introspection endpoint
    /// (RFC 6749 §2.3.1).
    pub fn read(authorization: Option<&str>, params: &Params) -> Result<Self, Refusal> {
        let body_id = params.one("client_id")?;
        let body_secret = params.one("client_secret")?;
        let assertion = params.one("client_assertion")?;
        let Some(authorization) = authorization else {
            let refuse = |reason| Refusal::Client {
                reason,
                tried: Tried::Body,
            };
            return match (body_id, body_secret, assertion) {
                (_, Some(_), Some(_)) => Err(refuse(ClientRefusal::TwoMethods)),
                (_, None, Some(_)) => Err(refuse(ClientRefusal::Assertion)),
                (None, ..) => Err(refuse(ClientRefusal::Missing)),
                (Some(id), secret, None) => Ok(Self {
                    id: ApplicationId::parse(id).ok_or_else(|| refuse(ClientRefusal::Wrong))?,
                    secret: secret.map(Secret::new),
                    tried: Tried::Body,
                }),
            };
        };
        let refuse = |reason| Refusal::Client {
            reason,
            tried: Tried::Basic,
        };
        if body_secret.is_some() || assertion.is_some() {
            return Err(refuse(ClientRefusal::TwoMethods));
        }
        let (id, secret) = basic(authorization).ok_or_else(|| refuse(ClientRefusal::Unreadable))?;
        // The same client_id in the body beside Basic is what many libraries send.
        if body_id.is_some_and(|body_id| body_id != id) {
            return Err(refuse(ClientRefusal::TwoMethods));
        }
        Ok(Self {
            id: ApplicationId::parse(&id).ok_or_else(|| refuse(ClientRefusal::Wrong))?,
            secret: Some(Secret::new(secret)),
            tried: Tried::Basic,
        })
    }

    /// The refusal of these credentials.
    pub const fn refuse(&self) -> Refusal {
        Refusal::Client {
            reason: ClientRefusal::Wrong,
            tried: self.tried,
        }
    }
}

/// Reads `Basic base64(form(id) ":" form(secret))`. RFC 6749 §2.3.1: "encoded using the
/// "application/x-www-form-urlencoded" encoding algorithm". `None`: anything else, an empty id or
/// an empty secret.
fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, credentials) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = String::from_utf8(Base64::decode_vec(credentials.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let pair = (params::decode(id)?, params::decode(secret)?);
    (!pair.0.is_empty() && !pair.1.is_empty()).then_some(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic_header(userinfo: &str) -> String {
        format!("Basic {}", Base64::encode_string(userinfo.as_bytes()))
    }

    fn check(
        authorization: Option<&str>,
        body: &str,
        expected: Result<(&str, Option<&str>), ClientRefusal>,
    ) {
        let params = Params::from_form(body).expect("well-formed");
        match (Presented::read(authorization, &params), expected) {
            (Ok(presented), Ok((id, secret))) => {
                assert_eq!(presented.id.to_string(), id);
                assert_eq!(presented.secret.as_ref().map(Secret::expose), secret);
            }
            (Err(Refusal::Client { reason, .. }), Err(expected)) => assert_eq!(reason, expected),
            (read, expected) => panic!("{authorization:?} {body}: {read:?}, not {expected:?}"),
        }
    }

    #[test]
    fn credentials_come_by_basic_by_body_or_as_an_id_alone() {
        check(
            Some(&basic_header("12:s3cret")),
            "",
            Ok(("12", Some("s3cret"))),
        );
        check(
            Some(&basic_header("12:a%2Bb+c%3A")),
            "",
            Ok(("12", Some("a+b c:"))),
        );
        check(
            Some(&basic_header("12:a:b").replace("Basic", "bAsIc")),
            "",
            Ok(("12", Some("a:b"))),
        );
        check(
            Some(&basic_header("12:s3cret")),
            "client_id=12",
            Ok(("12", Some("s3cret"))),
        );
        check(
            None,
            "client_id=12&client_secret=s3cret",
            Ok(("12", Some("s3cret"))),
        );
        check(None, "client_id=12", Ok(("12", None)));
        check(None, "client_id=12&client_secret=", Ok(("12", None)));
    }

    #[test]
    fn two_methods_or_two_ids_are_refused() {
        use ClientRefusal::TwoMethods;
        let header = basic_header("12:s3cret");
        check(Some(&header), "client_secret=s3cret", Err(TwoMethods));
        check(Some(&header), "client_id=13", Err(TwoMethods));
        check(Some(&header), "client_assertion=x", Err(TwoMethods));
        check(
            None,
            "client_id=12&client_secret=a&client_assertion=x",
            Err(TwoMethods),
        );
    }

    #[test]
    fn unreadable_credentials_are_refused() {
        use ClientRefusal::{Assertion, Missing, Unreadable, Wrong};
        for header in [
            "Basic",
            "Basic ",
            "Basic !!!",
            "Bearer abc",
            "Basic MTI6",
            "MTI6eA==",
            &basic_header("no-colon"),
            &basic_header(":x"),
            &basic_header("12:"),
            &basic_header("12:%zz"),
            "Basic /////w==",
            "Basic MTI6eA==, Bearer y",
        ] {
            check(Some(header), "", Err(Unreadable));
        }
        check(None, "", Err(Missing));
        check(None, "client_assertion=x", Err(Assertion));
        check(None, "client_id=x", Err(Wrong));
        check(Some(&basic_header("012:x")), "", Err(Wrong));
    }

    fn client(kind: ClientKind) -> Client {
        Client {
            id: ApplicationId::parse("12").expect("an id"),
            kind,
            redirect_uris: Vec::new(),
            trusted: false,
        }
    }

    fn presented(body: &str) -> Presented {
        let params = Params::from_form(body).expect("well-formed");
        Presented::read(None, &params).expect("readable")
    }

    #[test]
    fn a_client_authenticates_as_its_kind_must() {
        let secret = Secret::new("right").hash();
        let confidential = client(ClientKind::Confidential { secret });
        let public = client(ClientKind::Public);
        let proof =
            |client: &Client, body| client.authenticate(&presented(body)).map(|it| it.proof());
        assert_eq!(
            proof(&confidential, "client_id=12&client_secret=right"),
            Ok(Proof::Secret)
        );
        assert_eq!(proof(&public, "client_id=12"), Ok(Proof::IdOnly));
        for (client, body) in [
            (&confidential, "client_id=12&client_secret=wrong"),
            (&confidential, "client_id=12"),
            (&confidential, "client_id=13&client_secret=right"),
            (&public, "client_id=12&client_secret=right"),
        ] {
            assert!(proof(client, body).is_err(), "{body}");
        }
    }

    #[test]
    fn the_built_in_application_has_client_credentials_only() {
        let built_in = client(ClientKind::BuiltIn {
            secret: Secret::new("x").hash(),
        });
        let allowed: Vec<_> = GrantType::ALL
            .iter()
            .filter(|&&grant| built_in.may_use(grant).is_ok())
            .collect();
        assert_eq!(allowed, [&GrantType::ClientCredentials]);
        assert!(
            client(ClientKind::Public)
                .may_use(GrantType::ClientCredentials)
                .is_err()
        );
    }
}
