//! The words of the pages of those who make applications.

use crate::oauth::grant_type::GrantType;

/// The pages of those who make applications.
#[cfg_attr(test, derive(Debug))]
pub struct DevelopersText {
    /// The heading above the user's applications.
    pub heading: &'static str,
    /// Says how many applications a user may have, with a hole for that number.
    pub at_most: &'static str,
    /// In place of the list, where the user has no application.
    pub none: &'static str,
    /// The names of the two types, confidential and public.
    pub kinds: [&'static str; 2],
    /// Says that an administrator has suspended the application, and what that means.
    pub suspended: &'static str,
    /// Says that an application was just deleted.
    pub deleted: &'static str,
    /// The heading above the form that makes an application.
    pub new: &'static str,
    /// The label of the field for the name.
    pub name: &'static str,
    /// The label of the choice between the two types.
    pub kind: &'static str,
    /// What confidential and public mean.
    pub means: [&'static str; 2],
    /// The label of the field for the redirect URIs.
    pub redirect_uris: &'static str,
    /// Says what redirect URIs may be, and how they are typed.
    pub redirect_uris_hint: &'static str,
    /// The label of the field for the description.
    pub description: &'static str,
    /// Says who reads the description, and how long it may be.
    pub description_hint: &'static str,
    /// The label of the button that makes the application.
    pub create: &'static str,
    /// Says that some fields were refused.
    pub wrong_fields: &'static str,
    /// Says that the user has as many applications as they may, with a hole for that number.
    pub full: &'static str,
    /// The heading of the page that says that the application was made, with a hole for its name.
    pub created: &'static str,
    /// The label of the application's id.
    pub client_id: &'static str,
    /// The label of the application's secret.
    pub client_secret: &'static str,
    /// The warning beside every secret: it is shown this once.
    pub once: &'static str,
    /// Stands in place of a secret where the application is public.
    pub public_has_none: &'static str,
    /// Stands in place of a secret where the application signs with keys of its own.
    pub signing_has_none: &'static str,
    /// The warning that a secret ends the keys of an application that signs.
    pub reset_ends_keys: &'static str,
    /// The label of the button that copies what stands beside it.
    pub copy: &'static str,
    /// The label of that button once it has copied.
    pub copied: &'static str,
    /// The label of the link to the new application's page.
    pub go_on: &'static str,
    /// The label of the link back to all applications.
    pub all: &'static str,
    /// Says that the settings were saved.
    pub saved: &'static str,
    /// The heading above the settings.
    pub settings: &'static str,
    /// The words about the picture of an application.
    pub icon: IconText,
    /// The label of the box that lets others than the owner add the bot.
    pub bot_public: &'static str,
    /// The label of the box that lets the bot be added only by a code.
    pub bot_require_code_grant: &'static str,
    /// The label of the button that saves the settings.
    pub save: &'static str,
    /// The label of the field for the user's password.
    pub password: &'static str,
    /// Says that the password was wrong.
    pub wrong_password: &'static str,
    /// The label above the secret that was just made.
    pub new_secret: &'static str,
    /// The words about how an application uses OAuth.
    pub oauth: OAuthText,
    /// The label of the secret that was made last.
    pub current_secret: &'static str,
    /// The label of the secret before that one.
    pub former_secret: &'static str,
    /// Says when a secret ends, with a hole for how far ahead that is.
    pub ends: &'static str,
    /// Says when a secret was last used, with a hole for the day.
    pub last_used_on: &'static str,
    /// Says that a secret was not used yet.
    pub never_used: &'static str,
    /// Says what a second secret is for.
    pub rotate_secret_means: &'static str,
    /// The warning that another secret ends the former one at once.
    pub rotate_ends_former: &'static str,
    /// The label of the choice of how long two secrets work beside each other.
    pub grace: &'static str,
    /// The choices: an hour, a day, seven days, thirty days.
    pub graces: [&'static str; 4],
    /// The label of the button that makes a second secret.
    pub rotate_secret: &'static str,
    /// The label that opens what is to be done about a secret that leaked.
    pub secret_leaked: &'static str,
    /// Says what resetting the secret does.
    pub reset_secret_means: &'static str,
    /// The label of the button that resets the secret.
    pub reset_secret: &'static str,
    /// The heading above the bot.
    pub bot: &'static str,
    /// Says that the application has no bot, and what one is.
    pub no_bot: &'static str,
    /// The label of the button that adds a bot.
    pub add_bot: &'static str,
    /// Says what the bot is called, with a hole for its name.
    pub bot_is: &'static str,
    /// The label of the bot's token.
    pub bot_token: &'static str,
    /// Says what resetting the token does.
    pub reset_token_means: &'static str,
    /// The label of the button that resets the token.
    pub reset_token: &'static str,
    /// The heading above the authorize URL.
    pub link: &'static str,
    /// The label of the choice of scopes.
    pub scopes: &'static str,
    /// The label of the choice of a redirect URI.
    pub redirect_uri: &'static str,
    /// Says that the application has no redirect URI to choose.
    pub no_redirect_uri: &'static str,
    /// The label of the choice of the bot's permissions.
    pub permissions: &'static str,
    /// The label before the permissions as a bit field.
    pub permission_bits: &'static str,
    /// The label of the button that shows the URL.
    pub show_link: &'static str,
    /// The label above the URL.
    pub authorize_url: &'static str,
    /// Says what to send as `state`, with a hole for what stands in its place in the URL.
    pub state: &'static str,
    /// Says what to send as `code_challenge`, with a hole for what stands in its place in the URL.
    pub pkce: &'static str,
    /// Says that a link that only adds the bot gives no tokens.
    pub invitation: &'static str,
    /// The label above the command that asks for tokens.
    pub token_request: &'static str,
    /// The label above a piece of code for a library, with a hole for the library's name.
    pub snippet: &'static str,
    /// The label that opens the code for other people's libraries.
    pub libraries: &'static str,
    /// The heading above the resource servers.
    pub resources: &'static str,
    /// Says how an application asks for tokens for a resource server, with a hole for `resource` and one for `scope`.
    pub resources_means: &'static str,
    /// The note beside a resource server whose tokens the application gets without a user, too.
    pub by_itself: &'static str,
    /// The heading above the deletion.
    pub delete: &'static str,
    /// Says what deleting the application does.
    pub delete_means: &'static str,
    /// The label of the field for the application's name, with a hole for the name to type.
    pub type_name: &'static str,
    /// Says that what was typed is not the application's name.
    pub wrong_name: &'static str,
    /// The label of the button that deletes the application.
    pub delete_submit: &'static str,
    /// The heading above how the application goes.
    pub usage: &'static str,
    /// Says what the charts count, and how soon.
    pub usage_means: &'static str,
    /// Says that nothing has happened yet.
    pub nothing_yet: &'static str,
    /// The label of the chart of active users, whose number is today's.
    pub active_users: &'static str,
    /// Says who counts as active, and how exact the number is.
    pub active_means: &'static str,
    /// The label of the chart of authorizations.
    pub authorizations: &'static str,
    /// The label of the chart of token requests that were answered.
    pub tokens_issued: &'static str,
    /// The label of the chart of requests that were refused.
    pub refusals: &'static str,
    /// The label of the chart of requests that were too many.
    pub limited: &'static str,
    /// Says what to do about too many requests.
    pub limited_means: &'static str,
    /// The heading above the reasons why requests were refused.
    pub reasons: &'static str,
    /// Says how often a reason was met, with a hole for the number of times in 14 days and one for today's.
    pub times: &'static str,
    /// How to mend a refusal that is about a redirect URI, a wrong secret, a bad code or refresh token, a scope,
    /// PKCE, a grant type.
    pub remedies: [&'static str; 6],
}

/// The words about the picture of an application.
#[cfg_attr(test, derive(Debug))]
pub struct IconText {
    /// The heading above the picture.
    pub heading: &'static str,
    /// The label of the field for the file of an icon.
    pub file: &'static str,
    /// Says what a picture may be, and who sees it.
    pub hint: &'static str,
    /// The label of the button that uploads the file.
    pub upload: &'static str,
    /// The label of the button that removes the picture.
    pub remove: &'static str,
    /// Says that no file was chosen.
    pub no_file: &'static str,
    /// Says that the file is no picture that can be used.
    pub no_icon: &'static str,
    /// Says that the picture could not be kept: KV did not answer.
    pub not_kept: &'static str,
}

/// The words about how an application uses OAuth.
#[cfg_attr(test, derive(Debug))]
pub struct OAuthText {
    /// The heading above these settings.
    pub heading: &'static str,
    /// Says who needs these settings.
    pub means: &'static str,
    /// The label that opens the form.
    pub open: &'static str,
    /// The label of the choice of grants.
    pub grant_types: &'static str,
    /// What each grant is for, in the order of [`GrantType::ALL`].
    pub grants: [&'static str; GrantType::ALL.len()],
    /// The label of the choice of how the client authenticates.
    pub method: &'static str,
    /// Says which ways to authenticate there are.
    pub method_hint: &'static str,
    /// The label of the field for the client's public keys.
    pub jwks: &'static str,
    /// Says when keys are needed, and how they are written.
    pub jwks_hint: &'static str,
    /// The label of the field for the URL of the client's public keys.
    pub jwks_uri: &'static str,
    /// Says when that URL is needed.
    pub jwks_uri_hint: &'static str,
    /// The label of the choice of the algorithm that signs ID tokens.
    pub id_token: &'static str,
    /// Says which of these algorithms to choose.
    pub id_token_hint: &'static str,
    /// The label of the field for the URIs that users are sent to after a logout.
    pub logout: &'static str,
    /// Says how these URIs are written.
    pub logout_hint: &'static str,
    /// The label of what the client demands of its own requests.
    pub demands: &'static str,
    /// The label of the box that binds access tokens to a key (RFC 9449).
    pub dpop: &'static str,
    /// The label of the box that has every authorization request pushed (RFC 9126).
    pub par: &'static str,
    /// The label of the choice of a security profile.
    pub profile: &'static str,
    /// Says what the profile `fapi2` means.
    pub profile_hint: &'static str,
    /// The label of the field for the URL that events are sent to.
    pub webhook: &'static str,
    /// Says which events are sent to that URL.
    pub webhook_hint: &'static str,
    /// The label of the secret that signs the events.
    pub webhook_secret: &'static str,
}
