//! What every endpoint is given: the ports, the settings, the request, and the time at which it came.

use core::cell::{Cell, OnceCell};
use std::rc::Rc;

use super::claims::RequestClaims;
use super::notes::{Notes, name_of};
use super::return_to::ReturnTo;
use crate::config::Config;
use crate::crypto::secret::{ClientSecret, Secret, SessionId};
use crate::fluxer::application::Application;
use crate::fluxer::audit::{Action, AuditEntry};
use crate::fluxer::resource::Resource;
use crate::http::Request;
use crate::id::InstallationId;
use crate::oauth::error::Refusal;
use crate::oauth::openid::AuthenticationMethod;
use crate::oauth::params::Params;
use crate::oauth::scope::Scopes;
use crate::outbox::{Granted, Tells};
use crate::page::text;
use crate::page::{Chrome, Opener};
use crate::routes::is_opened_by_clients;
use crate::snowflake::{ApplicationId, AuditEntryId, GuildId, Snowflake, UserId};
use crate::store::{
    BrowserSeen, CodeRecord, Consent, Consented, Edge, Fault, Known, NewSession, Outlook,
    WhichResource,
};
use crate::time::Timestamp;

/// The name of the cookie that keeps the chosen language. It is not secret, and does not tell who chose.
pub const LANGUAGE_COOKIE: &str = "fluxer_language";

/// Longest `User-Agent` that is kept, in characters.
const MAX_DEVICE: usize = 256;

/// What every endpoint is given: the ports, the settings, the request, and the time at which it came.
pub struct Context<'a, E> {
    /// All ports.
    pub edge: &'a E,
    /// The settings.
    pub config: &'a Config,
    /// The request.
    pub request: &'a Request,
    /// The time at which the request came. All of its decisions use this time.
    pub now: Timestamp,
    /// What is noted of the request for its measure.
    pub notes: Notes,
    /// What was read for the request already.
    pub so_far: SoFar,
}

/// What was read for a request already, so that it is read once.
#[derive(Default)]
pub struct SoFar {
    /// The request's parameters.
    pub params: OnceCell<Result<Rc<Params>, Refusal>>,
    /// The record of the request's code, which KV is asked for while the limiter is asked.
    pub code_record: OnceCell<Option<CodeRecord>>,
    /// The parameters of the pushed request that this request is about, once it was opened.
    pub pushed: OnceCell<Rc<Params>>,
    /// How far the request rests on what its isolate remembers.
    pub memory: Cell<IsolateMemory>,
    /// The ids that the request has used up.
    pub claims: RequestClaims,
}

/// How far a request rests on what its isolate remembers.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum IsolateMemory {
    /// Nothing that is remembered was used so far.
    #[default]
    Unused,
    /// Something that is remembered was used, so a refusal is not final.
    Used,
    /// The request is decided a second time, without what is remembered.
    Passed,
}

