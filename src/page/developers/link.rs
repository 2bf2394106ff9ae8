//! The authorize URL that a developer puts together, and the code to paste for it.
//!
//! `page.js` asks for this page again whenever a box is ticked, and shows what the answer has: only one program
//! builds the URL.

use maud::{Markup, html};
use url::form_urlencoded::Serializer;

use crate::fluxer::application::Application;
use crate::fluxer::permissions::{self, Group, Permission, Permissions};
use crate::oauth::client::assertion;
use crate::oauth::params::Params;
use crate::oauth::redirect_uri::RegisteredUri;
use crate::oauth::scope::{Scope, Scopes};
use crate::page::Chrome;
use crate::page::copyable::copy_button;
use crate::page::parts::{around, clipped, quiet, section};
use crate::page::text::DevelopersText;

/// Most characters that are shown of a redirect URI in the choice.
const CHOICE: usize = 80;

/// An authorize URL of an application.
pub struct Link<'a> {
    application: &'a Application,
    /// This server's origin.
    issuer: &'a str,
    scopes: Scopes,
    redirect_uri: Option<&'a str>,
    /// The permissions that the bot asks for.
    permissions: Permissions,
}

/// What an authorize URL is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The URL logs users in.
    Login,
    /// The URL logs users in and adds the bot.
    LoginWithBot,
    /// The URL adds the bot, and ends on a page of this server.
    Invitation,
}

