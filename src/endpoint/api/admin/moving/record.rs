//! One record of an import or an export: how its line is read, and how it is written.

use serde_json::{Value, json};

use super::spelled;
use crate::crypto::imported_hash::ImportedHash;
use crate::crypto::secret::{ClientSecret, Hash, RegistrationAccessToken};
use crate::endpoint::api::applications::Terms;
use crate::endpoint::api::applications::operations::draft;
use crate::endpoint::body::Fields;
use crate::endpoint::{Context, Failure};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::application::{Application, Bot};
use crate::fluxer::guild::{
    Connection, ConnectionId, ConnectionKind, ConnectionName, Guild, GuildName,
};
use crate::fluxer::permissions::Permissions;
use crate::fluxer::registration::ClientDetails;
use crate::fluxer::user::{Discriminator, Email, ImageHash, User, Username};
use crate::http::{with_member, with_members};
use crate::id::InstallationId;
use crate::oauth::client::authentication::{ClientAuthentication, KnownSecret, SecretHashes};
use crate::oauth::client::{Client, ClientOrigin};
use crate::snowflake::{ApplicationId, GuildId, RoleId, Snowflake, UserId};
use crate::store::{
    Edge, Member, MovedApplication, MovedConnection, MovedMember, MovedUser, Piece, RecordType,
};
use crate::time::Timestamp;

/// A record of an import, read and checked.
pub(super) enum MovedRecord {
    User(MovedUser),
    Application(Box<MovedApplication>),
    Guild(Guild),
    Member(MovedMember),
    Connection(MovedConnection),
}

/// The kinds of records, in the order in which they refer to one another: a record refers only to kinds before its
/// own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RecordKind {
    User,
    Application,
    Guild,
    Member,
    Bot,
    Connection,
}

impl RecordKind {
    /// The kind as `record` spells it.
    pub(super) const fn record_type(self) -> RecordType {
        match self {
            Self::User => RecordType::User,
            Self::Application => RecordType::Application,
            Self::Guild => RecordType::Guild,
            Self::Member | Self::Bot => RecordType::Member,
            Self::Connection => RecordType::Connection,
        }
    }

    /// The piece of the import that has these records, all of which are of this kind.
    pub(super) fn piece(self, records: Vec<MovedRecord>) -> Piece {
        macro_rules! those {
            ($variant:ident, $record:ident => $moved:expr) => {
                records
                    .into_iter()
                    .filter_map(|record| match record {
                        MovedRecord::$variant($record) => Some($moved),
                        _ => None,
                    })
                    .collect()
            };
        }
        match self {
            Self::User => Piece::Users(those!(User, it => it)),
            Self::Application => Piece::Applications(those!(Application, it => *it)),
            Self::Guild => Piece::Guilds(those!(Guild, it => it)),
            Self::Member => Piece::Members(those!(Member, it => it)),
            Self::Bot => Piece::Bots(those!(Member, it => it)),
            Self::Connection => Piece::Connections(those!(Connection, it => it)),
        }
    }
}

impl MovedRecord {
    pub(super) const fn kind(&self) -> RecordKind {
        match self {
            Self::User(_) => RecordKind::User,
            Self::Application(_) => RecordKind::Application,
            Self::Guild(_) => RecordKind::Guild,
            Self::Member(MovedMember {
                member: Member::User(_),
                ..
            }) => RecordKind::Member,
            Self::Member(_) => RecordKind::Bot,
            Self::Connection(_) => RecordKind::Connection,
        }
    }

    /// The key that two records have in common where they are the same one.
    pub(super) fn key(&self) -> String {
        match self {
            Self::User(it) => format!("user:{}", it.user.id),
            Self::Application(it) => format!("application:{}", it.application.client.id),
            Self::Guild(it) => format!("guild:{}", it.id),
            Self::Member(it) => match it.member {
                Member::User(user) => format!("member:{user}:{}", it.guild),
                Member::Bot(bot) => format!("bot:{bot}:{}", it.guild),
            },
            Self::Connection(it) => {
                let (kind, id) = (it.connection.kind.as_str(), it.connection.id.as_str());
                format!("connection:{}:{kind}:{id}", it.user)
            }
        }
    }
}

