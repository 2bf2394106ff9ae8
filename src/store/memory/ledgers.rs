//! Ledgers, over plain collections.

use std::collections::BTreeMap;

use super::Memory;
use crate::id::FamilyId;
use crate::json_reader;
use crate::ledger::{AnyVerb, LedgerId, Reads, Update, Verb};
use crate::store::{Ambient, Fault, Ledgers};
use crate::time::Timestamp;

impl Ledgers for Memory {
    /// By way of JSON, as the question and the families travel to an object and back.
    async fn ask<V: Verb>(&self, ledger: LedgerId, verb: V) -> Result<V::Answer, Fault> {
        let now = self.now();
        let answer = self.step("ledger", |state| {
            let families = state.ledgers.entry(ledger.to_string()).or_default();
            let (answer, revoked) = turn(families, &verb.into(), now)?;
            state
                .revoked
                .extend(revoked.into_iter().map(|family| (family, now)));
            Ok(answer)
        })?;
        let permanent = |error| Fault::permanent("ledger", error);
        let answer = answer.and_then(|answer| json_reader::read(&answer));
        answer.map_err(permanent)
    }
}

fn turn(
    families: &mut BTreeMap<FamilyId, String>,
    verb: &AnyVerb,
    now: Timestamp,
) -> serde_json::Result<(String, Vec<FamilyId>)> {
    let verb: AnyVerb = json_reader::read(&serde_json::to_string(verb)?)?;
    let wanted = |id: &FamilyId| match verb.reads() {
        Reads::Family(family) => *id == family,
        Reads::All => true,
    };
    let mut stored = BTreeMap::new();
    for (id, family) in families.iter().filter(|(id, _)| wanted(id)) {
        stored.insert(*id, json_reader::read(family)?);
    }
    let turn = verb.decide(stored, now)?;
    for (id, update) in turn.updates {
        match update {
            Update::Keep => {}
            Update::Put(family) => {
                families.insert(id, serde_json::to_string(&family)?);
            }
            Update::Remove => {
                families.remove(&id);
            }
        }
    }
    Ok((turn.answer, turn.revoked))
}
