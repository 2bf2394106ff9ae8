//! What the platform's directory answers: users, guilds and who is what there, connections. Each
//! answer is about what was asked, or a fault.

use serde_json::{Value, json};

use super::request::{Absurd, PlatformAnswer, absurd};
use crate::fluxer::guild::{Connection, Guild, GuildName, Membership};
use crate::fluxer::permissions::Permissions;
use crate::fluxer::user::{Discriminator, Email, ImageHash, User, Username};
use crate::id::InstallationId;
use crate::json_reader;
use crate::snowflake::{ApplicationId, GuildId, Snowflake, UserId};

use crate::time::Timestamp;

/// Most guilds that are asked for at a time.
pub const MAX_PAGE: u32 = 200;

/// A part of a list that is in the order of its ids.
#[derive(Debug, Clone, Copy)]
pub struct DirectoryPage {
    /// Only what comes after this id.
    pub after: Option<Snowflake>,
    /// The largest number of items that are answered.
    pub limit: u32,
}

/// Where a user is.
pub fn user_target(user: UserId) -> String {
    format!("/directory/users/{user}")
}

/// Where the guilds of a user or a bot are.
pub fn guilds_target(member: Snowflake, paging: DirectoryPage) -> String {
    let limit = paging.limit;
    match paging.after {
        Some(after) => format!("/directory/users/{member}/guilds?after={after}&limit={limit}"),
        None => format!("/directory/users/{member}/guilds?limit={limit}"),
    }
}

/// Where a user's accounts on other services are.
pub fn connections_target(user: UserId) -> String {
    format!("/directory/users/{user}/connections")
}

/// Where a guild is.
pub fn guild_target(guild: GuildId) -> String {
    format!("/directory/guilds/{guild}")
}

/// Where it is told what somebody is in a guild.
pub fn member_target(guild: GuildId, member: Snowflake) -> String {
    format!("/directory/guilds/{guild}/members/{member}")
}

/// Where an application's bot is in a guild.
pub fn bot_target(guild: GuildId, application: ApplicationId) -> String {
    format!("/directory/guilds/{guild}/bots/{application}")
}

/// The command that adds a bot. Whoever repeats it with its key adds nothing.
pub fn add_bot(permissions: Permissions, by: UserId, key: InstallationId) -> Value {
    json!({"permissions": permissions, "installed_by": by, "key": key})
}

/// What the platform decided about a bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BotAdded {
    /// The bot was added, with these permissions.
    With(Permissions),
    /// The platform knows no such guild.
    UnknownGuild,
    /// The user may not add it.
    MissingPermissions,
    /// The bot was in the guild already.
    AlreadyThere,
}

/// Reads what came of the command; an answer without `permissions` grants what was `asked`.
pub fn bot_added(answer: PlatformAnswer, asked: Permissions) -> Result<BotAdded, Absurd> {
    match answer.status {
        204 => return Ok(BotAdded::With(asked)),
        200 | 201 => {}
        403 => return Ok(BotAdded::MissingPermissions),
        404 => return Ok(BotAdded::UnknownGuild),
        409 => return Ok(BotAdded::AlreadyThere),
        status => return Err(absurd(format_args!("it answered {status}"))),
    }
    let json = answer.json()?;
    match json.get("permissions") {
        None => Ok(BotAdded::With(asked)),
        Some(_) => Ok(BotAdded::With(permissions(&json)?)),
    }
}

/// A user, who must be the one that was asked for.
pub fn user(json: &Value, asked: UserId) -> Result<User, Absurd> {
    is_about(json, asked.0)?;
    let email = match text(json, "email")? {
        None | Some("") => Email::none(),
        Some(email) => ruled("email", Email::parse(email))?,
    };
    let discriminator = text(json, "discriminator")?.filter(|it| *it != "0");
    let public_flags = match json.get("public_flags") {
        None | Some(Value::Null) => Some(0),
        Some(flags) => flags.as_u64().and_then(|flags| u32::try_from(flags).ok()),
    };
    let username = text(json, "username")?.ok_or_else(|| absurd("a user has no username"))?;
    Ok(User {
        id: asked,
        username: ruled("username", Username::of_platform(username))?,
        discriminator: ruled(
            "discriminator",
            Discriminator::parse(discriminator.unwrap_or("0000")),
        )?,
        email,
        verified: flag(json, "verified")?,
        admin: flag(json, "admin")?,
        suspended: flag(json, "disabled")?,
        avatar: image(json, "avatar")?,
        public_flags: public_flags.ok_or_else(|| absurd("public_flags is no number of bits"))?,
        created_at: made_at(asked.0),
        updated_at: None,
    })
}

/// What somebody is in a guild that the answer describes.
pub fn membership(json: &Value, user: Snowflake) -> Result<Membership, Absurd> {
    let guild = guild(json)?;
    Ok(Membership {
        permissions: Some(permissions(json)?),
        is_owner: flag(json, "owner")? || guild.owner == Some(UserId(user)),
        bot: None,
        guild,
    })
}

