//! The files that every page loads: the stylesheet and the script. The name of each has its hash in it, so browsers
//! keep it for good and never use an old one.

use sha2::{Digest, Sha256};

use crate::base64url;
use crate::config::Brand;

// Minified in the Worker: see build.rs.
const STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/style.css"));
const SCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/page.js"));

/// A file that the pages load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asset {
    /// The stylesheet, with the operator's colours and measures.
    Style,
    /// The script, which makes some things easier. Every page works without it.
    Script,
}

impl Asset {
    /// All files.
    pub const ALL: [Self; 2] = [Self::Style, Self::Script];

    /// The name of the file in its URL, with its hash.
    pub fn name(self, brand: &Brand) -> &str {
        let [style, script] = brand
            .asset_names
            .get_or_init(|| Self::ALL.map(|asset| asset.hashed_name(brand)));
        match self {
            Self::Style => style,
            Self::Script => script,
        }
    }

    fn hashed_name(self, brand: &Brand) -> String {
        let digest = Sha256::digest(self.body(brand).as_bytes());
        let hash: String = base64url::encode(&digest).chars().take(12).collect();
        match self {
            Self::Style => format!("style.{hash}.css"),
            Self::Script => format!("page.{hash}.js"),
        }
    }

    /// The media type that the file is served with.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Style => "text/css; charset=utf-8",
            Self::Script => "text/javascript; charset=utf-8",
        }
    }

    /// The text of the file. The stylesheet has the operator's theme in it.
    pub fn body(self, brand: &Brand) -> String {
        match self {
            Self::Script => SCRIPT.to_owned(),
            Self::Style if brand.theme.is_empty() && brand.theme_dark.is_empty() => {
                STYLE.to_owned()
            }
            Self::Style => format!(
                "{STYLE}\n:root {{ {} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {} }} }}\n",
                brand.theme, brand.theme_dark
            ),
        }
    }
}
