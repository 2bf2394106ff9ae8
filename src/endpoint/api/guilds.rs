//! `/api/guilds/{id}`: a guild, for a bot that is in it.

use crate::endpoint::caller::bot;
use crate::endpoint::{Context, Failure};
use crate::fluxer::api_error::ApiError;
use crate::http::{Response, with_member};
use crate::snowflake::GuildId;
use crate::store::{Edge, Member};

/// `GET`.
pub async fn show<E: Edge>(cx: &Context<'_, E>, id: &str) -> Result<Response, Failure<ApiError>> {
    let bot = bot(cx).await?.client.id;
    let unknown = || ApiError::UnknownGuild;
    let id = GuildId::parse(id).ok_or_else(unknown)?;
    let membership = cx.membership(id, Member::Bot(bot), None).await?;
    let membership = membership.ok_or_else(unknown)?;
    let permissions = membership.permissions.ok_or(ApiError::MissingAccess)?;
    let shown = with_member(
        membership.guild.in_full(),
        "permissions",
        permissions.to_string(),
    );
    Ok(Response::json(200, &shown))
}
