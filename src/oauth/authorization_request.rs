//! The authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1).

use core::time::Duration;

use super::client::Client;
use super::error::Refusal;
use super::grant_type::{CodeChallengeMethod, GrantType, ResponseMode, ResponseType};
use super::jwk::JwkThumbprint;
use super::openid;
use super::pkce::CodeChallenge;
use super::redirect_uri::RedirectUri;
use super::resource::ResourceGrant;
use super::scope::{Scope, Scopes};
use crate::oauth::params::Params;

/// Longest `state`, in bytes. It comes back whole or not at all.
const MAX_STATE_BYTES: usize = 8 * 1024;

/// What a client asks a user for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// What it wants opened; `identify` where it did not say.
    pub scope: Scopes,
    /// PKCE; always there for a public client.
    pub code_challenge: Option<CodeChallenge>,
    /// The key that is to redeem the code (RFC 9449 §10).
    pub dpop_jkt: Option<JwkThumbprint>,
    /// The interaction that a client asks for (`prompt`).
    pub prompt: Prompt,
    /// How long ago the user may have logged in.
    pub max_age: Option<Duration>,
    /// `nonce`, which the ID token repeats (OpenID Connect Core §3.1.2.1).
    pub nonce: Option<String>,
    /// An ID token of the user whom the client expects.
    pub id_token_hint: Option<String>,
    /// The resource server that the tokens are to be for, and which of its scopes are asked for.
    pub resource: Option<ResourceGrant>,
}

wire_enum! {
    /// One value of `prompt` (OpenID Connect Core §3.1.2.1).
    pub enum PromptValue {
        /// The user is not asked at all.
        None = "none",
        /// The user proves who they are, logged in or not.
        Login = "login",
        /// The user consents, whatever they granted before.
        Consent = "consent",
        /// The user says as whom: on the consent page, which names the account and offers another.
        SelectAccount = "select_account",
    }
}

/// The interaction that a client asks for (`prompt`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// No interaction: `prompt=none`.
    None,
    /// Interaction where it is needed, and where the client asks for it.
    Interactive {
        /// Whether the user logs in again in any case.
        login: bool,
        /// Whether the user is asked for consent in any case.
        consent: bool,
    },
}

impl Prompt {
    /// Asks for consent even where the same was granted before.
    pub const ALWAYS: Self = Self::Interactive {
        login: false,
        consent: true,
    };

    /// Reads `prompt`.
    pub fn parse(params: &Params) -> Result<Self, Refusal> {
        let Some(values) = params.one("prompt")? else {
            return Ok(Self::Interactive {
                login: false,
                consent: false,
            });
        };
        let values = values.split(' ').map(PromptValue::from_wire);
        let values: Option<Vec<_>> = values.collect();
        let invalid = Refusal::Invalid {
            parameter: "prompt",
            must: "it must be none, or some of login, consent and select_account",
        };
        let values = values.ok_or_else(|| invalid.clone())?;
        let has = |value| values.contains(&value);
        match (has(PromptValue::None), values.len()) {
            (true, 1) => Ok(Self::None),
            (true, _) => Err(invalid),
            (false, _) => Ok(Self::Interactive {
                login: has(PromptValue::Login),
                consent: has(PromptValue::Consent) || has(PromptValue::SelectAccount),
            }),
        }
    }
}

impl AuthorizationRequest {
    /// Reads everything but `client_id`, `redirect_uri` and `state`: what is refused here may be
    /// told to the client, which may ask for the scopes of `askable` and for no others. `offered` is the
    /// resource server that the request names, with all that may be granted there.
    pub fn parse(
        params: &Params,
        client: &Client,
        askable: Scopes,
        offered: Option<&ResourceGrant>,
    ) -> Result<Self, Refusal> {
        check_ignored(params)?;
        response_type(params)?;
        response_mode(params)?;
        client.may_use(GrantType::AuthorizationCode)?;
        let (scope, resource) = match offered {
            None => (requested_scope(params, askable)?, None),
            Some(offered) => {
                let (scope, theirs) = offered.requested(params)?;
                (scope, Some(theirs))
            }
        };
        Ok(Self {
            scope,
            resource,
            code_challenge: code_challenge(params, client)?,
            dpop_jkt: dpop_jkt(params)?,
            prompt: Prompt::parse(params)?,
            max_age: max_age(params)?,
            nonce: openid::nonce(params)?,
            id_token_hint: params.one("id_token_hint")?.map(str::to_owned),
        })
    }

