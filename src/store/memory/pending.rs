//! What waits to be answered once, over plain collections.

use super::Memory;
use crate::id::AttemptId;
use crate::json_reader;
use crate::pending::{AnyEntryVerb, Entry, EntryUpdate, EntryVerb, PendingId, Release};
use crate::store::{Ambient, Fault, Pending};
use crate::time::Timestamp;

impl Pending for Memory {
    /// By way of JSON, as the question and the entry travel to an object and back.
    async fn ask_pending<V: EntryVerb>(&self, id: &PendingId, verb: V) -> Result<V::Answer, Fault> {
        let now = self.now();
        let answer = self.step("pending", |state| {
            state.pending.retain(|_, entry| is_there(entry, now));
            let stored = state.pending.get(id.as_str()).map(String::as_str);
            let (entry, answer) = turn(stored, &verb.into(), now)?;
            if let Some(entry) = entry {
                state.pending.insert(id.as_str().to_owned(), entry);
            }
            Ok(answer)
        })?;
        let permanent = |error: serde_json::Error| Fault::permanent("pending", error);
        let answer = answer.and_then(|answer: String| json_reader::read(&answer));
        answer.map_err(permanent)
    }

    async fn release(&self, id: &PendingId, by: AttemptId) -> Result<(), Fault> {
        self.ask_pending(id, Release { by }).await.map(drop)
    }
}

fn is_there(entry: &str, now: Timestamp) -> bool {
    json_reader::read(entry).is_ok_and(|entry: Entry| entry.until > now)
}

fn turn(
    stored: Option<&str>,
    verb: &AnyEntryVerb,
    now: Timestamp,
) -> serde_json::Result<(Option<String>, String)> {
    let verb: AnyEntryVerb = json_reader::read(&serde_json::to_string(verb)?)?;
    let stored = stored.map(json_reader::read).transpose()?;
    let (update, answer) = verb.decide(stored, now)?;
    let entry = match update {
        EntryUpdate::Keep => None,
        EntryUpdate::Put(entry) => Some(serde_json::to_string(&entry)?),
    };
    Ok((entry, answer))
}
