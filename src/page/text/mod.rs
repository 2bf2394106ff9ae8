//! Every word on the pages, one file a language. Adding a language is adding its file, its line in
//! [`ALL`] and its `mod`: a string that it lacks does not compile. Where a name or a number goes,
//! words have a hole: `{}`.

mod de;
mod en;

use crate::fluxer::audit::Action;
use crate::fluxer::permissions::{self, Group, Permission};
use crate::oauth::scope::Scope;

/// Where a value goes in words of ours.
pub const HOLE: &str = "{}";

/// Words of ours with values in their holes, as text.
pub fn filled(words: &str, values: &[&str]) -> String {
    let mut values = values.iter();
    let mut pieces = words.split(HOLE);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push_str(values.next().copied().unwrap_or_default());
        text.push_str(piece);
    }
    text
}

/// The languages, the one for everybody else first.
pub static ALL: [&Text; 2] = [&en::TEXT, &de::TEXT];

/// Everything that the pages say, in one language.
#[cfg_attr(test, derive(Debug))]
pub struct Text {
    /// The language tag (RFC 5646).
    pub tag: &'static str,
    /// The language's name for itself.
    pub name: &'static str,
    /// `ltr` or `rtl`.
    pub direction: &'static str,
    /// What stands on every page.
    pub layout: LayoutText,
    /// The login form.
    pub login: LoginText,
    /// The logout form.
    pub logout: LogoutText,
    /// The consent form.
    pub consent: ConsentText,
    /// The bot on the consent form, and the page that says where it is.
    pub bot: BotText,
    /// The pages of those who make applications.
    pub developers: DevelopersText,
    /// The page of what a user has authorized.
    pub settings: SettingsText,
    /// The pages for administrators.
    pub admin: AdminText,
    /// What a scope opens, in the order of [`Scope::ALL`].
    pub scopes: [&'static str; Scope::ALL.len()],
    /// What a permission allows, in the order of [`permissions::ALL`].
    pub permissions: [&'static str; permissions::ALL.len()],
    /// The kinds of permissions, in the order of [`Group::ALL`].
    pub groups: [&'static str; Group::ALL.len()],
    /// The pages that say one thing.
    pub messages: MessagesText,
}

impl Text {
    /// What a scope opens.
    pub fn scope(&self, scope: Scope) -> &'static str {
        let words = self.scopes.get(scope as usize);
        words.copied().unwrap_or_default()
    }

    /// What a permission allows.
    pub fn permission(&self, permission: Permission) -> &'static str {
        let mut all = permissions::ALL.iter();
        let index = all.position(|it| it.bit == permission.bit);
        let words = index.and_then(|index| self.permissions.get(index));
        words.copied().unwrap_or(permission.name)
    }

    /// A kind of permissions.
    pub fn group(&self, group: Group) -> &'static str {
        let words = self.groups.get(group as usize);
        words.copied().unwrap_or_default()
    }

    /// A page that says one thing: its heading and its words.
    pub const fn message(&self, message: Message) -> [&'static str; 2] {
        let messages = &self.messages;
        match message {
            Message::BadLink => messages.bad_link,
            Message::FormRefused => messages.form_refused,
            Message::AnsweredBefore => messages.answered_before,
            Message::LoggedIn => messages.logged_in,
            Message::LoggedOut => messages.logged_out,
            Message::UnknownGuild => messages.unknown_guild,
            Message::MissingPermissions => messages.missing_permissions,
            Message::BotAlreadyThere => messages.bot_already_there,
            Message::NothingAdded => messages.nothing_added,
            Message::PrivateBot => messages.private_bot,
            Message::NoBot => messages.no_bot,
            Message::NotFound => messages.not_found,
            Message::NotForYou => messages.not_for_you,
            Message::TooManyRequests(_) => messages.too_many_requests,
            Message::BadBody => messages.bad_body,
            Message::Unavailable => messages.unavailable,
            Message::Broken => messages.broken,
        }
    }
}

