//! How an application uses OAuth, as its owner sets it: the same names and values as in the API.

use maud::{Markup, html};
use serde_json::json;

use crate::fluxer::api_error::FieldError;
use crate::fluxer::application::Application;
use crate::oauth::grant_type::{AuthMethod, GrantType, Profile};
use crate::oauth::jwk::SigningAlgorithm;
use crate::oauth::params::Params;
use crate::page::copyable::copyable;
use crate::page::fields::{FormMembers, Refused, mistakes};
use crate::page::parts::submit;
use crate::page::text::DevelopersText;

/// How an application uses OAuth, as it is stored or as its owner typed it.
pub struct OAuthForm {
    members: FormMembers,
    is_public: bool,
    /// The secret that signs the events sent to the application, where it receives any.
    pub webhook_secret: Option<String>,
}

impl OAuthForm {
    /// The settings of an application as it is stored.
    pub fn of(application: &Application) -> Self {
        Self {
            members: FormMembers {
                shown: application.in_full(),
                refused: Refused::default(),
            },
            is_public: application.is_public(),
            webhook_secret: None,
        }
    }

    /// The settings as they were typed, with the rules that they break.
    pub fn typed(sent: &Params, application: &Application, errors: Vec<FieldError>) -> Self {
        let first = |name| sent.all(name).next().unwrap_or_default();
        let has = |name| !first(name).is_empty();
        let lines = first("post_logout_redirect_uris").replace("\r\n", "\n");
        let shown = json!({
            "token_endpoint_auth_method": first("token_endpoint_auth_method"),
            "jwks": first("jwks"),
            "jwks_uri": first("jwks_uri"),
            "grant_types": sent.all("grant_types").collect::<Vec<_>>(),
            "dpop_bound_access_tokens": has("dpop_bound_access_tokens"),
            "require_pushed_authorization_requests":
                has("require_pushed_authorization_requests"),
            "profile": first("profile"),
            "id_token_signed_response_alg": first("id_token_signed_response_alg"),
            "post_logout_redirect_uris": lines,
            "event_webhook_url": first("event_webhook_url"),
        });
        Self {
            members: FormMembers {
                shown,
                refused: Refused { errors, lines },
            },
            is_public: application.is_public(),
            webhook_secret: None,
        }
    }

    /// Whether a field was refused.
    pub const fn is_refused(&self) -> bool {
        self.members.refused.is_some()
    }

    /// The fields, and the button that saves them.
    pub(super) fn fields(&self, text: &DevelopersText) -> Markup {
        let words = &text.oauth;
        let algorithms = [SigningAlgorithm::Es256, SigningAlgorithm::Rs256];
        let algorithms = algorithms.map(SigningAlgorithm::as_str);
        html! {
            (self.grants(text))
            @if !self.is_public { (self.authentication(text)) }
            (self.members.choice("id_token_signed_response_alg", words.id_token, words.id_token_hint, &algorithms))
            (self.members.lines("post_logout_redirect_uris", words.logout, words.logout_hint))
            fieldset {
                legend { (words.demands) }
                ul.scopes role="list" {
                    (self.members.switch("dpop_bound_access_tokens", words.dpop))
                    (self.members.switch("require_pushed_authorization_requests", words.par))
                }
            }
            @if !self.is_public {
                (self.members.choice("profile", words.profile, words.profile_hint, &[
                    Profile::Default.as_str(), Profile::Fapi2.as_str(),
                ]))
            }
            (self.members.url("event_webhook_url", words.webhook, words.webhook_hint))
            @if let Some(secret) = &self.webhook_secret {
                p id="webhook-secret-label" { (words.webhook_secret) }
                p { (copyable("webhook-secret", "webhook-secret-label", secret, text)) }
            }
            (submit("primary", text.save))
        }
    }

    fn grants(&self, text: &DevelopersText) -> Markup {
        let words = &text.oauth;
        let grants = GrantType::ALL.iter().zip(words.grants);
        let grants =
            grants.filter(|(grant, _)| !self.is_public || **grant != GrantType::ClientCredentials);
        html! {
            fieldset {
                legend { (words.grant_types) }
                ul.scopes role="list" {
                    @for (grant, means) in grants {
                        li {
                            label {
                                input type="checkbox" name="grant_types" value=(grant.as_str())
                                    checked[self.members.is("grant_types", grant.as_str())];
                                span { (means) }
                            }
                        }
                    }
                }
                (mistakes(&self.members.refused, "grant_types", words.grant_types))
            }
        }
    }

    fn authentication(&self, text: &DevelopersText) -> Markup {
        let words = &text.oauth;
        let methods = AuthMethod::ALL.iter().filter(|it| !it.is_public());
        let methods: Vec<_> = methods.map(|it| it.as_str()).collect();
        let name = "token_endpoint_auth_method";
        html! {
            (self.members.choice(name, words.method, words.method_hint, &methods))
            (self.members.lines("jwks", words.jwks, words.jwks_hint))
            (self.members.url("jwks_uri", words.jwks_uri, words.jwks_uri_hint))
        }
    }
}
