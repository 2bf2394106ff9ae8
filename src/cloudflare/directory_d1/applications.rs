//! Applications and their bots. Each isolate remembers a thousand applications: for five seconds, and for longer
//! while D1 does not answer.

use core::cell::RefCell;
use core::time::Duration;
use std::collections::HashMap;
use std::rc::Rc;

use super::columns::{Flag, JsonColumn, columns, flag, id_or_null, json};
use super::{
    Bind, Bindings, after, fault, id, is_gone, page_of, taken, text_or_null, time_or_null,
};
use crate::cloudflare::clock;
use crate::crypto::secret::{BotTokenSecret, ClientSecret, Hash};
use crate::fluxer::application::{
    Application, ApplicationChange, ApplicationName, Bot, Description,
};
use crate::fluxer::user::{Discriminator, ImageHash, Username};
use crate::oauth::client::authentication::{ClientAuthentication, KnownSecret, SecretHashes};
use crate::oauth::client::keys::{ClientKeys, JwkSet};
use crate::oauth::client::url::ClientUrl;
use crate::oauth::client::{Client, ClientOrigin};
use crate::oauth::grant_type::{AuthMethod, GrantType, GrantTypes, Profile};
use crate::oauth::jwk::SigningAlgorithm;
use crate::oauth::redirect_uri::RegisteredUri;
use crate::oauth::scope::Scopes;
use crate::outbox::Tells;
use crate::snowflake::{ApplicationId, UserId};
use crate::store::{
    Added, Applications, FRESH_FOR, Fault, Known, OfBot, Paging, SERVES_OUTAGES_FOR,
};
use crate::time::Timestamp;

/// How many applications an isolate remembers.
const REMEMBERED: usize = 1_000;

thread_local! {
    static REMEMBERED_APPLICATIONS: RefCell<HashMap<ApplicationId, (Timestamp, Rc<Application>)>> =
        RefCell::default();
}

/// The columns of what a client says of itself, where nobody registered it by hand.
pub(super) const DESCRIBED: [&str; 10] = [
    "name",
    "redirect_uris",
    "post_logout_redirect_uris",
    "id_token_signed_response_alg",
    "token_endpoint_auth_method",
    "jwks",
    "jwks_uri",
    "grant_types",
    "dpop_bound_access_tokens",
    "require_pushed_authorization_requests",
];

