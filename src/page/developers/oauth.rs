//! How an application uses OAuth, as its owner sets it: the same names and values as in the API.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::form::{ApplicationForm, field};
use crate::fluxer::api_error::FieldError;
use crate::fluxer::application::Application;
use crate::oauth::grant_type::{AuthMethod, GrantType, Profile};
use crate::oauth::jwk::SigningAlgorithm;
use crate::oauth::params::Params;
use crate::page::parts::submit;
use crate::page::text::DevelopersText;

/// How an application uses OAuth, as it is or as it was typed.
pub struct OAuthForm {
    /// The members of the API's object that the form is about.
    shown: Value,
    is_public: bool,
    /// What of it was refused, beside the fields.
    refused: ApplicationForm,
}

impl OAuthForm {
    /// An application as it is.
    pub fn of(application: &Application) -> Self {
        Self {
            shown: application.in_full(),
            is_public: application.is_public(),
            refused: ApplicationForm::default(),
        }
    }

    /// What was typed, and what of it was refused.
    pub fn typed(sent: &Params, application: &Application, errors: Vec<FieldError>) -> Self {
        let first = |name| sent.all(name).next().unwrap_or_default();
        let has = |name| !first(name).is_empty();
        let lines = first("post_logout_redirect_uris").replace("\r\n", "\n");
        Self {
            shown: json!({
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
            }),
            is_public: application.is_public(),
            refused: ApplicationForm {
                // What a mistake in a list points at.
                redirect_uris: lines,
                errors,
                ..ApplicationForm::default()
            },
        }
    }

    /// Whether anything was refused.
    pub const fn is_refused(&self) -> bool {
        !self.refused.errors.is_empty()
    }

    fn is(&self, name: &str, value: &str) -> bool {
        match self.shown.get(name) {
            Some(Value::String(shown)) => shown == value,
            Some(Value::Array(shown)) => shown.iter().any(|it| it == value),
            _ => false,
        }
    }

    fn is_on(&self, name: &str) -> bool {
        self.shown.get(name) == Some(&Value::Bool(true))
    }

    /// A text, a list with a line each, or an object as JSON.
    fn text(&self, name: &str) -> String {
        match self.shown.get(name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(lines)) => {
                let lines = lines.iter().filter_map(Value::as_str);
                lines.collect::<Vec<_>>().join("\n")
            }
            Some(object) => serde_json::to_string_pretty(object).unwrap_or_default(),
        }
    }

    /// The fields, and the button.
    pub(super) fn fields(&self, text: &DevelopersText) -> Markup {
        let words = &text.oauth;
        let algorithms = [SigningAlgorithm::Es256, SigningAlgorithm::Rs256];
        let algorithms = algorithms.map(SigningAlgorithm::as_str);
        html! {
            (self.grants(text))
            @if !self.is_public { (self.authentication(text)) }
            (self.choice("id_token_signed_response_alg", words.id_token, words.id_token_hint, &algorithms))
            (self.lines("post_logout_redirect_uris", words.logout, words.logout_hint))
            fieldset {
                legend { (words.demands) }
                ul.scopes role="list" {
                    (self.switch("dpop_bound_access_tokens", words.dpop))
                    (self.switch("require_pushed_authorization_requests", words.par))
                }
            }
            @if !self.is_public {
                (self.choice("profile", words.profile, words.profile_hint, &[
                    Profile::Default.as_str(), Profile::Fapi2.as_str(),
                ]))
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
                                    checked[self.is("grant_types", grant.as_str())];
                                span { (means) }
                            }
                        }
                    }
                }
                (super::form::mistakes(&self.refused, "grant_types", words.grant_types))
            }
        }
    }

    fn authentication(&self, text: &DevelopersText) -> Markup {
        let words = &text.oauth;
        let methods = AuthMethod::ALL.iter().filter(|it| !it.is_public());
        let methods: Vec<_> = methods.map(|it| it.as_str()).collect();
        let name = "token_endpoint_auth_method";
        let jwks_uri = html! {
            input #jwks_uri name="jwks_uri" type="url" value=(self.text("jwks_uri")) dir="ltr"
                autocomplete="off" translate="no" aria-invalid=[self.refused.invalid("jwks_uri")]
                aria-describedby=(self.refused.described("jwks_uri"));
        };
        html! {
            (self.choice(name, words.method, words.method_hint, &methods))
            (self.lines("jwks", words.jwks, words.jwks_hint))
            (field(&self.refused, "jwks_uri", words.jwks_uri, words.jwks_uri_hint, &jwks_uri))
        }
    }

    fn choice(&self, name: &str, label: &str, hint: &str, values: &[&str]) -> Markup {
        let control = html! {
            select id=(name) name=(name) translate="no" aria-invalid=[self.refused.invalid(name)]
                aria-describedby=(self.refused.described(name)) {
                @for value in values {
                    option value=(value) selected[self.is(name, value)] { (value) }
                }
            }
        };
        field(&self.refused, name, label, hint, &control)
    }

    fn lines(&self, name: &str, label: &str, hint: &str) -> Markup {
        let control = html! {
            textarea id=(name) name=(name) rows="3" dir="ltr" autocapitalize="none"
                spellcheck="false" translate="no" aria-invalid=[self.refused.invalid(name)]
                aria-describedby=(self.refused.described(name)) { "\n" (self.text(name)) }
        };
        field(&self.refused, name, label, hint, &control)
    }

    fn switch(&self, name: &str, words: &str) -> Markup {
        html! {
            li {
                label {
                    input type="checkbox" name=(name) value="yes" checked[self.is_on(name)];
                    span { (words) }
                }
            }
        }
    }
}
