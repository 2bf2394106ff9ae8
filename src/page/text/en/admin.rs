//! What administrators read, in English.

use super::super::{AdminText, ResourceText};

pub(super) const TEXT: AdminText = AdminText {
    overview: "What happened",
    ranges: ["24 hours", "7 days", "30 days"],
    charts: [
        "Logins",
        "Failed logins",
        "Authorizations",
        "Revocations",
        "Stolen tokens",
        "Faults",
    ],
    numbers: "Numbers",
    when: "When (UTC)",
    warnings: "Newest warnings",
    no_warnings: "There is nothing that needs you.",
    what_to_do: "What each means and what to do stands in docs/operations.md.",
    health: "Health",
    works: "works",
    fails: "does not answer",
    keys: "Signing keys",
    key_states: ["signs next", "signs", "signs no more"],
    published: "published",
    users: "Users",
    applications: "Applications",
    resource: ResourceText {
        heading: "Resource servers",
        means: "Other APIs that take access tokens of this server. Applications name one as \
                resource; users are asked for its scopes in the words that stand here.",
        new: "Register a resource server",
        name: "Name",
        identifier: "Identifier",
        identifier_hint: "An absolute URI without fragment, usually the API’s address. It is the aud \
                          of every token for it.",
        scopes: "Scopes",
        scopes_hint: "One on each line: its name, a space, and what it allows in words that users \
                      understand, as in: notes:read Read your notes",
        signing_alg: "Signature of its tokens",
        signing_alg_hint: "ES256 costs the least; RS256 is for verifiers that know nothing else.",
        clients: "Applications that act for themselves",
        clients_hint: "Ids, one on each line, of applications that get its tokens by client \
                       credentials, without a user.",
        register: "Register",
        deleted: "The resource server was deleted.",
        secret_means: "With its id and its secret, the resource server introspects tokens. Another \
                       secret takes the place of this one within five seconds.",
        delete: "Delete the resource server",
        delete_means: "No application gets tokens for it any more, and what users allowed there is \
                       worth nothing. Tokens that are out end by themselves, after ten minutes \
                       at most unless the settings say otherwise.",
    },
    audit_log: "Audit log",
    open_audit_log: "Who did what, and when",
    find_users: "Beginning of a name or address, or an id",
    find_by: "Search in",
    find_applications: "Beginning of a name, or an id",
    search: "Search",
    nothing_found: "Nothing was found.",
    pages: "Pages of this list",
    next: "Next",
    older: "Older",
    id: "Id",
    username: "User name",
    email: "E-mail address",
    verified: "Verified",
    unverified: "Not verified",
    administrator: "Administrator",
    registered: "Registered",
    yes: "Yes",
    no: "No",
    none: "None",
    only_the_first: "There are more; only the first are shown.",
    communities: "Communities",
    connections: "Connections",
    owner: "Owner",
    revoke: "Revoke",
    revoke_everything: "Revoke everything",
    application_revoked: "The application can no longer use this account, on any device.",
    everything_revoked: "No application can use this account any more.",
    nothing_revoked: "There was nothing to revoke: it had no access any more.",
    kind: "Type",
    confidential: "Confidential: it keeps a secret",
    public: "Public: it has no secret",
    redirect_uris: "Redirect URIs",
    bot: "Bot",
    bot_public: "Anybody may add it",
    bot_private: "Only its owner may add it",
    trusted: "Trusted",
    trust: "Trust",
    grant_means: "A trusted application may ask administrators for access to everything \
                  here, and may introspect every access token. Grant it only to what your \
                  own people run.",
    withdraw_means: "The platform trusts this application: it may ask administrators for \
                     access to everything here.",
    password: "Your password",
    wrong_password: "That is not your password. Nothing was changed.",
    grant: "Trust this application",
    withdraw: "Withdraw trust",
    trust_granted: "This application is trusted now.",
    trust_withdrawn: "This application is not trusted any more. Everywhere, that takes \
                      effect within five seconds.",
    suspended: "Suspended",
    suspension: "Suspension",
    suspension_of_user: [
        "They are logged out everywhere, cannot log in, and no token acts for them. Nothing is \
         deleted.",
        "They can log in again, and the tokens that they gave work again.",
    ],
    suspension_of_application: [
        "Nobody can be sent to it, and its tokens, its secret and its bot do not work. Nothing is \
         deleted.",
        "Everything of it works again, the tokens that it has, too.",
    ],
    suspend: "Suspend",
    resume: "Let it work again",
    is_suspended: "Suspended. Everywhere, that takes effect within five seconds.",
    is_resumed: "It works again. Everywhere, that takes effect within five seconds.",
    deletion: "Delete this user",
    deletion_means: "Their account and connections are deleted, every application loses its access \
                     to it, and their communities have no owner any more. This cannot be undone.",
    fate: [
        "What becomes of their applications?",
        "They are deleted: whoever uses them loses that, and their bots leave every community.",
        "They go on, and belong to somebody else, who sees and changes everything of them.",
        "To whom: the user’s id or name",
    ],
    no_heir: "Say what becomes of the applications, and name another user who takes them over. \
              Nothing was changed.",
    user_deleted: "The user was deleted.",
    done_by: "What they did",
    done_on: "What is recorded about it",
    action: "What was done",
    any: "Anything",
    actor_id: "Id of who did it",
    target_id: "Id of whom it was done to",
    person: "Person, by name or id",
    from_day: "From",
    until_day: "Until",
    download: "Download:",
    stopped_at: "A search looks at 20,000 entries at a time. This one stopped at what happened",
    look_further: "Look further back",
    somebody: "Somebody",
    unknown: "somebody unknown",
    application: "Application",
    address: "From address",
    actions: [
        ["Logged in", "{actor} logged in"],
        ["Failed to log in", "Somebody failed to log in as {target}"],
        [
            "Logged in at the platform",
            "The platform vouched for a login of {target}",
        ],
        [
            "Event of the platform",
            "The platform said of {target}: {type}",
        ],
        ["Logged out", "{actor} logged out"],
        [
            "Authorized an application",
            "{actor} authorized {app}[ for {scope}][, at {resource} for {resource_scope}]",
        ],
        [
            "Revoked an application",
            "{actor} revoked everything that {target} had authorized {app} for",
        ],
        [
            "Revoked a device",
            "{actor} revoked a device of {target} at {app}",
        ],
        [
            "An application revoked a token",
            "{app} revoked a token[ of {target}]",
        ],
        [
            "A refresh token was used twice",
            "A refresh token of {app}[ and {target}] was used twice: that login ended",
        ],
        ["Made a user", "{actor} made the user {target}"],
        [
            "Changed a user",
            "{actor} changed the user {target}[: {fields}]",
        ],
        ["Deleted a user", "{actor} deleted the user {target}"],
        [
            "Set a connection",
            "{actor} set the connection {type}[ {id}] of {target}",
        ],
        [
            "Removed a connection",
            "{actor} removed the connection {type}[ {id}] of {target}",
        ],
        ["Made a community", "{actor} made the community {target}"],
        [
            "Deleted a community",
            "{actor} deleted the community {target}",
        ],
        [
            "Set a member",
            "{actor} set the member {user_id} of {target}[, with the permissions {permissions}]",
        ],
        [
            "Removed a member",
            "{actor} removed the member {user_id} from {target}",
        ],
        [
            "Added a bot to a community",
            "{actor} added the bot of {app} to {target}[, with the permissions {permissions}][ instead of {before}]",
        ],
        ["Made a bot", "{actor} gave {target} a bot"],
        [
            "Reset a bot’s token",
            "{actor} reset the bot token of {target}",
        ],
        [
            "Made an application",
            "{actor} made the application {target}",
        ],
        [
            "Changed an application",
            "{actor} changed the application {target}[: {fields}]",
        ],
        [
            "Deleted an application",
            "{actor} deleted the application {target}",
        ],
        [
            "Reset an application’s secret",
            "{actor} reset the secret of {target}",
        ],
        [
            "Gave an application a second secret",
            "{actor} gave {target} a second secret",
        ],
        [
            "Registered a resource server",
            "{actor} registered the resource server {target}",
        ],
        [
            "Changed a resource server",
            "{actor} changed the resource server {target}[: {fields}]",
        ],
        [
            "Deleted a resource server",
            "{actor} deleted the resource server {target}",
        ],
        [
            "Rotated the signing keys",
            "{actor} rotated the signing keys",
        ],
        [
            "Removed a leaked signing key",
            "{actor} removed the signing key {kid}, which had leaked",
        ],
        [
            "Made a token for registering clients",
            "{actor} made a token for registering clients",
        ],
        [
            "Deleted a token for registering clients",
            "{actor} deleted a token for registering clients",
        ],
        ["Changed their password", "{actor} changed their password"],
        [
            "Logged browsers out",
            "{actor} logged out browsers of their own[: {browsers}]",
        ],
        [
            "A fault of the server",
            "{path} failed[ for {app}][, reference {reference}]: {fault}",
        ],
        ["Imported records", "{actor} imported records"],
        ["Exported records", "{actor} exported records"],
        [
            "Exchanged a refresh token of the server before",
            "{app} exchanged a refresh token of the server before[, for {target}]",
        ],
        [
            "Did not tell of an authorization",
            "The {receiver} was not told of an authorization of {app}: {reason}",
        ],
        [
            "Took a person out of the log",
            "{actor} took a person out of this log",
        ],
    ],
};