impl<'a> Link<'a> {
    /// The URL that the query of the page asks for. It leaves out what the application may not ask for.
    pub fn read(query: &str, application: &'a Application, issuer: &'a str) -> Self {
        let params = Params::from_form(query);
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

    /// The form that builds the URL, and the URL.
    pub(super) fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let is_built = self.kind() == Kind::Invitation || self.redirect_uri.is_some();
        let body = html! {
            (self.choices(chrome))
            div.variant #built {
                @if is_built { (self.built(self.kind(), text)) }
            }
        };
        section("link", text.link, &body)
    }

    /// The scopes, redirect URIs and permissions to choose from.
    fn choices(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        html! {
            form method="get" action={ "/developers/" (self.client_id()) "#link" }
                data-builder="built" {
                fieldset {
                    legend { (text.scopes) }
                    ul.scopes role="list" {
                        @for scope in self.application.askable().iter() {
                            (self.scope_choice(scope, chrome))
                        }
                    }
                }
                @if self.redirect_uri.is_some() {
                    (self.redirect_choice(text))
                } @else {
                    p { (text.no_redirect_uri) }
                }
                @if self.application.bot.is_some() { (self.permission_choices(chrome)) }
                div.actions { button { (text.show_link) } }
            }
        }
    }

    fn scope_choice(&self, scope: Scope, chrome: &Chrome<'_>) -> Markup {
        html! {
            li {
                label {
                    input type="checkbox" name="scope" value=(scope.as_str())
                        checked[self.scopes.contains(scope)];
                    span {
                        code translate="no" { (scope.as_str()) } " "
                        span.quiet { (chrome.text.scope(scope)) }
                    }
                }
            }
        }
    }

    fn redirect_choice(&self, text: &DevelopersText) -> Markup {
        let uris = self.application.client.redirect_uris.iter();
        html! {
            div.field {
                label for="link-redirect" { (text.redirect_uri) }
                select #link-redirect name="redirect_uri" dir="ltr" translate="no" {
                    @for (index, uri) in uris.map(RegisteredUri::as_str).enumerate() {
                        option value=(index.to_string()) selected[Some(uri) == self.redirect_uri] {
                            (clipped(uri, CHOICE))
                        }
                    }
                }
            }
        }
    }

    /// The permissions to choose from, by their groups.
    fn permission_choices(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        html! {
            fieldset.permissions.only-with-bot {
                legend { (text.permissions) }
                @for group in Group::ALL {
                    fieldset {
                        legend.quiet { (chrome.text.group(group)) }
                        ul.choices role="list" {
                            @for permission in permissions::ALL.iter().filter(|it| it.group == group) {
                                (self.permission_choice(*permission, chrome))
                            }
                        }
                    }
                }
                p { (text.permission_bits) " " output { (self.permissions.to_string()) } }
            }
        }
    }

    fn permission_choice(&self, permission: Permission, chrome: &Chrome<'_>) -> Markup {
        html! {
            li {
                label {
                    input type="checkbox" name="permissions" value=(permission.value().to_string())
                        checked[self.permissions.covers(permission.value())];
                    " " (chrome.text.permission(permission)) " " code { (permission.name) }
                }
            }
        }
    }

    /// The URL, and the code to paste for it.
    fn built(&self, kind: Kind, text: &DevelopersText) -> Markup {
        let is_invitation = kind == Kind::Invitation;
        let url = if is_invitation {
            self.invitation_url()
        } else {
            self.login_url(kind)
        };
        let snippet = if is_invitation {
            self.invitation_snippet()
        } else {
            self.login_snippet(kind)
        };
        let client = &self.application.client;
        let has_url = is_invitation || !client.requires_par();
        let has_libraries = has_url && !is_invitation && !client.requires_dpop() && !self.signs();
        html! {
            @if has_url { (pasted("url", text.authorize_url, &url, "", text)) }
            @if is_invitation {
                (quiet(text.invitation))
            } @else if has_url {
                (self.with_code(text))
            }
            (pasted("snippet", text.snippet, &snippet, "@fluxer/oauth2", text))
            @if has_libraries { (self.libraries(text)) }
        }
    }

    /// The code for other people's libraries, which also ask for the scope `openid`.
    fn libraries(&self, text: &DevelopersText) -> Markup {
        let of = |id, snippet: &Markup, name| pasted(id, text.snippet, snippet, name, text);
        html! {
            details {
                summary { (text.libraries) }
                @if !self.application.is_public() {
                    (of("authlib", &self.authlib(), "Authlib"))
                    (of("oauth2-proxy", &self.oauth2_proxy(), "oauth2-proxy"))
                } @else {
                    (of("oidc-client-ts", &self.oidc_client(), "oidc-client-ts"))
                }
            }
        }
    }

    fn oidc_client(&self) -> Markup {
        html! {
            "import { UserManager } from 'oidc-client-ts';\n\n"
            "const manager = new UserManager({\n"
            "  authority: '" (self.issuer) "',\n  client_id: '" (self.client_id()) "',\n"
            "  redirect_uri: '" (self.redirect_program()) "',\n"
            "  scope: '" (self.openid_scope(Scope::Openid.into())) "',\n});\n\n"
            "// Where the user logs in.\nawait manager.signinRedirect();\n\n"
            "// In the callback.\nconst user = await manager.signinCallback();"
        }
    }

    fn authlib(&self) -> Markup {
        html! {
            "import os\n\nfrom authlib.integrations.flask_client import OAuth\nfrom flask import Flask\n\n"
            "app = Flask(__name__)\napp.secret_key = os.environ['SESSION_SECRET']\n\n"
            "oauth = OAuth(app)\noauth.register(\n    'fluxer',\n"
            "    client_id='" (self.client_id()) "',\n"
            "    client_secret=os.environ['CLIENT_SECRET'],\n"
            "    server_metadata_url='" (self.issuer) "/.well-known/openid-configuration',\n"
            "    client_kwargs={'scope': '" (self.openid_scope(Scope::Openid.into()))
            "', 'code_challenge_method': 'S256'},\n)\n\n\n"
            "@app.get('/log-in')\ndef log_in():\n"
            "    return oauth.fluxer.authorize_redirect('" (self.redirect_program()) "')\n\n\n"
            "@app.get('" (self.redirect_path()) "')\ndef callback():\n"
            "    tokens = oauth.fluxer.authorize_access_token()\n"
            "    return tokens['userinfo']"
        }
    }

    /// The settings of oauth2-proxy, which knows users by their e-mail address.
    fn oauth2_proxy(&self) -> Markup {
        let wants = Scopes::from(Scope::Openid).with(Scope::Email);
        html! {
            "# The redirect URI must end in /oauth2/callback. OAUTH2_PROXY_CLIENT_SECRET and\n"
            "# OAUTH2_PROXY_COOKIE_SECRET are in the environment.\n"
            "provider = \"oidc\"\noidc_issuer_url = \"" (self.issuer) "\"\n"
            "client_id = \"" (self.client_id()) "\"\n"
            "redirect_url = \"" (self.redirect_uri.unwrap_or_default()) "\"\n"
            "scope = \"" (self.openid_scope(wants)) "\"\n"
            "code_challenge_method = \"S256\"\nemail_domains = [\"*\"]"
        }
    }

    /// The chosen scopes, and those that a library needs besides.
    fn openid_scope(&self, wants: Scopes) -> String {
        let users = self.scopes.intersection(Scopes::of_users());
        users.iter().fold(wants, Scopes::with).to_string()
    }

    /// The path of the redirect URI, to stand between the single quotes of a program.
    fn redirect_path(&self) -> String {
        let uri = self.redirect_program();
        let path = uri.split_once("://").map_or("", |(_, rest)| rest);
        let path = path.find('/').and_then(|at| path.get(at..));
        let path = path.and_then(|path| path.split('?').next());
        path.unwrap_or("/").to_owned()
    }

    fn invitation_url(&self) -> Markup {
        html! {
            (self.issuer) "/oauth2/authorize?client_id=" (self.client_id()) "&scope=bot"
            "&permissions=" (self.permissions.to_string())
        }
    }

    fn login_url(&self, kind: Kind) -> Markup {
        html! {
            (self.issuer) "/oauth2/authorize?response_type=code&client_id=" (self.client_id())
            "&" (self.redirect_query()) "&" (self.scope_query())
            @if kind == Kind::LoginWithBot { "&permissions=" (self.permissions.to_string()) }
            "&state=STATE"
            @if self.application.is_public() {
                "&code_challenge=CODE_CHALLENGE&code_challenge_method=S256"
            }
        }
    }

    /// What belongs to a URL that brings a code: fresh values for each login, and the request for tokens.
    fn with_code(&self, text: &DevelopersText) -> Markup {
        let fresh = |name: &str| html! { code translate="no" { (name) } };
        html! {
            p.quiet { (around(text.state, &[fresh("STATE")])) }
            @if self.application.is_public() {
                p.quiet { (around(text.pkce, &[fresh("CODE_CHALLENGE")])) }
            }
            (pasted("curl", text.token_request, &self.token_request(), "", text))
        }
    }

    fn token_request(&self) -> Markup {
        html! {
            "curl " (self.issuer) "/api/oauth2/token \\\n"
            @if self.application.client.requires_dpop() { "  -H 'DPoP: PROOF' \\\n" }
            @if self.signs() {
                "  -d client_assertion_type=" (assertion::TYPE) " \\\n  -d client_assertion=ASSERTION \\\n"
            } @else if !self.application.is_public() {
                "  -u '" (self.client_id()) ":CLIENT_SECRET' \\\n"
            } @else {
                "  -d client_id=" (self.client_id()) " \\\n  -d code_verifier=CODE_VERIFIER \\\n"
            }
            "  -d grant_type=authorization_code \\\n  -d code=CODE \\\n"
            "  --data-urlencode 'redirect_uri=" (self.redirect_shell()) "'"
        }
    }

    /// The program that makes an invitation URL.
    fn invitation_snippet(&self) -> Markup {
        html! {
            "import { botInviteUrl, discover } from '@fluxer/oauth2';\n\n"
            "const config = { clientId: '" (self.client_id()) "', ...(await discover('"
            (self.issuer) "')) };\n"
            "const url = botInviteUrl(config, { permissions: [" (self.permission_names()) "] });"
        }
    }

    /// The program that logs users in.
    fn login_snippet(&self, kind: Kind) -> Markup {
        let client = &self.application.client;
        let (is_public, signs) = (client.is_public(), self.signs());
        let (is_pushed, is_bound) = (client.requires_par(), client.requires_dpop());
        let has_bot = kind == Kind::LoginWithBot && !is_pushed;
        let url = match (is_pushed, has_bot) {
            (true, _) => "par",
            (false, true) => "botInviteUrl",
            (false, false) => "authorizeUrl",
        };
        let when = |it: bool, words: &'static str| if it { words } else { "" };
        let pkce = |words| when(is_pushed || is_public, words);
        html! {
            "import { " (url) ", discover, exchangeCode, " (when(is_bound, "generateDpopKey, "))
            (pkce("generatePkce, ")) "generateState, parseCallback } from '@fluxer/oauth2';\n\n"
            "const config = {\n  clientId: '" (self.client_id()) "',\n"
            @if signs {
                "  privateKeyJwt: { privateKey, kid },\n"
            } @else if !is_public {
                "  clientSecret: process.env.CLIENT_SECRET,\n"
            }
            @if is_bound { "  dpop: await generateDpopKey(),\n" }
            "  redirectUri: '" (self.redirect_program()) "',\n"
            "  scope: '" (self.scope()) "',\n"
            "  ...(await discover('" (self.issuer) "')),\n};\n\n"
            "// For every login; what is random stays in the browser's session until the callback.\n"
            "const state = generateState();\n"
            (pkce("const pkce = await generatePkce();\n"))
            "const url = " (when(is_pushed, "await ")) (url) "(config, "
            @if has_bot {
                "{ permissions: [" (self.permission_names()) "], state" (pkce(", pkce")) " }"
            } @else {
                "state" (pkce(", { pkce }"))
            }
            ");\n\n// In the callback.\n"
            "const { code } = parseCallback(config, request.url, state);\n"
            "const tokens = await exchangeCode(config, { code"
            (pkce(", codeVerifier: pkce.codeVerifier")) " });"
        }
    }

    /// Whether the client signs with keys of its own, in place of a secret.
    fn signs(&self) -> bool {
        self.application.client.authentication.keys().is_some()
    }

    /// The client id, as it is spelled in a URL.
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

    /// The scopes, as they are spelled in a program.
    fn scope(&self) -> String {
        self.scopes.to_string()
    }

    /// The parameter `scope=…` of the URL.
    fn scope_query(&self) -> String {
        pair("scope", &self.scope())
    }

    /// The parameter `redirect_uri=…` of the URL.
    fn redirect_query(&self) -> String {
        pair("redirect_uri", self.redirect_uri.unwrap_or_default())
    }

    /// The redirect URI, to stand between the single quotes of a shell.
    fn redirect_shell(&self) -> String {
        self.quoted("'\\''")
    }

    /// The redirect URI, to stand between the single quotes of a program. No registered URI has a backslash.
    fn redirect_program(&self) -> String {
        self.quoted("\\'")
    }

    fn quoted(&self, quote: &str) -> String {
        self.redirect_uri.unwrap_or_default().replace('\'', quote)
    }

    /// The names of the permissions, as a list of a program.
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

/// Code to paste, under a heading that may have a hole for a `package`. `id` names its element.
fn pasted(id: &str, heading: &str, what: &Markup, package: &str, text: &DevelopersText) -> Markup {
    let title = [id, "-title"].concat();
    let package = html! { code translate="no" { (package) } };
    html! {
        div.copyable {
            h3 id=(title) { (around(heading, &[package])) } " "
            (copy_button(id, &title, text))
        }
        pre id=(id) dir="ltr" lang="en" translate="no" { (what) }
    }
}