columns! {
    applications as ApplicationRow of Application:
    // column: what it is read as, how it is written
    id: ApplicationId, |it| id(it.client.id);
    owner_id: Option<UserId>, |it| id_or_null(it.owner);
    name: ApplicationName, |it| Bind::Text(it.name.as_str());
    description: Description, |it| Bind::Text(it.description.as_str());
    icon: Option<ImageHash>, |it| text_or_null(it.icon.as_ref().map(ImageHash::as_str));
    secret_hash: Option<Hash<ClientSecret>>, |it| match &it.client.authentication {
        ClientAuthentication::Secret(hashes) => id(hashes.current.hash),
        ClientAuthentication::None
        | ClientAuthentication::PrivateKeyJwt(_)
        | ClientAuthentication::NoneOrPrivateKeyJwt(_) => Bind::Null,
    };
    secret_used_at: Option<Timestamp>, |it| time_or_null(secrets(it).and_then(|it| it.current.used_at));
    former_secret_hash: Option<Hash<ClientSecret>>, |it| id_or_null(former_secret(it).map(|it| it.0.hash));
    former_secret_ends_at: Option<Timestamp>, |it| time_or_null(former_secret(it).map(|it| it.1));
    former_secret_used_at: Option<Timestamp>, |it| {
        time_or_null(former_secret(it).and_then(|it| it.0.used_at))
    };
    token_endpoint_auth_method: Option<String>, |it| {
        Bind::Text(it.client.authentication.method().as_str())
    };
    jwks: Option<JsonColumn<JwkSet>>, |it| match it.client.authentication.keys() {
        Some(ClientKeys::Listed(set)) => json(set),
        Some(ClientKeys::At(_)) | None => Bind::Null,
    };
    jwks_uri: Option<String>, |it| match it.client.authentication.keys() {
        Some(ClientKeys::At(uri)) => Bind::Text(uri),
        Some(ClientKeys::Listed(_)) | None => Bind::Null,
    };
    grant_types: Option<String>, |it| id(it.client.grants);
    dpop_bound_access_tokens: Flag, |it| flag(it.client.dpop_bound);
    require_pushed_authorization_requests: Flag, |it| flag(it.client.pushes_requests);
    profile: String, |it| Bind::Text(it.client.profile.as_str());
    event_webhook_url: Option<String>, |it| text_or_null(it.event_webhook_url.as_deref());
    all_or_nothing: Scopes, |it| id(it.all_or_nothing);
    redirect_uris: JsonColumn<Vec<RegisteredUri>>, |it| json(&it.client.redirect_uris);
    origin: String, |it| match &it.client.origin {
        ClientOrigin::BuiltIn | ClientOrigin::Registered { .. } => Bind::Text("registered"),
        ClientOrigin::Dynamic => Bind::Text("dynamic"),
        ClientOrigin::Document(url) => Bind::Text(url.as_str()),
    };
    trusted: Flag, |it| flag(it.client.is_trusted());
    trusted_by: Option<UserId>, |it| id_or_null(it.trusted_by);
    introspects: Flag, |it| flag(it.introspects);
    bot_public: Flag, |it| flag(it.bot_public);
    bot_require_code_grant: Flag, |it| flag(it.bot_require_code_grant);
    bot_username: Option<Username>, |it| {
        text_or_null(it.bot.as_ref().map(|bot| bot.username.as_str()))
    };
    bot_discriminator: Option<Discriminator>, |it| {
        text_or_null(it.bot.as_ref().map(|bot| bot.discriminator.as_str()))
    };
    bot_avatar: Option<ImageHash>, |it| {
        text_or_null(it.bot.as_ref().and_then(|bot| bot.avatar.as_ref()).map(ImageHash::as_str))
    };
    id_token_signed_response_alg: SigningAlgorithm, |it| {
        Bind::Text(it.client.id_token_algorithm.as_str())
    };
    post_logout_redirect_uris: JsonColumn<Vec<RegisteredUri>>, |it| {
        json(&it.client.post_logout_redirect_uris)
    };
    suspended: Flag, |it| flag(it.suspended);
    flags: u32, |it| Bind::Bits(it.flags);
    created_at: Timestamp, |it| Bind::Time(it.created_at);
}

const fn secrets(application: &Application) -> Option<&SecretHashes> {
    match &application.client.authentication {
        ClientAuthentication::Secret(hashes) => Some(hashes),
        _ => None,
    }
}

fn former_secret(application: &Application) -> Option<(KnownSecret, Timestamp)> {
    secrets(application)?.former
}

impl ApplicationRow {
    /// How the client authenticates. Moves the client's keys out of the row.
    fn take_authentication(&mut self) -> ClientAuthentication {
        let known = |hash, used_at| KnownSecret { hash, used_at };
        let former = self.former_secret_hash.zip(self.former_secret_ends_at);
        let former =
            former.map(|(hash, ends_at)| (known(hash, self.former_secret_used_at), ends_at));
        let secret = self.secret_hash.map(|hash| SecretHashes {
            current: known(hash, self.secret_used_at),
            former,
            ..SecretHashes::from(hash)
        });
        let listed = self
            .jwks
            .take()
            .map(|JsonColumn(set)| ClientKeys::Listed(set));
        let method = self.token_endpoint_auth_method.as_deref();
        ClientAuthentication::kept(
            method.and_then(AuthMethod::from_wire),
            secret,
            listed.or(self.jwks_uri.take().map(ClientKeys::At)),
        )
    }
}

