//! The user's answer on the consent form. Pure.

use super::interaction::RequestedAccess;
use crate::endpoint::Notice;
use crate::fluxer::installation::{BotRequest, WhichGuild};
use crate::oauth::error::Refusal;
use crate::oauth::params::Params;
use crate::oauth::resource::{ResourceGrant, ResourceScope};
use crate::oauth::scope::{Scope, Scopes};
use crate::snowflake::GuildId;

/// The user's answer, as the form that came back says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// The user said no, or unticked everything.
    Denied,
    /// The user said yes to a bot, but chose no guild for it.
    NoGuild,
    /// The user said yes.
    Approved(Approved),
}

/// What the user approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Approved {
    /// The scopes that were asked for, without those that the user unticked.
    pub(super) scope: Scopes,
    /// The scopes that are granted at another resource server.
    pub(super) resource: Option<ResourceGrant>,
    /// The bot, and the guild that it is added to.
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
        let scope = granted(request.oauth.scope, request.not_withheld(), form);
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

/// The scopes that the user ticked, of those that were asked for, and those that cannot be withheld.
fn granted(asked: Scopes, kept: Scopes, form: &Params) -> Scopes {
    let ticked: Scopes = form.all("scope").filter_map(Scope::from_wire).collect();
    asked.intersection(ticked.union(kept))
}

/// The scopes of a resource server that the user ticked.
fn ticked(asked: &ResourceGrant, form: &Params) -> ResourceGrant {
    let is_ticked = |scope: &&ResourceScope| form.all("scope").any(|it| it == scope.as_str());
    ResourceGrant {
        id: asked.id,
        scope: asked.scope.iter().filter(is_ticked).cloned().collect(),
    }
}

/// The guild that the form chose, where it chose one. Where the link fixes a guild, it is that one, whatever comes
/// back.
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
    fn only_what_was_asked_and_ticked_is_granted_and_what_is_kept_stays() {
        let scopes = |text: &str| Scopes::parse(text).expect("scopes");
        for (kept, body, expected) in [
            ("identify", "scope=identify&scope=email", "identify email"),
            ("identify", "scope=email", "identify email"),
            ("identify", "", "identify"),
            ("identify", "scope=admin&scope=guilds&scope=x", "identify"),
            ("identify email", "", "identify email"),
        ] {
            let form = Params::from_form(body);
            let granted = granted(scopes("identify email"), scopes(kept), &form);
            assert_eq!(granted.to_string(), expected, "{body}");
        }
        let nothing = granted(Scope::Email.into(), Scopes::NONE, &Params::from_form(""));
        assert!(nothing.is_empty());
    }
}
