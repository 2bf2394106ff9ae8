//! What Fluxer publishes for verifiers: its keys, and which logins were revoked.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

const KEYS_FRESH: Duration = Duration::from_secs(300);
/// Keys are published long before they sign: old ones serve an outage.
const KEYS_USABLE: Duration = Duration::from_secs(3600);
/// A `kid` that is unknown may be new. Forged ones must not cost Fluxer a request each.
const KEYS_AGAIN: Duration = Duration::from_secs(30);
const REVOKED_FRESH: Duration = Duration::from_secs(15);
/// A list is valid for a minute. Without one nobody knows which tokens are good, and none is accepted.
const REVOKED_USABLE: Duration = Duration::from_secs(45);
/// After a failure Fluxer is left alone for so long.
const REST: Duration = Duration::from_secs(5);

/// Fluxer gave no document that could be used.
pub struct Unavailable;

type Keys = HashMap<String, DecodingKey>;
type Families = HashSet<String>;

pub struct Documents {
    pub issuer: String,
    agent: ureq::Agent,
    keys: Cached<Keys>,
    revoked: Cached<Families>,
}

impl Documents {
    pub fn new(issuer: String) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(2)))
            .max_redirects(0);
        Self {
            issuer,
            agent: config.build().into(),
            keys: Cached::default(),
            revoked: Cached::default(),
        }
    }

    pub async fn keys(&self) -> Result<Arc<Keys>, Unavailable> {
        self.keys
            .get(KEYS_FRESH, KEYS_USABLE, || self.fetch_keys())
            .await
    }

    pub async fn newer_keys(&self) -> Result<Arc<Keys>, Unavailable> {
        self.keys
            .get(KEYS_AGAIN, Duration::ZERO, || self.fetch_keys())
            .await
    }

    pub async fn revoked(&self) -> Result<Arc<Families>, Unavailable> {
        self.revoked
            .get(REVOKED_FRESH, REVOKED_USABLE, || self.fetch_revoked())
            .await
    }

    async fn fetch_keys(&self) -> Result<Keys, Unavailable> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_str(&self.text("/.well-known/jwks.json").await?)
            .map_err(|_| Unavailable)?;
        // Keys of kinds that are unknown here are left out.
        let keys = set
            .keys
            .into_iter()
            .filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        Ok(keys
            .filter_map(|key| {
                Some((
                    key.common.key_id.clone()?,
                    DecodingKey::from_jwk(&key).ok()?,
                ))
            })
            .collect())
    }

    async fn fetch_revoked(&self) -> Result<Families, Unavailable> {
        #[derive(Deserialize)]
        struct List {
            families: Families,
        }
        let list = self.text("/.well-known/revoked").await?;
        let header = decode_header(&list).map_err(|_| Unavailable)?;
        let kid = header
            .kid
            .filter(|_| header.typ.as_deref() == Some("revoked+jwt"))
            .ok_or(Unavailable)?;
        let key = match self.keys().await?.get(&kid) {
            Some(key) => key.clone(),
            None => self
                .newer_keys()
                .await?
                .get(&kid)
                .cloned()
                .ok_or(Unavailable)?,
        };
        let mut rules = Validation::new(Algorithm::ES256);
        rules.leeway = 0;
        rules.validate_aud = false;
        rules.set_issuer(&[&self.issuer]);
        rules.set_required_spec_claims(&["exp", "iss"]);
        Ok(decode::<List>(&list, &key, &rules)
            .map_err(|_| Unavailable)?
            .claims
            .families)
    }

    async fn text(&self, path: &str) -> Result<String, Unavailable> {
        let (agent, url) = (self.agent.clone(), format!("{}{path}", self.issuer));
        let fetched =
            tokio::task::spawn_blocking(move || agent.get(url).call()?.body_mut().read_to_string());
        let text = fetched
            .await
            .map_err(|_| Unavailable)?
            .map_err(|_| Unavailable)?;
        Ok(text.trim().to_owned())
    }
}

/// A document, and when it came.
struct Cached<T>(Mutex<Held<T>>);

struct Held<T> {
    document: Option<(Instant, Arc<T>)>,
    failed: Option<Instant>,
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self(Mutex::new(Held {
            document: None,
            failed: None,
        }))
    }
}

impl<T> Cached<T> {
    /// The document, fetched where it is older than `fresh`; where that fails, an old one that is usable.
    async fn get(
        &self,
        fresh: Duration,
        usable: Duration,
        fetch: impl AsyncFnOnce() -> Result<T, Unavailable>,
    ) -> Result<Arc<T>, Unavailable> {
        // Who comes while it is fetched waits here, and finds it.
        let mut held = self.0.lock().await;
        let younger = |held: &Held<T>, age| {
            held.document
                .clone()
                .filter(|(since, _)| since.elapsed() < age)
                .map(|(_, document)| document)
        };
        if let Some(document) = younger(&held, fresh) {
            return Ok(document);
        }
        if !held.failed.is_some_and(|since| since.elapsed() < REST) {
            let asked = Instant::now();
            match fetch().await {
                Ok(document) => held.document = Some((asked, Arc::new(document))),
                Err(Unavailable) => held.failed = Some(Instant::now()),
            }
            if let Some((since, document)) = &held.document
                && *since == asked
            {
                return Ok(document.clone());
            }
        }
        younger(&held, usable).ok_or(Unavailable)
    }
}
