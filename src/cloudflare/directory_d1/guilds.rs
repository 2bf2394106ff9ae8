//! Guilds and their members: users and bots.

use serde::Deserialize;

use super::{
    Bind, Bindings, after, fault, id, is_gone, page_of, place, referring, taken, text_or_null,
};
use crate::fluxer::guild::{BotThere, Guild, GuildName, Membership};
use crate::fluxer::permissions::Permissions;
use crate::fluxer::user::ImageHash;
use crate::id::InstallationId;
use crate::snowflake::{ApplicationId, GuildId, Snowflake, UserId};
use crate::store::{Added, Fault, Guilds, Member, Paging};
use crate::time::Timestamp;

/// The expression that makes a [`GuildRow`].
pub(super) const GUILD: &str = "json_array(guilds.id, guilds.name, guilds.icon, guilds.owner_id, \
                     guilds.created_at)";

#[derive(Deserialize)]
pub(super) struct GuildRow(
    GuildId,
    GuildName,
    Option<ImageHash>,
    Option<UserId>,
    Timestamp,
);

impl From<GuildRow> for Guild {
    fn from(row: GuildRow) -> Self {
        let GuildRow(id, name, icon, owner, created_at) = row;
        Self {
            id,
            name,
            icon,
            owner,
            created_at,
        }
    }
}

/// A guild, what the member may do there, and the bot: what it may do there, and the form that added it.
#[derive(Deserialize)]
struct MembershipRow(
    GuildRow,
    Option<Permissions>,
    Option<Permissions>,
    Option<InstallationId>,
);

impl MembershipRow {
    fn of(self, member: Member) -> Membership {
        let Self(guild, permissions, of_bot, by) = self;
        let guild = Guild::from(guild);
        Membership {
            permissions,
            is_owner: match member {
                Member::User(user) => guild.owner == Some(user),
                Member::Bot(_) => false,
            },
            bot: by.map(|by| BotThere {
                permissions: of_bot.unwrap_or_default(),
                by: Some(by),
            }),
            guild,
        }
    }
}

/// The join for a [`MembershipRow`] of a user. The `?` are the user, and the application whose bot is asked about.
const OF_USER: &str = "members ON members.guild_id = guilds.id AND members.user_id = ? \
                       LEFT JOIN bot_members ON bot_members.guild_id = guilds.id \
                       AND bot_members.application_id = ?";
/// The join for a [`MembershipRow`] of a bot. The `?` is the bot's application.
const OF_BOT: &str = "bot_members ON bot_members.guild_id = guilds.id \
                      AND bot_members.application_id = ? \
                      LEFT JOIN roles ON roles.guild_id = guilds.id \
                      AND roles.application_id = bot_members.application_id";

fn row_of_user() -> String {
    format!(
        "json_array({GUILD}, members.permissions, (SELECT permissions FROM roles \
         WHERE application_id = bot_members.application_id AND guild_id = guilds.id), \
         bot_members.installation)"
    )
}

/// The expression that makes a [`MembershipRow`] of a bot. A bot without a role is a member without permissions.
fn row_of_bot() -> String {
    format!(
        "json_array({GUILD}, CASE WHEN bot_members.installation IS NULL THEN NULL \
         ELSE COALESCE(roles.permissions, '0') END, NULL, NULL)"
    )
}

impl Bindings {
    async fn memberships(
        &self,
        member: Member,
        sql: &str,
        values: &[Bind<'_>],
    ) -> Result<Vec<Membership>, Fault> {
        let sql = format!("SELECT json_group_array(json(found)) AS found FROM ({sql})");
        let rows: Vec<MembershipRow> = self.rows(&sql, values).await?;
        Ok(rows.into_iter().map(|row| row.of(member)).collect())
    }
}

impl Guilds for Bindings {
    async fn guilds_of_user(
        &self,
        user: UserId,
        about: Option<ApplicationId>,
        paging: Paging,
    ) -> Result<Vec<Membership>, Fault> {
        let (row, place, last) = (row_of_user(), place("members.guild_id"), place("?"));
        let sql = format!(
            "SELECT {row} AS found FROM guilds JOIN {OF_USER} WHERE {place} > {last} \
             ORDER BY {place} LIMIT ?"
        );
        let values = [
            id(user),
            about.map_or(Bind::Null, id),
            after(paging),
            Bind::Bits(paging.limit),
        ];
        self.memberships(Member::User(user), &sql, &values).await
    }

