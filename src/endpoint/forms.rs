//! The forms of our pages: the ticket in each, and the check that a form came from a page of ours.

use super::context::Context;
use super::failure::Notice;
use crate::crypto::form_ticket::{Form, FormNonce};
use crate::http::Request;
use crate::location::Target;
use crate::oauth::params::Params;
use crate::store::{Edge, Fault};

impl<E: Edge> Context<'_, E> {
    /// The hidden field of a form that is about to be shown.
    pub fn ticket(&self, form: &Form<'_>) -> Result<String, Fault> {
        self.ticket_noting(form, None)
    }

    /// The hidden field of a form that is about to be shown, with a note that comes back with the form.
    pub fn ticket_noting(&self, form: &Form<'_>, note: Option<String>) -> Result<String, Fault> {
        let nonce = FormNonce(self.edge.random()?);
        Ok(form.ticket(&self.config.keyring, nonce, note, self.now)?)
    }

    /// Checks that a form that came back was shown by this server, to this browser.
    pub fn check_ticket(&self, form: &Form<'_>, params: &Params) -> Option<FormNonce> {
        self.read_ticket(form, params).map(|(nonce, _)| nonce)
    }

    /// Checks a form as [`Self::check_ticket`] does. Also answers the note that the form was shown with.
    pub fn read_ticket(
        &self,
        form: &Form<'_>,
        params: &Params,
    ) -> Option<(FormNonce, Option<String>)> {
        let ticket = params.required("csrf_token").ok()?;
        form.read(&self.config.keyring, ticket, self.now)
    }

    /// A request that a client posted (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2), as the same request by
    /// GET: only then a browser that comes from another site sends its session. `None` for our own form, which alone
    /// has the field `ours`.
    pub fn posted_request(&self, ours: &'static str) -> Result<Option<Target>, Notice> {
        let Ok(form) = self.form() else {
            return Ok(None);
        };
        if form.one(ours) != Ok(None) {
            return Ok(None);
        }
        let query = self.request.query.as_bytes();
        let parts = [query, self.body()].into_iter().filter(|it| !it.is_empty());
        let query = parts.collect::<Vec<_>>().join(&b'&');
        let query = String::from_utf8_lossy(&query);
        let target = Target::parse(&[&*self.request.path, "?", &*query].concat());
        let target = target.ok_or_else(|| Notice::bad_request("The form is not form-encoded"))?;
        if target.is_followed() {
            Ok(Some(target))
        } else {
            Err(Notice::too_long())
        }
    }

    /// Reads a posted form. One that did not come from this server, or that cannot be read, is refused by a page that
    /// leads back to `back_to`.
    pub fn posted_form(&self, back_to: &str) -> Result<Params, Notice> {
        if !came_from_us(self.request, self.config.issuer.as_str()) {
            return Err(Notice::form_refused(back_to.to_owned()));
        }
        self.form().map_err(Notice::bad_request)
    }
}

/// Whether the browser says that a form came from a page of ours. Our pages send no referrer, so their own forms have
/// `Origin: null`, as some strangers' have; `Sec-Fetch-Site` tells the two apart. Where that header is missing (plain
/// http that is not loopback, older Safari, clients that are no browsers), `null` says nothing, and the ticket and
/// the cookie that it is bound to decide alone.
fn came_from_us(request: &Request, issuer: &str) -> bool {
    let site = request.header("sec-fetch-site");
    let origin = request.header("origin");
    match (site, origin) {
        (Some("same-origin" | "none") | None, None | Some("null")) => true,
        (Some("same-origin" | "none") | None, Some(origin)) => origin == issuer,
        (Some(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Body, Headers, Method};

    fn check(headers: &[(&str, &str)], expected: bool) {
        let request = Request {
            method: Method::Post,
            secure: true,
            path: "/login".into(),
            query: String::new(),
            headers: headers
                .iter()
                .fold(Headers::default(), |all, (name, value)| {
                    all.with(name, value)
                }),
            body: Body::Read(Vec::new()),
        };
        assert_eq!(
            came_from_us(&request, "https://id.example"),
            expected,
            "{headers:?}"
        );
    }

    #[test]
    fn a_stranger_s_form_is_told_from_ours() {
        check(&[], true);
        check(
            &[("sec-fetch-site", "same-origin"), ("origin", "null")],
            true,
        );
        check(
            &[
                ("sec-fetch-site", "same-origin"),
                ("origin", "https://id.example"),
            ],
            true,
        );
        check(&[("origin", "https://id.example")], true);
        check(&[("origin", "null")], true);
        check(
            &[("sec-fetch-site", "cross-site"), ("origin", "null")],
            false,
        );
        for origin in [
            "https://evil.example",
            "https://id.example.evil.example",
            "http://id.example",
        ] {
            check(&[("origin", origin)], false);
            check(
                &[("sec-fetch-site", "cross-site"), ("origin", origin)],
                false,
            );
        }
        check(
            &[
                ("sec-fetch-site", "same-origin"),
                ("origin", "https://evil.example"),
            ],
            false,
        );
        for site in ["cross-site", "same-site"] {
            check(&[("sec-fetch-site", site)], false);
        }
    }
}
