//! The fields of an application that its owner types, and what of them was refused.

use maud::{Markup, html};

use crate::fluxer::api_error::FieldError;
use crate::fluxer::application::Application;
use crate::oauth::params::Params;
use crate::oauth::redirect_uri::RegisteredUri;
use crate::page::fields::{Refused, field, name_field};
use crate::page::text::DevelopersText;

/// The fields of an application, as they are stored or as its owner typed them.
#[derive(Debug, Default)]
pub struct ApplicationForm {
    /// The name that users are shown.
    pub name: String,
    /// Whether the application is public: it keeps no secret.
    pub is_public: bool,
    /// The redirect URIs, one on each line.
    pub redirect_uris: String,
    /// What the application says of itself.
    pub description: String,
    /// Whether others than its owner may add its bot.
    pub bot_public: bool,
    /// Whether the bot is added only together with a code.
    pub bot_require_code_grant: bool,
    /// The fields that were refused, and why.
    pub refused: Refused,
}

impl ApplicationForm {
    /// The fields of an application as it is stored.
    pub fn of(application: &Application) -> Self {
        let client = &application.client;
        let uris = client.redirect_uris.iter().map(RegisteredUri::as_str);
        Self {
            name: application.name.as_str().to_owned(),
            is_public: application.is_public(),
            redirect_uris: uris.collect::<Vec<_>>().join("\n"),
            description: application.description.as_str().to_owned(),
            bot_public: application.bot_public,
            bot_require_code_grant: application.bot_require_code_grant,
            refused: Refused::default(),
        }
    }

    /// The fields as they were typed, with the rules that they break.
    pub fn typed(sent: &Params, errors: Vec<FieldError>) -> Self {
        let first = |name| sent.all(name).next().unwrap_or_default();
        let redirect_uris = first("redirect_uris").replace("\r\n", "\n");
        Self {
            name: first("name").to_owned(),
            is_public: first("type") == "public",
            redirect_uris: redirect_uris.clone(),
            description: first("description").replace("\r\n", "\n"),
            bot_public: !first("bot_public").is_empty(),
            bot_require_code_grant: !first("bot_require_code_grant").is_empty(),
            refused: Refused {
                errors,
                lines: redirect_uris,
            },
        }
    }
}

/// The fields that the form of a new application and that of an old one share.
pub(super) fn fields(form: &ApplicationForm, text: &DevelopersText) -> Markup {
    let refused = &form.refused;
    // A parser drops the first line end of a text area: what was typed may begin with one.
    let redirect_uris = html! {
        textarea #redirect_uris name="redirect_uris" rows="4" dir="ltr" autocapitalize="none"
            spellcheck="false" translate="no" aria-invalid=[refused.invalid("redirect_uris")]
            aria-describedby=(refused.described("redirect_uris")) { "\n" (form.redirect_uris) }
    };
    let description = html! {
        textarea #description name="description" rows="4" dir="auto"
            aria-invalid=[refused.invalid("description")]
            aria-describedby=(refused.described("description")) { "\n" (form.description) }
    };
    html! {
        (name_field(refused, text.name, &form.name))
        (field(refused, "redirect_uris", text.redirect_uris, text.redirect_uris_hint, &redirect_uris))
        (field(refused, "description", text.description, text.description_hint, &description))
    }
}