    /// Reads a request that no code will answer: a link that adds a bot.
    pub fn parse_without_code(params: &Params, askable: Scopes) -> Result<Self, Refusal> {
        check_ignored(params)?;
        response_type(params)?;
        response_mode(params)?;
        Ok(Self {
            scope: requested_scope(params, askable)?,
            resource: None,
            code_challenge: None,
            dpop_jkt: None,
            prompt: Prompt::parse(params)?,
            max_age: max_age(params)?,
            nonce: openid::nonce(params)?,
            id_token_hint: params.one("id_token_hint")?.map(str::to_owned),
        })
    }

    /// Reads what a device asks for (RFC 8628 §3.1). A bot is added in a browser alone; and whoever has
    /// an administrator type a code is not to become one by it.
    pub fn parse_for_device(
        params: &Params,
        client: &Client,
        offered: Option<&ResourceGrant>,
    ) -> Result<Self, Refusal> {
        check_ignored(params)?;
        client.may_use(GrantType::DeviceCode)?;
        let (scope, resource) = match offered {
            None => (requested_scope(params, Scopes::of_users())?, None),
            Some(offered) => {
                let (scope, theirs) = offered.requested(params)?;
                (scope, Some(theirs))
            }
        };
        Ok(Self {
            scope,
            resource,
            code_challenge: None,
            dpop_jkt: None,
            prompt: Prompt::ALWAYS,
            max_age: None,
            nonce: None,
            id_token_hint: None,
        })
    }

    /// What the consent form is about, so that a form for one request approves no other.
    pub fn subject(
        &self,
        client: &Client,
        redirect_uri: Option<&RedirectUri>,
        state: Option<&str>,
        bot: Option<&serde_json::Value>,
    ) -> String {
        serde_json::json!([
            client.wire_id(),
            redirect_uri.map(RedirectUri::as_str),
            self.scope,
            state,
            self.code_challenge,
            bot,
            self.nonce,
            self.resource,
            self.dpop_jkt,
        ])
        .to_string()
    }
}

/// What is not acted on, and must not be skipped all the same: what changes the meaning of a
/// request (RFC 9101 §6.3), what came twice, and a `state` that could not be given back.
fn check_ignored(params: &Params) -> Result<(), Refusal> {
    if params.one("request")?.is_some() {
        return Err(Refusal::RequestObject);
    }
    if params.one("request_uri")?.is_some() {
        return Err(Refusal::RequestUri);
    }
    check_state(params)
}

/// Whether a link adds a bot and asks for nothing else: such a link says neither how it is to be
/// answered nor where.
pub fn only_adds_a_bot(params: &Params) -> bool {
    scope(params) == Ok(Some(Scope::Bot.into()))
}

/// `response_type`. There is one that we answer, so a request without any means that one.
fn response_type(params: &Params) -> Result<(), Refusal> {
    match params.one("response_type")?.map(ResponseType::from_wire) {
        Some(None) => Err(Refusal::ResponseType),
        None | Some(Some(_)) => Ok(()),
    }
}

fn response_mode(params: &Params) -> Result<(), Refusal> {
    match params.one("response_mode")?.map(ResponseMode::from_wire) {
        Some(None) => Err(Refusal::Invalid {
            parameter: "response_mode",
            must: "it must be query",
        }),
        None | Some(Some(_)) => Ok(()),
    }
}

fn requested_scope(params: &Params, askable: Scopes) -> Result<Scopes, Refusal> {
    let scope = scope(params)?.unwrap_or(Scope::Identify.into());
    refuse_beyond(scope, askable)?;
    Ok(scope)
}

/// Refuses the first scope that is not among those which may be asked for.
pub fn refuse_beyond(scope: Scopes, askable: Scopes) -> Result<(), Refusal> {
    let beyond = scope.without(askable).iter().next();
    beyond.map_or(Ok(()), |scope| Err(Refusal::ScopeNotAllowed(scope)))
}

