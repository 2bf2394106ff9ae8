//! Schemes without a dot that public applications may register.

/// The private-use schemes that public applications may register although they have no dot, as
/// editors do: `cursor://anysphere.cursor-mcp/oauth/callback`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateSchemes(Vec<String>);

impl PrivateSchemes {
    /// Schemes that browsers or systems act upon themselves.
    const RESERVED: [&str; 16] = [
        "about",
        "blob",
        "data",
        "file",
        "filesystem",
        "ftp",
        "http",
        "https",
        "intent",
        "javascript",
        "mailto",
        "tel",
        "vbscript",
        "view-source",
        "ws",
        "wss",
    ];

    /// Reads names that are separated by spaces. `None`: one is no scheme, or a browser's own.
    pub fn parse(text: &str) -> Option<Self> {
        let is_free = |name: &str| is_scheme(name) && !Self::RESERVED.contains(&name);
        let names = text.split(' ').filter(|name| !name.is_empty());
        let names = names.map(|name| is_free(name).then(|| name.to_owned()));
        names.collect::<Option<_>>().map(Self)
    }

    /// RFC 8252 §7.1: a reversed domain name as scheme, then a path. The dot keeps out `javascript:`
    /// and every other scheme that a browser runs or that one application cannot own; the schemes
    /// without one are the operator's to name.
    pub(super) fn allow(&self, uri: &str) -> bool {
        uri.split_once(":/").is_some_and(|(scheme, _)| {
            let is_named = self.0.iter().any(|name| name == scheme);
            is_named || (scheme.contains('.') && is_scheme(scheme))
        })
    }
}

impl Default for PrivateSchemes {
    /// The schemes of the editors that are MCP clients.
    fn default() -> Self {
        let names = ["cursor", "vscode", "vscode-insiders", "windsurf"];
        Self(names.map(str::to_owned).to_vec())
    }
}

/// RFC 3986 §3.1, in lower case.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.'))
}
