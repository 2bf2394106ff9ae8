//! `POST /api/admin/import`: takes lines of JSON, one record each. A record keeps the id that it has.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::record::{MovedRecord, RecordKind, read};
use super::{Answer, NDJSON, operator};
use crate::endpoint::{Context, Failure};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::audit::Action;
use crate::http::{Response, with_member, with_members};
use crate::store::{Edge, Fault, Imported};

/// Most lines in one request.
const MAX_LINES: usize = 10_000;
/// Most records of one piece: D1 binds texts of 2 MB at most.
const MAX_RECORDS: usize = 500;
/// Most bytes of one piece, as its lines were sent.
const MAX_PIECE_BYTES: usize = 512 * 1024;

/// `POST`: answers one line for each line that is not blank. A line that is refused keeps no other line back, and
/// what is there already stays as it is, so the same request can be sent again at any time.
pub async fn import<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let actor = operator(cx).await?;
    let must = |must: &str| ApiError::field("body", must);
    let body = core::str::from_utf8(cx.body()).map_err(|_| must("must be UTF-8"))?;
    let lines = body.lines().zip(1..);
    let lines: Vec<_> = lines.filter(|(line, _)| !line.trim().is_empty()).collect();
    if lines.len() > MAX_LINES {
        return Err(must("must be at most 10000 lines").into());
    }
    let seed = u32::from_be_bytes(cx.edge.random()?);
    let mut job = Job::default();
    for line in lines {
        job.read(cx, line, seed)?;
    }
    job.run(cx.edge).await?;
    let (answer, counts) = job.answer();
    let entry = cx.entry(Action::Imported).by(actor);
    cx.edge.record(entry.saying(counts));
    let mut response = Response::empty(200).with("content-type", NDJSON);
    response.body = answer;
    Ok(response)
}

/// The lines of a request, and what is still to be done with them.
#[derive(Default)]
struct Job {
    lines: Vec<Line>,
    /// The records that are not stored yet, by kind: those that others refer to come first.
    waiting: BTreeMap<RecordKind, Vec<Waiting>>,
    /// The place of the first line with each record.
    first: BTreeMap<String, usize>,
}

/// A line, and what came of it.
struct Line {
    number: usize,
    record: Option<&'static str>,
    outcome: Outcome,
}

enum Outcome {
    Came(Imported),
    Refused(Box<ApiError>),
    /// The line has the same record as the line at this place.
    Same(usize),
}

/// A record that is to be stored.
struct Waiting {
    at: usize,
    bytes: usize,
    record: MovedRecord,
}

impl Job {
    fn read<E: Edge>(
        &mut self,
        cx: &Context<'_, E>,
        (line, number): (&str, usize),
        seed: u32,
    ) -> Result<(), Fault> {
        let at = self.lines.len();
        let seed = seed.wrapping_add(u32::try_from(at).unwrap_or_default());
        let (name, record) = read(cx, line, seed);
        let outcome = match record {
            Err(Failure::Fault(fault)) => return Err(fault),
            Err(Failure::Refused(refused)) => Outcome::Refused(refused),
            Ok(record) => self.wait(at, line.len(), record),
        };
        self.lines.push(Line {
            number,
            record: name,
            outcome,
        });
        Ok(())
    }

    fn wait(&mut self, at: usize, bytes: usize, record: MovedRecord) -> Outcome {
        let first = *self.first.entry(record.key()).or_insert(at);
        if first != at {
            return Outcome::Same(first);
        }
        let waiting = self.waiting.entry(record.kind()).or_default();
        waiting.push(Waiting { at, bytes, record });
        Outcome::Came(Imported::Unchanged)
    }

    async fn run<E: Edge>(&mut self, edge: &E) -> Result<(), Fault> {
        for (kind, waiting) in core::mem::take(&mut self.waiting) {
            for piece in pieces(waiting) {
                let piece = piece.into_iter().map(|it| (it.at, it.record));
                let (places, records): (Vec<_>, Vec<_>) = piece.unzip();
                let imported = edge.import(&kind.piece(records)).await?;
                for (at, imported) in places.into_iter().zip(imported) {
                    if let Some(line) = self.lines.get_mut(at) {
                        line.outcome = Outcome::Came(imported);
                    }
                }
            }
        }
        Ok(())
    }

    /// The lines of the answer, and how many there are of each outcome.
    fn answer(&self) -> (String, Value) {
        let (mut created, mut unchanged, mut refused) = (0, 0, 0);
        let mut answer = String::new();
        for line in &self.lines {
            let (status, error) = match &line.outcome {
                Outcome::Came(imported) => spelled(*imported),
                Outcome::Refused(error) => ("error", Some(error.body())),
                Outcome::Same(first) => match self.lines.get(*first).map(|it| &it.outcome) {
                    Some(Outcome::Came(it @ Imported::Refused(_))) => spelled(*it),
                    _ => spelled(Imported::Unchanged),
                },
            };
            match status {
                "created" => created += 1,
                "unchanged" => unchanged += 1,
                _ => refused += 1,
            }
            let shown = json!({"line": line.number, "record": line.record, "status": status});
            let shown = with_members(shown, error.unwrap_or_default());
            answer.push_str(&shown.to_string());
            answer.push('\n');
        }
        let counts = json!({"created": created, "unchanged": unchanged});
        (answer, with_member(counts, "refused", refused))
    }
}

fn spelled(imported: Imported) -> (&'static str, Option<Value>) {
    match imported {
        Imported::Created => ("created", None),
        Imported::Unchanged => ("unchanged", None),
        Imported::Refused(obstacle) => {
            let error = ApiError::field(obstacle.field(), obstacle.must());
            ("error", Some(error.body()))
        }
    }
}

/// Parts the records into pieces that can be stored at once.
fn pieces(waiting: Vec<Waiting>) -> Vec<Vec<Waiting>> {
    let mut pieces: Vec<Vec<Waiting>> = Vec::new();
    let mut bytes = 0;
    for record in waiting {
        bytes += record.bytes;
        match pieces.last_mut() {
            Some(piece) if piece.len() < MAX_RECORDS && bytes <= MAX_PIECE_BYTES => {
                piece.push(record);
            }
            _ => {
                bytes = record.bytes;
                pieces.push(vec![record]);
            }
        }
    }
    pieces
}
