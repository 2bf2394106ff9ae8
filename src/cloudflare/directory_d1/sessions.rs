//! Browsers that are logged in.

use core::net::IpAddr;

use worker::worker_sys::D1PreparedStatement;

use super::users::{USER, UserRow};
use super::{Bind, Bindings, fault, id, referring, text_or_null};
use crate::crypto::secret::{Hash, SessionId};
use crate::fluxer::shown::Shown;
use crate::oauth::openid::AuthenticationMethods;
use crate::oauth::scope::Scopes;
use crate::snowflake::{ApplicationId, UserId};
use crate::store::{BrowserSeen, EndedSessions, Fault, NewSession, OpenSession, Session, Sessions};
use crate::time::Timestamp;

type OpenRow = (Hash<SessionId>, Timestamp, Option<String>, Option<IpAddr>);

type Row = (
    UserRow,
    Timestamp,
    AuthenticationMethods,
    Option<Scopes>,
    Option<Shown>,
);

/// The tables and the condition of a session that has not expired, with its user and with what the user granted. The
/// `?` are the application, the hash of the cookie, and now.
pub(super) const STANDING: &str = "FROM sessions JOIN users ON users.id = sessions.user_id \
                                   LEFT JOIN authorizations ON authorizations.user_id = users.id \
                                   AND authorizations.application_id = ? \
                                   WHERE sessions.id_hash = ? AND sessions.expires_at > ? \
                                   AND NOT users.suspended";
/// The scopes that a user is not asked for again. They are empty for a consent whose last device is gone.
pub(super) const GRANTED: &str =
    "CASE WHEN authorizations.lapsed THEN NULL ELSE authorizations.scope END";

impl Bindings {
    /// Writes a session where `condition`, a `WHERE` clause with its values, holds.
    fn insert_session(
        &self,
        session: &NewSession,
        condition: &str,
        values: &[Bind<'static>],
    ) -> Result<D1PreparedStatement, Fault> {
        let mut all = vec![
            id(session.id),
            id(session.user),
            Bind::Time(session.authenticated_at),
            Bind::Time(session.at + session.lifetime),
            id(session.amr),
            text_or_null(session.browser.device.as_deref()),
            session.browser.address.map_or(Bind::Null, id),
            Bind::Time(session.at),
            platform_session(session),
        ];
        all.extend(values.iter().cloned());
        let sql = format!(
            "INSERT INTO sessions (id_hash, user_id, authenticated_at, expires_at, amr, device, \
             address, opened_at, platform_session) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? {condition} \
             RETURNING id_hash AS found"
        );
        self.prepare(&sql, &all)
    }
}

/// The hash of the platform's own session behind a session of ours, or null.
fn platform_session(session: &NewSession) -> Bind<'static> {
    let by = session.by_platform.and_then(|it| it.session);
    by.map_or(Bind::Null, id)
}

impl Sessions for Bindings {
    async fn session(
        &self,
        session: &Hash<SessionId>,
        about: Option<ApplicationId>,
        now: Timestamp,
    ) -> Result<Option<Session>, Fault> {
        let sql = format!(
            "SELECT json_array({USER}, sessions.authenticated_at, sessions.amr, {GRANTED}, \
             json(authorizations.shown)) AS found {STANDING}"
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
        session: &NewSession,
        replaces: Option<&Hash<SessionId>>,
    ) -> Result<bool, Fault> {
        // The user's expired sessions go with the one that is replaced: nobody else sweeps here.
        let former = replaces.map_or(Bind::Null, id);
        let sweep = self.prepare(
            "DELETE FROM sessions WHERE id_hash = ? OR (user_id = ? AND expires_at <= ?)",
            &[former, id(session.user), Bind::Time(session.at)],
        )?;
        if session.by_platform.is_none() {
            let open = self.insert_session(session, "WHERE true", &[])?;
            return referring(self.batch(&[sweep, open]).await.map(|_| ()));
        }
        let may_log_in = "WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = ? AND suspended) \
                          AND NOT EXISTS (SELECT 1 FROM ended_platform_sessions WHERE id_hash = ?)";
        let values = [id(session.user), platform_session(session)];
        let row = self.user_row(session.user, session.at)?;
        let open = self.insert_session(session, may_log_in, &values)?;
        let opened = self.batch(&[sweep, row, open]).await.map_err(fault)?;
        Ok(opened.is_some())
    }

    async fn open_sessions(
        &self,
        user: UserId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<OpenSession>, Fault> {
        let sql = "SELECT json_group_array(json_array(id_hash, authenticated_at, device, address)) \
                   AS found FROM (SELECT * FROM sessions WHERE user_id = ? AND expires_at > ? \
                   ORDER BY authenticated_at DESC LIMIT ?)";
        let values = [id(user), Bind::Time(now), Bind::Bits(limit)];
        let rows: Vec<OpenRow> = self.rows(sql, &values).await?;
        let rows = rows.into_iter();
        let sessions = rows.map(|(id, authenticated_at, device, address)| OpenSession {
            id,
            authenticated_at,
            browser: BrowserSeen { device, address },
        });
        Ok(sessions.collect())
    }

    async fn close_sessions(&self, user: UserId, ended: EndedSessions) -> Result<bool, Fault> {
        let (condition, session) = match ended {
            EndedSessions::One(it) => ("id_hash = ?2", id(it)),
            EndedSessions::AllBut(it) => ("id_hash <> ?2", id(it)),
            EndedSessions::All => ("?2 IS NULL", Bind::Null),
        };
        let sql = format!(
            "DELETE FROM sessions WHERE user_id = ?1 AND {condition} RETURNING id_hash AS found"
        );
        let written = self.write(&sql, &[id(user), session]).await;
        written.map_err(fault)
    }

    async fn change_password(
        &self,
        old_hash: &str,
        new_hash: &str,
        session: &NewSession,
    ) -> Result<bool, Fault> {
        let user = || id(session.user);
        // Of two changes at once the second finds another password than the one it was shown.
        let change = self.prepare(
            "UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?",
            &[Bind::Text(new_hash), user(), Bind::Text(old_hash)],
        )?;
        let end = self.prepare(
            "DELETE FROM sessions WHERE user_id = ?1 AND \
             EXISTS (SELECT 1 FROM users WHERE id = ?1 AND password_hash = ?2)",
            &[user(), Bind::Text(new_hash)],
        )?;
        let changed = "WHERE EXISTS (SELECT 1 FROM users WHERE id = ? AND password_hash = ?)";
        let open = self.insert_session(session, changed, &[user(), id(new_hash)])?;
        let opened = self.batch(&[change, end, open]).await.map_err(fault)?;
        Ok(opened.is_some())
    }

    async fn close_session(&self, session: &Hash<SessionId>) -> Result<(), Fault> {
        let sql = "DELETE FROM sessions WHERE id_hash = ? RETURNING id_hash AS found";
        self.write(sql, &[id(session)]).await.map_err(fault)?;
        Ok(())
    }
}
