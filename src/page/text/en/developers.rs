//! What developers read, in English.

use super::super::{DevelopersText, IconText, OAuthText};

pub(super) const TEXT: DevelopersText = DevelopersText {
    usage: "How it goes",
    usage_means: "The last 14 days, in UTC. Numbers appear within a few seconds, \
                  authorizations within ten minutes.",
    nothing_yet: "Nothing has happened yet.",
    active_users: "Active users, today",
    active_means: "An active user is somebody for whom the application got tokens on that day. Beyond a \
                   hundred the number is an estimate, within some 7 percent.",
    authorizations: "Authorizations",
    tokens_issued: "Token requests answered",
    refusals: "Requests refused",
    limited: "Too many requests",
    limited_means: "Wait as long as Retry-After says, and keep tokens instead of asking for new ones.",
    reasons: "Why requests were refused",
    times: "{} in 14 days, {} of them today",
    remedies: [
        "Register this address under the settings below, exactly as it is sent, or send one that is registered.",
        "Check the client id and the secret. A secret that was reset is dead at once.",
        "A code works once and for ten minutes, with the same redirect_uri and code_verifier; of refresh tokens \
         only the newest works.",
        "Ask for scopes that there are, and for bot only where the application has one.",
        "Send code_challenge with code_challenge_method=S256: public applications must.",
        "This kind of application may not use this grant.",
    ],
    heading: "Your applications",
    at_most: "You can have at most {} applications.",
    none: "You have no applications yet.",
    kinds: ["Confidential", "Public"],
    suspended: "An administrator has suspended this application: nobody can be sent to it, and its tokens, \
                its secret and its bot do not work. Nothing of it was deleted.",
    deleted: "The application was deleted.",
    new: "New application",
    name: "Name",
    kind: "Type",
    means: [
        "It runs on a server of yours and can keep a secret.",
        "It runs on its users’ devices or in their browsers, where nothing stays secret: it \
         proves itself with PKCE.",
    ],
    redirect_uris: "Redirect URIs",
    redirect_uris_hint: "One on each line, at most 10, exactly as you will send them: with \
                         https, or with http for 127.0.0.1, [::1] and localhost. For public \
                         applications also a scheme of your own, such as \
                         com.example.app:/callback.",
    description: "Description",
    description_hint: "Whoever is asked to authorize the application reads this. At most 400 \
                       characters.",
    create: "Create application",
    wrong_fields: "Nothing was saved yet: please correct what is marked below.",
    full: "You cannot have more than {} applications. Delete one that you no longer need, and try again.",
    created: "{} was created",
    client_id: "Client ID",
    client_secret: "Client secret",
    once: "Copy it now and keep it safe: it will not be shown again.",
    public_has_none: "A public application has no secret: it proves itself with PKCE.",
    signing_has_none: "It signs with a key of its own and has no secret.",
    reset_ends_keys: "A secret takes the place of its keys: what it signs counts no more at once.",
    copy: "Copy",
    copied: "Copied",
    go_on: "Go to the application",
    all: "All your applications",
    saved: "Saved.",
    settings: "Settings",
    icon: IconText {
        heading: "Icon",
        file: "Picture",
        hint: "PNG or WebP, at most 256 KB and 2048 × 2048 pixels, not animated. People see it where they \
               are asked to authorize the application. What a camera wrote into it is removed.",
        upload: "Upload",
        remove: "Remove the icon",
        no_file: "Choose a picture first.",
        no_icon: "That is no PNG or WebP picture of at most 256 KB and 2048 × 2048 pixels. Animated ones \
                  cannot be used.",
        not_kept: "The picture could not be saved just now. Try again in a moment.",
    },
    bot_public: "Everyone may add the bot, not only you",
    bot_require_code_grant: "The bot is added only together with a login, whose code tells \
                             your application of it",
    save: "Save",
    password: "Your password",
    wrong_password: "Wrong password.",
    new_secret: "New client secret",
    oauth: OAuthText {
        heading: "OAuth",
        means: "Most applications can leave this as it is.",
        open: "Grants, keys, ID tokens and logout",
        grant_types: "How it gets tokens",
        grants: [
            "Its users log in in a browser and come back with a code",
            "It stays connected, by refresh tokens",
            "On its own behalf, without a user",
            "On devices without a browser, by a code that is typed elsewhere",
        ],
        method: "How it proves who it is",
        method_hint: "A secret in the header or in the body, or a JWT that it signs with a key of its own.",
        jwks: "Public keys",
        jwks_hint: "For private_key_jwt: a JSON Web Key Set, without private keys. It may stay empty if \
                    the keys are published.",
        jwks_uri: "URL of the public keys",
        jwks_uri_hint: "For private_key_jwt: where you publish them, with https.",
        id_token: "Signature of ID tokens",
        id_token_hint: "ES256 is shorter and quicker. RS256 is for libraries that know nothing else.",
        logout: "After a logout",
        logout_hint: "Where users may be sent when they log out here for your application, one on \
                      each line. May stay empty.",
        demands: "What it holds itself to",
        dpop: "Its access tokens are bound to a key (DPoP): a stolen one is of no use",
        par: "It sends each authorization request to the server first (PAR)",
        profile: "Profile",
        profile_hint: "fapi2 is the FAPI 2.0 Security Profile, for banks and the like: with \
                       private_key_jwt, PAR and DPoP, and without RS256.",
        webhook: "Event URL",
        webhook_hint: "Where we tell you that a user has authorized your application or taken that back. May stay empty.",
        webhook_secret: "What the events are signed with (Standard Webhooks). Another URL has another secret.",
    },
    current_secret: "Current secret",
    former_secret: "Former secret",
    ends: "ends {}",
    last_used_on: "last used on {}",
    never_used: "not used yet",
    rotate_secret_means: "A second secret works beside the current one, which ends later: time to give \
                          the new one to everything that runs with it.",
    rotate_ends_former: "The former secret ends at once if you make another one now.",
    grace: "The current secret goes on for",
    graces: ["1 hour", "1 day", "7 days", "30 days"],
    rotate_secret: "Make a new secret",
    secret_leaked: "The secret has leaked",
    reset_secret_means: "A new secret takes the place of all others, which stop working at \
                         once. Tokens that your application already has keep working.",
    reset_secret: "Reset secret",
    bot: "Bot",
    no_bot: "This application has no bot yet. A bot is named after its application and has a \
             token of its own.",
    add_bot: "Add a bot",
    bot_is: "Its name is {}.",
    bot_token: "Bot token",
    reset_token_means: "A new token takes the place of the old one, which stops working at \
                        once: what runs with it is shut out until it has the new one.",
    reset_token: "Reset token",
    link: "Authorize link",
    scopes: "Scopes",
    redirect_uri: "Redirect URI",
    no_redirect_uri: "Register a redirect URI first: without one there is nowhere to send the \
                      code.",
    permissions: "What the bot may do",
    permission_bits: "As a number:",
    show_link: "Show the link",
    authorize_url: "Link",
    state: "In place of {}, send a fresh random value for every login, and check that the same one comes back.",
    pkce: "In place of {}, send the SHA-256 in base64url of a fresh random code verifier, and keep the \
         verifier for the token request (PKCE). Without it, whoever intercepts the code could \
         use it.",
    invitation: "This link only adds the bot. It ends on a page here: no code comes back, and \
                 there are no tokens to request.",
    token_request: "Token request",
    snippet: "With {}",
    libraries: "With other libraries",
    resources: "Resource servers",
    resources_means: "Send {} with the identifier, when you ask the user and when you ask for tokens, and name the scopes you want in {}. Such a token opens that server and nothing here.",
    by_itself: "also without a user",
    delete: "Delete the application",
    delete_means: "Its tokens and its bot stop working at once. This cannot be undone.",
    type_name: "To confirm, type its name: {}",
    wrong_name: "That is not the application’s name.",
    delete_submit: "Delete for good",
};
