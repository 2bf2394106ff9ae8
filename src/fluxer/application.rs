//! Applications and their bots: what their owners register and what users are shown.

use serde_json::{Value, json};

use super::user::{Discriminator, ImageHash, Username, ruled_strings};
use super::visible::is_visible;
use crate::http::with_member;
use crate::oauth::client::authentication::{ClientAuthentication, KnownSecret};
use crate::oauth::client::{Client, ClientOrigin};
use crate::oauth::grant_type::{GrantTypes, Profile};
use crate::oauth::jwk::SigningAlgorithm;
use crate::oauth::redirect_uri::RegisteredUri;
use crate::oauth::scope::{Scope, Scopes};
use crate::snowflake::UserId;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A third-party application.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a column that an owner or an administrator sets by itself"
)]
pub struct Application {
    /// What OAuth needs of it.
    pub client: Client,
    /// The user who answers for the application; `None` for the built-in one.
    pub owner: Option<UserId>,
    /// What users are shown.
    pub name: ApplicationName,
    /// What it says of itself.
    pub description: Description,
    /// The hash of its icon.
    pub icon: Option<ImageHash>,
    /// The application's bot user; `None` where it has none.
    pub bot: Option<Bot>,
    /// Whether others than its owner may add its bot.
    pub bot_public: bool,
    /// Whether its bot is added only where the application is told so, by a code.
    pub bot_require_code_grant: bool,
    /// Whether it may introspect the tokens of other applications. Trust implies it.
    pub introspects: bool,
    /// The administrator who made it trusted, where it was one and not the built-in application.
    pub trusted_by: Option<UserId>,
    /// Whether an administrator has suspended it: nothing of it works.
    pub suspended: bool,
    /// Where it is told what happened to its users' authorizations.
    pub event_webhook_url: Option<String>,
    /// Scopes that it gets all of, or none.
    pub all_or_nothing: Scopes,
    /// Bits that the platform sets.
    pub flags: u32,
    /// The time when the application was registered.
    pub created_at: Timestamp,
}

impl Application {
    /// The administration application of the configuration.
    pub fn built_in(client: Client) -> Self {
        Self {
            name: ApplicationName("Fluxer administration".to_owned()),
            ..Self::of(client)
        }
    }

    /// An application of which nothing is said yet.
    pub fn of(client: Client) -> Self {
        Self {
            client,
            owner: None,
            name: ApplicationName(String::new()),
            description: Description::default(),
            icon: None,
            bot: None,
            bot_public: false,
            bot_require_code_grant: false,
            introspects: false,
            trusted_by: None,
            suspended: false,
            event_webhook_url: None,
            all_or_nothing: Scopes::NONE,
            flags: 0,
            created_at: Timestamp::from_millis(0),
        }
    }

    /// Whether it can keep no secret, and so has none.
    pub const fn is_public(&self) -> bool {
        self.client.is_public()
    }

    /// Every scope that it may ever ask for.
    pub fn askable(&self) -> Scopes {
        let scopes = Scopes::of_users();
        let bot = self.bot.as_ref().map(|_| Scope::Bot);
        let admin = self.client.is_trusted().then_some(Scope::Admin);
        bot.into_iter().chain(admin).fold(scopes, Scopes::with)
    }

    /// Whether this user may add its bot.
    pub fn bot_is_for(&self, user: UserId) -> bool {
        self.bot_public || self.owner == Some(user)
    }

    /// Its secrets that are good at this instant, the newest first, and when each ends.
    pub fn secrets(
        &self,
        now: Timestamp,
    ) -> impl Iterator<Item = (KnownSecret, Option<Timestamp>)> {
        let hashes = match &self.client.authentication {
            ClientAuthentication::Secret(hashes) => Some(*hashes),
            _ => None,
        };
        let current = hashes.map(|it| (it.current, None));
        let former = hashes.and_then(|it| it.live_former(now));
        let former = former.map(|(secret, ends_at)| (secret, Some(ends_at)));
        current.into_iter().chain(former)
    }

    /// Its bot's user, whose id is the application's.
    pub fn bot_user(&self) -> Option<Value> {
        let bot = self.bot.as_ref()?;
        Some(json!({
            "id": self.client.id,
            "username": bot.username.as_str(),
            "avatar": bot.avatar.as_ref().map(ImageHash::as_str),
            "discriminator": bot.discriminator.as_str(),
            "public_flags": 0,
            "bot": true,
        }))
    }

