//! The floor: what a flow costs when nothing is checked. Each path does the storage operations of one
//! flow, with records as large as the Worker's, and signs one HS256 token where the flow signs any.
//! `/` does nothing at all.
//!
//! Objects are asked as the `worker` crate's own examples ask them.

use core::cell::Cell;

use chrono::DateTime;
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{AlgorithmExt, Claims, Header};
use serde::{Deserialize, Serialize};
use worker::{
    Context, D1Database, Date, DurableObject, Env, Request, Response, Result, SqlStorageValue,
    State, durable_object, event, wasm_bindgen,
};

/// What the Worker keeps of a family, and of a code: so many bytes.
const RECORD: &str = r#"{"live":{"approval":{"grant":{"scope":"identify email","redirect_uri":"https://app.example/callback","code_challenge":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","device":"Mozilla/5.0 (X11; Linux x86_64) Bench/1.0","address":"192.0.2.1"},"opened_at":1767225600000,"code_expires_at":1767226200000},"redeemed_at":1767225600000,"attempt":"AAAAAAAAAAAAAAAAAAAAAA","generation":1,"rotated_at":1767225600000,"expires_at":1769817600000}}"#;

#[derive(Serialize)]
struct Subject<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    client_id: &'a str,
    scope: &'a str,
    jti: &'a str,
    fam: &'a str,
}

#[derive(Deserialize)]
struct Found {
    found: String,
}

/// `/<flow>/<ledger>/<family>`.
#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    let path = request.path();
    let mut parts = path.split('/').skip(1);
    let mut next = || parts.next().unwrap_or_default();
    let (flow, ledger, family) = (next(), next(), next());
    match flow {
        "sign" => Response::ok(sign(ledger)),
        "refresh" => {
            ask(&env, "write", ledger, family).await?;
            Response::ok(sign(ledger))
        }
        "exchange" => {
            let record = env.kv("RECORDS")?.get(family).text().await?;
            ask(&env, "write", ledger, family).await?;
            let records = env.kv("RECORDS")?;
            let key = format!("refresh:{family}");
            context.wait_until(async move {
                if let Ok(put) = records.put(&key, RECORD) {
                    let _ = put.expiration_ttl(3600).execute().await;
                }
            });
            Response::ok(sign(record.as_deref().unwrap_or(ledger)))
        }
        "approve" => approve(&env, ledger, family).await,
        "read" => Response::ok(ask(&env, "read", ledger, family).await?),
        "me" => {
            ask(&env, "read", ledger, family).await?;
            let found = user(&env.d1("DIRECTORY")?, ledger).await?;
            Response::ok(found)
        }
        _ => Response::ok("ok"),
    }
}

/// A session is read, a code's record kept, its family opened, the consent remembered.
async fn approve(env: &Env, ledger: &str, family: &str) -> Result<Response> {
    let directory = env.d1("DIRECTORY")?;
    user(&directory, ledger).await?;
    let records = env.kv("RECORDS")?;
    records
        .put(family, RECORD)?
        .expiration_ttl(600)
        .execute()
        .await?;
    ask(env, "write", ledger, family).await?;
    let now = Date::now().as_millis() as f64;
    let remember = "INSERT INTO authorizations (user_id, application_id, scope, created_at, updated_at) \
                    VALUES (?, ?, 'identify email', ?, ?) \
                    ON CONFLICT (user_id, application_id) DO UPDATE SET updated_at = excluded.updated_at";
    let entry = "INSERT INTO audit_log (id, action, actor_id, application_id, target_id, address, details, once) \
                 VALUES (?, 'consent', ?, ?, ?, '192.0.2.1', '{\"scope\":\"identify email\"}', ?)";
    let (user, application) = ledger.split_once(':').unwrap_or_default();
    let [user, application, family] = [user, application, family].map(wasm_bindgen::JsValue::from);
    let id = (worker::js_sys::Math::random() * 9e15).floor();
    directory
        .batch(vec![
            directory.prepare(remember).bind(&[
                user.clone(),
                application.clone(),
                now.into(),
                now.into(),
            ])?,
            directory.prepare(entry).bind(&[
                id.into(),
                user.clone(),
                application,
                user.clone(),
                family,
            ])?,
            directory
                .prepare("SELECT 'yes' AS found FROM sessions WHERE user_id = ?")
                .bind(&[user])?,
        ])
        .await?;
    Response::ok(sign(ledger))
}

