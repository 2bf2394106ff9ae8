//! The rows that are kept of a platform's users. A row does not say who its user is.

use worker::worker_sys::D1PreparedStatement;

use super::{Bind, Bindings, fault, id};
use crate::crypto::password::NOBODY;
use crate::crypto::secret::Hash;
use crate::pending::PlatformSession;
use crate::snowflake::UserId;
use crate::store::{Fault, PlatformUsers, Standing};
use crate::time::Timestamp;

impl Bindings {
    /// Adds the row of a user, where there is none. Its name and its address are keys that this server makes up: no
    /// user of the platform has them, and no login finds them.
    pub(super) fn user_row(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<D1PreparedStatement, Fault> {
        self.prepare(
            "INSERT INTO users (id, username, username_key, discriminator, email, email_key, \
             verified, admin, public_flags, password_hash, created_at) \
             VALUES (?1, ?1, '@' || ?1, '0000', ?1 || '@platform.invalid', '@' || ?1, 0, 0, 0, ?2, ?3) \
             ON CONFLICT DO NOTHING",
            &[id(user), Bind::Text(NOBODY), Bind::Time(now)],
        )
    }
}

/// The statement that reads whether an account is suspended: `0` or `1`, or no row.
const STANDING: &str = "SELECT suspended || '' AS found FROM users WHERE id = ?";

fn standing(found: Option<&str>) -> Standing {
    match found {
        Some("1") => Standing::Disabled,
        _ => Standing::Enabled,
    }
}

impl PlatformUsers for Bindings {
    async fn keep_user(&self, user: UserId, now: Timestamp) -> Result<(), Fault> {
        let row = self.user_row(user, now)?;
        self.batch(&[row]).await.map_err(fault)?;
        Ok(())
    }

    async fn set_standing(
        &self,
        user: UserId,
        standing_now: Standing,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Standing, Fault> {
        // Of two at the same instant, the one that stops the account counts.
        let (suspended, is_older) = match standing_now {
            Standing::Disabled => (1, "standing_at <= ?2"),
            Standing::Enabled => (0, "standing_at < ?2"),
        };
        let update = format!(
            "UPDATE users SET suspended = ?1, standing_at = ?2 \
             WHERE id = ?3 AND (standing_at IS NULL OR {is_older})"
        );
        let statements = [
            self.user_row(user, now)?,
            self.prepare(&update, &[Bind::Bits(suspended), Bind::Time(at), id(user)])?,
            self.prepare(
                "DELETE FROM sessions WHERE user_id = ?1 \
                 AND EXISTS (SELECT 1 FROM users WHERE id = ?1 AND suspended)",
                &[id(user)],
            )?,
            self.prepare(STANDING, &[id(user)])?,
        ];
        let found = self.batch(&statements).await.map_err(fault)?;
        Ok(standing(found.as_deref()))
    }

    async fn standing(&self, user: UserId) -> Result<Standing, Fault> {
        let found = self.found(STANDING, &[id(user)]).await.map_err(fault)?;
        Ok(standing(found.as_deref()))
    }

    async fn end_platform_session(
        &self,
        user: UserId,
        session: &Hash<PlatformSession>,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let statements = [
            self.prepare(
                "INSERT INTO ended_platform_sessions (id_hash, ended_at) VALUES (?, ?) \
                 ON CONFLICT DO NOTHING",
                &[id(session), Bind::Time(now)],
            )?,
            self.prepare(
                "DELETE FROM sessions WHERE platform_session = ? AND user_id = ?",
                &[id(session), id(user)],
            )?,
        ];
        self.batch(&statements).await.map_err(fault)?;
        Ok(())
    }

    async fn end_sessions_until(&self, user: UserId, until: Timestamp) -> Result<(), Fault> {
        let sql = "DELETE FROM sessions WHERE user_id = ? AND opened_at <= ? \
                   RETURNING id_hash AS found";
        let values = [id(user), Bind::Time(until)];
        self.write(sql, &values).await.map_err(fault)?;
        Ok(())
    }
}