/// A page of somebody's guilds, by id.
pub fn memberships(
    json: &Value,
    user: Snowflake,
    paging: DirectoryPage,
) -> Result<Vec<Membership>, Absurd> {
    let entries = json.as_array().ok_or_else(|| absurd("no list of guilds"))?;
    let read = entries.iter().map(|entry| membership(entry, user));
    let mut read = read.collect::<Result<Vec<_>, Absurd>>()?;
    let is_wanted = |it: &Membership| paging.after.is_none_or(|after| it.guild.id.0 > after);
    read.retain(is_wanted);
    read.sort_by_key(|it| it.guild.id.0);
    let limit = usize::try_from(paging.limit).unwrap_or(usize::MAX);
    if read.is_empty() && entries.len() >= limit {
        return Err(absurd("a page of guilds that does not lead on"));
    }
    read.truncate(limit);
    Ok(read)
}

/// A guild.
pub fn guild(json: &Value) -> Result<Guild, Absurd> {
    let id = id(json, "id")?.map(GuildId);
    let id = id.ok_or_else(|| absurd("a guild has no id"))?;
    let name = text(json, "name")?.ok_or_else(|| absurd("a guild has no name"))?;
    Ok(Guild {
        id,
        name: ruled("name", GuildName::parse(name))?,
        icon: image(json, "icon")?,
        owner: self::id(json, "owner_id")?.map(UserId),
        created_at: made_at(id.0),
    })
}

/// Whether an answer about a member describes the guild as well; whoever it names must be the member.
pub fn describes_guild(json: &Value, guild: GuildId, member: Snowflake) -> Result<bool, Absurd> {
    let user = json.get("user").map(|user| id(user, "id")).transpose()?;
    let named = [id(json, "user_id")?, user.flatten()];
    if named.into_iter().flatten().any(|named| named != member) {
        return Err(absurd("another member than was asked for"));
    }
    let described = id(json, "id")?;
    let guild_id = id(json, "guild_id")?;
    let is_other = |it: Snowflake| it != guild.0 && it != member;
    if described.is_some_and(is_other) || guild_id.is_some_and(|it| it != guild.0) {
        return Err(absurd("another guild than was asked for"));
    }
    Ok(described == Some(guild.0) && json.get("name").is_some())
}

/// A user's accounts on other services.
pub fn connections(json: &Value) -> Result<Vec<Connection>, Absurd> {
    json_reader::read_value(json).map_err(|error| absurd(format_args!("connections: {error}")))
}

/// An answer is about what was asked, or it is a lie.
pub fn is_about(json: &Value, asked: Snowflake) -> Result<(), Absurd> {
    if id(json, "id")? == Some(asked) {
        Ok(())
    } else {
        Err(absurd("another id than was asked for"))
    }
}

/// What somebody may do. An answer without it says nothing, and does not say "nothing".
pub fn permissions(json: &Value) -> Result<Permissions, Absurd> {
    let text = text(json, "permissions")?.ok_or_else(|| absurd("permissions are missing"))?;
    Permissions::parse(text).map_err(|_| absurd("permissions are no decimal string"))
}

fn text<'a>(json: &'a Value, name: &str) -> Result<Option<&'a str>, Absurd> {
    match json.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(absurd(format_args!("{name} is no string"))),
    }
}

fn id(json: &Value, name: &str) -> Result<Option<Snowflake>, Absurd> {
    let parse =
        |text| Snowflake::parse(text).ok_or_else(|| absurd(format_args!("{name} is no id")));
    text(json, name)?.map(parse).transpose()
}

fn flag(json: &Value, name: &str) -> Result<bool, Absurd> {
    match json.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(absurd(format_args!("{name} is neither true nor false"))),
    }
}

fn image(json: &Value, name: &str) -> Result<Option<ImageHash>, Absurd> {
    let image = text(json, name)?.map(ImageHash::parse);
    image.map(|image| ruled(name, image)).transpose()
}

fn ruled<T>(name: &str, parsed: Result<T, &'static str>) -> Result<T, Absurd> {
    parsed.map_err(|must| absurd(format_args!("{name} {must}")))
}