/// What stands on every page.
#[cfg_attr(test, derive(Debug))]
pub struct LayoutText {
    /// In the footer; around the platform's name.
    pub promise: &'static str,
    /// Names the choice of languages.
    pub language: &'static str,
    /// Changes the language, where there is no script.
    pub change: &'static str,
    /// Names the links for a user who is logged in.
    pub navigation: &'static str,
    /// The page of authorized applications.
    pub authorizations: &'static str,
    /// The page of the user's own applications.
    pub developers: &'static str,
    /// The page for administrators.
    pub admin: &'static str,
    /// Logs out.
    pub log_out: &'static str,
    /// Above what only a developer can use.
    pub for_developers: &'static str,
    /// The way back to a form that was refused.
    pub start_again: &'static str,
    /// In front of a title where something went wrong.
    pub error: &'static str,
    /// Skips the links, for whoever has no mouse.
    pub skip: &'static str,
}

/// The login form.
#[cfg_attr(test, derive(Debug))]
pub struct LoginText {
    /// The heading, around the platform's name.
    pub heading: &'static str,
    /// Around the application that the user is on the way to.
    pub to_continue: &'static str,
    /// The field.
    pub login: &'static str,
    /// The field.
    pub password: &'static str,
    /// The button.
    pub submit: &'static str,
    /// One text, whichever of the two was wrong.
    pub wrong: &'static str,
    /// Around the seconds until the next attempt.
    pub too_many: &'static str,
    /// The form was open too long, or the browser did not keep its cookie.
    pub expired: &'static str,
}

/// The logout form.
#[cfg_attr(test, derive(Debug))]
pub struct LogoutText {
    /// The heading, around the platform's name.
    pub heading: &'static str,
    /// Around the user's name.
    pub as_whom: &'static str,
    /// The button.
    pub submit: &'static str,
    /// How not to.
    pub stay: &'static str,
}

