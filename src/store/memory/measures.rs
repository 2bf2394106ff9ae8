//! Measures, over plain collections.

use std::collections::BTreeMap;

use super::Memory;
use crate::fluxer::active_users::estimate;
use crate::snowflake::ApplicationId;
use crate::store::{ApplicationDay, Fault, Measure, Measures, Span, What};
use crate::time::Timestamp;

impl Measures for Memory {
    fn measure(&self, measure: &Measure<'_>) {
        self.measures.borrow_mut().push(format!("{measure:?}"));
        if let Some((application, what)) = measure.tally() {
            let detail = if what == What::Refused {
                measure.words
            } else {
                ""
            };
            let key = (
                application,
                Span::Day.start_of(measure.at),
                what,
                detail.to_owned(),
            );
            *self.days.borrow_mut().entry(key).or_default() += 1;
        }
        if let Some((application, mark)) = measure.mark() {
            let day = Span::Day.start_of(measure.at);
            let key = (application, day, What::Active, mark.number.to_string());
            let mut days = self.days.borrow_mut();
            let number = days.entry(key).or_default();
            *number = mark.at_least.max(*number);
        }
    }

    async fn application_days(
        &self,
        application: ApplicationId,
        since: Timestamp,
    ) -> Result<Vec<ApplicationDay>, Fault> {
        let mut days = self.read(|tables| {
            let entries = tables.entries.values();
            let authorized = entries.filter(|it| {
                it.application == Some(application)
                    && it.action.as_str() == What::Authorized.as_str()
            });
            let days = authorized.map(|entry| ApplicationDay {
                day: Span::Day.start_of(Timestamp::from_millis(entry.id.0.created_at_millis())),
                what: What::Authorized,
                detail: String::new(),
                count: 1,
            });
            days.collect::<Vec<_>>()
        })?;
        let tallied = self.days.borrow();
        let own = tallied
            .iter()
            .filter(|((whose, ..), _)| *whose == application);
        let (marks, others): (Vec<_>, Vec<_>) =
            own.partition(|((_, _, what, _), _)| *what == What::Active);
        days.extend(
            others
                .into_iter()
                .map(|((_, day, what, detail), count)| ApplicationDay {
                    day: *day,
                    what: *what,
                    detail: detail.clone(),
                    count: *count,
                }),
        );
        days.extend(active_users(
            marks
                .into_iter()
                .map(|((_, day, ..), count)| (*day, *count)),
        ));
        days.retain(|it| it.day >= since);
        Ok(days)
    }
}

/// How many users were active on each day, as the highest bits of its sketch say.
fn active_users(
    marks: impl Iterator<Item = (Timestamp, u32)>,
) -> impl Iterator<Item = ApplicationDay> {
    let mut sketches: BTreeMap<Timestamp, (u32, f64)> = BTreeMap::new();
    for (day, mark) in marks {
        let (there, sum) = sketches.entry(day).or_default();
        *there += 1;
        *sum += 0.5_f64.powf(mark.into());
    }
    sketches
        .into_iter()
        .map(|(day, (there, sum))| ApplicationDay {
            day,
            what: What::Active,
            detail: String::new(),
            count: estimate(there, sum),
        })
}
