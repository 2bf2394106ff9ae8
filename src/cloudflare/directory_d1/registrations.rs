//! Clients that register themselves, and the tokens that let them do so.

use serde::Deserialize;

use super::applications::{ApplicationRow, DESCRIBED};
use super::columns::{JsonColumn, json};
use super::{Bind, Bindings, fault, id, taken};
use crate::crypto::secret::{Hash, InitialAccessToken, RegistrationAccessToken};
use crate::fluxer::application::Application;
use crate::fluxer::registration::ClientDetails;
use crate::snowflake::{ApplicationId, Snowflake};
use crate::store::{Added, Fault, InitialToken, Registration, Registrations};
use crate::time::Timestamp;

/// Most clients that one statement of the sweep deletes.
const SWEPT_AT_ONCE: u32 = 1_000;
/// Most statements of one sweep.
const SWEEPS: usize = 20;

/// The row of an [`InitialToken`].
#[derive(Deserialize)]
struct InitialTokenRow(Snowflake, String, Option<Timestamp>);

impl Registrations for Bindings {
    async fn register(
        &self,
        registration: &Registration,
        token: &Hash<RegistrationAccessToken>,
        at_most: u32,
    ) -> Result<Added, Fault> {
        let columns = ApplicationRow::columns(&registration.application);
        let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
        let sql = format!(
            "INSERT INTO applications ({}, details, registration_token_hash) \
             SELECT {}?, ? WHERE (SELECT COUNT(*) FROM applications \
             WHERE origin = 'dynamic' AND authorized_at IS NULL) < ? RETURNING id AS found",
            names.join(", "),
            "?, ".repeat(names.len()),
        );
        let mut values: Vec<_> = columns.into_iter().map(|(_, value)| value).collect();
        values.extend([json(&registration.details), id(token), Bind::Bits(at_most)]);
        match self.write(&sql, &values).await {
            Ok(true) => Ok(Added::Yes),
            Ok(false) => Ok(Added::TooMany),
            Err(error) => taken(&error).map(|_| Added::IdTaken),
        }
    }

    async fn registration(
        &self,
        wanted: ApplicationId,
        token: &Hash<RegistrationAccessToken>,
    ) -> Result<Option<Registration>, Fault> {
        let row = ApplicationRow::select();
        let sql = format!(
            "SELECT json_array({row}, details) AS found FROM applications \
             WHERE id = ? AND origin = 'dynamic' AND registration_token_hash = ?"
        );
        let row: Option<(ApplicationRow, JsonColumn<ClientDetails>)> =
            self.row(&sql, &[id(wanted), id(token)]).await?;
        Ok(row.map(|(application, JsonColumn(details))| Registration {
            application: Application::from(application),
            details,
        }))
    }

    async fn replace_registration(
        &self,
        registration: &Registration,
        token: &Hash<RegistrationAccessToken>,
    ) -> Result<bool, Fault> {
        let application = &registration.application;
        let described = DESCRIBED.map(|name| format!("{name} = ?"));
        let sql = format!(
            "UPDATE applications SET {}, details = ? \
             WHERE id = ? AND registration_token_hash = ? RETURNING id AS found",
            described.join(", "),
        );
        let mut columns = ApplicationRow::columns(application);
        let mut values = Vec::with_capacity(DESCRIBED.len() + 3);
        for wanted in DESCRIBED {
            if let Some(at) = columns.iter().position(|(name, _)| *name == wanted) {
                values.push(columns.swap_remove(at).1);
            }
        }
        values.extend([
            json(&registration.details),
            id(application.client.id),
            id(token),
        ]);
        self.write_application(application.client.id, &sql, &values)
            .await
    }

    async fn sweep_registrations(&self, since: Timestamp) -> Result<(), Fault> {
        let sql = "DELETE FROM applications WHERE id IN (SELECT id FROM applications \
                   WHERE origin = 'dynamic' AND authorized_at IS NULL AND created_at < ? LIMIT ?) \
                   AND authorized_at IS NULL RETURNING '' AS found";
        for _ in 0..SWEEPS {
            let values = [Bind::Time(since), Bind::Bits(SWEPT_AT_ONCE)];
            if !self.write(sql, &values).await.map_err(fault)? {
                break;
            }
        }
        Ok(())
    }

    async fn add_initial_token(
        &self,
        token: &InitialToken,
        hash: &Hash<InitialAccessToken>,
    ) -> Result<(), Fault> {
        let sql = "INSERT INTO registration_tokens (id, name, token_hash, expires_at) \
                   VALUES (?, ?, ?, ?) RETURNING id AS found";
        let values = [
            id(token.id),
            Bind::Text(&token.name),
            id(hash),
            token.expires_at.map_or(Bind::Null, Bind::Time),
        ];
        self.write(sql, &values).await.map_err(fault)?;
        Ok(())
    }

    async fn initial_tokens(&self) -> Result<Vec<InitialToken>, Fault> {
        let sql = "SELECT json_group_array(json_array(id, name, expires_at)) AS found \
                   FROM (SELECT * FROM registration_tokens ORDER BY id)";
        let rows: Vec<InitialTokenRow> = self.rows(sql, &[]).await?;
        let tokens = rows.into_iter().map(|row| {
            let InitialTokenRow(id, name, expires_at) = row;
            InitialToken {
                id,
                name,
                expires_at,
            }
        });
        Ok(tokens.collect())
    }

    async fn admits_registration(
        &self,
        hash: &Hash<InitialAccessToken>,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let sql = "SELECT id AS found FROM registration_tokens \
                   WHERE token_hash = ? AND (expires_at IS NULL OR expires_at > ?)";
        let found = self.found(sql, &[id(hash), Bind::Time(now)]).await;
        Ok(found.map_err(fault)?.is_some())
    }

    async fn delete_initial_token(&self, wanted: Snowflake) -> Result<bool, Fault> {
        let sql = "DELETE FROM registration_tokens WHERE id = ? RETURNING id AS found";
        self.write(sql, &[id(wanted)]).await.map_err(fault)
    }
}
