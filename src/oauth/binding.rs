//! Who may present an access token: what `token_type` says (RFC 6749 §7.1).

/// Who may present an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenBinding {
    /// Whoever holds it (RFC 6750).
    Bearer,
}

impl TokenBinding {
    /// `token_type`.
    pub const fn token_type(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
        }
    }
}
