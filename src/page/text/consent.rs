//! The words of the consent form, and of the page that says where a bot is.

/// The consent form.
#[cfg_attr(test, derive(Debug))]
pub struct ConsentText {
    /// The title of the page, with a hole for the application's name.
    pub title: &'static str,
    /// The heading, with a hole for the application's name.
    pub heading: &'static str,
    /// The heading where only a bot is added, with a hole for the application's name.
    pub heading_bot: &'static str,
    /// The heading where a bot gets more permissions in a guild that it is in, with a hole for the application's
    /// name.
    pub heading_more: &'static str,
    /// The heading where the account is opened and a bot is added, with a hole for the application's name.
    pub heading_both: &'static str,
    /// The label above what the application says of itself.
    pub own_words: &'static str,
    /// Says who is logged in, with a hole for the user's name.
    pub as_whom: &'static str,
    /// The label of the button that lets another account log in.
    pub switch: &'static str,
    /// The heading above the scopes.
    pub scopes: &'static str,
    /// The heading above the scopes of another resource server, with a hole for its name.
    pub resource: &'static str,
    /// Says how to withhold a scope.
    pub untick: &'static str,
    /// Says that the application needs the marked scopes together.
    pub all_or_nothing: &'static str,
    /// The mark beside a scope that was not granted before.
    pub new: &'static str,
    /// The mark beside a scope that cannot be withheld.
    pub included: &'static str,
    /// The mark beside what deserves a second look.
    pub dangerous: &'static str,
    /// The warning under the scope `admin`.
    pub dangerous_scope: &'static str,
    /// Says what the application cannot do all the same: with the scope `admin`, with a bot, and otherwise.
    pub withheld: [&'static str; 3],
    /// The label of the host that the answer is sent to.
    pub destination: &'static str,
    /// The label of the application's owner.
    pub owner: &'static str,
    /// The label of an application that is trusted, with a hole for the platform's name.
    pub trusted: &'static str,
    /// The label of an application that is not trusted, with a hole for the platform's name.
    pub untrusted: &'static str,
    /// The warning that nobody vouches for the application, with a hole for the platform's name.
    pub unverified: &'static str,
    /// Says that a document describes the client, with a hole for the document's host.
    pub described_by: &'static str,
    /// Says that a program on the user's own machine waits, with a hole for its address.
    pub on_this_machine: &'static str,
    /// The label of the day on which the application was registered.
    pub since: &'static str,
    /// The label of the button that says yes.
    pub approve: &'static str,
    /// The label of the button that says yes where only a bot is added.
    pub approve_bot: &'static str,
    /// The label of the button that says no.
    pub deny: &'static str,
    /// Says how to take the consent back, with a hole for the link to the page.
    pub take_back: &'static str,
    /// Stands where the user has nothing of what a scope opens.
    pub nothing_yet: &'static str,
    /// Stands behind the first few of what a scope opens, with a hole for the number of the rest.
    pub and_more: &'static str,
}

/// The bot on the consent form, and the page that says where it is.
#[cfg_attr(test, derive(Debug))]
pub struct BotText {
    /// The heading, with a hole for the bot's name.
    pub heading: &'static str,
    /// Says which guild the link fixes, with a hole for its name.
    pub fixed: &'static str,
    /// Says that the bot is in the guild already, above what it would get beyond what it has; with a hole for the
    /// guild's name.
    pub raised: &'static str,
    /// Says that there is no guild to choose.
    pub nowhere: &'static str,
    /// Says that the user cannot add the bot to the guild that the link proposes.
    pub proposal_fails: &'static str,
    /// The label of the picker of guilds.
    pub add_to: &'static str,
    /// The picker's first option, which is no guild.
    pub choose: &'static str,
    /// Says that there are more guilds than the picker holds.
    pub more_guilds: &'static str,
    /// The label of the link to the next guilds.
    pub next_guilds: &'static str,
    /// The note behind a guild where the bot is already.
    pub already_there: &'static str,
    /// The label of the group of guilds that cannot be chosen.
    pub not_offered: &'static str,
    /// The note behind a guild that the user may not manage.
    pub not_a_manager: &'static str,
    /// The heading above the permissions that the bot asks for.
    pub permissions: &'static str,
    /// Says how many permissions the bot asks for, and how many of them are dangerous, with a hole for each number.
    pub asked: &'static str,
    /// The heading above the dangerous permissions.
    pub dangerous: &'static str,
    /// The label of the box that stands for a whole group of permissions.
    pub all_of: &'static str,
    /// Says that the bot gets no more than its installer has.
    pub never_more: &'static str,
    /// The mark beside a permission that the user does not hold.
    pub not_held: &'static str,
    /// The mark beside a permission that the bot has in the guild already.
    pub had: &'static str,
    /// Stands in place of the permissions where the bot asks for none.
    pub no_permissions: &'static str,
    /// Says that the bot is in the guild by now: the form did not say so when it was answered.
    pub there_now: &'static str,
    /// Says that the user has to choose a guild.
    pub problem: &'static str,
    /// The title of the page that says where the bot is.
    pub added_title: &'static str,
    /// The heading of that page, with a hole for the bot's name and one for the guild's.
    pub added: &'static str,
    /// Says whose the bot is, with a hole for the application's name.
    pub belongs_to: &'static str,
    /// Says that the bot was granted no permission.
    pub granted_nothing: &'static str,
    /// The heading above the permissions that the bot was granted.
    pub granted: &'static str,
    /// Says how to remove the bot.
    pub take_back: &'static str,
    /// Says that there is nothing more to do.
    pub close: &'static str,
}
