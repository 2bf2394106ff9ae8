//! Guilds, which people see as communities, and who may do what in one.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::permissions::Permissions;
use super::user::{ImageHash, ruled_strings};
use super::visible::is_visible;
use crate::id::InstallationId;
use crate::snowflake::{GuildId, RoleId, UserId};
use crate::time::Timestamp;

/// A community of users on the platform, to which bots can be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guild {
    /// The id of the guild.
    pub id: GuildId,
    /// What people call it.
    pub name: GuildName,
    /// The hash of its icon.
    pub icon: Option<ImageHash>,
    /// The user who may do everything in the guild; `None` once that user is deleted.
    pub owner: Option<UserId>,
    /// The time when the guild was made.
    pub created_at: Timestamp,
}

ruled_strings! {
    /// What people call a guild.
    GuildName(
        |text| (1..=100).contains(&text.chars().count()) && is_visible(text) && text.trim() == text,
        "must be 1 to 100 visible characters, without spaces around them"
    );
}

impl Guild {
    /// What administrators see.
    pub fn in_full(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name.as_str(),
            "icon": self.icon.as_ref().map(ImageHash::as_str),
            "owner_id": self.owner,
            "created_at": self.created_at.to_iso(),
        })
    }
}

/// What somebody, a user or a bot, is in a guild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The guild.
    pub guild: Guild,
    /// What they may do, as it was set; `None`: not a member.
    pub permissions: Option<Permissions>,
    /// Whether the guild is theirs.
    pub is_owner: bool,
    /// The bot that was asked about, where it is in the guild.
    pub bot: Option<BotThere>,
}

/// A bot that is in a guild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotThere {
    /// What it may do there.
    pub permissions: Permissions,
    /// The form that added it or last gave it more; only the platform knows where it keeps the guilds.
    pub by: Option<InstallationId>,
}

impl Membership {
    /// What they may really do: owners and administrators everything, strangers nothing.
    pub fn effective(&self) -> Permissions {
        let set = self.permissions.unwrap_or_default();
        if self.is_owner || set.covers(Permissions::ADMINISTRATOR) {
            Permissions::all()
        } else {
            set
        }
    }

    /// Whether they may add bots.
    pub fn may_add_bots(&self) -> bool {
        self.effective().covers(Permissions::MANAGE_GUILD)
    }

    /// Whether the bot that was asked about would get anything of `asked`. Of a bot whose forms only the
    /// platform knows, the platform says that.
    pub fn can_give(&self, asked: Permissions) -> bool {
        let granted = asked.intersection(self.effective());
        let has_all = |bot: &BotThere| bot.by.is_some() && bot.permissions.covers(granted);
        !self.bot.as_ref().is_some_and(has_all)
    }

    /// What the bot that was asked about may do there already.
    pub fn had(&self) -> Permissions {
        let bot = self.bot.as_ref();
        bot.map_or(Permissions::NONE, |bot| bot.permissions)
    }

    /// An entry of `GET /api/users/@me/guilds`. Permissions as they were set: whoever computes
    /// with them knows what ADMINISTRATOR means.
    pub fn entry(&self) -> Value {
        json!({
            "id": self.guild.id,
            "name": self.guild.name.as_str(),
            "icon": self.guild.icon.as_ref().map(ImageHash::as_str),
            "owner": self.is_owner,
            "permissions": self.permissions.unwrap_or_default(),
        })
    }
}

/// A bot's role, which carries its permissions. It is named after the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// What it grants, never nothing: a bot without permissions has no role.
    pub permissions: Permissions,
}

/// The guild that a bot was added to, as the token response tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinedGuild {
    /// Its id.
    pub id: GuildId,
    /// Its name at that moment.
    pub name: GuildName,
    /// Its icon at that moment.
    pub icon: Option<ImageHash>,
    /// What the bot was granted there.
    pub permissions: Permissions,
}

/// A user's account on another service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// The service: `github`, `bsky`, `domain`.
    #[serde(rename = "type")]
    pub kind: ConnectionKind,
    /// The account's id there.
    pub id: ConnectionId,
    /// The account's name there.
    pub name: ConnectionName,
    /// Whether the user has proved that it is theirs.
    pub verified: bool,
}

ruled_strings! {
    /// A service.
    ConnectionKind(
        |text| (1..=32).contains(&text.len())
            && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-')),
        "must be 1 to 32 lower-case letters, digits, underscores or hyphens"
    );
    /// An account's id on a service.
    ConnectionId(
        |text| (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()),
        "must be 1 to 100 ASCII characters without spaces"
    );
    /// An account's name on a service.
    ConnectionName(
        |text| (1..=100).contains(&text.chars().count()) && is_visible(text) && text.trim() == text,
        "must be 1 to 100 visible characters, without spaces around them"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(permissions: Option<&str>, is_owner: bool) -> Membership {
        let parse = |text| Permissions::parse(text).expect("permissions");
        Membership {
            guild: Guild {
                id: GuildId::parse("5").expect("an id"),
                name: GuildName::parse("Guild").expect("a name"),
                icon: None,
                owner: None,
                created_at: Timestamp::from_millis(0),
            },
            permissions: permissions.map(parse),
            is_owner,
            bot: None,
        }
    }

    #[test]
    fn managers_administrators_and_owners_add_bots_and_nobody_else() {
        for (permissions, is_owner, may) in [
            (Some("32"), false, true),
            (Some("8"), false, true),
            (Some("0"), true, true),
            (None, true, true),
            (Some("0"), false, false),
            (Some("18446744073709551575"), false, false),
            (None, false, false),
        ] {
            assert_eq!(
                member(permissions, is_owner).may_add_bots(),
                may,
                "{permissions:?}"
            );
        }
    }

    #[test]
    fn permissions_are_shown_as_they_were_set() {
        let shown = member(Some("2147483647"), true).entry();
        assert_eq!(shown["permissions"], "2147483647");
        assert_eq!(shown["owner"], true);
    }
}