    async fn guilds_of_bot(
        &self,
        bot: ApplicationId,
        paging: Paging,
    ) -> Result<Vec<Membership>, Fault> {
        let (row, place, last) = (row_of_bot(), place("bot_members.guild_id"), place("?"));
        let sql = format!(
            "SELECT {row} AS found FROM guilds JOIN {OF_BOT} WHERE {place} > {last} \
             ORDER BY {place} LIMIT ?"
        );
        let values = [id(bot), after(paging), Bind::Bits(paging.limit)];
        self.memberships(Member::Bot(bot), &sql, &values).await
    }

    async fn guilds_before(
        &self,
        member: Member,
        before: Snowflake,
        limit: u32,
    ) -> Result<Vec<Membership>, Fault> {
        let (row, join, table, mut values) = match member {
            Member::User(user) => (
                row_of_user(),
                OF_USER,
                "members",
                vec![id(user), Bind::Null],
            ),
            Member::Bot(bot) => (row_of_bot(), OF_BOT, "bot_members", vec![id(bot)]),
        };
        let (place, last) = (place(&format!("{table}.guild_id")), place("?"));
        let sql = format!(
            "SELECT {row} AS found FROM guilds JOIN {join} WHERE {place} < {last} \
             ORDER BY {place} DESC LIMIT ?"
        );
        values.extend([id(before), Bind::Bits(limit)]);
        let mut memberships = self.memberships(member, &sql, &values).await?;
        memberships.reverse();
        Ok(memberships)
    }

    async fn guilds_to_manage(
        &self,
        user: UserId,
        about: ApplicationId,
        paging: Paging,
    ) -> Result<Vec<Membership>, Fault> {
        // ADMINISTRATOR or MANAGE_GUILD. SQLite's integers have 63 bits and a sign: what is larger
        // becomes the largest, which has both.
        let (row, place, last) = (row_of_user(), place("guilds.id"), place("?4"));
        let sql = format!(
            "SELECT {row} AS found FROM guilds LEFT JOIN {OF_USER} WHERE guilds.id IN \
             (SELECT guild_id FROM members WHERE user_id = ?3 \
             AND CAST(permissions AS INTEGER) & 40 <> 0 \
             UNION SELECT id FROM guilds WHERE owner_id = ?3) \
             AND {place} > {last} ORDER BY {place} LIMIT ?5"
        );
        let values = [
            id(user),
            id(about),
            id(user),
            after(paging),
            Bind::Bits(paging.limit),
        ];
        self.memberships(Member::User(user), &sql, &values).await
    }

    async fn membership(
        &self,
        guild: GuildId,
        member: Member,
        about: Option<ApplicationId>,
    ) -> Result<Option<Membership>, Fault> {
        let (row, join, mut values) = match member {
            Member::User(user) => (
                row_of_user(),
                OF_USER,
                vec![id(user), about.map_or(Bind::Null, id)],
            ),
            Member::Bot(bot) => (row_of_bot(), OF_BOT, vec![id(bot)]),
        };
        values.push(id(guild));
        let sql = format!("SELECT {row} AS found FROM guilds LEFT JOIN {join} WHERE guilds.id = ?");
        let row: Option<MembershipRow> = self.row(&sql, &values).await?;
        Ok(row.map(|row| row.of(member)))
    }

    async fn guilds(&self, paging: Paging) -> Result<Vec<Guild>, Fault> {
        let sql = page_of(GUILD, "guilds", "");
        let values = [after(paging), Bind::Bits(paging.limit)];
        let rows: Vec<GuildRow> = self.rows(&sql, &values).await?;
        Ok(rows.into_iter().map(Guild::from).collect())
    }