/// Ids say when what they name was made.
fn made_at(id: Snowflake) -> Timestamp {
    Timestamp::from_millis(id.created_at_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> UserId {
        UserId::parse("5").expect("an id")
    }

    fn page(after: Option<&str>, limit: u32) -> DirectoryPage {
        let after = after.and_then(Snowflake::parse);
        DirectoryPage { after, limit }
    }

    #[test]
    fn a_user_is_read_as_the_api_spells_one() {
        let json = json!({"id": "5", "username": "Alice Ä", "email": null, "admin": true});
        let read = user(&json, alice()).expect("a user");
        assert_eq!(read.username.as_str(), "Alice Ä");
        assert!(read.admin && !read.suspended && !read.verified);
        let json = json!({
            "id": "5", "username": "alice", "avatar": "a1", "discriminator": "0042",
            "public_flags": 3, "email": "a@b.example", "verified": true, "disabled": true,
        });
        let read = user(&json, alice()).expect("a user");
        assert!(read.verified && read.suspended && !read.admin);
        assert_eq!(read.email.as_str(), "a@b.example");
    }

    #[test]
    fn what_is_no_such_user_is_a_fault() {
        for json in [
            json!({"id": "6", "username": "alice"}),
            json!({"id": 5, "username": "alice"}),
            json!({"username": "alice"}),
            json!({"id": "5"}),
            json!({"id": "5", "username": ""}),
            json!({"id": "5", "username": "a\u{202e}b"}),
            json!({"id": "5", "username": "alice", "admin": "yes"}),
            json!({"id": "5", "username": "alice", "email": "nowhere"}),
            json!({"id": "5", "username": "alice", "public_flags": -1}),
            json!([]),
            json!("alice"),
        ] {
            assert!(user(&json, alice()).is_err(), "{json}");
        }
    }

    #[test]
    fn a_guild_without_permissions_is_a_fault_and_not_one_without_rights() {
        let good = json!([{"id": "7", "name": "Chess", "owner": true, "permissions": "8"}]);
        let read = memberships(&good, alice().0, page(None, 200)).expect("guilds");
        assert!(read.len() == 1 && read[0].is_owner);
        for json in [
            json!([{"id": "7", "name": "Chess", "owner": true}]),
            json!([{"id": "7", "name": "Chess", "permissions": 8}]),
            json!([{"id": "7", "name": "Chess", "permissions": "-1"}]),
            json!([{"id": "7", "permissions": "8"}]),
            json!([{"name": "Chess", "permissions": "8"}]),
            json!({"guilds": []}),
            json!(null),
        ] {
            assert!(
                memberships(&json, alice().0, page(None, 200)).is_err(),
                "{json}"
            );
        }
    }

    #[test]
    fn pages_lead_on() {
        let guild = |id: &str| json!({"id": id, "name": "Chess", "permissions": "0"});
        let read = |json: Value, paging| {
            let read = memberships(&json, alice().0, paging);
            read.map(|all| {
                all.iter()
                    .map(|it| it.guild.id.to_string())
                    .collect::<Vec<_>>()
            })
        };
        let unsorted = json!([guild("30"), guild("4")]);
        assert_eq!(
            read(unsorted, page(None, 200)),
            Ok(vec!["4".into(), "30".into()])
        );
        let ignores_after = json!([guild("4"), guild("30")]);
        assert_eq!(
            read(ignores_after.clone(), page(Some("4"), 2)),
            Ok(vec!["30".into()])
        );
        assert!(read(ignores_after, page(Some("30"), 2)).is_err());
        assert_eq!(read(json!([]), page(Some("30"), 2)), Ok(vec![]));
    }

    #[test]
    fn a_member_is_the_one_that_was_asked_for() {
        let (guild, member) = (GuildId::parse("7").expect("an id"), alice().0);
        let describes = |json: Value| describes_guild(&json, guild, member);
        assert_eq!(
            describes(json!({"id": "7", "name": "Chess", "permissions": "8"})),
            Ok(true)
        );
        assert_eq!(
            describes(json!({"user_id": "5", "permissions": "8"})),
            Ok(false)
        );
        assert_eq!(
            describes(json!({"id": "5", "username": "a", "permissions": "8"})),
            Ok(false)
        );
        for lie in [
            json!({"id": "8", "name": "Chess", "permissions": "8"}),
            json!({"guild_id": "8", "permissions": "8"}),
            json!({"user_id": "6", "permissions": "8"}),
            json!({"user": {"id": "6"}, "permissions": "8"}),
        ] {
            assert!(describes(lie.clone()).is_err(), "{lie}");
        }
    }

    #[test]
    fn the_platform_has_the_last_word_on_a_bot() {
        let asked = Permissions::parse("40").expect("permissions");
        let answer = |status, body: &str| {
            let answer = PlatformAnswer {
                status,
                content_type: "application/json".to_owned(),
                body: Some(body.as_bytes().to_vec()),
            };
            bot_added(answer, asked)
        };
        let fewer = Permissions::parse("8").expect("permissions");
        assert_eq!(
            answer(200, r#"{"permissions":"8"}"#),
            Ok(BotAdded::With(fewer))
        );
        assert_eq!(answer(201, "{}"), Ok(BotAdded::With(asked)));
        assert_eq!(answer(204, ""), Ok(BotAdded::With(asked)));
        assert_eq!(answer(403, ""), Ok(BotAdded::MissingPermissions));
        assert_eq!(answer(404, ""), Ok(BotAdded::UnknownGuild));
        assert_eq!(answer(409, ""), Ok(BotAdded::AlreadyThere));
        for (status, body) in [
            (200, "<h1>"),
            (200, r#"{"permissions":8}"#),
            (500, "{}"),
            (401, "{}"),
        ] {
            assert!(answer(status, body).is_err(), "{status} {body}");
        }
    }
}
