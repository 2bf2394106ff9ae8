//! Browsers that are logged in.

use core::time::Duration;

use super::users::{USER, UserRow};
use super::{Bind, Bindings, fault, id, referring};
use crate::crypto::secret::{Hash, SessionId};
use crate::fluxer::shown::Shown;
use crate::oauth::openid::AuthenticationMethods;
use crate::oauth::scope::Scopes;
use crate::snowflake::{ApplicationId, UserId};
use crate::store::{Fault, Session, Sessions};
use crate::time::Timestamp;

type Row = (
    UserRow,
    Timestamp,
    AuthenticationMethods,
    Option<Scopes>,
    Option<Shown>,
);

impl Sessions for Bindings {
    async fn session(
        &self,
        session: &Hash<SessionId>,
        about: Option<ApplicationId>,
        now: Timestamp,
    ) -> Result<Option<Session>, Fault> {
        let sql = format!(
            "SELECT json_array({USER}, sessions.authenticated_at, sessions.amr, \
             CASE WHEN authorizations.lapsed THEN NULL ELSE authorizations.scope END, \
             json(authorizations.shown)) AS found \
             FROM sessions JOIN users ON users.id = sessions.user_id \
             LEFT JOIN authorizations ON authorizations.user_id = users.id \
             AND authorizations.application_id = ? \
             WHERE sessions.id_hash = ? AND sessions.expires_at > ? AND NOT users.suspended"
        );
        let about = about.map_or(Bind::Null, id);
        let values = [about, id(session), Bind::Time(now)];
        let row: Option<Row> = self.row(&sql, &values).await?;
        Ok(
            row.map(|(user, authenticated_at, amr, granted, shown)| Session {
                user: user.into(),
                authenticated_at,
                amr,
                granted,
                shown,
            }),
        )
    }

    async fn open_session(
        &self,
        session: &Hash<SessionId>,
        user: UserId,
        amr: AuthenticationMethods,
        now: Timestamp,
        lifetime: Duration,
        replaces: Option<&Hash<SessionId>>,
    ) -> Result<bool, Fault> {
        // The user's expired sessions go with the one that is replaced: nobody else sweeps here.
        let sweep = self.prepare(
            "DELETE FROM sessions WHERE id_hash = ? OR (user_id = ? AND expires_at <= ?)",
            &[replaces.map_or(Bind::Null, id), id(user), Bind::Time(now)],
        )?;
        let open = self.prepare(
            "INSERT INTO sessions (id_hash, user_id, authenticated_at, expires_at, amr) \
             VALUES (?, ?, ?, ?, ?)",
            &[
                id(session),
                id(user),
                Bind::Time(now),
                Bind::Time(now + lifetime),
                id(amr),
            ],
        )?;
        referring(self.batch(&[sweep, open]).await.map(|_| ()))
    }

    async fn close_session(&self, session: &Hash<SessionId>) -> Result<(), Fault> {
        let sql = "DELETE FROM sessions WHERE id_hash = ? RETURNING id_hash AS found";
        self.write(sql, &[id(session)]).await.map_err(fault)?;
        Ok(())
    }
}
