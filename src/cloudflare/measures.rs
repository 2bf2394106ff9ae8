//! Measures. Workers Analytics Engine, where it is bound, gets a data point for each request. D1 gets what became of
//! an application's requests: an isolate adds up for some seconds and then writes, so that not every request costs a
//! row.

use core::cell::{OnceCell, RefCell};
use core::time::Duration;
use std::collections::BTreeMap;

use serde_json::json;
use worker::Env;
use worker::js_sys::{Function, JSON, Object, Reflect};
use worker::wasm_bindgen::{JsCast, JsValue};

use super::directory_d1::application_days::{self, TallyKey};
use super::{Bindings, flow, js};
use crate::snowflake::ApplicationId;
use crate::store::{ApplicationDay, Fault, Measure, Measures, Span, What};
use crate::time::Timestamp;

/// The name of the binding of the data set.
const BINDING: &str = "METRICS";
/// How long an isolate adds up before it writes.
const ADDS_UP_FOR: Duration = Duration::from_secs(10);
/// Most different keys that an isolate adds up at once. Further ones are lost.
const MAX_TALLIES: usize = 200;

/// Most marks of users that an isolate remembers. A mark that it remembers is not written again.
const MAX_SEEN: usize = 5_000;

thread_local! {
    /// Whether the data set is bound. Bindings do not change while an isolate lives.
    static IS_BOUND: OnceCell<bool> = const { OnceCell::new() };
    static TALLIES: RefCell<BTreeMap<TallyKey, u32>> = const { RefCell::new(BTreeMap::new()) };
    static SEEN: RefCell<BTreeMap<(ApplicationId, Timestamp, u8), u32>> =
        const { RefCell::new(BTreeMap::new()) };
}

/// Adds to a count. Answers whether it is the first since the last counts were written.
fn tally(key: TallyKey, add: impl FnOnce(u32) -> u32) -> bool {
    TALLIES.with_borrow_mut(|tallies| {
        let is_first = tallies.is_empty();
        if tallies.len() < MAX_TALLIES || tallies.contains_key(&key) {
            let count = tallies.entry(key).or_default();
            *count = add(*count);
        }
        is_first
    })
}

/// Whether a sketch may lack this mark.
fn is_news(number: (ApplicationId, Timestamp, u8), at_least: u32) -> bool {
    SEEN.with_borrow_mut(|seen| {
        if seen.get(&number).is_some_and(|it| *it >= at_least) {
            return false;
        }
        if seen.len() >= MAX_SEEN {
            seen.clear();
        }
        seen.insert(number, at_least);
        true
    })
}

/// Whether there is a data set.
pub(super) fn is_bound(env: &Env) -> bool {
    IS_BOUND.with(|is_bound| *is_bound.get_or_init(|| js::binding::<Object>(env, BINDING).is_ok()))
}

impl Measures for Bindings {
    fn measure(&self, measure: &Measure<'_>) {
        if is_bound(&self.env)
            && let Ok(data_set) = js::binding::<Object>(&self.env, BINDING)
            && let Err(error) = self.write_data_point(&data_set, measure)
        {
            worker::console_error!("{BINDING}: {}", js::reason(&error));
        }
        let day = Span::Day.start_of(measure.at);
        let mut is_first = false;
        if let Some((application, what)) = measure.tally() {
            let detail = if what == What::Refused {
                measure.words
            } else {
                ""
            };
            let key = (application, day, what.as_str(), detail.to_owned());
            is_first |= tally(key, |count| count + 1);
        }
        if let Some((application, mark)) = measure.mark()
            && is_news((application, day, mark.number), mark.at_least)
        {
            let key = (
                application,
                day,
                What::Active.as_str(),
                mark.number.to_string(),
            );
            is_first |= tally(key, |number| mark.at_least.max(number));
        }
        if is_first {
            let env = self.env.clone();
            self.context.wait_until(async move {
                flow::sleep(ADDS_UP_FOR).await;
                let tallies = TALLIES.take();
                if let Err(fault) = application_days::add(&env, &tallies).await {
                    SEEN.take();
                    worker::console_error!("{fault}: counts of applications are lost");
                }
            });
        }
    }

    async fn application_days(
        &self,
        application: ApplicationId,
        since: Timestamp,
    ) -> Result<Vec<ApplicationDay>, Fault> {
        let mut days = self.days_of(application, since).await?;
        // What this isolate has not written yet.
        TALLIES.with_borrow(|tallies| {
            let own = tallies
                .iter()
                .filter(|((whose, ..), _)| *whose == application);
            days.extend(own.filter_map(|((_, day, what, detail), count)| {
                Some(ApplicationDay {
                    day: *day,
                    // What is left of a sketch is no count.
                    what: What::from_wire(what).filter(|it| *it != What::Active)?,
                    detail: detail.clone(),
                    count: *count,
                })
            }));
        });
        Ok(days)
    }
}

impl Bindings {
    /// Writes a data point: `blob1` endpoint, `blob2` method, `blob3` grant, `blob4` application, `blob5` refusal,
    /// `blob6` colo; `double1` status, `double2` milliseconds, `double3` storage operations. The index, by which the
    /// platform samples, is the endpoint.
    fn write_data_point(&self, data_set: &Object, measure: &Measure<'_>) -> Result<(), JsValue> {
        let application = measure.application.map(|it| it.to_string());
        let point = json!({
            "indexes": [measure.endpoint],
            "blobs": [
                measure.endpoint, measure.method.as_str(), measure.grant,
                application.unwrap_or_default(), measure.refusal, self.colo,
            ],
            "doubles": [measure.status, millis(measure.took), self.operations.get()],
        });
        let write: Function = Reflect::get(data_set, &"writeDataPoint".into())?.dyn_into()?;
        write.call1(data_set, &JSON::parse(&point.to_string())?)?;
        Ok(())
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
