//! The words of the pages that say one thing, such as an error.

use super::Text;

/// A page that says one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// The application's link is wrong. Its user is told, because the mistake cannot be sent to the application.
    BadLink,
    /// A form did not come from a page of ours, or came too late.
    FormRefused,
    /// A consent form was answered before.
    AnsweredBefore,
    /// A way back from the platform was used before, is too old, or is another browser's.
    LoginUnusable,
    /// The platform logged nobody in.
    LoginRejected,
    /// The account may not log in, or there is none.
    AccountDisabled,
    /// The user is logged in, and the URL names nothing to go on to.
    LoggedIn,
    /// The user is logged out.
    LoggedOut,
    /// The guild does not exist.
    UnknownGuild,
    /// The user may not add bots to the guild.
    MissingPermissions,
    /// The bot is in the guild already, and has all that the user could give it.
    BotAlreadyThere,
    /// The user did not allow the bot.
    NothingAdded,
    /// Only its owner may add the bot.
    PrivateBot,
    /// The application has no bot.
    NoBot,
    /// A refused request of an application that nobody vouches for: the user goes to it by a link, or not at all.
    Leaving,
    /// The user has approved a device.
    DeviceApproved,
    /// The user has refused a device.
    DeviceDenied,
    /// No device waits for the user's answer any more.
    DeviceOver,
    /// An administrator has suspended the application.
    ApplicationSuspended,
    /// Nothing is at this address.
    NotFound,
    /// The page is not for this user.
    NotForYou,
    /// There were too many requests. The number is the wait in seconds.
    TooManyRequests(u64),
    /// A body is too long, broken or compressed.
    BadBody,
    /// Something of ours does not work now, and will again.
    Unavailable,
    /// Something of ours does not work, and trying again will not help.
    Broken,
}

impl Text {
    /// The heading and the words of a page that says one thing.
    pub const fn message(&self, message: Message) -> [&'static str; 2] {
        let messages = &self.messages;
        match message {
            Message::BadLink => messages.bad_link,
            Message::FormRefused => messages.form_refused,
            Message::AnsweredBefore => messages.answered_before,
            Message::ApplicationSuspended => messages.application_suspended,
            Message::LoginUnusable => messages.login_unusable,
            Message::LoginRejected => messages.login_rejected,
            Message::AccountDisabled => messages.account_disabled,
            Message::LoggedIn => messages.logged_in,
            Message::LoggedOut => messages.logged_out,
            Message::UnknownGuild => messages.unknown_guild,
            Message::MissingPermissions => messages.missing_permissions,
            Message::BotAlreadyThere => messages.bot_already_there,
            Message::NothingAdded => messages.nothing_added,
            Message::PrivateBot => messages.private_bot,
            Message::NoBot => messages.no_bot,
            Message::Leaving => messages.leaving,
            Message::DeviceApproved => messages.device_approved,
            Message::DeviceDenied => messages.device_denied,
            Message::DeviceOver => messages.device_over,
            Message::NotFound => messages.not_found,
            Message::NotForYou => messages.not_for_you,
            Message::TooManyRequests(_) => messages.too_many_requests,
            Message::BadBody => messages.bad_body,
            Message::Unavailable => messages.unavailable,
            Message::Broken => messages.broken,
        }
    }
}

/// The pages that say one thing: each has its heading and its words.
#[cfg_attr(test, derive(Debug))]
pub struct MessagesText {
    /// [`Message::BadLink`].
    pub bad_link: [&'static str; 2],
    /// [`Message::FormRefused`].
    pub form_refused: [&'static str; 2],
    /// [`Message::AnsweredBefore`].
    pub answered_before: [&'static str; 2],
    /// [`Message::ApplicationSuspended`].
    pub application_suspended: [&'static str; 2],
    /// [`Message::LoginUnusable`].
    pub login_unusable: [&'static str; 2],
    /// [`Message::LoginRejected`].
    pub login_rejected: [&'static str; 2],
    /// [`Message::AccountDisabled`].
    pub account_disabled: [&'static str; 2],
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
    /// [`Message::Leaving`].
    pub leaving: [&'static str; 2],
    /// [`Message::DeviceApproved`].
    pub device_approved: [&'static str; 2],
    /// [`Message::DeviceDenied`].
    pub device_denied: [&'static str; 2],
    /// [`Message::DeviceOver`].
    pub device_over: [&'static str; 2],
    /// [`Message::NotFound`].
    pub not_found: [&'static str; 2],
    /// [`Message::NotForYou`].
    pub not_for_you: [&'static str; 2],
    /// [`Message::TooManyRequests`]; the words have a hole for the wait.
    pub too_many_requests: [&'static str; 2],
    /// [`Message::BadBody`].
    pub bad_body: [&'static str; 2],
    /// [`Message::Unavailable`].
    pub unavailable: [&'static str; 2],
    /// [`Message::Broken`].
    pub broken: [&'static str; 2],
}
