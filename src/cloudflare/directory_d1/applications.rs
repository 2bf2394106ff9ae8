//! Applications and their bots. Each isolate remembers a thousand of them for five seconds.

use core::cell::RefCell;
use core::time::Duration;
use std::collections::HashMap;
use std::rc::Rc;

use serde::Deserialize;

use super::{Bind, Edge, after, fault, id, taken, text_or_null};
use crate::cloudflare::ambient;
use crate::crypto::secret::{BotTokenSecret, ClientSecret, Hash};
use crate::fluxer::application::{
    Application, ApplicationChange, ApplicationName, Bot, Description,
};
use crate::fluxer::user::{Discriminator, ImageHash, Username};
use crate::oauth::client::Client;
use crate::oauth::client::authentication::ClientAuthentication;
use crate::oauth::redirect_uri::RegisteredUri;
use crate::snowflake::{ApplicationId, UserId};
use crate::store::{Added, Applications, Fault, Paging};
use crate::time::Timestamp;

/// How long an isolate remembers an application.
const AGE: Duration = Duration::from_secs(5);
/// How many applications an isolate remembers.
const REMEMBERED: usize = 1_000;

thread_local! {
    static REMEMBERED_APPLICATIONS: RefCell<HashMap<ApplicationId, (Timestamp, Rc<Application>)>> =
        RefCell::default();
}

/// An [`ApplicationRow`] as SQLite makes it.
pub(super) const APPLICATION: &str = "json_array(applications.id, applications.owner_id, \
     applications.name, applications.description, applications.icon, applications.secret_hash, \
     json(applications.redirect_uris), applications.trusted, applications.bot_public, \
     applications.bot_require_code_grant, applications.bot_username, \
     applications.bot_discriminator, applications.bot_avatar, applications.flags, \
     applications.created_at)";

#[derive(Deserialize)]
pub(super) struct ApplicationRow(
    ApplicationId,
    Option<UserId>,
    ApplicationName,
    Description,
    Option<ImageHash>,
    Option<Hash<ClientSecret>>,
    Vec<RegisteredUri>,
    u8,
    u8,
    u8,
    Option<Username>,
    Option<Discriminator>,
    Option<ImageHash>,
    u32,
    Timestamp,
);

impl From<ApplicationRow> for Application {
    fn from(row: ApplicationRow) -> Self {
        let ApplicationRow(
            id,
            owner,
            name,
            description,
            icon,
            secret,
            redirect_uris,
            trusted,
            bot_public,
            bot_require_code_grant,
            bot_username,
            bot_discriminator,
            bot_avatar,
            flags,
            created_at,
        ) = row;
        let authentication = secret.map_or(ClientAuthentication::None, |hash| {
            ClientAuthentication::Secret(hash.into())
        });
        let bot = bot_username.zip(bot_discriminator);
        Self {
            client: Client::registered(id, authentication, redirect_uris, trusted != 0),
            owner,
            name,
            description,
            icon,
            bot: bot.map(|(username, discriminator)| Bot {
                username,
                discriminator,
                avatar: bot_avatar,
            }),
            bot_public: bot_public != 0,
            bot_require_code_grant: bot_require_code_grant != 0,
            flags,
            created_at,
        }
    }
}

/// Forgets applications that have changed: this isolate knows better than to wait.
pub(super) fn forget(changed: impl Fn(&Application) -> bool) {
    REMEMBERED_APPLICATIONS.with_borrow_mut(|applications| {
        applications.retain(|_, (_, application)| !changed(application));
    });
}