impl<E> Context<'_, E> {
    /// A context of the same time for another request.
    pub fn about<'b>(&'b self, request: &'b Request) -> Context<'b, E> {
        Context {
            edge: self.edge,
            config: self.config,
            request,
            now: self.now,
            notes: Notes::default(),
            so_far: SoFar::default(),
        }
    }

    /// What the layout of a page needs to know. Its language is the one that the user chose, or the best of those
    /// that the client names (`ui_locales`), or the best of those that the browser names.
    pub fn chrome<'b>(&'b self, here: &'b str) -> Chrome<'b> {
        let chosen = self.request.cookie(LANGUAGE_COOKIE).and_then(text::by_tag);
        let accepted = self.request.header("accept-language").unwrap_or_default();
        let text = chosen.unwrap_or_else(|| match self.authorization_parameter("ui_locales") {
            Some(locales) => {
                let locales = locales.replace(' ', ",");
                text::accepted(&[&locales, ",", accepted].concat())
            }
            None => text::accepted(accepted),
        });
        Chrome {
            text,
            brand: &self.config.brand,
            here,
            now: self.now,
            account: None,
            has_passwords: self.config.platform.is_none(),
            opener: if is_opened_by_clients(&self.request.path) {
                Opener::Client
            } else {
                Opener::User
            },
        }
    }

    /// The browser's own description and its address, by which the user may recognize it.
    pub fn browser_seen(&self) -> BrowserSeen {
        let device = self.request.header("user-agent").map(|device| {
            let characters = device.chars().filter(|it| !it.is_control());
            characters.take(MAX_DEVICE).collect()
        });
        BrowserSeen {
            device,
            address: self.request.client_ip().parse().ok(),
        }
    }

    /// Notes a refusal for the measure of this request: its exact name, and for the application's developer its words
    /// and the value that they are about. Only the first one is kept, because what is answered because of it says
    /// less.
    pub fn note(&self, refused: &dyn core::fmt::Debug, mut words: String) {
        const LONGEST: usize = 300;
        let noted = &self.notes.refusal;
        if noted.borrow().first().is_some_and(|it| !it.is_empty()) {
            return;
        }
        if words.contains("redirect_uri")
            && let Some(sent) = self.authorization_parameter("redirect_uri")
        {
            words = [&words, ": ", &sent].concat();
        }
        let words = words.chars().filter(|it| !it.is_control()).take(LONGEST);
        noted.replace([name_of(&format!("{refused:?}")), words.collect()]);
    }

    /// A parameter of the authorization request that this page belongs to: the page's own, or the one that the login
    /// goes on to. For a pushed request only the pushed parameters count.
    pub fn authorization_parameter(&self, name: &'static str) -> Option<String> {
        if let Some(pushed) = self.so_far.pushed.get() {
            return pushed.one(name).ok().flatten().map(str::to_owned);
        }
        let query = &*self.request.query;
        // Most pages belong to none, and no query is decoded for them.
        if !query.contains(name) {
            return None;
        }
        let of = |query| {
            Params::from_form(query)
                .one(name)
                .ok()
                .flatten()
                .map(str::to_owned)
        };
        match ReturnTo::read(query) {
            Some(return_to) => of(return_to.authorization_query()?),
            None => of(query),
        }
    }
}

