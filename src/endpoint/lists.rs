//! The pages of a list.

use url::form_urlencoded;

/// Cuts a list that has one row too many where there is another page; the last row then.
pub(super) fn cut<T>(rows: &mut Vec<T>, most: u32) -> Option<&T> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let is_more = rows.len() > most;
    rows.truncate(most);
    rows.last().filter(|_| is_more)
}

/// A URL here, with those parameters that are set.
pub(super) fn link(path: &str, params: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(params.iter().filter(|(_, value)| !value.is_empty()));
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}