/// The consent form.
#[cfg_attr(test, derive(Debug))]
pub struct ConsentText {
    /// The title, around the application.
    pub title: &'static str,
    /// The heading, around the application.
    pub heading: &'static str,
    /// The heading where only a bot is added.
    pub heading_bot: &'static str,
    /// The heading where a bot is added, and more.
    pub heading_both: &'static str,
    /// Above what the application says of itself.
    pub own_words: &'static str,
    /// Around the user's name.
    pub as_whom: &'static str,
    /// The button that lets another account log in.
    pub switch: &'static str,
    /// Above the scopes.
    pub scopes: &'static str,
    /// How to withhold one.
    pub untick: &'static str,
    /// Beside a scope that was not granted before.
    pub new: &'static str,
    /// Beside a scope that cannot be withheld.
    pub included: &'static str,
    /// Beside what deserves a second look.
    pub dangerous: &'static str,
    /// Under the scope `admin`.
    pub dangerous_scope: &'static str,
    /// What it will not be able to do: with `admin`, with a bot, otherwise.
    pub withheld: [&'static str; 3],
    /// Where the answer goes.
    pub destination: &'static str,
    /// Who answers for the application.
    pub owner: &'static str,
    /// It does, around the platform's name.
    pub trusted: &'static str,
    /// It does not, around the platform's name.
    pub untrusted: &'static str,
    /// Since when it is registered.
    pub since: &'static str,
    /// The button.
    pub approve: &'static str,
    /// The button where only a bot is added.
    pub approve_bot: &'static str,
    /// The button.
    pub deny: &'static str,
    /// How to take it back: around the link to the page.
    pub take_back: &'static str,
    /// Where there is none of what a scope opens.
    pub nothing_yet: &'static str,
    /// So many more than are shown.
    pub and_more: &'static str,
}

/// The bot on the consent form, and the page that says where it is.
#[cfg_attr(test, derive(Debug))]
pub struct BotText {
    /// The heading, around its name.
    pub heading: &'static str,
    /// Around the guild that the link fixes.
    pub fixed: &'static str,
    /// There is no guild to choose.
    pub nowhere: &'static str,
    /// The guild that the link proposes is none of the user's.
    pub proposal_fails: &'static str,
    /// The label of the picker.
    pub add_to: &'static str,
    /// The option that is none.
    pub choose: &'static str,
    /// Behind a guild where the bot is already.
    pub already_there: &'static str,
    /// Names the guilds that cannot be chosen.
    pub not_offered: &'static str,
    /// Behind a guild that the user may not manage.
    pub not_a_manager: &'static str,
    /// Above the permissions.
    pub permissions: &'static str,
    /// How many it asks for, and how many of them are dangerous.
    pub asked: &'static str,
    /// The bot gets no more than its installer has.
    pub never_more: &'static str,
    /// Beside a permission that the user does not hold.
    pub not_held: &'static str,
    /// It asks for none.
    pub no_permissions: &'static str,
    /// The user picked no guild.
    pub problem: &'static str,
    /// The title of the page that says where it is.
    pub added_title: &'static str,
    /// The heading of that page, around the bot and the guild.
    pub added: &'static str,
    /// Around the application.
    pub belongs_to: &'static str,
    /// It was granted nothing.
    pub granted_nothing: &'static str,
    /// Above what it was granted.
    pub granted: &'static str,
    /// How to take it back.
    pub take_back: &'static str,
    /// There is nothing more to do.
    pub close: &'static str,
}

/// The pages of those who make applications.
#[cfg_attr(test, derive(Debug))]
pub struct DevelopersText {
    /// The heading above the user's applications.
    pub heading: &'static str,
    /// How many there may be.
    pub at_most: &'static str,
    /// There are none.
    pub none: &'static str,
    /// Confidential, public.
    pub kinds: [&'static str; 2],
    /// One was just deleted.
    pub deleted: &'static str,
    /// The heading above the form that makes one.
    pub new: &'static str,
    /// The field.
    pub name: &'static str,
    /// The choice.
    pub kind: &'static str,
    /// What confidential and public mean.
    pub means: [&'static str; 2],
    /// The field.
    pub redirect_uris: &'static str,
    /// What they may be.
    pub redirect_uris_hint: &'static str,
    /// The field.
    pub description: &'static str,
    /// Who reads it.
    pub description_hint: &'static str,
    /// The button.
    pub create: &'static str,
    /// Some fields were refused.
    pub wrong_fields: &'static str,
    /// The user has as many as they may; around that number.
    pub full: &'static str,
    /// It was made; around its name.
    pub created: &'static str,
    /// Its id.
    pub client_id: &'static str,
    /// Its secret.
    pub client_secret: &'static str,
    /// Beside every secret.
    pub once: &'static str,
    /// In place of a secret.
    pub public_has_none: &'static str,
    /// The button beside what is for pasting.
    pub copy: &'static str,
    /// What the button says then.
    pub copied: &'static str,
    /// The link to the new application's page.
    pub go_on: &'static str,
    /// The link back to all of them.
    pub all: &'static str,
    /// The settings were saved.
    pub saved: &'static str,
    /// The heading.
    pub settings: &'static str,
    /// The field.
    pub icon: &'static str,
    /// What it is.
    pub icon_hint: &'static str,
    /// The check box.
    pub bot_public: &'static str,
    /// The check box.
    pub bot_require_code_grant: &'static str,
    /// The button.
    pub save: &'static str,
    /// The field.
    pub password: &'static str,
    /// It was not.
    pub wrong_password: &'static str,
    /// Above the secret that was just made.
    pub new_secret: &'static str,
    /// What resetting it does.
    pub reset_secret_means: &'static str,
    /// The button.
    pub reset_secret: &'static str,
    /// The heading.
    pub bot: &'static str,
    /// It has none.
    pub no_bot: &'static str,
    /// The button.
    pub add_bot: &'static str,
    /// Around its name.
    pub bot_is: &'static str,
    /// Its token.
    pub bot_token: &'static str,
    /// What resetting it does.
    pub reset_token_means: &'static str,
    /// The button.
    pub reset_token: &'static str,
    /// The heading.
    pub link: &'static str,
    /// The choice.
    pub scopes: &'static str,
    /// The choice.
    pub redirect_uri: &'static str,
    /// There is none to choose.
    pub no_redirect_uri: &'static str,
    /// The choices.
    pub permissions: &'static str,
    /// In front of the bit field.
    pub permission_bits: &'static str,
    /// The button.
    pub show_link: &'static str,
    /// Above the URL.
    pub authorize_url: &'static str,
    /// Around what stands for the state.
    pub state: &'static str,
    /// Around what stands for the code challenge.
    pub pkce: &'static str,
    /// Beside a link that only adds the bot.
    pub invitation: &'static str,
    /// Above the command.
    pub token_request: &'static str,
    /// Around the package.
    pub snippet: &'static str,
    /// The heading.
    pub delete: &'static str,
    /// What deleting it does.
    pub delete_means: &'static str,
    /// Around the name to type.
    pub type_name: &'static str,
    /// It was not.
    pub wrong_name: &'static str,
    /// The button.
    pub delete_submit: &'static str,
}

/// The page of what a user has authorized.
#[cfg_attr(test, derive(Debug))]
pub struct SettingsText {
    /// What the page is for.
    pub intro: &'static str,
    /// There are none.
    pub none: &'static str,
    /// There are none on this page of the list.
    pub none_here: &'static str,
    /// What was just done: one device, one application, everything, nothing.
    pub done: [&'static str; 4],
    /// Above the scopes.
    pub scopes: &'static str,
    /// When it was first granted.
    pub granted: &'static str,
    /// When it was last granted.
    pub confirmed: &'static str,
    /// When it was last used.
    pub last_used: &'static str,
    /// In place of that: no device uses it.
    pub no_device: &'static str,
    /// Above the devices.
    pub devices: &'static str,
    /// When a device was authorized.
    pub authorized: &'static str,
    /// From which address.
    pub from: &'static str,
    /// A browser on a system.
    pub browser_on: &'static str,
    /// A device of which nothing is known.
    pub unknown_device: &'static str,
    /// The link to so many more devices.
    pub more_devices: &'static str,
    /// So many more are not shown.
    pub not_shown: &'static str,
    /// The button that ends one device.
    pub revoke_device: &'static str,
    /// The button that ends one application.
    pub revoke_application: &'static str,
    /// Above the button that ends everything.
    pub everything: &'static str,
    /// What that means.
    pub everything_means: &'static str,
    /// That button.
    pub revoke_everything: &'static str,
    /// Names the links between the pages of a list.
    pub pages: &'static str,
    /// The link to the next page.
    pub next: &'static str,
    /// The link to the first page.
    pub start: &'static str,
}

/// The pages for administrators.
#[cfg_attr(test, derive(Debug))]
pub struct AdminText {
    /// Users.
    pub users: &'static str,
    /// Applications.
    pub applications: &'static str,
    /// The audit log.
    pub audit_log: &'static str,
    /// The link to it.
    pub open_audit_log: &'static str,
    /// What is looked for.
    pub find_users: &'static str,
    /// What it is looked for in.
    pub find_by: &'static str,
    /// What is looked for.
    pub find_applications: &'static str,
    /// The button.
    pub search: &'static str,
    /// Nothing was found.
    pub nothing_found: &'static str,
    /// Names the links between the pages of a list.
    pub pages: &'static str,
    /// The link to the next page.
    pub next: &'static str,
    /// The link to what was before.
    pub older: &'static str,
    /// An id.
    pub id: &'static str,
    /// A name.
    pub username: &'static str,
    /// An address.
    pub email: &'static str,
    /// It is proved to be the user’s.
    pub verified: &'static str,
    /// It is not.
    pub unverified: &'static str,
    /// The user administers this server.
    pub administrator: &'static str,
    /// Since when.
    pub registered: &'static str,
    /// Yes.
    pub yes: &'static str,
    /// No.
    pub no: &'static str,
    /// There is none.
    pub none: &'static str,
    /// There are more than are shown.
    pub only_the_first: &'static str,
    /// The user’s guilds.
    pub communities: &'static str,
    /// The user’s accounts on other services.
    pub connections: &'static str,
    /// Whose it is.
    pub owner: &'static str,
    /// The button that ends one application.
    pub revoke: &'static str,
    /// The button that ends all of them.
    pub revoke_everything: &'static str,
    /// One application is out.
    pub application_revoked: &'static str,
    /// All of them are.
    pub everything_revoked: &'static str,
    /// It had been done before.
    pub nothing_revoked: &'static str,
    /// What kind of client it is.
    pub kind: &'static str,
    /// One with a secret.
    pub confidential: &'static str,
    /// One without.
    pub public: &'static str,
    /// Where it may be answered.
    pub redirect_uris: &'static str,
    /// Its bot.
    pub bot: &'static str,
    /// Anybody may add it.
    pub bot_public: &'static str,
    /// Its owner may.
    pub bot_private: &'static str,
    /// The platform trusts it.
    pub trusted: &'static str,
    /// Above the form that changes that.
    pub trust: &'static str,
    /// What granting trust means.
    pub grant_means: &'static str,
    /// What withdrawing it means.
    pub withdraw_means: &'static str,
    /// The field.
    pub password: &'static str,
    /// It is not the user’s.
    pub wrong_password: &'static str,
    /// The button.
    pub grant: &'static str,
    /// The button.
    pub withdraw: &'static str,
    /// It is trusted now.
    pub trust_granted: &'static str,
    /// It is not trusted any more.
    pub trust_withdrawn: &'static str,
    /// The link to what somebody did.
    pub done_by: &'static str,
    /// The link to what was done to them.
    pub done_on: &'static str,
    /// What was done.
    pub action: &'static str,
    /// All of it.
    pub any: &'static str,
    /// Who did it, by id.
    pub actor_id: &'static str,
    /// On whom, by id.
    pub target_id: &'static str,
    /// Who did it.
    pub actor: &'static str,
    /// On whom.
    pub target: &'static str,
    /// Through which application, or with which one.
    pub application: &'static str,
    /// From where.
    pub address: &'static str,
    /// What else is known.
    pub details: &'static str,
    /// What is in the audit log, in the order of [`Action::ALL`].
    pub actions: [&'static str; Action::ALL.len()],
}

/// The pages that say one thing: the heading of each, and its words.
#[cfg_attr(test, derive(Debug))]
pub struct MessagesText {
    /// [`Message::BadLink`].
    pub bad_link: [&'static str; 2],
    /// [`Message::FormRefused`].
    pub form_refused: [&'static str; 2],
    /// [`Message::AnsweredBefore`].
    pub answered_before: [&'static str; 2],
    /// [`Message::LoggedIn`].
    pub logged_in: [&'static str; 2],
    /// [`Message::LoggedOut`].
    pub logged_out: [&'static str; 2],
    /// [`Message::UnknownGuild`].
    pub unknown_guild: [&'static str; 2],
    /// [`Message::MissingPermissions`].
    pub missing_permissions: [&'static str; 2],
    /// [`Message::BotAlreadyThere`].
    pub bot_already_there: [&'static str; 2],
    /// [`Message::NothingAdded`].
    pub nothing_added: [&'static str; 2],
    /// [`Message::PrivateBot`].
    pub private_bot: [&'static str; 2],
    /// [`Message::NoBot`].
    pub no_bot: [&'static str; 2],
    /// [`Message::NotFound`].
    pub not_found: [&'static str; 2],
    /// [`Message::NotForYou`].
    pub not_for_you: [&'static str; 2],
    /// [`Message::TooManyRequests`]; with a hole for the seconds.
    pub too_many_requests: [&'static str; 2],
    /// [`Message::BadBody`].
    pub bad_body: [&'static str; 2],
    /// [`Message::Unavailable`].
    pub unavailable: [&'static str; 2],
    /// [`Message::Broken`].
    pub broken: [&'static str; 2],
}

/// A page that says one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// The application's mistake, shown to its user because it cannot be sent to the application.
    BadLink,
    /// A form that did not come from a page of ours, or too late.
    FormRefused,
    /// A consent form that was answered before.
    AnsweredBefore,
    /// Logged in, with nowhere to go.
    LoggedIn,
    /// Logged out.
    LoggedOut,
    /// The guild does not exist.
    UnknownGuild,
    /// The user may not add bots there.
    MissingPermissions,
    /// The bot is there already.
    BotAlreadyThere,
    /// The user did not allow the bot.
    NothingAdded,
    /// The bot is its owner's alone to add.
    PrivateBot,
    /// The application has no bot.
    NoBot,
    /// Nothing is at this address.
    NotFound,
    /// The page is not for this user.
    NotForYou,
    /// Too many requests; the seconds to wait.
    TooManyRequests(u64),
    /// A body that is too long, broken or encoded.
    BadBody,
    /// A fault of ours that will pass.
    Unavailable,
    /// A fault of ours that will not.
    Broken,
}

/// The best language for an `Accept-Language` (RFC 9110 §12.5.4), by primary subtag.
pub fn accepted(header: &str) -> &'static Text {
    let [fallback, ..] = ALL;
    let mut best = (fallback, 0);
    for range in header.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default();
        let quality = parts.find_map(|it| it.strip_prefix("q="));
        let quality = quality.map_or(Some(1000), thousandths);
        let primary = tag.split('-').next().unwrap_or_default();
        if let (Some(text), Some(quality)) = (by_tag(primary), quality)
            && quality > best.1
        {
            best = (text, quality);
        }
    }
    best.0
}

/// A weight (RFC 9110 §12.4.2): a digit, and up to three behind the point. Reading it as a number of
/// the language's own would link ten kilobytes of powers of five.
fn thousandths(weight: &str) -> Option<u32> {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let mut digits = whole
        .chars()
        .chain(fraction.chars().chain("000".chars()).take(3));
    digits.try_fold(0, |sum: u32, digit| {
        sum.checked_mul(10)?.checked_add(digit.to_digit(10)?)
    })
}

/// The language of a tag.
pub fn by_tag(tag: &str) -> Option<&'static Text> {
    ALL.into_iter().find(|it| it.tag.eq_ignore_ascii_case(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fills_a_hole_has_none() {
        assert_eq!(filled("a {} b {}", &["{}", "<"]), "a {} b <");
    }

    #[test]
    fn the_best_language_is_taken_and_nonsense_is_none() {
        for (header, tag) in [
            ("", "en"),
            ("de", "de"),
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("fr, en;q=0.5, de;q=0.6", "de"),
            ("en-GB, de", "en"),
            ("DE", "de"),
            ("de;q=0", "en"),
            ("de;q=x, en;q=0.1", "en"),
            ("en;q=0.899, de;q=0.9", "de"),
            ("en;q=0.9, de;q=1", "de"),
            ("en;q=0.9, de;q=1.000", "de"),
            ("en;q=0.001, de;q=0.002", "de"),
            ("en;q=0.1, de;q=99999999999", "en"),
            ("en;q=0.1, de;q=0.9.9", "en"),
            ("en;q=0.1, de;q=", "en"),
            ("../../etc/passwd", "en"),
            ("*", "en"),
        ] {
            assert_eq!(accepted(header).tag, tag, "{header}");
        }
        assert_eq!(accepted(&"xx,".repeat(10_000)).tag, "en");
    }

    /// Every string of a language, each with the name of its field where it is alone in it.
    fn said(text: &Text) -> Vec<String> {
        let all = format!("{text:#?}");
        let strings = all.lines().filter(|line| line.contains('"'));
        strings.map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn no_language_is_silent_or_half_translated() {
        // What is the same in both languages.
        const ALIKE: [&str; 7] = [
            "direction: \"ltr\",",
            "name: \"Name\",",
            "bot: \"Bot\",",
            "scopes: \"Scopes\",",
            "authorize_url: \"Link\",",
            "administrator: \"Administrator\",",
            "communities: \"Communities\",",
        ];
        let holes = |words: &str| words.matches("{}").count();
        let english = said(&en::TEXT);
        assert!(english.len() > 300);
        for text in ALL {
            let other = said(text);
            assert_eq!(other.len(), english.len(), "{}", text.tag);
            for (words, original) in other.iter().zip(&english) {
                assert!(!words.contains("\"\""), "{}: {words}", text.tag);
                assert_eq!(holes(words), holes(original), "{words}");
                let is_translated = words != original || ALIKE.contains(&words.as_str());
                assert!(is_translated || text.tag == "en", "{words}");
            }
        }
    }
}