async fn user(directory: &D1Database, ledger: &str) -> Result<String> {
    let id = ledger.split(':').next().unwrap_or_default();
    let sql = "SELECT json_object('id', id, 'username', username, 'discriminator', discriminator, \
               'email', email, 'verified', verified, 'admin', admin, 'avatar', avatar, \
               'public_flags', public_flags, 'created_at', created_at) AS found \
               FROM users WHERE id = ?";
    let statement = directory.prepare(sql).bind(&[id.into()])?;
    let row: Option<Found> = statement.first(None).await?;
    Ok(row.map(|row| row.found).unwrap_or_default())
}

/// One call of a Durable Object.
async fn ask(env: &Env, verb: &str, ledger: &str, family: &str) -> Result<String> {
    let stub = env.durable_object("LEDGER")?.get_by_name(ledger)?;
    let mut answer = stub
        .fetch_with_str(&format!("https://ledger/{verb}/{family}"))
        .await?;
    answer.text().await
}

/// One HS256 token with the Worker's claims.
fn sign(subject: &str) -> String {
    let issued_at = Date::now().as_millis() / 1000;
    let time = |seconds: u64| DateTime::from_timestamp(i64::try_from(seconds).unwrap_or(0), 0);
    let mut claims = Claims::new(Subject {
        iss: "http://127.0.0.1:8787",
        sub: subject.get(..19).unwrap_or(subject),
        aud: "http://127.0.0.1:8787",
        client_id: "1456074443980800003",
        scope: "identify email",
        jti: "AAAAAAAAAAAAAAAAAAAAAA",
        fam: "AAAAAAAAAAAAAAAAAAAAAA",
    });
    claims.issued_at = time(issued_at);
    claims.expiration = time(issued_at + 604_800);
    let header = Header::empty()
        .with_token_type("JWT")
        .with_key_id("AAAAAAAA");
    Hs256
        .token(&header, &claims, &Hs256Key::new([7; 32]))
        .unwrap_or_default()
}

/// A Durable Object that keeps records.
#[durable_object]
pub struct Ledger {
    state: State,
    has_table: Cell<bool>,
}

impl DurableObject for Ledger {
    fn new(state: State, _env: Env) -> Self {
        Self {
            state,
            has_table: Cell::new(false),
        }
    }

    /// `/write/<family>` reads the record and writes it, `/read/<family>` reads it.
    async fn fetch(&self, request: Request) -> Result<Response> {
        let path = request.path();
        let mut parts = path.split('/').skip(1);
        let verb = parts.next().unwrap_or_default();
        let family = parts.next().unwrap_or_default();
        let sql = self.state.storage().sql();
        if !self.has_table.replace(true) {
            sql.exec(
                "CREATE TABLE IF NOT EXISTS families (id TEXT PRIMARY KEY, purge_at INTEGER NOT NULL, \
                 body TEXT NOT NULL) WITHOUT ROWID",
                None,
            )?;
        }
        let values: Vec<SqlStorageValue> = vec![family.to_owned().into()];
        let found: Vec<Vec<SqlStorageValue>> = sql
            .exec("SELECT body FROM families WHERE id = ?", values)?
            .raw()
            .collect::<Result<_>>()?;
        if verb == "write" {
            let now = i64::try_from(Date::now().as_millis()).unwrap_or(0);
            let values: Vec<SqlStorageValue> = vec![
                family.to_owned().into(),
                SqlStorageValue::Integer(now),
                RECORD.to_owned().into(),
            ];
            sql.exec(
                "INSERT INTO families (id, purge_at, body) VALUES (?, ?, ?) ON CONFLICT (id) \
                 DO UPDATE SET purge_at = excluded.purge_at, body = excluded.body",
                values,
            )?;
        }
        match found.first().and_then(|row| row.first()) {
            Some(SqlStorageValue::String(body)) => Response::ok(body.as_str()),
            _ => Response::ok(""),
        }
    }
}
