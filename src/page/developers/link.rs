//! The authorize URL that a developer puts together, and what to paste for it.
//!
//! `page.js` asks for the same page while boxes are ticked, and shows what was built there: what is
//! to be pasted is put together in one place.

use url::form_urlencoded::Serializer;

use super::copy_button;
use crate::fluxer::application::Application;
use crate::fluxer::permissions::{self, Group, Permissions};
use crate::oauth::form::Params;
use crate::oauth::redirect_uri::RegisteredUri;
use crate::oauth::scope::{Scope, Scopes};
use crate::page::Chrome;
use crate::page::html::{Html, html};
use crate::page::parts::{checked, clipped, close_section, open_section, quiet, selected};
use crate::page::text::DevelopersText;

/// Most characters of a redirect URI among others to choose from.
const CHOICE: usize = 80;

/// An authorize URL of an application.
pub struct Link<'a> {
    application: &'a Application,
    /// This server's origin.
    issuer: &'a str,
    scopes: Scopes,
    redirect_uri: Option<&'a str>,
    /// What the bot is to be able to do.
    permissions: Permissions,
}

/// What kind of URL it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Logs users in.
    Login,
    /// Logs users in and adds the bot.
    LoginWithBot,
    /// Adds the bot and ends on a page of ours.
    Invitation,
}

impl<'a> Link<'a> {
    /// The URL that a query asks for. What the application may not ask for is not in it.
    pub fn read(query: &str, application: &'a Application, issuer: &'a str) -> Self {
        let params = Params::from_form(query).unwrap_or_default();
        let scopes = params.all("scope").filter_map(Scope::from_wire);
        let scopes = scopes.collect::<Scopes>();
        let scopes = scopes.intersection(application.askable());
        let registered = &application.client.redirect_uris;
        let wanted = params.all("redirect_uri").next().unwrap_or_default();
        let wanted = registered.get(wanted.parse().unwrap_or(0));
        let wanted = wanted.or(registered.first());
        let bits = params.all("permissions");
        let bits = bits.filter_map(|bits| Permissions::parse(bits).ok());
        let permissions = bits.fold(Permissions::NONE, Permissions::with);
        Self {
            application,
            issuer,
            scopes: if scopes.is_empty() {
                Scope::Identify.into()
            } else {
                scopes
            },
            redirect_uri: wanted.map(RegisteredUri::as_str),
            permissions: permissions.intersection(Permissions::all()),
        }
    }

    /// Writes the builder, and what was built.
    pub(super) fn write(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.developers;
        let application = self.application;
        let has_bot = application.bot.is_some();
        open_section("link", text.link, out);
        self.choices(has_bot, chrome, out);
        html!(out, "<div class=\"variant\" id=\"built\">\n");
        if self.kind() == Kind::Invitation || self.redirect_uri.is_some() {
            self.built(self.kind(), text, out);
        }
        html!(out, "</div>\n");
        close_section(out);
    }

    /// What there is to choose.
    fn choices(&self, has_bot: bool, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.developers;
        html!(
            out,
            "<form method=\"get\" action=\"/developers/{}#link\" data-builder=\"built\">\n<fieldset>\n<legend>{}</legend>\n<ul class=\"scopes\" role=\"list\">\n",
            self.client_id(),
            text.scopes
        );
        for scope in self.application.askable().iter() {
            html!(
                out,
                "<li><label><input type=\"checkbox\" name=\"scope\" value=\"{}\"{}><span><code translate=\"no\">{}</code> <span class=\"quiet\">{}</span></span></label></li>\n",
                scope.as_str(),
                checked(self.scopes.contains(scope)),
                scope.as_str(),
                chrome.text.scope(scope)
            );
        }
        html!(out, "</ul>\n</fieldset>\n");
        if self.redirect_uri.is_some() {
            html!(
                out,
                r#"<div class="field">
<label for="link-redirect">{}</label>
<select id="link-redirect" name="redirect_uri" dir="ltr" translate="no">
"#,
                text.redirect_uri
            );
            let uris = self.application.client.redirect_uris.iter();
            for (index, uri) in uris.map(RegisteredUri::as_str).enumerate() {
                html!(
                    out,
                    "<option value=\"{}\"{}>{}</option>\n",
                    index.to_string(),
                    selected(Some(uri) == self.redirect_uri),
                    clipped(uri, CHOICE)
                );
            }
            html!(out, "</select>\n</div>\n");
        } else {
            html!(out, "<p>{}</p>\n", text.no_redirect_uri);
        }
        if has_bot {
            self.permission_choices(chrome, out);
        }
        html!(
            out,
            "<div class=\"actions\"><button>{}</button></div>\n</form>\n",
            text.show_link
        );
    }