    /// What its owner and administrators see, secrets aside.
    pub fn in_full(&self) -> Value {
        let shown = json!({
            "id": self.client.id,
            "name": self.name.as_str(),
            "icon": self.icon.as_ref().map(ImageHash::as_str),
            "description": self.description.as_str(),
            "owner_id": self.owner,
            "type": if self.is_public() { "public" } else { "confidential" },
            "trusted": self.client.is_trusted(),
            "introspects": self.introspects,
            "bot_public": self.bot_public,
            "bot_require_code_grant": self.bot_require_code_grant,
            "bot": self.bot_user(),
            "event_webhook_url": self.event_webhook_url,
            "flags": self.flags,
            "suspended": self.suspended,
            "created_at": self.created_at.to_iso(),
        });
        let all_or_nothing = self.all_or_nothing.iter().map(Scope::as_str);
        let shown = with_member(shown, "all_or_nothing", all_or_nothing.collect::<Value>());
        let settings = self.client.settings().into_iter();
        settings.fold(shown, |shown, (name, setting)| {
            with_member(shown, name, setting)
        })
    }

    /// What users see who have authorized it.
    pub fn in_short(&self) -> Value {
        json!({
            "id": self.client.id,
            "name": self.name.as_str(),
            "icon": self.icon.as_ref().map(ImageHash::as_str),
            "description": self.description.as_str(),
        })
    }

    /// What anybody may see. Not its redirect URIs: they are nobody else's business.
    pub fn in_public(&self) -> Value {
        let scopes: &[Scope] = if self.bot.is_some() {
            &[Scope::Bot]
        } else {
            &[]
        };
        let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
        let shown = with_member(self.in_short(), "scopes", scopes);
        let shown = with_member(shown, "bot_public", self.bot_public);
        let required = self.bot_require_code_grant;
        let shown = with_member(shown, "bot_require_code_grant", required);
        with_member(shown, "bot", self.bot_user())
    }

    /// What its bot sees of it.
    pub fn through_its_bot(&self) -> Value {
        let shown = with_member(self.in_public(), "flags", self.flags);
        with_member(shown, "verify_key", Value::Null)
    }
}

/// An application's bot. Its id is the application's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bot {
    /// The user name of the bot.
    pub username: Username,
    /// Four digits behind the name.
    pub discriminator: Discriminator,
    /// The hash of its avatar.
    pub avatar: Option<ImageHash>,
}

impl Bot {
    /// A bot for an application of that name: what of it can stand in a user name.
    pub fn named_after(name: &ApplicationName, discriminator: Discriminator) -> Self {
        let fits = |character: char| match character {
            ' ' | '-' | '.' | '_' => Some('_'),
            other => other.is_ascii_alphanumeric().then_some(other),
        };
        let mut username: String = name.as_str().chars().filter_map(fits).take(32).collect();
        if username.len() < 2 {
            username = format!("bot{username}");
        }
        Self {
            username: Username::parse(&username).unwrap_or_default(),
            discriminator,
            avatar: None,
        }
    }
}