/// Reads a line. Answers its kind also where the record is wrong. `seed` differs for each line: what the record has
/// to be given is made of it.
pub(super) fn read<E: Edge>(
    cx: &Context<'_, E>,
    line: &str,
    seed: u32,
) -> (Option<&'static str>, Result<MovedRecord, Failure<ApiError>>) {
    let mut fields = match Fields::of(line.as_bytes()) {
        Ok(fields) => fields,
        Err(refused) => return (None, Err(refused.into())),
    };
    let name = fields.required("record", |name| {
        RecordType::from_wire(name).ok_or(RecordType::MUST)
    });
    (name.map(RecordType::as_str), record(cx, name, fields, seed))
}

fn record<E: Edge>(
    cx: &Context<'_, E>,
    name: Option<RecordType>,
    mut fields: Fields,
    seed: u32,
) -> Result<MovedRecord, Failure<ApiError>> {
    let record = match name {
        Some(RecordType::User) => user(&mut fields).map(MovedRecord::User),
        Some(RecordType::Application) => {
            let application = application(cx, &mut fields)?;
            application.map(|it| MovedRecord::Application(Box::new(it)))
        }
        Some(RecordType::Guild) => guild(&mut fields).map(MovedRecord::Guild),
        Some(RecordType::Member) => member(&mut fields, cx.now, seed).map(MovedRecord::Member),
        Some(RecordType::Connection) => connection(&mut fields).map(MovedRecord::Connection),
        // What else is wrong with it depends on what it is.
        None => return Err(fields.refused().into()),
    };
    Ok(fields.finish(record)?)
}

fn id<T>(parse: impl Fn(&str) -> Option<T>) -> impl Fn(&str) -> Result<T, &'static str> {
    move |text| parse(text).ok_or("must be a decimal id")
}

/// The time when the thing was made: as the record says it, or else as its id does.
fn created_at(fields: &mut Fields, id: Option<Snowflake>) -> Timestamp {
    let from_id = id.map_or(0, Snowflake::created_at_millis);
    let sent = fields.optional("created_at", instant);
    sent.unwrap_or(Timestamp::from_millis(from_id))
}

fn instant(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::from_iso(text).ok_or("must be an instant, as in 2026-01-31T23:59:59.999Z")
}

fn user(fields: &mut Fields) -> Option<MovedUser> {
    let user_id = fields.required("id", id(UserId::parse));
    let username = fields.required("username", Username::parse);
    let email = fields.required("email", Email::parse);
    let discriminator = fields.optional("discriminator", Discriminator::parse);
    let avatar = fields.optional("avatar", ImageHash::parse);
    let flags = ["verified", "admin", "suspended"].map(|flag| fields.flag(flag));
    let [verified, admin, suspended] = flags.map(Option::unwrap_or_default);
    let public_flags = fields.bits("public_flags").unwrap_or(0);
    let created_at = created_at(fields, user_id.map(|id| id.0));
    let password_hash = imported_hash(fields, "password_hash");
    let discriminator = discriminator.or_else(|| Discriminator::parse("0000").ok())?;
    let ((id, username), email) = user_id.zip(username).zip(email)?;
    Some(MovedUser {
        user: User {
            id,
            username,
            discriminator,
            email,
            verified,
            admin,
            suspended,
            avatar,
            public_flags,
            created_at,
            updated_at: Some(created_at),
        },
        password_hash: password_hash.map(|it| it.as_str().to_owned()),
    })
}

fn text(fields: &mut Fields, path: &str) -> Option<String> {
    fields.optional(path, |text| Ok(text.to_owned()))
}