/// `scope`, where it was sent.
pub fn scope(params: &Params) -> Result<Option<Scopes>, Refusal> {
    let parsed = params.one("scope")?.map(Scopes::parse).transpose();
    Ok(parsed?.filter(|scopes| !scopes.is_empty()))
}

/// `state`, to be sent back byte for byte; none where it was sent twice or is too long, for then
/// it is not the client's word.
pub fn state(params: &Params) -> Option<&str> {
    let state = params.one("state").ok().flatten()?;
    (state.len() <= MAX_STATE_BYTES).then_some(state)
}

fn check_state(params: &Params) -> Result<(), Refusal> {
    match params.one("state")? {
        Some(state) if state.len() > MAX_STATE_BYTES => Err(Refusal::Invalid {
            parameter: "state",
            must: "it must be at most 8 KiB",
        }),
        _ => Ok(()),
    }
}

/// RFC 7636 §4.3, less `plain`, which is also what a missing method would mean.
fn code_challenge(params: &Params, client: &Client) -> Result<Option<CodeChallenge>, Refusal> {
    let challenge = params.one("code_challenge")?;
    let method = params.one("code_challenge_method")?;
    let Some(challenge) = challenge else {
        return match method {
            Some(_) => Err(Refusal::Missing("code_challenge")),
            // RFC 9700 §2.1.1: "Public clients MUST use PKCE".
            None if client.is_public() || client.is_fapi2() => Err(Refusal::PkceRequired),
            None => Ok(None),
        };
    };
    method
        .and_then(CodeChallengeMethod::from_wire)
        .ok_or(Refusal::Invalid {
            parameter: "code_challenge_method",
            must: "it must be S256",
        })?;
    let challenge = CodeChallenge::parse(challenge).ok_or(Refusal::Invalid {
        parameter: "code_challenge",
        must: "it must be 43 characters of base64url",
    })?;
    Ok(Some(challenge))
}

fn dpop_jkt(params: &Params) -> Result<Option<JwkThumbprint>, Refusal> {
    let Some(thumbprint) = params.one("dpop_jkt")? else {
        return Ok(None);
    };
    let thumbprint = JwkThumbprint::parse(thumbprint).ok_or(Refusal::Invalid {
        parameter: "dpop_jkt",
        must: "it must be a JWK thumbprint, 43 characters of base64url",
    })?;
    Ok(Some(thumbprint))
}