impl Edge {
    async fn read_application(
        &self,
        condition: &str,
        values: &[Bind<'_>],
    ) -> Result<Option<Application>, Fault> {
        let sql = format!("SELECT {APPLICATION} AS found FROM applications WHERE {condition}");
        let row: Option<ApplicationRow> = self.row(&sql, values).await?;
        Ok(row.map(Application::from))
    }

    /// Changes one application where it is what the statement wants; whether it was.
    async fn write_application(
        &self,
        changed: ApplicationId,
        sql: &str,
        values: &[Bind<'_>],
    ) -> Result<bool, Fault> {
        let written = self.write(sql, values).await.map_err(fault)?;
        forget(|application| application.client.id == changed);
        Ok(written)
    }
}

impl Applications for Edge {
    async fn application(&self, wanted: ApplicationId) -> Result<Option<Rc<Application>>, Fault> {
        let now = ambient::now();
        let remembered = REMEMBERED_APPLICATIONS.with_borrow(|applications| {
            let (read_at, application) = applications.get(&wanted)?;
            (now.since(*read_at) < AGE).then(|| Rc::clone(application))
        });
        if remembered.is_some() {
            return Ok(remembered);
        }
        let application = self.current_application(wanted).await?.map(Rc::new);
        REMEMBERED_APPLICATIONS.with_borrow_mut(|applications| match &application {
            Some(application) => {
                if applications.len() >= REMEMBERED {
                    applications.clear();
                }
                applications.insert(wanted, (now, Rc::clone(application)));
            }
            None => {
                applications.remove(&wanted);
            }
        });
        Ok(application)
    }

    async fn current_application(
        &self,
        wanted: ApplicationId,
    ) -> Result<Option<Application>, Fault> {
        self.read_application("id = ?", &[id(wanted)]).await
    }

    async fn application_of_bot(
        &self,
        wanted: ApplicationId,
        token: &Hash<BotTokenSecret>,
    ) -> Result<Option<Application>, Fault> {
        let values = [id(wanted), id(token)];
        self.read_application("id = ? AND bot_token_hash = ?", &values)
            .await
    }

    async fn applications(
        &self,
        owner: Option<UserId>,
        paging: Paging,
    ) -> Result<Vec<Application>, Fault> {
        let condition = if owner.is_some() {
            "owner_id = ?"
        } else {
            "? IS NULL"
        };
        let sql = format!(
            "SELECT json_group_array({APPLICATION}) AS found FROM \
             (SELECT * FROM applications WHERE {condition} AND id > ? ORDER BY id LIMIT ?) \
             AS applications"
        );
        let values = [
            owner.map_or(Bind::Null, id),
            after(paging),
            Bind::Bits(paging.limit),
        ];
        let rows: Vec<ApplicationRow> = self.rows(&sql, &values).await?;
        Ok(rows.into_iter().map(Application::from).collect())
    }

    async fn add_application(
        &self,
        application: &Application,
        bot_token: Option<&Hash<BotTokenSecret>>,
        at_most: Option<u32>,
    ) -> Result<Added, Fault> {
        let client = &application.client;
        let redirect_uris = serde_json::to_string(&client.redirect_uris).map_err(fault)?;
        let secret_hash = match &client.authentication {
            ClientAuthentication::None => Bind::Null,
            ClientAuthentication::Secret(hashes) => id(hashes.current()),
        };
        let bot = application.bot.as_ref();
        let sql = "INSERT INTO applications (id, owner_id, name, description, icon, secret_hash, \
                   redirect_uris, trusted, flags, created_at, bot_public, \
                   bot_require_code_grant, bot_username, bot_discriminator, bot_token_hash) \
                   SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE ? IS NULL OR \
                   (SELECT COUNT(*) FROM applications WHERE owner_id = ?) < ? \
                   RETURNING id AS found";
        let values = [
            id(client.id),
            application.owner.map_or(Bind::Null, id),
            Bind::Text(application.name.as_str()),
            Bind::Text(application.description.as_str()),
            text_or_null(application.icon.as_ref().map(ImageHash::as_str)),
            secret_hash,
            Bind::Text(&redirect_uris),
            Bind::Bits(client.is_trusted().into()),
            Bind::Bits(application.flags),
            Bind::Time(application.created_at),
            Bind::Bits(application.bot_public.into()),
            Bind::Bits(application.bot_require_code_grant.into()),
            text_or_null(bot.map(|bot| bot.username.as_str())),
            text_or_null(bot.map(|bot| bot.discriminator.as_str())),
            bot_token.map_or(Bind::Null, id),
            at_most.map_or(Bind::Null, Bind::Bits),
            application.owner.map_or(Bind::Null, id),
            at_most.map_or(Bind::Null, Bind::Bits),
        ];
        match self.write(sql, &values).await {
            Ok(true) => Ok(Added::Yes),
            Ok(false) => Ok(Added::TooMany),
            Err(error) => taken(&error).map(|_| Added::IdTaken),
        }
    }

    async fn change_application(
        &self,
        wanted: ApplicationId,
        change: &ApplicationChange,
    ) -> Result<bool, Fault> {
        let redirect_uris = change.redirect_uris.as_ref().map(serde_json::to_string);
        let redirect_uris = redirect_uris.transpose().map_err(fault)?;
        let flag = |flag: Option<bool>| flag.map_or(Bind::Null, |it| Bind::Bits(it.into()));
        let icon = change.icon.as_ref().and_then(Option::as_ref);
        let sql = "UPDATE applications SET name = COALESCE(?, name), \
                   description = COALESCE(?, description), \
                   icon = CASE WHEN ? THEN ? ELSE icon END, \
                   redirect_uris = COALESCE(?, redirect_uris), \
                   bot_public = COALESCE(?, bot_public), \
                   bot_require_code_grant = COALESCE(?, bot_require_code_grant), \
                   trusted = COALESCE(?, trusted), flags = COALESCE(?, flags), \
                   owner_id = COALESCE(?, owner_id) \
                   WHERE id = ? RETURNING id AS found";
        let values = [
            text_or_null(change.name.as_ref().map(ApplicationName::as_str)),
            text_or_null(change.description.as_ref().map(Description::as_str)),
            Bind::Bits(change.icon.is_some().into()),
            text_or_null(icon.map(ImageHash::as_str)),
            text_or_null(redirect_uris.as_deref()),
            flag(change.bot_public),
            flag(change.bot_require_code_grant),
            flag(change.trusted),
            change.flags.map_or(Bind::Null, Bind::Bits),
            change.owner.map_or(Bind::Null, id),
            id(wanted),
        ];
        self.write_application(wanted, sql, &values).await
    }

    async fn set_client_secret(
        &self,
        wanted: ApplicationId,
        secret: &Hash<ClientSecret>,
    ) -> Result<bool, Fault> {
        let sql = "UPDATE applications SET secret_hash = ? \
                   WHERE id = ? AND secret_hash IS NOT NULL RETURNING id AS found";
        let values = [id(secret), id(wanted)];
        self.write_application(wanted, sql, &values).await
    }

    async fn add_bot(
        &self,
        wanted: ApplicationId,
        bot: &Bot,
        token: &Hash<BotTokenSecret>,
    ) -> Result<bool, Fault> {
        let sql = "UPDATE applications SET bot_username = ?, bot_discriminator = ?, \
                   bot_avatar = NULL, bot_token_hash = ? \
                   WHERE id = ? AND bot_username IS NULL RETURNING id AS found";
        let values = [
            Bind::Text(bot.username.as_str()),
            Bind::Text(bot.discriminator.as_str()),
            id(token),
            id(wanted),
        ];
        self.write_application(wanted, sql, &values).await
    }

    async fn set_bot_token(
        &self,
        wanted: ApplicationId,
        token: &Hash<BotTokenSecret>,
    ) -> Result<bool, Fault> {
        let sql = "UPDATE applications SET bot_token_hash = ? \
                   WHERE id = ? AND bot_username IS NOT NULL RETURNING id AS found";
        let values = [id(token), id(wanted)];
        self.write_application(wanted, sql, &values).await
    }

    async fn delete_application(&self, wanted: ApplicationId) -> Result<bool, Fault> {
        // Authorizations, and the bot with its roles, go with it, by their foreign keys.
        let sql = "DELETE FROM applications WHERE id = ? RETURNING id AS found";
        self.write_application(wanted, sql, &[id(wanted)]).await
    }
}
