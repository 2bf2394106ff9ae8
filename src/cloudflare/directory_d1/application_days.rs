//! What became of an application's requests, counted by the day.

use std::collections::BTreeMap;

use worker::Env;
use worker::js_sys::Array;
use worker::wasm_bindgen::JsValue;
use worker::worker_sys::D1Database;

use super::{BINDING, BOUND, Bind, Bindings, fault, id};
use crate::cloudflare::js;
use crate::fluxer::active_users::estimate;
use crate::snowflake::ApplicationId;
use crate::store::{ApplicationDay, Fault, What};
use crate::time::Timestamp;

/// Most different values of a kind that are kept for one application and one day. Further ones are not counted. It is
/// less than the numbers of a sketch, which has a bound of its own.
const MOST: u32 = 200;

/// The key of a count: the application, the day, what happened, and why.
pub(in crate::cloudflare) type TallyKey = (ApplicationId, Timestamp, &'static str, String);

/// Adds to the counts what an isolate has counted.
pub(in crate::cloudflare) async fn add(
    env: &Env,
    tallies: &BTreeMap<TallyKey, u32>,
) -> Result<(), Fault> {
    let sql = format!(
        "INSERT INTO application_days (application_id, day, what, detail, n) \
         SELECT ?1, ?2, ?3, ?4, ?5 WHERE ?3 = 'active' OR (SELECT COUNT(*) FROM application_days \
         WHERE application_id = ?1 AND day = ?2 AND what = ?3) < {MOST} \
         ON CONFLICT DO UPDATE SET n = excluded.n + iif(?3 = 'active', 0, n) \
         WHERE ?3 <> 'active' OR excluded.n > n"
    );
    let directory: D1Database = js::binding(env, BINDING)?;
    let refused = |error: JsValue| fault(js::reason(&error));
    let statements = Array::new();
    for ((application, day, what, detail), count) in tallies {
        let values = [
            id(*application),
            Bind::Time(*day),
            Bind::Text(what),
            Bind::Text(detail),
            Bind::Bits(*count),
        ];
        let values: Array = values.iter().map(JsValue::from).collect();
        let statement = directory.prepare(&sql).and_then(|it| it.bind(values));
        statements.push(&statement.map_err(refused)?.into());
    }
    js::settled_within(BOUND, directory.batch(statements))
        .await
        .map_err(fault)?;
    Ok(())
}

impl Bindings {
    /// The counts of an application since a day.
    pub(in crate::cloudflare) async fn days_of(
        &self,
        application: ApplicationId,
        since: Timestamp,
    ) -> Result<Vec<ApplicationDay>, Fault> {
        // The numbers of a sketch come as two: how many there are, and what they say.
        const SQL: &str = "SELECT json_group_array(json_array(day, what, detail, n, sum)) AS found FROM \
            (SELECT day, what, detail, n, 0 AS sum FROM application_days \
            WHERE application_id = ?1 AND day >= ?2 AND what <> 'active' \
            UNION ALL SELECT day, 'active', '', COUNT(*), SUM(1.0 / (1 << n)) FROM application_days \
            WHERE application_id = ?1 AND day >= ?2 AND what = 'active' GROUP BY day)";
        let values = [id(application), Bind::Time(since)];
        let rows: Vec<(Timestamp, String, String, u32, f64)> = self.rows(SQL, &values).await?;
        let days = rows
            .into_iter()
            .filter_map(|(day, what, detail, count, sum)| {
                let what = What::from_wire(&what)?;
                let count = if what == What::Active {
                    estimate(count, sum)
                } else {
                    count
                };
                Some(ApplicationDay {
                    day,
                    what,
                    detail,
                    count,
                })
            });
        Ok(days.collect())
    }
}
