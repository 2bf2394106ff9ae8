//! How a client authenticates, and the credentials that a request brings (RFC 6749 §2.3).

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};

use super::assertion::{self, AssertionError, ClientAssertion};
use super::keys::{ClientKeys, JwkSet};
use super::url::ClientIdentifier;
use crate::crypto::secret::{ClientSecret, Hash, Secret};
use crate::oauth::error::{ClientRefusal, CredentialsPlace, Refusal};
use crate::oauth::grant_type::AuthMethod;
use crate::oauth::params::{self, Params};
use crate::snowflake::ApplicationId;
use crate::time::Timestamp;

/// How a client authenticates, as registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// Not at all: a public client.
    None,
    /// A secret, in the header (Basic) or in the body.
    Secret(SecretHashes),
    /// A JWT that the client signs (RFC 7523).
    PrivateKeyJwt(ClientKeys),
    /// Not at all or with a JWT that it signs, as it likes, and so a public client: a document may
    /// offer both. A signature that is wrong is not taken for none.
    NoneOrPrivateKeyJwt(ClientKeys),
}

/// The hashes of the secrets that a client may use: one, and while it is exchanged the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretHashes {
    /// The secret that was made last.
    pub current: KnownSecret,
    /// The secret before it, and when that one ends.
    pub former: Option<(KnownSecret, Timestamp)>,
    /// How the client says that it sends them.
    pub sent: SecretMethod,
}

/// How a client says that it sends its secret. It may come either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretMethod {
    /// `client_secret_basic`: in the header (RFC 6749 §2.3.1).
    Basic,
    /// `client_secret_post`: in the body.
    Post,
}

impl From<SecretMethod> for AuthMethod {
    fn from(method: SecretMethod) -> Self {
        match method {
            SecretMethod::Basic => Self::ClientSecretBasic,
            SecretMethod::Post => Self::ClientSecretPost,
        }
    }
}

/// What is known of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownSecret {
    /// The hash of the secret.
    pub hash: Hash<ClientSecret>,
    /// The first use on the last day on which it was used; `None`: not used so far.
    pub used_at: Option<Timestamp>,
}

impl From<Hash<ClientSecret>> for SecretHashes {
    fn from(hash: Hash<ClientSecret>) -> Self {
        let used_at = None;
        Self {
            current: KnownSecret { hash, used_at },
            former: None,
            sent: SecretMethod::Basic,
        }
    }
}

impl SecretHashes {
    /// Adds a new secret. The one that was made last ends at `former_ends_at`, and one before it at
    /// once.
    #[must_use]
    pub fn rotated(self, new: Hash<ClientSecret>, former_ends_at: Timestamp) -> Self {
        Self {
            former: Some((self.current, former_ends_at)),
            ..Self::from(new).sent(self.sent)
        }
    }

    /// The secret before the current one, where it has not ended.
    pub fn live_former(&self, now: Timestamp) -> Option<(KnownSecret, Timestamp)> {
        self.former.filter(|(_, ends_at)| now < *ends_at)
    }

    /// Whether another server's hash stands in place of one of ours.
    pub fn is_imported(&self, now: Timestamp) -> bool {
        let former = self.live_former(now).map(|(former, _)| former);
        let mut known = [Some(self.current), former].into_iter().flatten();
        known.any(|known| known.hash == Hash::IMPORTED)
    }

    /// Puts our hash in the place of another server's.
    pub fn replace_imported(&mut self, ours: Hash<ClientSecret>) {
        let former = self.former.as_mut().map(|(former, _)| former);
        for known in [Some(&mut self.current), former].into_iter().flatten() {
            if known.hash == Hash::IMPORTED {
                known.hash = ours;
            }
        }
    }

    /// The secret that was shown, where it is good. The clock is looked at here: whoever remembers a
    /// client remembers no secret beyond its end.
    fn admit(&self, secret: &Secret<ClientSecret>, now: Timestamp) -> Option<KnownSecret> {
        let hash = secret.hash();
        let former = self.live_former(now).map(|(former, _)| former);
        let mut known = [Some(self.current), former].into_iter().flatten();
        known.find(|known| known.hash == hash)
    }