/// `max_age` (OpenID Connect Core §3.1.2.1).
pub fn max_age(params: &Params) -> Result<Option<Duration>, Refusal> {
    let Some(seconds) = params.one("max_age")? else {
        return Ok(None);
    };
    let is_number = seconds.bytes().all(|byte| byte.is_ascii_digit());
    match seconds.parse::<u32>() {
        Ok(seconds) if is_number => Ok(Some(Duration::from_secs(seconds.into()))),
        _ => Err(Refusal::Invalid {
            parameter: "max_age",
            must: "it must be a number of seconds below 2^32",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::secret::Secret;
    use crate::oauth::client::authentication::ClientAuthentication;
    use crate::oauth::error::ErrorCode;
    use crate::snowflake::ApplicationId;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn parse(
        query: &str,
        authentication: ClientAuthentication,
    ) -> Result<AuthorizationRequest, Refusal> {
        let id = ApplicationId::parse("12").expect("an id");
        let client = Client::registered(id, authentication, Vec::new(), false);
        let params = Params::from_form(query);
        AuthorizationRequest::parse(&params, &client, Scopes::of_users(), None)
    }

    fn confidential() -> ClientAuthentication {
        ClientAuthentication::Secret(Secret::new("x").hash().into())
    }

    fn check(query: &str, expected: Result<&str, ErrorCode>) {
        let parsed = parse(query, confidential());
        let shown = parsed.as_ref().map(|request| request.scope.to_string());
        let shown = shown.map_err(Refusal::code);
        assert_eq!(shown, expected.map(str::to_owned), "{query}: {parsed:?}");
    }

    #[test]
    fn a_plain_request_asks_for_identify() {
        check("response_type=code", Ok("identify"));
        check("", Ok("identify"));
        check("response_type=code&scope=&nonce=&prompt=", Ok("identify"));
        check(
            "response_type=code&scope=guilds+email&unknown=1&unknown=2",
            Ok("email guilds"),
        );
        check(
            "response_type=code&response_mode=query&max_age=60",
            Ok("identify"),
        );
    }

    #[test]
    fn each_mistake_has_its_error() {
        use ErrorCode::{InvalidRequest, InvalidScope, UnsupportedResponseType};
        for other in ["token", "id_token", "code+token", "none", "CODE"] {
            check(
                &format!("response_type={other}"),
                Err(UnsupportedResponseType),
            );
        }
        for twice in [
            "response_type=code",
            "scope=identify",
            "state=a",
            "code_challenge=a",
            "code_challenge_method=S256",
            "nonce=a",
            "prompt=login",
        ] {
            check(
                &format!("response_type=code&{twice}&{twice}"),
                Err(InvalidRequest),
            );
        }
        for mode in ["fragment", "form_post", "web_message", "query.jwt", "foo"] {
            check(
                &format!("response_type=code&response_mode={mode}"),
                Err(InvalidRequest),
            );
        }
        for prompt in [
            "foo",
            "none+login",
            "login++consent",
            "Login",
            "none+none",
            "select_account+none",
        ] {
            check(
                &format!("response_type=code&prompt={prompt}"),
                Err(InvalidRequest),
            );
        }
        for extension in [
            "max_age=-1",
            "max_age=%2B1",
            "max_age=1e3",
            "max_age=18446744073709551616",
            "max_age=x",
            "nonce=a&nonce=b",
        ] {
            check(
                &format!("response_type=code&{extension}"),
                Err(InvalidRequest),
            );
        }
        for scope in ["address", "Identify", "identify%09email", "bot", "admin"] {
            check(
                &format!("response_type=code&scope={scope}"),
                Err(InvalidScope),
            );
        }
        check(
            &format!(
                "response_type=code&state={}",
                "a".repeat(MAX_STATE_BYTES + 1)
            ),
            Err(InvalidRequest),
        );
    }

    #[test]
    fn a_request_that_is_somewhere_else_is_refused_and_never_ignored() {
        check(
            "response_type=code&request=x",
            Err(ErrorCode::RequestNotSupported),
        );
        check(
            "response_type=code&request_uri=https://app.example/",
            Err(ErrorCode::RequestUriNotSupported),
        );
    }

    #[test]
    fn what_openid_connect_adds_breaks_no_request() {
        for more in [
            "prompt=select_account",
            "prompt=login+consent+select_account",
            "display=popup&ui_locales=de&claims_locales=de&acr_values=0&login_hint=a",
            "claims=%7B%22id_token%22",
            "max_age=4294967295",
        ] {
            check(
                &format!("response_type=code&scope=openid&{more}"),
                Ok("openid"),
            );
        }
    }

    #[test]
    fn pkce_is_s256_or_nothing_and_never_nothing_for_public_applications() {
        let s256 =
            format!("response_type=code&code_challenge={CHALLENGE}&code_challenge_method=S256");
        assert!(
            parse(&s256, ClientAuthentication::None)
                .is_ok_and(|request| request.code_challenge.is_some())
        );
        assert_eq!(
            parse("response_type=code", ClientAuthentication::None),
            Err(Refusal::PkceRequired)
        );
        check("response_type=code&code_challenge=", Ok("identify"));
        check(
            "response_type=code&code_challenge_method=S256",
            Err(ErrorCode::InvalidRequest),
        );
        check(
            &format!("response_type=code&code_challenge={CHALLENGE}"),
            Err(ErrorCode::InvalidRequest),
        );
        for method in ["plain", "s256", "S512", "none", "S256%20", "S256,plain"] {
            let query = format!(
                "response_type=code&code_challenge={CHALLENGE}&code_challenge_method={method}"
            );
            check(&query, Err(ErrorCode::InvalidRequest));
        }
    }
}