    /// The permissions to choose from, by what they are about.
    fn permission_choices(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.developers;
        html!(
            out,
            "<fieldset class=\"permissions only-with-bot\">\n<legend>{}</legend>\n",
            text.permissions
        );
        for group in Group::ALL {
            html!(
                out,
                "<fieldset>\n<legend class=\"quiet\">{}</legend>\n<ul class=\"choices\" role=\"list\">\n",
                chrome.text.group(group)
            );
            let all = permissions::ALL.iter();
            for permission in all.filter(|permission| permission.group == group) {
                html!(
                    out,
                    "<li><label><input type=\"checkbox\" name=\"permissions\" value=\"{}\"{}> {} <code>{}</code></label></li>\n",
                    permission.value().to_string(),
                    checked(self.permissions.covers(permission.value())),
                    chrome.text.permission(*permission),
                    permission.name
                );
            }
            html!(out, "</ul>\n</fieldset>\n");
        }
        html!(
            out,
            "<p>{} <output>{}</output></p>\n</fieldset>\n",
            text.permission_bits,
            self.permissions.to_string()
        );
    }

    /// What was built.
    fn built(&self, kind: Kind, text: &DevelopersText, out: &mut Html) {
        open_pasted("url", text.authorize_url, text, out);
        if kind == Kind::Invitation {
            html!(
                out,
                "{}/oauth2/authorize?client_id={}&amp;scope=bot",
                self.issuer,
                self.client_id()
            );
            self.permissions_query(out);
        } else {
            self.login_url(kind, out);
        }
        html!(out, "</pre>\n");
        if kind == Kind::Invitation {
            quiet(text.invitation, out);
        } else {
            self.with_code(text, out);
        }
        open_pasted("snippet", text.snippet, text, out);
        self.snippet(kind, out);
        html!(out, "</pre>\n");
    }

    fn login_url(&self, kind: Kind, out: &mut Html) {
        html!(
            out,
            r"{}/oauth2/authorize?response_type=code&amp;client_id={}&amp;{}&amp;{}",
            self.issuer,
            self.client_id(),
            self.redirect_query(),
            self.scope_query()
        );
        if kind == Kind::LoginWithBot {
            self.permissions_query(out);
        }
        html!(out, "&amp;state=STATE");
        if !self.has_secret() {
            html!(
                out,
                "&amp;code_challenge=CODE_CHALLENGE&amp;code_challenge_method=S256"
            );
        }
    }

    fn permissions_query(&self, out: &mut Html) {
        html!(out, "&amp;permissions={}", self.permissions.to_string());
    }

    /// What a URL that brings a code needs besides: fresh values, and the request for tokens.
    fn with_code(&self, text: &DevelopersText, out: &mut Html) {
        let (before, after) = ("<code translate=\"no\">", "</code>");
        html!(out, "<p class=\"quiet\">");
        out.around(text.state, &["STATE"], before, after);
        html!(out, "</p>\n");
        if !self.has_secret() {
            html!(out, "<p class=\"quiet\">");
            out.around(text.pkce, &["CODE_CHALLENGE"], before, after);
            html!(out, "</p>\n");
        }
        open_pasted("curl", text.token_request, text, out);
        html!(out, "curl {}/api/oauth2/token \\\n", self.issuer);
        if self.has_secret() {
            html!(out, "  -u '{}:CLIENT_SECRET' \\\n", self.client_id());
        } else {
            html!(
                out,
                "  -d client_id={} \\\n  -d code_verifier=CODE_VERIFIER \\\n",
                self.client_id()
            );
        }
        html!(
            out,
            r"  -d grant_type=authorization_code \
  -d code=CODE \
  --data-urlencode 'redirect_uri={}'</pre>
",
            self.redirect_shell()
        );
    }