    /// Remembers a use of the secret with that hash.
    pub fn note_use(&mut self, of: &Hash<ClientSecret>, at: Timestamp) {
        let former = self.former.as_mut().map(|(former, _)| former);
        for known in [Some(&mut self.current), former].into_iter().flatten() {
            if known.hash == *of {
                known.used_at = Some(at);
            }
        }
    }

    /// The same secrets, sent in another way.
    #[must_use]
    pub const fn sent(self, sent: SecretMethod) -> Self {
        Self { sent, ..self }
    }
}

impl ClientAuthentication {
    /// What a directory kept. A method whose credential is missing is nobody's to use: no keys, and
    /// not no proof.
    pub fn kept(
        method: Option<AuthMethod>,
        secret: Option<SecretHashes>,
        keys: Option<ClientKeys>,
    ) -> Self {
        use AuthMethod::{ClientSecretBasic, ClientSecretPost, None as Nothing, PrivateKeyJwt};
        match (method, secret, keys) {
            (None, None, _) | (Some(Nothing), _, None) => Self::None,
            (Some(Nothing), _, Some(keys)) => Self::NoneOrPrivateKeyJwt(keys),
            (None | Some(ClientSecretBasic), Some(secret), _) => Self::Secret(secret),
            (Some(ClientSecretPost), Some(secret), _) => {
                Self::Secret(secret.sent(SecretMethod::Post))
            }
            (Some(PrivateKeyJwt), _, Some(keys)) => Self::PrivateKeyJwt(keys),
            (Some(PrivateKeyJwt | ClientSecretBasic | ClientSecretPost), _, _) => {
                Self::PrivateKeyJwt(ClientKeys::Listed(JwkSet::default()))
            }
        }
    }

    /// The same with another secret in place of its own, or of its keys. `None`: a public client.
    pub fn with_secret(&self, secret: Hash<ClientSecret>) -> Option<Self> {
        let current = SecretHashes::from(secret);
        match self {
            Self::None | Self::NoneOrPrivateKeyJwt(_) => None,
            Self::Secret(hashes) => Some(Self::Secret(current.sent(hashes.sent))),
            Self::PrivateKeyJwt(_) => Some(Self::Secret(current)),
        }
    }

    /// `token_endpoint_auth_method`.
    pub fn method(&self) -> AuthMethod {
        match self {
            Self::None | Self::NoneOrPrivateKeyJwt(_) => AuthMethod::None,
            Self::Secret(hashes) => hashes.sent.into(),
            Self::PrivateKeyJwt(_) => AuthMethod::PrivateKeyJwt,
        }
    }

    /// The same with its secret, where it has one, sent in another way.
    #[must_use]
    pub fn sent(self, way: SecretMethod) -> Self {
        match self {
            Self::Secret(hashes) => Self::Secret(hashes.sent(way)),
            other => other,
        }
    }

    /// The keys that it signs with.
    pub const fn keys(&self) -> Option<&ClientKeys> {
        match self {
            Self::None | Self::Secret(_) => None,
            Self::PrivateKeyJwt(keys) | Self::NoneOrPrivateKeyJwt(keys) => Some(keys),
        }
    }

    /// Whether it may prove nothing: a public client (RFC 6749 §2.1).
    pub const fn is_public(&self) -> bool {
        match self {
            Self::None | Self::NoneOrPrivateKeyJwt(_) => true,
            Self::Secret(_) | Self::PrivateKeyJwt(_) => false,
        }
    }

    /// What the credentials prove at this instant; `None` where they are not what was registered. An
    /// assertion proves nothing here: its signature has to be verified.
    pub fn verify(&self, credentials: &Credentials, now: Timestamp) -> Option<AuthenticatedBy> {
        match (self, credentials) {
            (Self::None | Self::NoneOrPrivateKeyJwt(_), Credentials::None(..)) => {
                Some(AuthenticatedBy::IdOnly)
            }
            (
                Self::Secret(hashes),
                Credentials::Basic(_, secret) | Credentials::Post(_, secret),
            ) => hashes.admit(secret, now).map(|_| AuthenticatedBy::Secret),
            (
                Self::None | Self::PrivateKeyJwt(_) | Self::NoneOrPrivateKeyJwt(_),
                Credentials::Basic(..) | Credentials::Post(..),
            )
            | (Self::Secret(_) | Self::PrivateKeyJwt(_), Credentials::None(..))
            | (_, Credentials::Assertion(_)) => None,
        }
    }

