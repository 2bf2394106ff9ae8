//! What users have authorized.

use serde::Deserialize;
use worker::worker_sys::D1PreparedStatement;

use super::sessions::{GRANTED, STANDING};
use super::{Bind, Bindings, fault, id, is_gone, parse};
use crate::fluxer::guild::Role;
use crate::oauth::scope::Scopes;
use crate::outbox::Tells;
use crate::snowflake::{ApplicationId, UserId};
use crate::store::{
    Authorization, Authorizations, Consent, Consented, Fault, Forgotten, Installation,
};
use crate::time::Timestamp;

/// The expression that makes an [`AuthorizationRow`].
pub(super) const AUTHORIZATION: &str = "json_array(authorizations.application_id, \
                                        authorizations.scope, authorizations.created_at, \
                                        authorizations.updated_at)";

#[derive(Deserialize)]
pub(super) struct AuthorizationRow(ApplicationId, Scopes, Timestamp, Timestamp);

impl From<AuthorizationRow> for Authorization {
    fn from(row: AuthorizationRow) -> Self {
        let AuthorizationRow(application, scope, created_at, updated_at) = row;
        Self {
            application,
            scope,
            created_at,
            updated_at,
        }
    }
}

/// The condition that a session still stands. The `?` is the session's id, or null where none has to stand.
const STANDS: &str = "EXISTS (SELECT 1 FROM (SELECT ? AS session) WHERE session IS NULL \
                      OR EXISTS (SELECT 1 FROM sessions WHERE id_hash = session))";

/// The condition that a form has added the bot. The `?` are the application, the guild and the form.
const INSTALLED: &str = "EXISTS (SELECT 1 FROM bot_members \
                         WHERE application_id = ? AND guild_id = ? AND installation = ?)";

/// What the last statement of a consent found: whether the session stands, and whether the bot is there.
#[derive(Default, Deserialize)]
struct Found(u8, u8);

impl Found {
    const fn of(self, consent: &Consent<'_>) -> Consented {
        match self {
            Self(0, _) | Self(_, 0) if consent.seen.is_some() => Consented::Changed,
            Self(0, _) => Consented::SessionEnded,
            Self(_, 0) => Consented::NotInstalled,
            Self(..) => Consented::Yes,
        }
    }
}

impl Bindings {
    /// Adds the bot and its role, or gives a bot that is there more permissions.
    fn install(
        &self,
        consent: &Consent<'_>,
        asked: &Installation<'_>,
    ) -> Result<Vec<D1PreparedStatement>, Fault> {
        let mut statements = vec![self.add_member(consent, asked)?];
        if let Some(role) = &asked.role {
            statements.push(self.add_role(consent.application, asked, role)?);
        }
        Ok(statements)
    }

    /// Adds the bot, or notes the form that gives it more permissions. Does so only where the session stands, the
    /// installer and the bot's place are what they were, and the installer may still add the bot.
    fn add_member(
        &self,
        consent: &Consent<'_>,
        asked: &Installation<'_>,
    ) -> Result<D1PreparedStatement, Fault> {
        let seen = asked.installer;
        let (application, guild) = (consent.application, seen.guild.id);
        let (stands, standing) = Self::stands(consent)?;
        let by = seen.bot.as_ref().and_then(|bot| bot.by);
        self.prepare(
            &format!(
                "INSERT INTO bot_members \
                 (application_id, guild_id, inviter_id, installation, joined_at) \
                 SELECT ?, ?, ?, ?, ? WHERE {stands} AND EXISTS (SELECT 1 FROM guilds \
                 LEFT JOIN members ON members.guild_id = guilds.id AND members.user_id = ? \
                 WHERE guilds.id = ? AND members.permissions IS ? \
                 AND (guilds.owner_id IS ?) = ?) AND EXISTS (SELECT 1 FROM applications \
                 WHERE id = ? AND bot_username IS NOT NULL \
                 AND (bot_public OR owner_id = ?)) ON CONFLICT DO UPDATE \
                 SET installation = excluded.installation WHERE installation IS ?"
            ),
            &[
                vec![
                    id(application),
                    id(guild),
                    id(consent.user),
                    id(asked.id),
                    Bind::Time(consent.now),
                ],
                standing,
                vec![
                    id(consent.user),
                    id(guild),
                    seen.permissions.map_or(Bind::Null, id),
                    id(consent.user),
                    Bind::Bits(seen.is_owner.into()),
                    id(application),
                    id(consent.user),
                    by.map_or(Bind::Null, id),
                ],
            ]
            .concat(),
        )
    }

    /// Gives the bot its role, or the role more permissions, where this form has added the bot.
    fn add_role(
        &self,
        application: ApplicationId,
        asked: &Installation<'_>,
        role: &Role,
    ) -> Result<D1PreparedStatement, Fault> {
        let guild = asked.installer.guild.id;
        self.prepare(
            &format!(
                "INSERT INTO roles (id, application_id, guild_id, name, permissions) \
                 SELECT ?, ?, ?, ?, ? WHERE {INSTALLED} ON CONFLICT (application_id, guild_id) \
                 DO UPDATE SET permissions = excluded.permissions"
            ),
            &[
                id(role.id),
                id(application),
                id(guild),
                Bind::Text(asked.role_name),
                id(role.permissions),
                id(application),
                id(guild),
                id(asked.id),
            ],
        )
    }

