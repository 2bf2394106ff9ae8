//! The authorize URL that a developer puts together, and what to paste for it.
//!
//! `page.js` fills in the same while boxes are ticked. For that the page has every variant of the
//! words, and what changes in them stands in elements of its own, named as the methods here.

use url::form_urlencoded::Serializer;

use crate::fluxer::application::Application;
use crate::fluxer::permissions::{self, Group, Permission, Permissions};
use crate::oauth::form::Params;
use crate::oauth::redirect_uri::RegisteredUri;
use crate::oauth::scope::{Scope, Scopes};

/// An authorize URL of an application.
pub struct Link<'a> {
    application: &'a Application,
    /// This server's origin.
    pub issuer: &'a str,
    scopes: Scopes,
    redirect_uri: Option<&'a str>,
    /// What the bot is to be able to do.
    pub permissions: Permissions,
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

/// The words for one kind of URL.
pub struct Variant {
    /// What the script knows it by.
    pub name: &'static str,
    /// Whether it is the one that was chosen.
    pub is_chosen: bool,
    /// Whether a bot is added.
    pub has_bot: bool,
    /// Whether a code comes back.
    pub has_code: bool,
}

/// A box to tick.
pub struct ScopeChoice {
    /// Its value.
    pub scope: Scope,
    /// Whether it is ticked.
    pub is_chosen: bool,
}

/// A box to tick.
pub struct PermissionChoice {
    /// Its value.
    pub permission: Permission,
    /// Whether it is ticked.
    pub is_chosen: bool,
}

impl<'a> Link<'a> {
    /// The URL that a query asks for. What the application may not ask for is not in it.
    pub fn read(query: &str, application: &'a Application, issuer: &'a str) -> Self {
        let params = Params::from_form(query).unwrap_or_default();
        let scopes = params.all("scope").filter_map(Scope::from_wire);
        let scopes = scopes.collect::<Scopes>();
        let scopes = scopes.intersection(application.askable());
        let registered = || {
            let uris = application.client.redirect_uris.iter();
            uris.map(RegisteredUri::as_str)
        };
        let wanted = params.all("redirect_uri").next();
        let wanted = registered().find(|uri| Some(*uri) == wanted);
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
            redirect_uri: wanted.or_else(|| registered().next()),
            permissions: permissions.intersection(Permissions::all()),
        }
    }

    /// Whether the application has a secret to show.
    pub fn has_secret(&self) -> bool {
        !self.application.is_public()
    }

    /// Whether it has a bot.
    pub fn has_bot(&self) -> bool {
        self.application.bot.is_some()
    }

    /// Its id.
    pub fn client_id(&self) -> String {
        self.application.client.id.to_string()
    }

    /// The words for every kind of URL that the application can have.
    pub fn variants(&self) -> Vec<Variant> {
        let has_bot = self.has_bot();
        let may_invite = has_bot && !self.application.bot_require_code_grant;
        let kinds = [
            (Kind::Login, true),
            (Kind::LoginWithBot, has_bot),
            (Kind::Invitation, may_invite),
        ];
        let kinds = kinds.into_iter().filter(|(_, exists)| *exists);
        let chosen = self.kind();
        let variants = kinds.map(|(kind, _)| Variant {
            name: match kind {
                Kind::Login => "login",
                Kind::LoginWithBot => "both",
                Kind::Invitation => "invitation",
            },
            is_chosen: kind == chosen,
            has_bot: kind != Kind::Login,
            has_code: kind != Kind::Invitation,
        });
        variants.collect()
    }

    fn kind(&self) -> Kind {
        let may_invite = !self.application.bot_require_code_grant;
        match self.scopes.contains(Scope::Bot) {
            false => Kind::Login,
            true if self.scopes == Scope::Bot.into() && may_invite => Kind::Invitation,
            true => Kind::LoginWithBot,
        }
    }

    /// The scopes to choose from.
    pub fn scope_choices(&self) -> Vec<ScopeChoice> {
        let offered = self.application.askable();
        let choices = offered.iter().map(|scope| ScopeChoice {
            scope,
            is_chosen: self.scopes.contains(scope),
        });
        choices.collect()
    }

    /// The redirect URIs to choose from, and whether each is chosen.
    pub fn redirect_choices(&self) -> Vec<(&'a str, bool)> {
        let uris = self.application.client.redirect_uris.iter();
        let uris = uris.map(RegisteredUri::as_str);
        uris.map(|uri| (uri, Some(uri) == self.redirect_uri))
            .collect()
    }

    /// The permissions to choose from, by what they are about.
    pub fn permission_choices(&self) -> Vec<(Group, Vec<PermissionChoice>)> {
        let of = |group| {
            let all = permissions::ALL.iter().copied();
            let all = all.filter(|permission| permission.group == group);
            let choices = all.map(|permission| PermissionChoice {
                permission,
                is_chosen: self.permissions.covers(permission.value()),
            });
            choices.collect()
        };
        Group::ALL.map(|group| (group, of(group))).into()
    }

    /// The scopes as `scope` has them in a program.
    pub fn scope(&self) -> String {
        self.scopes.to_string()
    }

    /// `scope=…`.
    pub fn scope_query(&self) -> String {
        pair("scope", &self.scope())
    }

    /// `redirect_uri=…`.
    pub fn redirect_query(&self) -> String {
        pair("redirect_uri", self.redirect_uri.unwrap_or_default())
    }

    /// The redirect URI between the single quotes of a shell.
    pub fn redirect_shell(&self) -> String {
        self.quoted("'\\''")
    }

    /// The redirect URI between the single quotes of a program; no registered one has a backslash.
    pub fn redirect_program(&self) -> String {
        self.quoted("\\'")
    }

    fn quoted(&self, quote: &str) -> String {
        self.redirect_uri.unwrap_or_default().replace('\'', quote)
    }

    /// The permissions' names as a list in a program.
    pub fn permission_names(&self) -> String {
        let names = self.permissions.iter().map(|it| format!("'{}'", it.name));
        names.collect::<Vec<_>>().join(", ")
    }
}

fn pair(name: &str, value: &str) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair(name, value);
    query.finish()
}