    /// The secret that the credentials show, where its use today is not known yet.
    pub fn first_use_today(
        &self,
        credentials: &Credentials,
        now: Timestamp,
    ) -> Option<Hash<ClientSecret>> {
        let Self::Secret(hashes) = self else {
            return None;
        };
        let (Credentials::Basic(_, secret) | Credentials::Post(_, secret)) = credentials else {
            return None;
        };
        let used = hashes.admit(secret, now)?;
        let is_known = used.used_at.is_some_and(|at| at.day() >= now.day());
        (!is_known).then_some(used.hash)
    }
}

/// What a client was authenticated by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthenticatedBy {
    /// The client holds the secret, or the private key.
    Secret,
    /// The request names a `client_id`, which anybody can know.
    IdOnly,
}

/// The credentials of a request, before anything is known of the client.
#[derive(Debug)]
pub enum Credentials {
    /// `client_id` alone, in the body or by Basic without a password.
    None(ClientIdentifier, CredentialsPlace),
    /// HTTP Basic (`client_secret_basic`).
    Basic(ApplicationId, Secret<ClientSecret>),
    /// `client_id` and `client_secret` in the body (`client_secret_post`).
    Post(ApplicationId, Secret<ClientSecret>),
    /// A JWT that the client signed (`private_key_jwt`).
    Assertion(Box<ClientAssertion>),
}

impl Credentials {
    /// Reads the credentials of a request to one of OAuth's own endpoints (RFC 6749 §2.3.1).
    pub fn read(authorization: Option<&str>, params: &Params) -> Result<Self, Refusal> {
        match authorization {
            Some(authorization) => Self::basic(authorization, params),
            None => Self::post(params),
        }
    }

    /// The client that the credentials name, before anything is proved.
    pub fn client_id(&self) -> ClientIdentifier {
        match self {
            Self::None(id, _) => id.clone(),
            Self::Basic(id, _) | Self::Post(id, _) => ClientIdentifier::Id(*id),
            Self::Assertion(assertion) => assertion.client().clone(),
        }
    }

    /// The refusal of these credentials. An unknown client, a wrong secret and a missing one are
    /// one refusal.
    pub const fn refusal(&self) -> Refusal {
        let place = match self {
            Self::None(_, place) => *place,
            Self::Basic(..) => CredentialsPlace::Header,
            Self::Post(..) | Self::Assertion(_) => CredentialsPlace::Body,
        };
        place.refuse(ClientRefusal::Wrong)
    }

    fn post(params: &Params) -> Result<Self, Refusal> {
        let refuse = |reason| CredentialsPlace::Body.refuse(reason);
        let id = params.one("client_id")?;
        let secret = params.one("client_secret")?;
        if shows_assertion(params)? {
            return match secret {
                Some(_) => Err(refuse(ClientRefusal::TwoMethods)),
                None => Self::assertion(params, id),
            };
        }
        let id = id.ok_or_else(|| refuse(ClientRefusal::Missing))?;
        let id = ClientIdentifier::parse(id).ok_or_else(|| refuse(ClientRefusal::Wrong))?;
        match (id, secret) {
            (ClientIdentifier::Id(id), Some(secret)) => {
                Ok(Self::Post(id, intact(secret, CredentialsPlace::Body)?))
            }
            (ClientIdentifier::Url(_), Some(_)) => Err(refuse(ClientRefusal::Wrong)),
            (id, None) => Ok(Self::None(id, CredentialsPlace::Body)),
        }
    }

    /// RFC 7521 §4.2: `client_id` is "unnecessary", and "MUST identify the same client as is identified
    /// by the client assertion".
    fn assertion(params: &Params, id: Option<&str>) -> Result<Self, Refusal> {
        let refuse = |error| CredentialsPlace::Body.refuse(ClientRefusal::Assertion(error));
        if params.one("client_assertion_type")? != Some(assertion::TYPE) {
            return Err(refuse(AssertionError::Type));
        }
        let assertion = params.one("client_assertion")?;
        let assertion = assertion.ok_or_else(|| refuse(AssertionError::Token))?;
        let assertion = ClientAssertion::parse(assertion).map_err(refuse)?;
        let is_its = |id| ClientIdentifier::parse(id).as_ref() == Some(assertion.client());
        if id.is_some_and(|id| !is_its(id)) {
            return Err(CredentialsPlace::Body.refuse(ClientRefusal::Wrong));
        }
        Ok(Self::Assertion(Box::new(assertion)))
    }

