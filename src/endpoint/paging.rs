//! The part of a list that a request wants, and the link to the next part.

use super::context::Context;
use super::failure::Failure;
use crate::fluxer::api_error::{ApiError, FieldError};
use crate::location::Target;
use crate::oauth::params::{self, Params};
use crate::snowflake::{AuditEntryId, Snowflake};
use crate::store::Paging;

/// Most entries of a list in one answer.
pub const MAX: u32 = 100;

/// A query that is being read, whose mistakes are answered all at once.
struct Query {
    params: Params,
    errors: Vec<FieldError>,
}

impl Query {
    fn read<E>(cx: &Context<'_, E>) -> Result<Self, ApiError> {
        if !params::is_form(&cx.request.query) {
            return Err(ApiError::field("query", "must be form-encoded"));
        }
        Ok(Self {
            params: Params::from_form(&cx.request.query),
            errors: Vec::new(),
        })
    }

    /// A parameter that follows a rule; `None` where it is absent or empty.
    fn one<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
        must: &str,
    ) -> Option<T> {
        let parsed = match self.params.one(name) {
            Ok(None) => return None,
            Ok(Some(text)) => parse(text).ok_or(must),
            Err(_) => Err("must be sent once"),
        };
        let note = |must: &str| {
            self.errors.push(FieldError {
                path: name.to_owned(),
                message: must.to_owned(),
            });
        };
        parsed.map_err(note).ok()
    }

    fn limit(&mut self, max: u32) -> u32 {
        let parse = |text: &str| {
            let canonical = text.bytes().all(|byte| byte.is_ascii_digit());
            let limit = canonical.then(|| text.parse().ok()).flatten()?;
            (1..=max).contains(&limit).then_some(limit)
        };
        let must = format!("must be a number from 1 to {max}");
        self.one("limit", parse, &must).unwrap_or(max)
    }

    fn id(&mut self, name: &'static str) -> Option<Snowflake> {
        self.one(name, Snowflake::parse, "must be a decimal id")
    }

    /// An id, or the 0 by which some clients say that they want the whole list.
    fn id_or_zero(&mut self, name: &'static str) -> Option<Snowflake> {
        let parse = |text: &str| match text {
            "0" => Some(None),
            text => Snowflake::parse(text).map(Some),
        };
        self.one(name, parse, "must be a decimal id").flatten()
    }

    fn finish<T>(self, read: T) -> Result<T, Failure<ApiError>> {
        if self.errors.is_empty() {
            Ok(read)
        } else {
            Err(ApiError::InvalidFormBody(self.errors).into())
        }
    }
}

/// Reads `limit` and `after`.
pub fn read<E>(cx: &Context<'_, E>, max: u32) -> Result<Paging, Failure<ApiError>> {
    let mut query = Query::read(cx)?;
    let paging = Paging {
        limit: query.limit(max),
        after: query.id("after"),
    };
    query.finish(paging)
}

/// A part of a list that is ordered by ids.
#[derive(Debug, Clone, Copy)]
pub enum Range {
    /// The beginning of the list, or what follows an id.
    After(Paging),
    /// The last entries before an id, at most as many as this number.
    Before(Snowflake, u32),
}

/// Reads `limit`, and `after` or `before`.
pub fn read_range<E>(cx: &Context<'_, E>, max: u32) -> Result<Range, Failure<ApiError>> {
    let mut query = Query::read(cx)?;
    let limit = query.limit(max);
    let (after, before) = (query.id_or_zero("after"), query.id_or_zero("before"));
    if after.is_some() && before.is_some() {
        query.errors.push(FieldError {
            path: "before".to_owned(),
            message: "must not be sent together with after".to_owned(),
        });
    }
    query.finish(match before {
        Some(before) => Range::Before(before, limit),
        None => Range::After(Paging { after, limit }),
    })
}

/// Reads `limit`, and an `after` that is not an id.
pub fn read_cursor<E, T>(
    cx: &Context<'_, E>,
    max: u32,
    parse: impl FnOnce(&str) -> Option<T>,
    must: &str,
) -> Result<(u32, Option<T>), Failure<ApiError>> {
    let mut query = Query::read(cx)?;
    let limit = query.limit(max);
    let after = query.one("after", parse, must);
    query.finish((limit, after))
}

/// Reads `limit` and `before`, for a list whose newest entry comes first.
pub fn read_backwards<E>(
    cx: &Context<'_, E>,
) -> Result<(u32, Option<AuditEntryId>), Failure<ApiError>> {
    let mut query = Query::read(cx)?;
    let limit = query.limit(MAX);
    let before = query.id("before").map(AuditEntryId);
    query.finish((limit, before))
}

/// Cuts off the row too many of a list that was read with one more row than it shows. Answers the last row that is
/// left, where there was one too many.
pub(super) fn cut<T>(rows: &mut Vec<T>, most: u32) -> Option<&T> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let is_more = rows.len() > most;
    rows.truncate(most);
    rows.last().filter(|_| is_more)
}

/// A URL of this server, with those parameters that are not empty.
pub(super) fn link(path: &str, params: &[(&str, &str)]) -> String {
    Target::of(path, params).as_str().to_owned()
}