impl From<ApplicationRow> for Application {
    fn from(mut row: ApplicationRow) -> Self {
        let authentication = row.take_authentication();
        let (id, redirect_uris) = (row.id, row.redirect_uris.0);
        let client = match (row.origin.as_str(), ClientUrl::parse(&row.origin)) {
            ("dynamic", _) => Client::dynamic(id, authentication, redirect_uris),
            (_, Some(url)) => Client::documented(id, url, authentication, redirect_uris),
            _ => Client::registered(id, authentication, redirect_uris, row.trusted.0),
        };
        let bot = row.bot_username.zip(row.bot_discriminator);
        Self {
            client: Client {
                id_token_algorithm: row.id_token_signed_response_alg,
                post_logout_redirect_uris: row.post_logout_redirect_uris.0,
                grants: grants(row.grant_types.as_deref(), client.grants),
                dpop_bound: row.dpop_bound_access_tokens.0,
                pushes_requests: row.require_pushed_authorization_requests.0,
                profile: Profile::from_wire(&row.profile).unwrap_or(Profile::Default),
                ..client
            },
            owner: row.owner_id,
            name: row.name,
            description: row.description,
            icon: row.icon,
            bot: bot.map(|(username, discriminator)| Bot {
                username,
                discriminator,
                avatar: row.bot_avatar,
            }),
            bot_public: row.bot_public.0,
            bot_require_code_grant: row.bot_require_code_grant.0,
            introspects: row.introspects.0,
            trusted_by: row.trusted_by,
            suspended: row.suspended.0,
            event_webhook_url: row.event_webhook_url,
            all_or_nothing: row.all_or_nothing,
            flags: row.flags,
            created_at: row.created_at,
        }
    }
}

fn grants(named: Option<&str>, usual: GrantTypes) -> GrantTypes {
    match named {
        Some(named) => named.split(' ').filter_map(GrantType::from_wire).collect(),
        // The application was made before there was a device grant, and is not given one unasked.
        None => usual
            .iter()
            .filter(|&it| it != GrantType::DeviceCode)
            .collect(),
    }
}

/// Forgets the applications that `changed` holds for, after this isolate has changed them itself.
pub(super) fn forget(changed: impl Fn(&Application) -> bool) {
    REMEMBERED_APPLICATIONS.with_borrow_mut(|applications| {
        applications.retain(|_, (_, application)| !changed(application));
    });
}

/// Remembers an application as it was read at this time.
pub(super) fn remember(read_at: Timestamp, application: &Rc<Application>) {
    REMEMBERED_APPLICATIONS.with_borrow_mut(|applications| {
        if applications.len() >= REMEMBERED {
            applications.clear();
        }
        applications.insert(application.client.id, (read_at, Rc::clone(application)));
    });
}

/// The id of the remembered application that `is_meant` holds for, where one is remembered.
pub(super) fn remembered_id(is_meant: impl Fn(&Application) -> bool) -> Option<ApplicationId> {
    REMEMBERED_APPLICATIONS.with_borrow(|applications| {
        let mut all = applications.iter();
        let found = all.find(|(_, (_, application))| is_meant(application));
        found.map(|(id, _)| *id)
    })
}

fn recall(wanted: ApplicationId, age: Duration) -> Option<Rc<Application>> {
    let now = clock::now();
    REMEMBERED_APPLICATIONS.with_borrow(|applications| {
        let (read_at, application) = applications.get(&wanted)?;
        (now.since(*read_at) < age).then(|| Rc::clone(application))
    })
}

impl Bindings {
    /// Reads an application from D1, and remembers it.
    async fn read_current(&self, wanted: ApplicationId) -> Result<Option<Rc<Application>>, Fault> {
        // Whatever changes while D1 answers comes after what was read.
        let read_at = clock::now();
        let application = self.read_application("id = ?", &[id(wanted)]).await?;
        let application = application.map(Rc::new);
        match &application {
            Some(application) => remember(read_at, application),
            None => forget(|it| it.client.id == wanted),
        }
        Ok(application)
    }