    fn basic(authorization: &str, params: &Params) -> Result<Self, Refusal> {
        let refuse = |reason| CredentialsPlace::Header.refuse(reason);
        let body_id = params.one("client_id")?;
        if params.one("client_secret")?.is_some() || shows_assertion(params)? {
            return Err(refuse(ClientRefusal::TwoMethods));
        }
        let (id, secret) = basic(authorization).ok_or_else(|| refuse(ClientRefusal::Unreadable))?;
        // The same client_id in the body beside Basic is what many libraries send.
        if body_id.is_some_and(|body_id| body_id != id) {
            return Err(refuse(ClientRefusal::TwoMethods));
        }
        let id = ClientIdentifier::parse(&id).ok_or_else(|| refuse(ClientRefusal::Wrong))?;
        // A public client has no password, and many libraries know no way to send none.
        if secret.is_empty() {
            return Ok(Self::None(id, CredentialsPlace::Header));
        }
        match id {
            ClientIdentifier::Id(id) => {
                Ok(Self::Basic(id, intact(&secret, CredentialsPlace::Header)?))
            }
            ClientIdentifier::Url(_) => Err(refuse(ClientRefusal::Wrong)),
        }
    }
}

/// A secret that was shown. One of ours with a wrong checksum was never made here, and nobody is asked
/// about it.
fn intact(secret: &str, place: CredentialsPlace) -> Result<Secret<ClientSecret>, Refusal> {
    let secret = Secret::new(secret);
    if secret.is_damaged() {
        return Err(place.refuse(ClientRefusal::Wrong));
    }
    Ok(secret)
}

/// Whether the request has an assertion, or a part of what belongs to one: it is not taken for a request
/// without.
fn shows_assertion(params: &Params) -> Result<bool, Refusal> {
    let assertion = params.one("client_assertion")?;
    let kind = params.one("client_assertion_type")?;
    Ok(assertion.is_some() || kind.is_some())
}

