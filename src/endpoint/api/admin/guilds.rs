//! `/api/admin/guilds…`: guilds and their members.

use serde_json::{Value, json};

use super::Answer;
use super::applications::owner;
use super::users::user;
use crate::endpoint::api::applications::DRAWS;
use crate::endpoint::body::Fields;
use crate::endpoint::caller::administrator;
use crate::endpoint::{Context, Failure, paging};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::audit::Action;
use crate::fluxer::guild::{Guild, GuildName};
use crate::fluxer::permissions::Permissions;
use crate::fluxer::user::ImageHash;
use crate::http::Response;
use crate::snowflake::{GuildId, Snowflake};
use crate::store::{Added, Edge, Fault, Member};

/// `POST /api/admin/guilds`: makes a guild, whose owner is its first member.
pub async fn create<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let actor = administrator(cx).await?.actor();
    let mut fields = Fields::read(cx)?;
    let name = fields.required("name", GuildName::parse);
    let icon = fields.optional("icon", ImageHash::parse);
    if !fields.has("owner_id") || fields.is_null("owner_id") {
        fields.refuse("owner_id", "is required");
    }
    let owner = owner(cx, &mut fields).await?;
    let name = fields.finish(name)?;
    let mut guild = Guild {
        id: GuildId(cx.new_id()?),
        name,
        icon,
        owner,
        created_at: cx.now,
    };
    for _ in 0..DRAWS {
        match cx.edge.add_guild(&guild).await? {
            Added::Yes => {
                let entry = cx.entry(Action::GuildCreated).by(actor).on(guild.id.0);
                cx.edge.record(entry);
                return Ok(Response::json(200, &guild.in_full()));
            }
            Added::IdTaken => guild.id = GuildId(cx.new_id()?),
            Added::OwnerGone | Added::TooMany => return Err(ApiError::UnknownUser.into()),
        }
    }
    Err(Fault::new("directory", "no free id was drawn").into())
}

/// `GET /api/admin/guilds`.
pub async fn list<E: Edge>(cx: &Context<'_, E>) -> Answer {
    administrator(cx).await?;
    let paging = paging::read(cx, paging::MAX)?;
    let guilds = cx.edge.guilds(paging).await?;
    let shown: Value = guilds.iter().map(Guild::in_full).collect();
    Ok(Response::json(200, &shown))
}

/// `GET /api/admin/guilds/{id}`.
pub async fn show<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    administrator(cx).await?;
    Ok(Response::json(200, &guild(cx, id).await?.in_full()))
}

/// `DELETE /api/admin/guilds/{id}`.
pub async fn delete<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let actor = administrator(cx).await?.actor();
    let guild = guild(cx, id).await?.id;
    cx.edge.delete_guild(guild).await?;
    let entry = cx.entry(Action::GuildDeleted).by(actor).on(guild.0);
    cx.edge.record(entry);
    Ok(Response::empty(204))
}

/// `GET /api/admin/guilds/{id}/members`: users and bots.
pub async fn list_members<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    administrator(cx).await?;
    let paging = paging::read(cx, paging::MAX)?;
    let guild = guild(cx, id).await?.id;
    let members = cx.edge.members(guild, paging).await?;
    let shown: Value = members
        .into_iter()
        .map(|(member, permissions)| show_member(member, permissions))
        .collect();
    Ok(Response::json(200, &shown))
}

/// `PUT /api/admin/guilds/{id}/members/{user_id}`: makes a user a member, or changes what they may do. Without
/// `permissions` they may do what every member may.
pub async fn set_member<E: Edge>(cx: &Context<'_, E>, id: &str, member: &str) -> Answer {
    let actor = administrator(cx).await?.actor();
    let guild = guild(cx, id).await?.id;
    let user = user(cx, member).await?.id;
    let mut fields = Fields::read(cx)?;
    let permissions = fields.optional("permissions", Permissions::parse);
    let permissions = permissions.unwrap_or(Permissions::DEFAULT);
    let permissions = fields.finish(Some(permissions))?;
    if !cx.edge.set_member(guild, user, permissions, cx.now).await? {
        // One of the two was deleted since it was looked at.
        let guild = cx.edge.guild(guild).await?;
        return Err(guild
            .map_or(ApiError::UnknownGuild, |_| ApiError::UnknownUser)
            .into());
    }
    let entry = cx.entry(Action::MemberSet).by(actor).on(guild.0);
    let details = json!({"user_id": user, "permissions": permissions});
    cx.edge.record(entry.saying(details));
    let shown = show_member(Member::User(user), permissions);
    Ok(Response::json(200, &shown))
}

/// `DELETE /api/admin/guilds/{id}/members/{user_id}`: removes a user, or a bot by its application's id.
pub async fn delete_member<E: Edge>(cx: &Context<'_, E>, id: &str, member: &str) -> Answer {
    let actor = administrator(cx).await?.actor();
    let guild = guild(cx, id).await?;
    let unknown = || ApiError::UnknownMember;
    let member = Snowflake::parse(member).ok_or_else(unknown)?;
    if guild.owner.is_some_and(|owner| owner.0 == member) {
        let owns = ApiError::field("user_id", "owns the guild and cannot leave it");
        return Err(owns.into());
    }
    if !cx.edge.remove_member(guild.id, member).await? {
        return Err(unknown().into());
    }
    let entry = cx.entry(Action::MemberRemoved).by(actor).on(guild.id.0);
    cx.edge.record(entry.saying(json!({"user_id": member})));
    Ok(Response::empty(204))
}

fn show_member(member: Member, permissions: Permissions) -> Value {
    let (id, is_bot) = match member {
        Member::User(user) => (user.0, false),
        Member::Bot(bot) => (bot.0, true),
    };
    json!({"id": id, "bot": is_bot, "permissions": permissions})
}

async fn guild<E: Edge>(cx: &Context<'_, E>, id: &str) -> Result<Guild, Failure<ApiError>> {
    let unknown = || ApiError::UnknownGuild;
    let id = GuildId::parse(id).ok_or_else(unknown)?;
    Ok(cx.edge.guild(id).await?.ok_or_else(unknown)?)
}
