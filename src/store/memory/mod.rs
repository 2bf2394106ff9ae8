//! The ports over plain collections: for tests, and a description of what the real ones must do.
//!
//! Every storage step is counted and named, and a [`Plan`] can make any one of them fail, before
//! or after its effect, as networks do.

mod applications;
mod audit_log;
mod authorizations;
mod client_documents;
pub mod events;
mod guilds;
mod icons;
mod keys;
mod ledgers;
mod lists;
mod measures;
mod moving;
pub mod outbound;
mod pending;
mod platform;
mod platform_users;
mod records;
mod registrations;
mod resources;
mod revocations;
mod sessions;
mod tables;
mod users;

use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::{Ambient, Fault, FaultStorm, KnownKeys, Limiter, Outlook, RefreshRecord, Schema, What};
use crate::crypto::secret::{AuthorizationCode, Hash};
use crate::fluxer::application::Application;
use crate::fluxer::registration::ClientDocument;
use crate::fluxer::resource::Resource;
use crate::id::FamilyId;
use crate::oauth::client::url::ClientUrl;
use crate::outbound::OutboundAnswer;
use crate::rate_limit::{Begun, Limit, Place, TryOutcome, Verdict, Window};
use crate::signing_keys::{KeyCache, KeySet};
use crate::snowflake::{ApplicationId, ResourceId, Snowflake};
use crate::time::Timestamp;

/// When a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Nothing happened.
    Before,
    /// It happened, and the answer was lost.
    After,
}

/// Which step fails next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Counted from the moment the plan was made, from 0.
    pub step: usize,
    /// Before or after its effect.
    pub when: When,
}

/// What KV shows of what was put there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KvMood {
    /// Everything.
    Fresh,
    /// Nothing, as elsewhere within a minute of the write.
    Missing,
}

/// What the isolate remembers of applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolate {
    /// Every one as it is now: asking for it is no step.
    Warm,
    /// What it has read itself, as isolates do.
    Remembering,
    /// None.
    Cold,
}

/// What another request does just before a step of this one.
pub struct Meanwhile {
    /// Counted from the moment this was made, from 0.
    pub step: usize,
    /// What happens then.
    pub happens: Box<dyn FnOnce()>,
}

/// A world in memory.
pub struct Memory {
    clock: Cell<u64>,
    seed: Cell<u64>,
    /// What KV shows.
    pub kv_mood: Cell<KvMood>,
    /// What the isolate remembers.
    pub isolate: Cell<Isolate>,
    /// The part that is down until further notice: every step of that name fails.
    pub outage: Cell<Option<&'static str>>,
    /// The table that is missing.
    pub missing: Cell<Option<&'static str>>,
    /// Whether KV is down as well.
    pub kv_outage: Cell<bool>,
    /// Whether what fails does so for good: what is stored there cannot be read.
    pub outlook: Cell<Outlook>,
    remembered: RefCell<BTreeMap<ApplicationId, (Timestamp, Rc<Application>)>>,
    remembered_resources: RefCell<BTreeMap<ResourceId, (Timestamp, Rc<Resource>)>>,
    /// Which step fails.
    pub plan: Cell<Option<Plan>>,
    /// What another request does in the middle of the next one.
    pub meanwhile: RefCell<Option<Meanwhile>>,
    /// The steps since [`Self::forget_steps`].
    steps: RefCell<Vec<&'static str>>,
    /// The operator's log.
    pub log: RefCell<Vec<String>>,
    /// What the isolate remembers of the signing keys.
    key_cache: KeyCache,
    /// How many RSA keys were made.
    rsa_keys: Cell<usize>,
    /// What was posted to other people's servers.
    posted: RefCell<Vec<outbound::Posted>>,
    /// The outboxes that were woken.
    woken: RefCell<BTreeSet<Snowflake>>,
    /// What other people's servers answer, by URL.
    web: RefCell<BTreeMap<String, OutboundAnswer>>,
    /// What the platform answers, where there is one.
    platform: RefCell<Option<Box<platform::PlatformScript>>>,
    documents: RefCell<BTreeMap<ClientUrl, (Timestamp, Rc<ClientDocument>)>>,
    published_keys: RefCell<BTreeMap<String, KnownKeys>>,
    /// The measures of requests, as they are printed.
    pub measures: RefCell<Vec<String>>,
    faults: RefCell<FaultStorm>,
    days: RefCell<BTreeMap<(ApplicationId, Timestamp, What, String), u32>>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    codes: BTreeMap<String, String>,
    refreshes: BTreeMap<FamilyId, RefreshRecord>,
    stopped: BTreeSet<ApplicationId>,
    icons: BTreeMap<String, Vec<u8>>,
    ledgers: BTreeMap<String, BTreeMap<FamilyId, String>>,
    pending: BTreeMap<String, String>,
    windows: BTreeMap<String, Window>,
    keys: KeySet,
    revoked: BTreeMap<FamilyId, Timestamp>,
    directory: tables::Tables,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            clock: Cell::new(1_795_000_000_000),
            seed: Cell::new(1),
            kv_mood: Cell::new(KvMood::Fresh),
            isolate: Cell::new(Isolate::Warm),
            outage: Cell::new(None),
            missing: Cell::new(None),
            kv_outage: Cell::new(false),
            outlook: Cell::new(Outlook::Transient),
            remembered: RefCell::default(),
            remembered_resources: RefCell::default(),
            plan: Cell::new(None),
            meanwhile: RefCell::default(),
            steps: RefCell::default(),
            log: RefCell::default(),
            key_cache: KeyCache::default(),
            rsa_keys: Cell::new(0),
            posted: RefCell::default(),
            woken: RefCell::default(),
            web: RefCell::default(),
            platform: RefCell::default(),
            documents: RefCell::default(),
            published_keys: RefCell::default(),
            measures: RefCell::default(),
            faults: RefCell::default(),
            days: RefCell::default(),
            state: RefCell::default(),
        }
    }
}