fn imported_hash(fields: &mut Fields, path: &str) -> Option<ImportedHash> {
    let parsed = ImportedHash::parse(&text(fields, path)?);
    parsed.map_err(|must| fields.refuse(path, &must)).ok()
}

/// A hash of ours, and another server's hash, in place of which ours stands.
type SecretHash<K> = (Hash<K>, Option<ImportedHash>);

fn secret_hash<K>(fields: &mut Fields, path: &str) -> Option<SecretHash<K>> {
    let sent = text(fields, path)?;
    let Some(digits) = sent.strip_prefix("sha256:") else {
        let imported = ImportedHash::parse(&sent);
        let imported = imported.map_err(|must| fields.refuse(path, &must)).ok()?;
        return Some((Hash::IMPORTED, Some(imported)));
    };
    let ours = Hash::parse_hex(digits);
    if ours.is_none() {
        fields.refuse(path, "must be sha256: and 64 hexadecimal digits");
    }
    ours.map(|ours| (ours, None))
}

fn application<E: Edge>(
    cx: &Context<'_, E>,
    fields: &mut Fields,
) -> Result<Option<MovedApplication>, Failure<ApiError>> {
    let application_id = fields.required("id", id(ApplicationId::parse));
    if application_id.is_some_and(|id| super::is_built_in(cx.config, id)) {
        fields.refuse("id", "is that of the built-in application");
    }
    let terms = terms(fields);
    let suspended = fields.flag("suspended").unwrap_or(false);
    let created_at = created_at(fields, application_id.map(|id| id.0));
    let bot = bot(fields, application_id);
    let client_secret = secret_hash::<ClientSecret>(fields, "client_secret_hash");
    let bot_token = secret_hash(fields, "bot_token_hash").unzip();
    let former = former_secret(fields);
    let registration = registration(fields);
    let (_, draft) = draft(cx, fields, &terms, Hash::IMPORTED)?;
    let Some((id, draft)) = application_id.zip(draft) else {
        return Ok(None);
    };
    let secret = secret_for(fields, &draft, client_secret);
    let mut application = Application {
        bot,
        suspended,
        created_at,
        ..draft
    };
    application.client.id = id;
    if let Some((hash, _)) = &secret {
        keep_secret(&mut application.client.authentication, *hash, former);
    }
    if registration.is_some() {
        application.client = self_registered(application.client);
    }
    Ok(Some(MovedApplication {
        application,
        client_secret: secret.and_then(|(_, imported)| imported),
        bot_token: bot_token.0,
        bot_token_imported: bot_token.1.flatten(),
        registration,
    }))
}

/// The terms of an application that only administrators decide.
fn terms(fields: &mut Fields) -> Terms {
    Terms {
        owner: fields.optional("owner_id", id(UserId::parse)),
        trusted: fields.flag("trusted").unwrap_or(false),
        trusted_by: fields.optional("trusted_by", id(UserId::parse)),
        introspects: fields.flag("introspects").unwrap_or(false),
        flags: fields.bits("flags").unwrap_or(0),
        at_most: None,
    }
}

/// The client with only those grants that one that registered itself may have.
fn self_registered(client: Client) -> Client {
    let origin = ClientOrigin::Dynamic;
    let possible = origin.possible_grants(client.is_public());
    let grants = client.grants.iter().filter(|&it| possible.contains(it));
    Client {
        grants: grants.collect(),
        origin,
        ..client
    }
}

fn keep_secret(
    authentication: &mut ClientAuthentication,
    hash: Hash<ClientSecret>,
    former: Option<(KnownSecret, Timestamp)>,
) {
    if let ClientAuthentication::Secret(hashes) = authentication {
        *hashes = SecretHashes {
            former,
            ..SecretHashes::from(hash).sent(hashes.sent)
        };
    }
}