    /// The condition that the session still stands. Where nobody has looked since the form was shown, everything must
    /// be as the form was shown.
    fn stands(consent: &Consent<'_>) -> Result<(String, Vec<Bind<'static>>), Fault> {
        let session = consent.session.map_or(Bind::Null, id);
        let Some(seen) = consent.seen else {
            return Ok((STANDS.to_owned(), vec![session]));
        };
        let as_seen = format!(
            "EXISTS (SELECT 1 {STANDING} AND users.admin = ? \
             AND authorizations.shown IS ? AND {GRANTED} IS ?)"
        );
        let shown = seen.shown.as_ref().map(serde_json::to_string);
        let values = vec![
            id(consent.application),
            session,
            Bind::Time(consent.now),
            Bind::Bits(seen.admin.into()),
            shown.transpose().map_err(fault)?.map_or(Bind::Null, id),
            seen.granted.map_or(Bind::Null, id),
        ];
        Ok((as_seen, values))
    }

    /// The condition under which the rest of a consent is written: that of the session, and that of the bot where one
    /// is added.
    fn condition(consent: &Consent<'_>) -> Result<(String, Vec<Bind<'static>>), Fault> {
        let (stands, mut values) = Self::stands(consent)?;
        let Some(asked) = &consent.installation else {
            return Ok((format!("WHERE {stands}"), values));
        };
        values.extend([
            id(consent.application),
            id(asked.installer.guild.id),
            id(asked.id),
        ]);
        Ok((format!("WHERE {stands} AND {INSTALLED}"), values))
    }

    fn remember(&self, consent: &Consent<'_>, scope: Scopes) -> Result<D1PreparedStatement, Fault> {
        let (condition, values) = Self::condition(consent)?;
        let shown = consent.shown.as_ref().map(serde_json::to_string);
        let shown = shown.transpose().map_err(fault)?;
        let mut all = vec![
            id(consent.user),
            id(consent.application),
            id(scope),
            shown.as_deref().map_or(Bind::Null, Bind::Text),
            Bind::Time(consent.now),
            Bind::Time(consent.now),
        ];
        all.extend(values);
        self.prepare(
            &format!(
                "INSERT INTO authorizations \
                 (user_id, application_id, scope, shown, created_at, updated_at) \
                 SELECT ?, ?, ?, ?, ?, ? {condition} \
                 ON CONFLICT (user_id, application_id) DO UPDATE \
                 SET scope = excluded.scope, shown = excluded.shown, \
                 updated_at = excluded.updated_at, lapsed = 0 RETURNING '[1,1]' AS found"
            ),
            &all,
        )
    }
}

impl Authorizations for Bindings {
    async fn consent(&self, consent: Consent<'_>) -> Result<Consented, Fault> {
        let mut statements = match &consent.installation {
            Some(asked) => self.install(&consent, asked)?,
            None => Vec::new(),
        };
        let (condition, values) = Self::condition(&consent)?;
        if consent.is_unverified {
            let mut all = vec![Bind::Time(consent.now)];
            all.extend(values.iter().cloned());
            all.push(id(consent.application));
            let sql = format!(
                "UPDATE applications SET authorized_at = ? \
                 {condition} AND id = ? AND authorized_at IS NULL"
            );
            statements.push(self.prepare(&sql, &all)?);
        }
        for entry in &consent.entries {
            statements.push(self.entry(entry, &condition, &values)?);
        }
        if let Some(granted) = &consent.tells {
            statements.push(self.granted(&consent, granted, &condition, &values)?);
        }
        // What was seen of the authorization is seen no more once it is written: it comes last.
        if let Some(scope) = consent.scope {
            statements.push(self.remember(&consent, scope)?);
        }
        if consent.seen.is_none() || consent.scope.is_none() {
            let (stands, _) = Self::stands(&consent)?;
            let installed = match &consent.installation {
                Some(_) => INSTALLED,
                None => "1",
            };
            let sql = format!("SELECT json_array({stands}, {installed}) AS found");
            statements.push(self.prepare(&sql, &values)?);
        }
        let found = match self.batch(&statements).await {
            // The user's sessions go with the user: it is the application that is gone.
            Err(error) if is_gone(&error) => return Ok(Consented::ApplicationGone),
            found => found.map_err(fault)?,
        };
        let found: Found = parse(found)?.unwrap_or_default();
        Ok(found.of(&consent))
    }

    fn lapse(&self, user: UserId, application: ApplicationId) {
        let lapse = self.prepare(
            "UPDATE authorizations SET lapsed = 1 WHERE user_id = ? AND application_id = ?",
            &[id(user), id(application)],
        );
        self.write_later(lapse, "a consent stays as it is".to_owned());
    }

    async fn authorizations(&self, user: UserId) -> Result<Vec<Authorization>, Fault> {
        let sql = format!(
            "SELECT json_group_array({AUTHORIZATION}) AS found FROM \
             (SELECT * FROM authorizations WHERE user_id = ? ORDER BY updated_at DESC) \
             AS authorizations"
        );
        let rows: Vec<AuthorizationRow> = self.rows(&sql, &[id(user)]).await?;
        Ok(rows.into_iter().map(Authorization::from).collect())
    }

    async fn forget(
        &self,
        user: UserId,
        application: ApplicationId,
        tells: Tells,
    ) -> Result<Forgotten, Fault> {
        let told = self.taken_back(user, application, tells)?;
        let sql = "DELETE FROM authorizations WHERE user_id = ?1 AND application_id = ?2 \
                   RETURNING (EXISTS (SELECT 1 FROM events WHERE outbox = ?1)) || '' AS found";
        let delete = self.prepare(sql, &[id(user), id(application)])?;
        let found = self.batch(&[told, delete]).await.map_err(fault)?;
        Ok(match found.as_deref() {
            None => Forgotten::Nothing,
            Some("0") => Forgotten::Silently,
            Some(_) => Forgotten::Told,
        })
    }
}
