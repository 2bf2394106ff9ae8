//! What the user decided on the consent form. Pure.

use super::interaction::RequestedAccess;
use crate::endpoint::Notice;
use crate::fluxer::installation::{BotRequest, WhichGuild};
use crate::oauth::error::Refusal;
use crate::oauth::params::Params;
use crate::oauth::resource::{ResourceGrant, ResourceScope};
use crate::oauth::scope::{Scope, Scopes};
use crate::snowflake::GuildId;

/// What a form that came back says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// No, or yes to nothing at all.
    Denied,
    /// Yes to a bot, but no guild is chosen for it.
    NoGuild,
    /// Yes.
    Approved(Approved),
}

/// What the user said yes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Approved {
    /// What was asked, less what was unticked.
    pub(super) scope: Scopes,
    /// What of it is granted at another resource server.
    pub(super) resource: Option<ResourceGrant>,
    /// The bot, and the guild where it goes.
    pub(super) bot: Option<(BotRequest, GuildId)>,
}

impl Decision {
    pub(super) fn read(request: &RequestedAccess, form: &Params) -> Result<Self, Notice> {
        match form.one("decision") {
            Ok(Some("approve")) => {}
            Ok(Some("deny")) => return Ok(Self::Denied),
            _ => {
                return Err(Notice::bad_request(Refusal::Invalid {
                    parameter: "decision",
                    must: "it must be approve or deny",
                }));
            }
        }
        let scope = granted(request.oauth.scope, form);
        let resource = request
            .oauth
            .resource
            .as_ref()
            .map(|asked| ticked(asked, form));
        if resource.as_ref().is_some_and(|it| it.scope.is_empty()) {
            return Ok(Self::Denied);
        }
        if scope.open_nothing() && !request.oauth.scope.open_nothing() {
            return Ok(Self::Denied);
        }
        let Some(bot) = request.bot.filter(|_| scope.contains(Scope::Bot)) else {
            return Ok(Self::Approved(Approved {
                scope,
                resource,
                bot: None,
            }));
        };
        Ok(match chosen_guild(bot, form)? {
            None => Self::NoGuild,
            Some(guild) => Self::Approved(Approved {
                scope,
                resource,
                bot: Some((bot, guild)),
            }),
        })
    }
}

/// What the user ticked, of what was asked. What cannot be withheld stays, and so does a bot that was
/// asked alone: that is what denying is for.
fn granted(asked: Scopes, form: &Params) -> Scopes {
    let ticked: Scopes = form.all("scope").filter_map(Scope::from_wire).collect();
    let kept = if asked == Scope::Bot.into() {
        asked
    } else {
        asked.not_withheld()
    };
    asked.intersection(ticked.union(kept))
}

/// What the user ticked of a resource server's scopes.
fn ticked(asked: &ResourceGrant, form: &Params) -> ResourceGrant {
    let is_ticked = |scope: &&ResourceScope| form.all("scope").any(|it| it == scope.as_str());
    ResourceGrant {
        id: asked.id,
        scope: asked.scope.iter().filter(is_ticked).cloned().collect(),
    }
}

/// The guild that the form chose, where it chose one. A guild that the link fixes is the one that
/// the form showed, whatever comes back.
fn chosen_guild(bot: BotRequest, form: &Params) -> Result<Option<GuildId>, Notice> {
    if let WhichGuild::Fixed(guild) = bot.guild {
        return Ok(Some(guild));
    }
    let chosen = form.one("guild_id").map_err(Notice::bad_request)?;
    let invalid = || {
        Notice::bad_request(Refusal::Invalid {
            parameter: "guild_id",
            must: "it must be a decimal id",
        })
    };
    chosen
        .map(|text| GuildId::parse(text).ok_or_else(invalid))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_asked_and_ticked_is_granted_and_identify_stays() {
        let asked = Scopes::parse("identify email").expect("scopes");
        for (body, expected) in [
            ("scope=identify&scope=email", "identify email"),
            ("scope=email", "identify email"),
            ("", "identify"),
            ("scope=admin&scope=guilds&scope=x", "identify"),
        ] {
            let form = Params::from_form(body);
            assert_eq!(granted(asked, &form).to_string(), expected, "{body}");
        }
        let form = Params::from_form("");
        assert!(granted(Scope::Email.into(), &form).is_empty());
        assert_eq!(granted(Scope::Bot.into(), &form), Scope::Bot.into());
        let with_a_bot = Scopes::from(Scope::Identify).with(Scope::Bot);
        assert_eq!(granted(with_a_bot, &form), Scope::Identify.into());
    }
}