/// The hash of an application's secret. It must be there where the application authenticates by one.
fn secret_for(
    fields: &mut Fields,
    draft: &Application,
    hash: Option<SecretHash<ClientSecret>>,
) -> Option<SecretHash<ClientSecret>> {
    const PATH: &str = "client_secret_hash";
    let has_secret = matches!(draft.client.authentication, ClientAuthentication::Secret(_));
    if has_secret && hash.is_none() {
        fields.refuse(PATH, "is required");
    }
    if !has_secret && hash.is_some() {
        fields.refuse(PATH, "must be null: this application has no secret");
    }
    hash
}

/// The former secret of an application, while both are good.
fn former_secret(fields: &mut Fields) -> Option<(KnownSecret, Timestamp)> {
    const PATH: &str = "former_client_secret_hash";
    let former = secret_hash(fields, PATH);
    let ends_at = fields.optional("former_client_secret_ends_at", instant);
    let (hash, imported) = former?;
    if imported.is_some() {
        fields.refuse(PATH, "must be sha256: and 64 hexadecimal digits");
    }
    let used_at = None;
    Some((KnownSecret { hash, used_at }, ends_at?))
}

/// Reads the application's bot, in the form in which an export writes it.
fn bot(fields: &mut Fields, application: Option<ApplicationId>) -> Option<Bot> {
    let mut bot = fields.nested("bot")?;
    let same = bot.optional("id", id(ApplicationId::parse));
    if same.is_some() && same != application {
        bot.refuse("id", "must be that of the application");
    }
    bot.flag("bot");
    bot.bits("public_flags");
    let username = bot.required("username", Username::parse);
    let discriminator = bot.required("discriminator", Discriminator::parse);
    let avatar = bot.optional("avatar", ImageHash::parse);
    let both = username.zip(discriminator);
    let read = both.map(|(username, discriminator)| Bot {
        username,
        discriminator,
        avatar,
    });
    fields.finish_nested("bot", bot, read)
}

/// The registration of a client that registered itself.
fn registration(fields: &mut Fields) -> Option<(ClientDetails, Hash<RegistrationAccessToken>)> {
    let details = fields.object("registration")?;
    let Some((token, None)) = secret_hash(fields, "registration_token_hash") else {
        fields.refuse(
            "registration_token_hash",
            "must be sha256: and 64 hexadecimal digits",
        );
        return None;
    };
    Some((ClientDetails(details), token))
}

fn guild(fields: &mut Fields) -> Option<Guild> {
    let guild_id = fields.required("id", id(GuildId::parse));
    let name = fields.required("name", GuildName::parse);
    let icon = fields.optional("icon", ImageHash::parse);
    let owner = fields.optional("owner_id", id(UserId::parse));
    let created_at = created_at(fields, guild_id.map(|id| id.0));
    let (id, name) = guild_id.zip(name)?;
    Some(Guild {
        id,
        name,
        icon,
        owner,
        created_at,
    })
}

fn member(fields: &mut Fields, now: Timestamp, seed: u32) -> Option<MovedMember> {
    let guild = fields.required("guild_id", id(GuildId::parse));
    let permissions = fields.required("permissions", Permissions::parse);
    let joined_at = fields.optional("joined_at", instant);
    let member = if fields.has("application_id") {
        let bot = fields.required("application_id", id(ApplicationId::parse));
        bot.map(Member::Bot)
    } else {
        let user = fields.required("user_id", id(UserId::parse));
        user.map(Member::User)
    };
    let inviter = match member {
        Some(Member::Bot(_)) => fields.optional("inviter_id", id(UserId::parse)),
        _ => None,
    };
    let ((guild, permissions), member) = guild.zip(permissions).zip(member)?;
    // Both are made up; the seed is another one for each record of a request.
    let role = Snowflake::generate(now.millis(), seed.to_be_bytes());
    let mut installation = [0; 16];
    let (high, low) = installation.split_at_mut(8);
    high.copy_from_slice(&role.to_bytes());
    low.copy_from_slice(&guild.0.to_bytes());
    Some(MovedMember {
        guild,
        member,
        permissions,
        joined_at: joined_at.unwrap_or(now),
        inviter,
        installation: InstallationId::from_bytes(installation),
        role: RoleId(role),
    })
}

