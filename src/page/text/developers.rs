//! The words of the pages of those who make applications.

use crate::oauth::grant_type::GrantType;

/// The pages of those who make applications.
#[cfg_attr(test, derive(Debug))]
pub struct DevelopersText {
    /// The heading above the user's applications.
    pub heading: &'static str,
    /// How many there may be.
    pub at_most: &'static str,
    /// In place of the list, where the user has no application.
    pub none: &'static str,
    /// Confidential, public.
    pub kinds: [&'static str; 2],
    /// An administrator has suspended the application.
    pub suspended: &'static str,
    /// One was just deleted.
    pub deleted: &'static str,
    /// The heading above the form that makes one.
    pub new: &'static str,
    /// The label of the field for the name.
    pub name: &'static str,
    /// The choice.
    pub kind: &'static str,
    /// What confidential and public mean.
    pub means: [&'static str; 2],
    /// The label of the field for the redirect URIs.
    pub redirect_uris: &'static str,
    /// What they may be.
    pub redirect_uris_hint: &'static str,
    /// The label of the field for the description.
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
    /// Beside the id of the application.
    pub client_id: &'static str,
    /// Its secret.
    pub client_secret: &'static str,
    /// Beside every secret.
    pub once: &'static str,
    /// In place of a secret.
    pub public_has_none: &'static str,
    /// One that signs has no secret.
    pub signing_has_none: &'static str,
    /// What a secret does to one that signs.
    pub reset_ends_keys: &'static str,
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
    /// The picture of an application.
    pub icon: IconText,
    /// The check box.
    pub bot_public: &'static str,
    /// The check box.
    pub bot_require_code_grant: &'static str,
    /// The button.
    pub save: &'static str,
    /// The label of the field for the user's password.
    pub password: &'static str,
    /// It was not.
    pub wrong_password: &'static str,
    /// Above the secret that was just made.
    pub new_secret: &'static str,
    /// How an application uses OAuth.
    pub oauth: OAuthText,
    /// The secret that was made last.
    pub current_secret: &'static str,
    /// The one before it.
    pub former_secret: &'static str,
    /// When a secret ends: around how far ahead that is.
    pub ends: &'static str,
    /// Around the day of its last use.
    pub last_used_on: &'static str,
    /// It was not used yet.
    pub never_used: &'static str,
    /// What a second secret is for.
    pub rotate_secret_means: &'static str,
    /// What happens to the one that is about to end.
    pub rotate_ends_former: &'static str,
    /// The label of the choice of how long two secrets overlap.
    pub grace: &'static str,
    /// An hour, a day, a week, thirty days.
    pub graces: [&'static str; 4],
    /// The button.
    pub rotate_secret: &'static str,
    /// Opens what is done about a secret that leaked.
    pub secret_leaked: &'static str,
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
    /// Opens what is for other people's libraries.
    pub libraries: &'static str,
    /// Above the resource servers.
    pub resources: &'static str,
    /// How an application asks for tokens for one: around `resource` and `scope`.
    pub resources_means: &'static str,
    /// Beside a resource server whose tokens the application gets for itself.
    pub by_itself: &'static str,
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
    /// Above how an application goes.
    pub usage: &'static str,
    /// What the charts count.
    pub usage_means: &'static str,
    /// Nothing happened.
    pub nothing_yet: &'static str,
    /// The chart of active users, in front of today's.
    pub active_users: &'static str,
    /// Who counts, and how exactly.
    pub active_means: &'static str,
    /// Users authorized it.
    pub authorizations: &'static str,
    /// It was given tokens.
    pub tokens_issued: &'static str,
    /// Its requests were refused.
    pub refusals: &'static str,
    /// It made too many.
    pub limited: &'static str,
    /// What to do about that.
    pub limited_means: &'static str,
    /// Above why requests were refused.
    pub reasons: &'static str,
    /// Around how often that was, and how often today.
    pub times: &'static str,
    /// How to mend it: a redirect URI, a wrong secret, a bad code or refresh token, a scope, PKCE, a grant type.
    pub remedies: [&'static str; 6],
}

/// The picture of an application.
#[cfg_attr(test, derive(Debug))]
pub struct IconText {
    /// The heading.
    pub heading: &'static str,
    /// The label of the field for the file of an icon.
    pub file: &'static str,
    /// What it may be, and who sees it.
    pub hint: &'static str,
    /// The button.
    pub upload: &'static str,
    /// The button.
    pub remove: &'static str,
    /// None was chosen.
    pub no_file: &'static str,
    /// What was sent is none.
    pub no_icon: &'static str,
    /// KV does not answer.
    pub not_kept: &'static str,
}

/// How an application uses OAuth.
#[cfg_attr(test, derive(Debug))]
pub struct OAuthText {
    /// The heading.
    pub heading: &'static str,
    /// Who needs it.
    pub means: &'static str,
    /// Opens the form.
    pub open: &'static str,
    /// Above the grants.
    pub grant_types: &'static str,
    /// What each grant is for, in the order of [`GrantType::ALL`].
    pub grants: [&'static str; GrantType::ALL.len()],
    /// How it proves who it is.
    pub method: &'static str,
    /// Which way to authenticate to choose.
    pub method_hint: &'static str,
    /// Its public keys.
    pub jwks: &'static str,
    /// When they are needed.
    pub jwks_hint: &'static str,
    /// Where its public keys are.
    pub jwks_uri: &'static str,
    /// What that is for.
    pub jwks_uri_hint: &'static str,
    /// How its ID tokens are signed.
    pub id_token: &'static str,
    /// Which algorithm of ID tokens to choose.
    pub id_token_hint: &'static str,
    /// Where users go after a logout.
    pub logout: &'static str,
    /// How they are written.
    pub logout_hint: &'static str,
    /// Above what it demands of its own requests.
    pub demands: &'static str,
    /// Its tokens are bound to a key.
    pub dpop: &'static str,
    /// It pushes its requests.
    pub par: &'static str,
    /// The profile.
    pub profile: &'static str,
    /// What `fapi2` means.
    pub profile_hint: &'static str,
    /// The label of the field for the URL that events are sent to.
    pub webhook: &'static str,
    /// What is sent there.
    pub webhook_hint: &'static str,
    /// What it is signed with.
    pub webhook_secret: &'static str,
}