    pub(super) async fn read_application(
        &self,
        condition: &str,
        values: &[Bind<'_>],
    ) -> Result<Option<Application>, Fault> {
        let row = ApplicationRow::select();
        let sql = format!("SELECT {row} AS found FROM applications WHERE {condition}");
        let row: Option<ApplicationRow> = self.row(&sql, values).await?;
        Ok(row.map(Application::from))
    }

    /// Runs a statement that changes one application. Answers whether the application met the statement's condition.
    pub(super) async fn write_application(
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

impl Applications for Bindings {
    async fn application(&self, wanted: ApplicationId) -> Result<Known, Fault> {
        if let Some(application) = recall(wanted, FRESH_FOR) {
            return Ok(Known::Remembered(application));
        }
        let application = self.read_current(wanted).await?;
        Ok(Known::Current(application))
    }

    fn remembered_application(&self, wanted: ApplicationId) -> Option<Rc<Application>> {
        recall(wanted, SERVES_OUTAGES_FOR)
    }

    async fn current_application(
        &self,
        wanted: ApplicationId,
    ) -> Result<Option<Application>, Fault> {
        let application = self.read_current(wanted).await?;
        Ok(application.map(Rc::unwrap_or_clone))
    }

    async fn application_of_bot(
        &self,
        wanted: ApplicationId,
        token: &Hash<BotTokenSecret>,
    ) -> Result<Option<OfBot>, Fault> {
        let row = ApplicationRow::select();
        let sql = format!(
            "SELECT json_array({row}, bot_token_hash = ?2) AS found FROM applications \
             WHERE id = ?1 AND bot_token_hash IN (?2, ?3)"
        );
        let values = [id(wanted), id(token), id(Hash::<BotTokenSecret>::IMPORTED)];
        let row: Option<(ApplicationRow, u8)> = self.row(&sql, &values).await?;
        Ok(row.map(|(row, is_its)| match is_its {
            1 => OfBot::Its(row.into()),
            _ => OfBot::Imported(row.into()),
        }))
    }

    async fn applications(
        &self,
        owner: Option<UserId>,
        paging: Paging,
    ) -> Result<Vec<Application>, Fault> {
        let condition = if owner.is_some() {
            "owner_id = ? AND "
        } else {
            "? IS NULL AND "
        };
        let row = ApplicationRow::select();
        let sql = page_of(&row, "applications", condition);
        let values = [
            owner.map_or(Bind::Null, id),
            after(paging),
            Bind::Bits(paging.limit),
        ];
        let rows: Vec<ApplicationRow> = self.rows(&sql, &values).await?;
        Ok(rows.into_iter().map(Application::from).collect())
    }

    async fn trusted_by_nobody(&self) -> Result<Vec<ApplicationId>, Fault> {
        let sql = "SELECT json_group_array(id) AS found FROM applications \
                   WHERE trusted_by IS NOT NULL AND trusted = 1 AND NOT EXISTS \
                   (SELECT 1 FROM users WHERE users.admin = 1 AND users.suspended = 0 \
                   AND users.id IN (applications.owner_id, applications.trusted_by))";
        self.rows(sql, &[]).await
    }

    async fn add_application(
        &self,
        application: &Application,
        bot_token: Option<&Hash<BotTokenSecret>>,
        at_most: Option<u32>,
    ) -> Result<Added, Fault> {
        let columns = ApplicationRow::columns(application);
        let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
        let sql = format!(
            "INSERT INTO applications ({}, bot_token_hash) SELECT {}? WHERE ? IS NULL OR \
             (SELECT COUNT(*) FROM applications WHERE owner_id = ?) < ? RETURNING id AS found",
            names.join(", "),
            "?, ".repeat(names.len()),
        );
        let mut values: Vec<_> = columns.into_iter().map(|(_, value)| value).collect();
        values.extend([
            bot_token.map_or(Bind::Null, id),
            at_most.map_or(Bind::Null, Bind::Bits),
            id_or_null(application.owner),
            at_most.map_or(Bind::Null, Bind::Bits),
        ]);
        match self.write(&sql, &values).await {
            Ok(true) => Ok(Added::Yes),
            Ok(false) => Ok(Added::TooMany),
            Err(error) if is_gone(&error) => Ok(Added::OwnerGone),
            Err(error) => taken(&error).map(|_| Added::IdTaken),
        }
    }

    async fn change_application(
        &self,
        wanted: ApplicationId,
        change: &ApplicationChange,
    ) -> Result<bool, Fault> {
        // Only what changes is written, so it does not matter of which application the rest is.
        let public = Client::registered(wanted, ClientAuthentication::None, Vec::new(), false);
        let mut changed = Application::of(public);
        change.clone().apply(&mut changed);
        let mut fields = change.fields();
        // How it authenticates is several columns. A secret that was reset meanwhile stays.
        fields.extend(match &change.authentication {
            None => &[][..],
            Some(ClientAuthentication::PrivateKeyJwt(_)) => &[
                "jwks",
                "jwks_uri",
                "secret_hash",
                "secret_used_at",
                "former_secret_hash",
                "former_secret_ends_at",
                "former_secret_used_at",
            ],
            Some(_) => &["jwks", "jwks_uri"],
        });
        let mut sql = "UPDATE applications SET id = id".to_owned();
        let mut values = Vec::new();
        for (name, value) in ApplicationRow::columns(&changed) {
            if fields.contains(&name) {
                sql.push_str(", ");
                sql.push_str(name);
                sql.push_str(" = ?");
                values.push(value);
            }
        }
        sql.push_str(" WHERE id = ? RETURNING id AS found");
        values.push(id(wanted));
        match self.write(&sql, &values).await {
            // Its new owner.
            Err(error) if is_gone(&error) => Ok(false),
            written => {
                forget(|application| application.client.id == wanted);
                written.map_err(fault)
            }
        }
    }

    async fn set_client_secret(
        &self,
        wanted: ApplicationId,
        secret: &Hash<ClientSecret>,
    ) -> Result<bool, Fault> {
        let sql = "UPDATE applications SET secret_hash = ?, secret_used_at = NULL, \
                   former_secret_hash = NULL, former_secret_ends_at = NULL, \
                   former_secret_used_at = NULL, jwks = NULL, jwks_uri = NULL, \
                   token_endpoint_auth_method = \
                   nullif(token_endpoint_auth_method, 'private_key_jwt') \
                   WHERE id = ? AND (secret_hash IS NOT NULL \
                   OR token_endpoint_auth_method = 'private_key_jwt') RETURNING id AS found";
        let values = [id(secret), id(wanted)];
        self.write_application(wanted, sql, &values).await
    }

    async fn rotate_client_secret(
        &self,
        wanted: ApplicationId,
        secret: &Hash<ClientSecret>,
        former_ends_at: Timestamp,
    ) -> Result<bool, Fault> {
        // Each column takes what the others were before the statement.
        let sql = "UPDATE applications SET secret_hash = ?, secret_used_at = NULL, \
                   former_secret_hash = secret_hash, former_secret_ends_at = ?, \
                   former_secret_used_at = secret_used_at \
                   WHERE id = ? AND secret_hash IS NOT NULL RETURNING id AS found";
        let values = [id(secret), Bind::Time(former_ends_at), id(wanted)];
        self.write_application(wanted, sql, &values).await
    }

    fn note_secret_use(&self, used: ApplicationId, secret: &Hash<ClientSecret>, at: Timestamp) {
        // At once, so that this isolate writes once, whatever D1 says.
        REMEMBERED_APPLICATIONS.with_borrow_mut(|applications| {
            let application = applications.get_mut(&used).map(|(_, it)| Rc::make_mut(it));
            let authentication = application.map(|it| &mut it.client.authentication);
            if let Some(ClientAuthentication::Secret(hashes)) = authentication {
                hashes.note_use(secret, at);
            }
        });
        let sql = "UPDATE applications SET \
                   secret_used_at = CASE WHEN secret_hash = ?1 THEN ?2 ELSE secret_used_at END, \
                   former_secret_used_at = CASE WHEN former_secret_hash = ?1 THEN ?2 \
                   ELSE former_secret_used_at END \
                   WHERE id = ?3";
        let values = [id(secret), Bind::Time(at), id(used)];
        let lost = format!("a use of a secret of {used} is not noted");
        self.write_later(self.prepare(sql, &values), lost);
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

    async fn delete_application(&self, wanted: ApplicationId, tells: Tells) -> Result<bool, Fault> {
        // Authorizations, and the bot with its roles, go with it, by their foreign keys.
        let sql = "DELETE FROM applications WHERE id = ? RETURNING id AS found";
        let delete = self.prepare(sql, &[id(wanted)])?;
        let deleted = self.delete_telling("id", wanted.0, tells, delete).await;
        forget(|application| application.client.id == wanted);
        deleted
    }
}
