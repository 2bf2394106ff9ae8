//! The ticket in the hidden field of every form of ours: proof that this server showed this form,
//! to this browser, not long ago. It is what cross-site request forgery lacks.
//!
//! Nothing is stored for it: ten thousand forms that nobody sends leave nothing behind.

use core::time::Duration;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::keyring::{Keyring, Purpose, SigningError};
use crate::base64url;
use crate::time::Timestamp;

/// How long a form may stay open.
pub const FORM_LIFETIME: Duration = Duration::from_mins(30);

/// The form that a ticket is for: its name, the browser that it was shown to, and what it is about.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    /// The form: `consent`, `login`, …
    pub name: &'static str,
    /// What only this browser holds: the text of its cookie.
    pub browser: &'a str,
    /// What the form shows; a form about anything else is another form.
    pub subject: &'a str,
}

/// What makes every showing of a form another form: 128 random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormNonce(pub [u8; 16]);

#[derive(Serialize, Deserialize)]
struct TicketClaims {
    form: String,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    note: Option<String>,
}

/// What a form that came back was worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ticket {
    /// Ours, for this form; the nonce is the same each time this form is sent.
    Valid(FormNonce),
    /// Forged, expired, or of another form or browser.
    Invalid,
}

impl Form<'_> {
    /// The hidden field's value, with a note for when the form comes back. Whoever has the form can read
    /// the note, and nobody can change it.
    pub fn ticket(
        &self,
        keyring: &Keyring,
        nonce: FormNonce,
        note: Option<String>,
        now: Timestamp,
    ) -> Result<String, SigningError> {
        let claims = TicketClaims {
            form: self.digest(),
            jti: base64url::encode(&nonce.0),
            note,
        };
        keyring.sign(Purpose::Form, claims, now, now + FORM_LIFETIME)
    }

    /// Checks a hidden field that came back.
    pub fn check(&self, keyring: &Keyring, ticket: &str, now: Timestamp) -> Ticket {
        match self.read(keyring, ticket, now) {
            Some((nonce, _)) => Ticket::Valid(nonce),
            None => Ticket::Invalid,
        }
    }

    /// The nonce and the note of a hidden field that came back, where it is of this form.
    pub fn read(
        &self,
        keyring: &Keyring,
        ticket: &str,
        now: Timestamp,
    ) -> Option<(FormNonce, Option<String>)> {
        let verified = keyring.verify::<TicketClaims>(Purpose::Form, ticket, now)?;
        let TicketClaims { form, jti, note } = verified.claims;
        let same_form = form.as_bytes().ct_eq(self.digest().as_bytes());
        let nonce = base64url::decode_array(&jti)?;
        bool::from(same_form).then_some((FormNonce(nonce), note))
    }

    /// The parts are hashed one by one, so that no two forms run together.
    fn digest(&self) -> String {
        let parts = [self.name, self.browser, self.subject].map(Sha256::digest);
        base64url::encode(&Sha256::digest(parts.concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
    const FORM: Form<'_> = Form {
        name: "consent",
        browser: "cookie",
        subject: "request",
    };

    fn keyring() -> Keyring {
        Keyring::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").expect("valid keys")
    }

    #[test]
    fn a_ticket_is_good_for_its_form_its_browser_and_its_subject() {
        let nonce = FormNonce([9; 16]);
        let ticket = FORM.ticket(&keyring(), nonce, None, NOW).expect("signed");
        assert_eq!(FORM.check(&keyring(), &ticket, NOW), Ticket::Valid(nonce));
        for other in [
            Form {
                name: "login",
                ..FORM
            },
            Form {
                browser: "other",
                ..FORM
            },
            Form {
                subject: "other",
                ..FORM
            },
            Form {
                name: "consentcookie",
                browser: "",
                ..FORM
            },
        ] {
            assert_eq!(
                other.check(&keyring(), &ticket, NOW),
                Ticket::Invalid,
                "{other:?}"
            );
        }
        assert_eq!(FORM.check(&keyring(), "", NOW), Ticket::Invalid);
    }

    #[test]
    fn a_ticket_ends_with_its_form() {
        let ticket = FORM
            .ticket(&keyring(), FormNonce([9; 16]), None, NOW)
            .expect("signed");
        assert_eq!(
            FORM.check(&keyring(), &ticket, NOW + FORM_LIFETIME),
            Ticket::Invalid
        );
    }
}