impl<E: Edge> Context<'_, E> {
    /// An application, as this isolate may remember it: the built-in one, or one of the directory's.
    pub async fn application(&self, id: ApplicationId) -> Result<Option<Rc<Application>>, Fault> {
        Ok(self.known_application(id).await?.found())
    }

    /// An application, and whether it is remembered. A refusal that rests on it is decided once more where
    /// [`Self::decides_anew`] says so.
    pub async fn known_application(&self, id: ApplicationId) -> Result<Known, Fault> {
        let known = match self.built_in(id) {
            Some(built_in) => Known::Current(Some(built_in)),
            None if self.passes_memory() => Known::Current(self.current_application(id).await?),
            None => self.noted(self.edge.application(id).await?),
        };
        if known.is_there() {
            self.notes.application.set(Some(id));
        }
        Ok(known)
    }

    /// A resource server, as this isolate may remember it.
    pub async fn resource(&self, which: WhichResource<'_>) -> Result<Option<Rc<Resource>>, Fault> {
        if self.passes_memory() {
            return self.edge.current_resource(which).await;
        }
        Ok(self.noted(self.edge.resource(which).await?).found())
    }

    fn noted<T>(&self, known: Known<T>) -> Known<T> {
        if let Known::Remembered(_) = known {
            self.so_far.memory.set(IsolateMemory::Used);
        }
        known
    }

    /// Whether the request is decided without what this isolate remembers.
    pub fn passes_memory(&self) -> bool {
        self.so_far.memory.get() == IsolateMemory::Passed
    }

    /// Whether a refusal may follow from something that was remembered. If so, the request is decided from then on
    /// without what is remembered, and the second decision is final.
    pub fn decides_anew(&self) -> bool {
        let was_used = self.so_far.memory.get() == IsolateMemory::Used;
        if was_used {
            self.so_far.memory.set(IsolateMemory::Passed);
        }
        was_used
    }

    /// The application that was found. Where it is remembered as suspended, it is read again, because it may work by
    /// now.
    pub async fn unless_freed(&self, known: Known) -> Result<Option<Rc<Application>>, Fault> {
        match known {
            Known::Remembered(it) if it.suspended => self.current_application(it.client.id).await,
            known => Ok(known.found()),
        }
    }

    /// An application as the directory has it now.
    pub async fn current_application(
        &self,
        id: ApplicationId,
    ) -> Result<Option<Rc<Application>>, Fault> {
        match self.built_in(id) {
            Some(built_in) => Ok(Some(built_in)),
            None => Ok(self.edge.current_application(id).await?.map(Rc::new)),
        }
    }

    /// An application for a token that exists, also while D1 does not answer. One that this isolate remembers then
    /// serves, unless KV says that it was stopped since. Nothing new may begin with it.
    pub async fn application_in_outage(&self, id: ApplicationId) -> Result<Known, Fault> {
        let fault = match self.known_application(id).await {
            Err(fault) if fault.outlook() == Outlook::Transient && !self.passes_memory() => fault,
            known => return known,
        };
        let Some(remembered) = self.edge.remembered_application(id) else {
            return Err(fault);
        };
        if self.edge.is_stopped(id).await? {
            return Err(fault);
        }
        self.edge
            .log(&format!("a remembered application serves: {fault}"));
        Ok(self.noted(Known::Remembered(remembered)))
    }

    fn built_in(&self, id: ApplicationId) -> Option<Rc<Application>> {
        let built_in = self.config.admin_application.as_ref();
        built_in.filter(|it| it.client.id == id).map(Rc::clone)
    }

    /// A new id whose time is now.
    pub fn new_id(&self) -> Result<Snowflake, Fault> {
        Ok(Snowflake::generate(self.now.millis(), self.edge.random()?))
    }

    /// The receivers besides the application that are told of what happens now.
    pub const fn tells(&self) -> Tells {
        Tells {
            operator: self.config.events.is_some(),
            at: self.now,
        }
    }

    /// The event that a consent began or changed something; `None` where nobody wants to be told.
    pub fn granted(
        &self,
        application: &Application,
        id: InstallationId,
        scope: Scopes,
        guild: Option<GuildId>,
    ) -> Option<Granted> {
        let tells = self.tells();
        let is_told = tells.operator || application.event_webhook_url.is_some();
        is_told.then_some(Granted {
            id,
            scope,
            guild,
            tells,
        })
    }

    /// Stores a consent, and wakes the outbox that tells of it.
    pub async fn remember(&self, consent: Consent<'_>) -> Result<Consented, Fault> {
        let told = consent.tells.map(|_| consent.user.0);
        let consented = self.edge.consent(consent).await?;
        if let (Consented::Yes, Some(outbox)) = (consented, told) {
            self.edge.wake_outbox(outbox);
        }
        Ok(consented)
    }

    /// Wakes the outbox that tells the operator of a deleted application, where the operator wants to be told.
    pub fn wake_of_application(&self, application: ApplicationId) {
        if self.config.events.is_some() {
            self.edge.wake_outbox(application.0);
        }
    }

    /// An entry of the audit log about this request.
    pub fn entry(&self, action: Action) -> AuditEntry {
        // What is worth an entry must not fail for want of an id.
        let entropy = self.edge.random().unwrap_or_default();
        let id = AuditEntryId(Snowflake::generate(self.now.millis(), entropy));
        let entry = AuditEntry::new(id, action, self.request.client_ip());
        entry.by_device(self.browser_seen().device)
    }

    /// A new session of a user who has just shown the password.
    pub fn session_by_password(&self, cookie: &Secret<SessionId>, user: UserId) -> NewSession {
        NewSession {
            id: cookie.hash(),
            user,
            amr: AuthenticationMethod::Password.into(),
            authenticated_at: self.now,
            at: self.now,
            by_platform: None,
            lifetime: self.config.session_lifetime,
            browser: self.browser_seen(),
        }
    }

    /// A new client secret.
    pub fn new_client_secret(&self) -> Result<Secret<ClientSecret>, Fault> {
        Ok(Secret::generate(self.edge.random()?))
    }

    /// A new secret of 256 random bits, of any kind.
    pub fn new_secret<K>(&self) -> Result<Secret<K>, Fault> {
        Ok(Secret::from_entropy(self.edge.random()?))
    }
}
