//! The words of the consent form, and of the page that says where a bot is.

/// The consent form.
#[cfg_attr(test, derive(Debug))]
pub struct ConsentText {
    /// The title, around the application.
    pub title: &'static str,
    /// The heading, around the application.
    pub heading: &'static str,
    /// The heading where only a bot is added.
    pub heading_bot: &'static str,
    /// The heading where a bot that is there is given more.
    pub heading_more: &'static str,
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
    /// Above the scopes of another resource server, around its name.
    pub resource: &'static str,
    /// How to withhold one.
    pub untick: &'static str,
    /// Where the application needs some of them together.
    pub all_or_nothing: &'static str,
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
    /// Nobody vouches for the application.
    pub unverified: &'static str,
    /// Around the host of the document that describes it.
    pub described_by: &'static str,
    /// Around where a program on the user's own machine waits.
    pub on_this_machine: &'static str,
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
    /// Around a guild where the bot is already, above what it would get beyond what it has.
    pub raised: &'static str,
    /// There is no guild to choose.
    pub nowhere: &'static str,
    /// The guild that the link proposes is none of the user's.
    pub proposal_fails: &'static str,
    /// The label of the picker.
    pub add_to: &'static str,
    /// The option that is none.
    pub choose: &'static str,
    /// There are more guilds than the picker holds.
    pub more_guilds: &'static str,
    /// The link to those.
    pub next_guilds: &'static str,
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
    /// Above what deserves a second look.
    pub dangerous: &'static str,
    /// The box that stands for a whole group.
    pub all_of: &'static str,
    /// The bot gets no more than its installer has.
    pub never_more: &'static str,
    /// Beside a permission that the user does not hold.
    pub not_held: &'static str,
    /// Beside a permission that the bot has there already.
    pub had: &'static str,
    /// In place of the permissions, where the bot asks for none.
    pub no_permissions: &'static str,
    /// The bot is in the guild, which the form did not say when it was answered.
    pub there_now: &'static str,
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