impl Memory {
    /// Moves the clock on.
    pub fn advance(&self, span: Duration) {
        let span = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        self.clock.set(self.clock.get().saturating_add(span));
    }

    /// The storage steps since they were last forgotten.
    pub fn steps(&self) -> Vec<&'static str> {
        self.steps.borrow().clone()
    }

    /// Starts counting steps anew.
    pub fn forget_steps(&self) {
        self.steps.borrow_mut().clear();
    }

    /// Families that ledgers keep, ended ones included.
    pub fn stored_families(&self) -> usize {
        self.state
            .borrow()
            .ledgers
            .values()
            .map(BTreeMap::len)
            .sum()
    }

    /// Names of the ledgers that keep anything.
    pub fn stored_ledgers(&self) -> Vec<String> {
        let state = self.state.borrow();
        let kept = state.ledgers.iter().filter(|(_, it)| !it.is_empty());
        kept.map(|(name, _)| name.clone()).collect()
    }

    /// Puts a row into a ledger as if an earlier version had written it.
    pub fn put_family(&self, ledger: &str, family: FamilyId, row: &str) {
        let mut state = self.state.borrow_mut();
        let families = state.ledgers.entry(ledger.to_owned()).or_default();
        families.insert(family, row.to_owned());
    }

    /// Puts a code's record into KV as if an earlier version had written it.
    pub fn put_record(&self, code: &Hash<AuthorizationCode>, record: &str) {
        let mut state = self.state.borrow_mut();
        state.codes.insert(code.to_string(), record.to_owned());
    }

    /// Everything that storage holds, as text: where no secret may be found.
    pub fn dump(&self) -> String {
        let state = self.state.borrow();
        let windows: Vec<_> = state.windows.keys().collect();
        format!(
            "{:?} {:?} {:?} {:?} {:?} {windows:?}",
            state.codes, state.refreshes, state.ledgers, state.keys, state.directory
        )
    }

    fn step<T>(
        &self,
        name: &'static str,
        effect: impl FnOnce(&mut State) -> T,
    ) -> Result<T, Fault> {
        let due = self.meanwhile.borrow_mut().take_if(|meanwhile| {
            let is_due = meanwhile.step == 0;
            meanwhile.step = meanwhile.step.saturating_sub(1);
            is_due
        });
        if let Some(meanwhile) = due {
            (meanwhile.happens)();
        }
        let failing = self.plan.get().filter(|plan| plan.step == 0);
        self.plan.set(match self.plan.get() {
            Some(plan) if plan.step > 0 => Some(Plan {
                step: plan.step - 1,
                ..plan
            }),
            _ => None,
        });
        self.steps.borrow_mut().push(name);
        let fault = || match self.outlook.get() {
            Outlook::Transient => Fault::new(name, "planned"),
            Outlook::Permanent => Fault::permanent(name, "planned"),
        };
        let is_down = self.outage.get().is_some_and(|part| name.starts_with(part))
            || (self.kv_outage.get() && name.starts_with("kv"));
        if is_down || failing.is_some_and(|plan| plan.when == When::Before) {
            return Err(fault());
        }
        let value = effect(&mut self.state.borrow_mut());
        match failing {
            Some(_) => Err(fault()),
            None => Ok(value),
        }
    }
}

impl Ambient for Memory {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.get())
    }

    /// Not random, and never twice the same.
    fn entropy(&self, buffer: &mut [u8]) -> Result<(), Fault> {
        for chunk in buffer.chunks_mut(8) {
            // splitmix64
            let mut z = self.seed.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
            self.seed.set(z);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            let bytes = (z ^ (z >> 31)).to_be_bytes();
            chunk
                .iter_mut()
                .zip(bytes)
                .for_each(|(to, from)| *to = from);
        }
        Ok(())
    }

    fn log(&self, line: &str) {
        self.log.borrow_mut().push(line.to_owned());
    }

    async fn schema(&self) -> Result<Schema, Fault> {
        self.step("directory", |_| match self.missing.get() {
            Some(missing) => Schema::Behind(missing.to_owned()),
            None => Schema::Current,
        })
    }

    async fn health(&self) -> Vec<(&'static str, Result<(), Fault>)> {
        ["records", "ledger", "limiter", "directory"]
            .map(|part| (part, self.step(part, |_| ())))
            .into()
    }
}

impl Limiter for Memory {
    async fn take(&self, key: &str, limit: Limit) -> Result<Verdict, Fault> {
        let now = self.now();
        self.step("limiter", |state| {
            state
                .windows
                .entry(key.to_owned())
                .or_default()
                .take(limit, now)
        })
    }

    /// Nothing else runs while a request does: nobody is waited for.
    async fn begin(&self, key: &str, limit: Limit) -> Result<Begun, Fault> {
        let now = self.now();
        self.step("limiter", |state| {
            let window = state.windows.entry(key.to_owned()).or_default();
            window.begin(limit, now)
        })
    }

    fn settle(&self, key: &str, limit: Limit, place: Place, outcome: TryOutcome) {
        let settled = self.step("limiter", |state| {
            let window = state.windows.entry(key.to_owned()).or_default();
            window.settle(limit, place, outcome);
        });
        if let Err(fault) = settled {
            self.log(&fault.to_string());
        }
    }
}