fn connection(fields: &mut Fields) -> Option<MovedConnection> {
    let user = fields.required("user_id", id(UserId::parse));
    let kind = fields.required("type", ConnectionKind::parse);
    let id = fields.required("id", ConnectionId::parse);
    let name = fields.required("name", ConnectionName::parse);
    let verified = fields.flag("verified").unwrap_or(false);
    let (((user, kind), id), name) = user.zip(kind).zip(id).zip(name)?;
    let connection = Connection {
        kind,
        id,
        name,
        verified,
    };
    Some(MovedConnection { user, connection })
}

/// The records of a piece, as an export writes them.
pub(super) fn written(piece: &Piece) -> Vec<Value> {
    match piece {
        Piece::Users(users) => users.iter().map(written_user).collect(),
        Piece::Applications(all) => all.iter().map(written_application).collect(),
        Piece::Guilds(guilds) => {
            let guilds = guilds.iter();
            guilds
                .map(|it| of_kind(RecordKind::Guild, it.in_full()))
                .collect()
        }
        Piece::Members(members) | Piece::Bots(members) => {
            members.iter().map(written_member).collect()
        }
        Piece::Connections(all) => all
            .iter()
            .map(|it| {
                let shown = with_member(json!(it.connection), "user_id", it.user.to_string());
                of_kind(RecordKind::Connection, shown)
            })
            .collect(),
    }
}

fn of_kind(kind: RecordKind, shown: Value) -> Value {
    with_member(shown, "record", kind.record_type().as_str())
}

fn written_user(moved: &MovedUser) -> Value {
    let shown = moved.user.in_full();
    let shown = with_member(shown, "password_hash", moved.password_hash.clone());
    of_kind(RecordKind::User, shown)
}

fn written_application(moved: &MovedApplication) -> Value {
    fn hash<K>(ours: Option<&Hash<K>>, imported: Option<&ImportedHash>) -> Option<String> {
        let imported = imported.map(|it| it.as_str().to_owned());
        imported.or_else(|| ours.map(spelled))
    }
    let application = &moved.application;
    let secrets = match &application.client.authentication {
        ClientAuthentication::Secret(secrets) => Some(secrets),
        _ => None,
    };
    let current = secrets.map(|it| &it.current.hash);
    let members = json!({
        "trusted_by": application.trusted_by,
        "client_secret_hash": hash(current, moved.client_secret.as_ref()),
        "bot_token_hash": hash(moved.bot_token.as_ref(), moved.bot_token_imported.as_ref()),
    });
    let mut shown = with_members(application.in_full(), members);
    if let Some((former, ends_at)) = secrets.and_then(|it| it.former) {
        let former = spelled(&former.hash);
        shown = with_member(shown, "former_client_secret_hash", former);
        shown = with_member(shown, "former_client_secret_ends_at", ends_at.to_iso());
    }
    if let Some((details, token)) = &moved.registration {
        shown = with_member(shown, "registration", json!(details));
        shown = with_member(shown, "registration_token_hash", spelled(token));
    }
    of_kind(RecordKind::Application, shown)
}

fn written_member(moved: &MovedMember) -> Value {
    let (name, id) = match moved.member {
        Member::User(user) => ("user_id", user.0),
        Member::Bot(bot) => ("application_id", bot.0),
    };
    let shown = json!({
        "guild_id": moved.guild,
        "permissions": moved.permissions,
        "joined_at": moved.joined_at.to_iso(),
    });
    let shown = with_member(shown, name, id.to_string());
    let shown = match moved.inviter {
        Some(inviter) => with_member(shown, "inviter_id", inviter.to_string()),
        None => shown,
    };
    of_kind(RecordKind::Member, shown)
}