    /// A program that does it.
    fn snippet(&self, kind: Kind, out: &mut Html) {
        let (id, issuer, has_secret) = (self.client_id(), self.issuer, self.has_secret());
        if kind == Kind::Invitation {
            html!(
                out,
                r"import { botInviteUrl, discover } from '@fluxer/oauth2';

const config = { clientId: '{}', ...(await discover('{}')) };
const url = botInviteUrl(config, { permissions: [{}] });",
                id,
                issuer,
                self.permission_names()
            );
            return;
        }
        let has_bot = kind == Kind::LoginWithBot;
        let either = |secret, public| if has_secret { secret } else { public };
        html!(
            out,
            r"import { {}, discover, exchangeCode, {}generateState, parseCallback } from '@fluxer/oauth2';

const config = {
  clientId: '{}',
{}  redirectUri: '{}',
  scope: '{}',
  ...(await discover('{}')),
};

// For every login; what is random stays in the browser's session until the callback.
const state = generateState();
{}const url = ",
            if has_bot {
                "botInviteUrl"
            } else {
                "authorizeUrl"
            },
            either("", "generatePkce, "),
            id,
            either("  clientSecret: process.env.CLIENT_SECRET,\n", ""),
            self.redirect_program(),
            self.scope(),
            issuer,
            either("", "const pkce = await generatePkce();\n"),
        );
        if has_bot {
            html!(
                out,
                r"botInviteUrl(config, { permissions: [{}], state{} });",
                self.permission_names(),
                either("", ", pkce"),
            );
        } else {
            html!(
                out,
                "authorizeUrl(config, state{});",
                either("", ", { pkce }")
            );
        }
        html!(
            out,
            r"

// In the callback.
const { code } = parseCallback(config, request.url, state);
const tokens = await exchangeCode(config, { code{} });",
            either("", ", codeVerifier: pkce.codeVerifier"),
        );
    }

    /// Whether the application has a secret to show.
    fn has_secret(&self) -> bool {
        !self.application.is_public()
    }

    /// Its id.
    fn client_id(&self) -> String {
        self.application.client.id.to_string()
    }

    fn kind(&self) -> Kind {
        let may_invite = !self.application.bot_require_code_grant;
        match self.scopes.contains(Scope::Bot) {
            false => Kind::Login,
            true if self.scopes == Scope::Bot.into() && may_invite => Kind::Invitation,
            true => Kind::LoginWithBot,
        }
    }

    /// The scopes as `scope` has them in a program.
    fn scope(&self) -> String {
        self.scopes.to_string()
    }

    /// `scope=…`.
    fn scope_query(&self) -> String {
        pair("scope", &self.scope())
    }

    /// `redirect_uri=…`.
    fn redirect_query(&self) -> String {
        pair("redirect_uri", self.redirect_uri.unwrap_or_default())
    }

    /// The redirect URI between the single quotes of a shell.
    fn redirect_shell(&self) -> String {
        self.quoted("'\\''")
    }

    /// The redirect URI between the single quotes of a program; no registered one has a backslash.
    fn redirect_program(&self) -> String {
        self.quoted("\\'")
    }

    fn quoted(&self, quote: &str) -> String {
        self.redirect_uri.unwrap_or_default().replace('\'', quote)
    }

    /// The permissions' names as a list in a program.
    fn permission_names(&self) -> String {
        let names = self.permissions.iter().map(|it| format!("'{}'", it.name));
        names.collect::<Vec<_>>().join(", ")
    }
}

fn pair(name: &str, value: &str) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair(name, value);
    query.finish()
}

/// Opens something to paste, under its heading.
fn open_pasted(id: &str, heading: &'static str, text: &DevelopersText, out: &mut Html) {
    let title = [id, "-title"].concat();
    html!(out, "<div class=\"copyable\"><h3 id=\"{}\">", title);
    let package = ["@fluxer/oauth2"];
    out.around(heading, &package, "<code translate=\"no\">", "</code>");
    html!(out, "</h3> ");
    copy_button(id, &title, text, out);
    html!(
        out,
        "</div>\n<pre id=\"{}\" dir=\"ltr\" lang=\"en\" translate=\"no\">",
        id
    );
}