/// Reads `Basic base64(form(id) ":" form(secret))`. RFC 6749 §2.3.1: "encoded using the
/// "application/x-www-form-urlencoded" encoding algorithm". `None`: anything else, or an empty id.
fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, credentials) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = String::from_utf8(Base64::decode_vec(credentials.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let pair = (params::decode(id)?, params::decode(secret)?);
    (!pair.0.is_empty()).then_some(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn basic_header(userinfo: &str) -> String {
        format!("Basic {}", Base64::encode_string(userinfo.as_bytes()))
    }

    fn check(
        authorization: Option<&str>,
        body: &str,
        expected: Result<(&str, Option<&str>), ClientRefusal>,
    ) {
        let params = Params::from_form(body);
        match (Credentials::read(authorization, &params), expected) {
            (Ok(credentials), Ok((id, expected))) => {
                assert_eq!(Some(credentials.client_id()), ClientIdentifier::parse(id));
                let (Credentials::Basic(_, secret) | Credentials::Post(_, secret)) = &credentials
                else {
                    return assert_eq!(expected, None);
                };
                assert_eq!(Some(secret.expose()), expected);
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
        check(Some(&basic_header("12:")), "", Ok(("12", None)));
        check(Some(&basic_header("12:")), "client_id=12", Ok(("12", None)));
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
        let kind = [("client_assertion_type", assertion::TYPE)];
        let kind = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kind)
            .finish();
        for header in [
            "Basic",
            "Basic ",
            "Basic !!!",
            "Bearer abc",
            "MTI6eA==",
            &basic_header("no-colon"),
            &basic_header(":x"),
            &basic_header("12:%zz"),
            "Basic /////w==",
            "Basic MTI6eA==, Bearer y",
        ] {
            check(Some(header), "", Err(Unreadable));
        }
        check(None, "", Err(Missing));
        let bad = Err(Assertion(AssertionError::Token));
        check(None, &format!("client_assertion=x&{kind}"), bad);
        let bad = Err(Assertion(AssertionError::Type));
        check(None, "client_assertion=x&client_assertion_type=y", bad);
        check(None, "client_id=x", Err(Wrong));
        let damaged = Secret::generate([1; 32])
            .expose()
            .replace("flx_cs_A", "flx_cs_B");
        check(
            Some(&basic_header(&format!("12:{damaged}"))),
            "",
            Err(Wrong),
        );
        check(
            None,
            &format!("client_id=12&client_secret={damaged}"),
            Err(Wrong),
        );
        check(Some(&basic_header("012:x")), "", Err(Wrong));
    }

    #[test]
    fn a_client_authenticates_as_it_was_registered_to() {
        let registered = ClientAuthentication::Secret(Secret::new("right").hash().into());
        let public = ClientAuthentication::None;
        let check =
            |registered: &ClientAuthentication, authorization: Option<&str>, body, proof| {
                let params = Params::from_form(body);
                let credentials = Credentials::read(authorization, &params).expect("readable");
                assert_eq!(
                    registered.verify(&credentials, NOW),
                    proof,
                    "{authorization:?} {body}"
                );
            };
        let right = basic_header("12:right");
        let wrong = basic_header("12:wrong");
        check(&registered, Some(&right), "", Some(AuthenticatedBy::Secret));
        check(&registered, Some(&wrong), "", None);
        check(
            &registered,
            None,
            "client_id=12&client_secret=right",
            Some(AuthenticatedBy::Secret),
        );
        check(&registered, None, "client_id=12&client_secret=wrong", None);
        check(&registered, None, "client_id=12", None);
        check(&public, None, "client_id=12", Some(AuthenticatedBy::IdOnly));
        check(&public, None, "client_id=12&client_secret=right", None);
        check(&public, Some(&right), "", None);
        let empty = basic_header("12:");
        check(&public, Some(&empty), "", Some(AuthenticatedBy::IdOnly));
        check(&registered, Some(&empty), "", None);
    }

    #[test]
    fn two_secrets_overlap_until_the_former_one_ends() {
        let [first, second, third] = [1, 2, 3].map(|seed| Secret::generate([seed; 32]));
        let ends_at = NOW + core::time::Duration::from_secs(60);
        let before = |at: Timestamp| Timestamp::from_millis(at.millis() - 1);
        let hashes = SecretHashes::from(first.hash()).rotated(second.hash(), ends_at);
        for (secret, at, is_good) in [
            (&first, NOW, true),
            (&second, NOW, true),
            (&third, NOW, false),
            (&first, before(ends_at), true),
            (&first, ends_at, false),
            (&second, ends_at, true),
        ] {
            assert_eq!(hashes.admit(secret, at).is_some(), is_good, "{at:?}");
        }
        let hashes = hashes.rotated(third.hash(), ends_at);
        let is_good = [&first, &second, &third].map(|it| hashes.admit(it, NOW).is_some());
        assert_eq!(is_good, [false, true, true], "three never overlap");
    }

    #[test]
    fn a_use_is_noted_once_a_day() {
        let [first, second] = [1, 2].map(|seed| Secret::generate([seed; 32]));
        let mut hashes = SecretHashes::from(first.hash());
        let day = core::time::Duration::from_hours(24);
        let noted = |hashes: SecretHashes, secret: &Secret<ClientSecret>, at| {
            let id = ApplicationId::parse("12").expect("an id");
            let credentials = Credentials::Post(id, Secret::new(secret.expose()));
            ClientAuthentication::Secret(hashes).first_use_today(&credentials, at)
        };
        assert_eq!(noted(hashes, &first, NOW), Some(first.hash()));
        assert_eq!(noted(hashes, &second, NOW), None, "not a secret of its");
        hashes.note_use(&first.hash(), NOW);
        assert_eq!(noted(hashes, &first, NOW), None);
        assert_eq!(noted(hashes, &first, NOW + day), Some(first.hash()));
        let mut hashes = hashes.rotated(second.hash(), NOW + day);
        assert_eq!(noted(hashes, &first, NOW), None, "known by its former name");
        assert_eq!(noted(hashes, &second, NOW), Some(second.hash()));
        hashes.note_use(&second.hash(), NOW);
        assert_eq!(noted(hashes, &second, NOW), None);
    }
}
