//! Adding an application's bot to a guild: what is asked for, and what may be granted. Pure.

use serde_json::{Value, json};

use super::guild::{BotThere, Membership};
use super::permissions::{MUST, Permissions};
use crate::id::InstallationId;
use crate::oauth::error::Refusal;
use crate::oauth::params::Params;
use crate::snowflake::GuildId;

/// What an authorization request with the scope `bot` asks for beyond OAuth's own parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BotRequest {
    /// What the bot is to be able to do; bits that do not exist are gone already.
    pub permissions: Permissions,
    /// The guild that the bot is added to.
    pub guild: WhichGuild,
}

/// Which guild the bot is to be added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichGuild {
    /// Whichever the user picks.
    Any,
    /// The form proposes this guild; the user may pick another one.
    Proposed(GuildId),
    /// The bot may only go to this guild: `disable_guild_select`.
    Fixed(GuildId),
}

impl WhichGuild {
    /// The guild that the request names.
    pub const fn named(self) -> Option<GuildId> {
        match self {
            Self::Any => None,
            Self::Proposed(guild) | Self::Fixed(guild) => Some(guild),
        }
    }
}

impl BotRequest {
    /// Reads `permissions`, `guild_id` and `disable_guild_select`.
    pub fn parse(params: &Params) -> Result<Self, Refusal> {
        let invalid = |parameter, must| Refusal::Invalid { parameter, must };
        let permissions = match params.one("permissions")? {
            None => Permissions::NONE,
            Some(text) => Permissions::parse(text).map_err(|_| invalid("permissions", MUST))?,
        };
        let guild = params
            .one("guild_id")?
            .map(|text| GuildId::parse(text).ok_or(invalid("guild_id", "it must be a decimal id")));
        let is_fixed = match params.one("disable_guild_select")? {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(invalid("disable_guild_select", "it must be true or false")),
        };
        let guild = match (guild.transpose()?, is_fixed) {
            (None, false) => WhichGuild::Any,
            (Some(guild), false) => WhichGuild::Proposed(guild),
            (Some(guild), true) => WhichGuild::Fixed(guild),
            (None, true) => return Err(Refusal::Missing("guild_id")),
        };
        Ok(Self {
            permissions: permissions.intersection(Permissions::all()),
            guild,
        })
    }

    /// The request for one guild that the user has chosen, where the link does not fix one.
    #[must_use]
    pub const fn in_guild(self, chosen: GuildId) -> Self {
        match self.guild {
            WhichGuild::Fixed(_) => self,
            WhichGuild::Any | WhichGuild::Proposed(_) => Self {
                guild: WhichGuild::Fixed(chosen),
                ..self
            },
        }
    }

    /// What the consent form says of it, so that a form for one request grants no other.
    pub fn subject(self) -> Value {
        let is_fixed = matches!(self.guild, WhichGuild::Fixed(_));
        json!([self.permissions, self.guild.named(), is_fixed])
    }
}

/// Why a bot cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstallRefusal {
    /// No such guild.
    UnknownGuild,
    /// The user may not add bots there.
    MissingPermissions,
    /// The bot is in the guild already, and would get no further permission.
    BotAlreadyInGuild,
}

/// What the bot gets in a guild, where this user may add it there: what was asked for and ticked,
/// never a bit that the user does not hold. A bot that is there keeps what it has, and gets what it
/// lacks; where it lacks nothing, only the very form that added it is answered again, or the platform
/// asked, which alone knows its forms.
pub fn install(
    installer: Option<&Membership>,
    asked: Permissions,
    ticked: Permissions,
    form: InstallationId,
) -> Result<Permissions, InstallRefusal> {
    let installer = installer.ok_or(InstallRefusal::UnknownGuild)?;
    if !installer.may_add_bots() {
        return Err(InstallRefusal::MissingPermissions);
    }
    let granted = asked.intersection(ticked);
    let granted = granted.intersection(installer.effective());
    match &installer.bot {
        None => Ok(granted),
        Some(BotThere { permissions, by }) if *by == Some(form) => Ok(*permissions),
        Some(bot) if bot.by.is_some() && bot.permissions.covers(granted) => {
            Err(InstallRefusal::BotAlreadyInGuild)
        }
        Some(bot) => Ok(bot.permissions.with(granted)),
    }
}

/// What the audit log says of it: what the bot may do now, and before.
pub fn details(permissions: Permissions, before: Option<&BotThere>) -> Value {
    match before {
        Some(before) if before.permissions != permissions => {
            json!({"permissions": permissions, "before": before.permissions})
        }
        _ => json!({"permissions": permissions}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expected: Result<(&str, WhichGuild), &str>) {
        let params = Params::from_form(query);
        let parsed = BotRequest::parse(&params);
        let shown = parsed.map(|it| (it.permissions.to_string(), it.guild));
        let shown = shown.map_err(|refusal| refusal.to_string());
        let expected = expected.map(|(bits, guild)| (bits.to_owned(), guild));
        match (shown, expected) {
            (Err(said), Err(names)) => assert!(said.contains(names), "{query}: {said}"),
            (shown, expected) => assert_eq!(shown, expected.map_err(str::to_owned), "{query}"),
        }
    }

    #[test]
    fn a_link_says_what_it_wants_or_is_refused() {
        let guild = GuildId::parse("9007199254740993").expect("an id");
        check("", Ok(("0", WhichGuild::Any)));
        check("permissions=&guild_id=", Ok(("0", WhichGuild::Any)));
        check(
            "permissions=8&guild_id=9007199254740993",
            Ok(("8", WhichGuild::Proposed(guild))),
        );
        check(
            "guild_id=9007199254740993&disable_guild_select=true",
            Ok(("0", WhichGuild::Fixed(guild))),
        );
        // Bits that do not exist are dropped: 60, 19, and all of 64.
        check(
            "permissions=1152921504606846976",
            Ok(("0", WhichGuild::Any)),
        );
        check("permissions=524289", Ok(("1", WhichGuild::Any)));
        check(
            "permissions=18446744073709551615",
            Ok(("69815829414805503", WhichGuild::Any)),
        );
        // 2^53 + 1 stays itself: bit 53 and bit 0.
        check(
            "permissions=9007199254740993",
            Ok(("9007199254740993", WhichGuild::Any)),
        );
        for wrong in [
            "-1",
            "0x8",
            "1e3",
            "18446744073709551616",
            "8+",
            "8.0",
            "08",
        ] {
            check(&format!("permissions={wrong}"), Err("permissions"));
        }
        for wrong in ["0", "abc", "-1", "01", "9223372036854775808", "1,2"] {
            check(&format!("guild_id={wrong}"), Err("guild_id"));
        }
        check("permissions=8&permissions=8", Err("permissions"));
        check("guild_id=1&guild_id=2", Err("guild_id"));
        check("disable_guild_select=true", Err("guild_id"));
        check(
            "guild_id=1&disable_guild_select=1",
            Err("disable_guild_select"),
        );
    }
}