    async fn members(
        &self,
        guild: GuildId,
        paging: Paging,
    ) -> Result<Vec<(Member, Permissions)>, Fault> {
        let (user, bot) = (place("user_id"), place("bot_members.application_id"));
        let last = place("?2");
        let sql = format!(
            "SELECT json_group_array(json_array(id, bot, permissions)) AS found FROM ( \
             SELECT {user} AS place, user_id AS id, 0 AS bot, permissions FROM members \
             WHERE guild_id = ?1 AND {user} > {last} \
             UNION ALL SELECT {bot}, bot_members.application_id, 1, \
             COALESCE(roles.permissions, '0') FROM bot_members LEFT JOIN roles \
             ON roles.application_id = bot_members.application_id \
             AND roles.guild_id = bot_members.guild_id \
             WHERE bot_members.guild_id = ?1 AND {bot} > {last} ORDER BY place LIMIT ?3)"
        );
        let values = [id(guild), after(paging), Bind::Bits(paging.limit)];
        let rows: Vec<(Snowflake, u8, Permissions)> = self.rows(&sql, &values).await?;
        let members = rows.into_iter().map(|(id, bot, permissions)| match bot {
            0 => (Member::User(UserId(id)), permissions),
            _ => (Member::Bot(ApplicationId(id)), permissions),
        });
        Ok(members.collect())
    }

    async fn add_guild(&self, guild: &Guild) -> Result<Added, Fault> {
        let add = self.prepare(
            "INSERT INTO guilds (id, name, icon, owner_id, created_at) VALUES (?, ?, ?, ?, ?)",
            &[
                id(guild.id),
                Bind::Text(guild.name.as_str()),
                text_or_null(guild.icon.as_ref().map(ImageHash::as_str)),
                guild.owner.map_or(Bind::Null, id),
                Bind::Time(guild.created_at),
            ],
        )?;
        let mut statements = vec![add];
        if let Some(owner) = guild.owner {
            statements.push(self.prepare(
                "INSERT INTO members (user_id, guild_id, permissions, joined_at) \
                 VALUES (?, ?, ?, ?)",
                &[
                    id(owner),
                    id(guild.id),
                    id(Permissions::all()),
                    Bind::Time(guild.created_at),
                ],
            )?);
        }
        match self.batch(&statements).await {
            Ok(_) => Ok(Added::Yes),
            Err(error) if is_gone(&error) => Ok(Added::OwnerGone),
            Err(error) => taken(&error).map(|_| Added::IdTaken),
        }
    }

    async fn guild(&self, wanted: GuildId) -> Result<Option<Guild>, Fault> {
        let sql = format!("SELECT {GUILD} AS found FROM guilds WHERE id = ?");
        let row: Option<GuildRow> = self.row(&sql, &[id(wanted)]).await?;
        Ok(row.map(Guild::from))
    }

    async fn delete_guild(&self, wanted: GuildId) -> Result<bool, Fault> {
        let sql = "DELETE FROM guilds WHERE id = ? RETURNING id AS found";
        self.write(sql, &[id(wanted)]).await.map_err(fault)
    }

    async fn set_member(
        &self,
        guild: GuildId,
        user: UserId,
        permissions: Permissions,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let sql = "INSERT INTO members (user_id, guild_id, permissions, joined_at) \
                   VALUES (?, ?, ?, ?) ON CONFLICT (user_id, guild_id) DO UPDATE \
                   SET permissions = excluded.permissions RETURNING user_id AS found";
        let values = [id(user), id(guild), id(permissions), Bind::Time(now)];
        referring(self.write(sql, &values).await.map(|_| ()))
    }

    async fn remove_member(&self, guild: GuildId, member: Snowflake) -> Result<bool, Fault> {
        // An id names one thing: a user or a bot.
        let user = "DELETE FROM members WHERE guild_id = ? AND user_id = ? \
                    RETURNING user_id AS found";
        let bot = "DELETE FROM bot_members WHERE guild_id = ? AND application_id = ? \
                   RETURNING application_id AS found";
        let values = [id(guild), id(member)];
        Ok(self.write(user, &values).await.map_err(fault)?
            || self.write(bot, &values).await.map_err(fault)?)
    }
}