macro_rules! changes {
    ($($(#[$meta:meta])* $field:ident: $type:ty, $name:literal, $read:expr, $write:expr;)+) => {
        /// What of an application is to change; `None` stays as it is, so that two changes at once
        /// cannot undo each other.
        #[derive(Debug, Clone, Default)]
        pub struct ApplicationChange {
            $($(#[$meta])* pub $field: Option<$type>,)+
        }

        impl ApplicationChange {
            /// Without what is so already: a form sends all its fields, whatever of them was changed.
            #[must_use]
            pub fn besides(self, is: &Application) -> Self {
                fn reads<T>(read: impl Fn(&Application) -> T, is: &Application) -> T {
                    read(is)
                }
                Self {
                    $($field: self.$field.filter(|to| *to != reads::<$type>($read, is)),)+
                }
            }

            /// The names of the fields that change, as the audit log has them: its entry names by
            /// itself who made an application trusted.
            pub fn audited(&self) -> Vec<&'static str> {
                let mut fields = self.fields();
                fields.retain(|name| *name != "trusted_by");
                fields
            }

            /// The names of the fields that change, which are those of their columns.
            pub fn fields(&self) -> Vec<&'static str> {
                let all = [$(self.$field.is_some().then_some($name)),+];
                all.into_iter().flatten().collect()
            }

            /// Writes the changes into the application, after all of them were checked.
            pub fn apply(self, application: &mut Application) {
                fn writes<T>(write: impl Fn(&mut Application, T), it: &mut Application, to: T) {
                    write(it, to);
                }
                $(if let Some(to) = self.$field {
                    writes::<$type>($write, application, to);
                })+
            }
        }
    };
}

// Whatever of an application can change, a line each.
changes! {
    /// What users are shown.
    name: ApplicationName, "name", |is| is.name.clone(), |it, to| it.name = to;
    /// What it says of itself.
    description: Description, "description",
        |is| is.description.clone(), |it, to| it.description = to;
    /// Its icon, or none.
    icon: Option<ImageHash>, "icon", |is| is.icon.clone(), |it, to| it.icon = to;
    /// Where it may be answered.
    redirect_uris: Vec<RegisteredUri>, "redirect_uris",
        |is| is.client.redirect_uris.clone(), |it, to| it.client.redirect_uris = to;
    /// How its ID tokens are signed.
    id_token_algorithm: SigningAlgorithm, "id_token_signed_response_alg",
        |is| is.client.id_token_algorithm, |it, to| it.client.id_token_algorithm = to;
    /// Where its users may be sent after a logout.
    post_logout_redirect_uris: Vec<RegisteredUri>, "post_logout_redirect_uris",
        |is| is.client.post_logout_redirect_uris.clone(),
        |it, to| it.client.post_logout_redirect_uris = to;
    /// How it authenticates.
    authentication: ClientAuthentication, "token_endpoint_auth_method",
        |is| is.client.authentication.clone(), |it, to| it.client.authentication = to;
    /// The grants that it may use.
    grants: GrantTypes, "grant_types", |is| is.client.grants, |it, to| it.client.grants = to;
    /// Whether it wants its access tokens bound to a key.
    dpop_bound: bool, "dpop_bound_access_tokens",
        |is| is.client.dpop_bound, |it, to| it.client.dpop_bound = to;
    /// Whether it pushes its authorization requests.
    pushes_requests: bool, "require_pushed_authorization_requests",
        |is| is.client.pushes_requests, |it, to| it.client.pushes_requests = to;
    /// What it demands of its own requests.
    profile: Profile, "profile", |is| is.client.profile, |it, to| it.client.profile = to;
    /// Where it is told what happened.
    event_webhook_url: Option<String>, "event_webhook_url",
        |is| is.event_webhook_url.clone(), |it, to| it.event_webhook_url = to;
    /// Scopes that it gets all of, or none.
    all_or_nothing: Scopes, "all_or_nothing",
        |is| is.all_or_nothing, |it, to| it.all_or_nothing = to;
    /// Whether others than its owner may add its bot.
    bot_public: bool, "bot_public", |is| is.bot_public, |it, to| it.bot_public = to;
    /// Whether its bot is added only by a code.
    bot_require_code_grant: bool, "bot_require_code_grant",
        |is| is.bot_require_code_grant, |it, to| it.bot_require_code_grant = to;
    /// Whether it may ask for `admin`.
    trusted: bool, "trusted",
        |is| is.client.is_trusted(),
        |it, to| if let ClientOrigin::Registered { trusted } = &mut it.client.origin {
            *trusted = to;
        };
    /// The administrator who made it trusted.
    trusted_by: Option<UserId>, "trusted_by", |is| is.trusted_by, |it, to| it.trusted_by = to;
    /// Whether it may introspect the tokens of other applications.
    introspects: bool, "introspects", |is| is.introspects, |it, to| it.introspects = to;
    /// Whether it is suspended.
    suspended: bool, "suspended", |is| is.suspended, |it, to| it.suspended = to;
    /// Bits that the platform sets.
    flags: u32, "flags", |is| is.flags, |it, to| it.flags = to;
    /// Who answers for it, or nobody.
    owner: Option<UserId>, "owner_id", |is| is.owner, |it, to| it.owner = to;
}

ruled_strings! {
    /// What users are shown.
    ApplicationName(
        |text| (1..=100).contains(&text.chars().count()) && is_visible(text) && text.trim() == text,
        "must be 1 to 100 visible characters, without spaces around them"
    );
    /// What an application says of itself.
    Description(
        |text| text.chars().count() <= 400 && is_visible(&text.replace('\n', "")),
        "must be at most 400 visible characters"
    );
}

impl Default for Description {
    /// The empty description.
    fn default() -> Self {
        Self(String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bot_is_named_after_its_application() {
        for (name, username) in [
            ("Music Bot", "Music_Bot"),
            ("a.b-c_d", "a_b_c_d"),
            ("<script>", "script"),
            ("日本語", "bot"),
            ("é1", "bot1"),
            (&"x".repeat(100), &"x".repeat(32)),
        ] {
            let name = ApplicationName::parse(name).expect("a name");
            let discriminator = Discriminator::parse("0001").expect("four digits");
            let bot = Bot::named_after(&name, discriminator);
            assert_eq!(bot.username.as_str(), username);
        }
    }

    #[test]
    fn a_name_hides_nothing() {
        for name in [
            "Demo",
            "<script>alert(1)</script>",
            "日本語",
            "Ünï 😀",
            "👩‍👩‍👧 ❤️",
            &"x".repeat(100),
        ] {
            assert!(ApplicationName::parse(name).is_ok(), "{name}");
        }
        for name in [
            "",
            " ",
            " Demo",
            "a\nb",
            "a\0b",
            "a\u{202e}b",
            "a\u{200b}b",
            "\u{feff}a",
            "\u{3164}",
            "\u{2800}",
            "\u{115f}",
            "\u{fe0f}",
            "a\u{200d}b",
            "😀\u{200d}",
            &"x".repeat(101),
        ] {
            assert!(ApplicationName::parse(name).is_err(), "{name:?}");
        }
    }
}
