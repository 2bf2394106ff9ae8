//! Applications: what their owners register and what users are shown.

use serde_json::{Value, json};

use super::user::{ImageHash, ruled_strings};
use crate::oauth::client::{Client, ClientKind};
use crate::oauth::redirect_uri::RegisteredUri;
use crate::oauth::time::Timestamp;
use crate::snowflake::UserId;
use serde::{Deserialize, Serialize};

/// A third-party application.
#[derive(Debug, Clone)]
pub struct Application {
    /// What OAuth needs of it.
    pub client: Client,
    /// Who answers for it; nobody for the built-in one.
    pub owner: Option<UserId>,
    /// What users are shown.
    pub name: ApplicationName,
    /// What it says of itself.
    pub description: Description,
    /// The hash of its icon.
    pub icon: Option<ImageHash>,
    /// Bits that the platform sets.
    pub flags: u32,
    /// Since when.
    pub created_at: Timestamp,
}

impl Application {
    /// The administration application of the configuration.
    pub fn built_in(client: Client) -> Self {
        Self {
            client,
            owner: None,
            name: ApplicationName("Fluxer administration".to_owned()),
            description: Description::default(),
            icon: None,
            flags: 0,
            created_at: Timestamp::from_millis(0),
        }
    }

    /// What its owner and administrators see, secrets aside.
    pub fn in_full(&self) -> Value {
        let redirect_uris: Vec<_> = self
            .client
            .redirect_uris
            .iter()
            .map(RegisteredUri::as_str)
            .collect();
        json!({
            "id": self.client.id,
            "name": self.name.as_str(),
            "icon": self.icon.as_ref().map(ImageHash::as_str),
            "description": self.description.as_str(),
            "owner_id": self.owner,
            "type": match self.client.kind {
                ClientKind::Public => "public",
                ClientKind::Confidential { .. } | ClientKind::BuiltIn { .. } => "confidential",
            },
            "redirect_uris": redirect_uris,
            "trusted": self.client.trusted,
            "bot": null,
            "flags": self.flags,
            "created_at": self.created_at.to_iso(),
        })
    }

    /// What anybody may see.
    pub fn in_public(&self) -> Value {
        json!({
            "id": self.client.id,
            "name": self.name.as_str(),
            "icon": self.icon.as_ref().map(ImageHash::as_str),
            "description": self.description.as_str(),
        })
    }
}

/// Letters, marks and signs, but nothing that hides or reorders what stands around it.
fn is_visible(text: &str) -> bool {
    !text.chars().any(|character| {
        character.is_control()
            || matches!(
                character,
                // Zero-width characters, bidirectional controls, the byte-order mark, tags: a name
                // must not pass for another or turn the sentence it stands in.
                '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                    | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
                    | '\u{e0000}'..='\u{e007f}'
            )
    })
}

ruled_strings! {
    /// What users are shown.
    ApplicationName(
        |text| (1..=100).contains(&text.chars().count()) && is_visible(text) && text.trim() == text,
        "must be 1 to 100 visible characters, without spaces around them"
    );
    /// What an application says of itself.
    Description(
        |text| text.chars().count() <= 400 && is_visible(&text.replace('\n', "")),
        "must be at most 400 visible characters"
    );
}

impl Default for Description {
    /// Nothing.
    fn default() -> Self {
        Self(String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_hides_nothing() {
        for name in [
            "Demo",
            "<script>alert(1)</script>",
            "日本語",
            "Ünï 😀",
            &"x".repeat(100),
        ] {
            assert!(ApplicationName::parse(name).is_ok(), "{name}");
        }
        for name in [
            "",
            " ",
            " Demo",
            "a\nb",
            "a\0b",
            "a\u{202e}b",
            "a\u{200b}b",
            "\u{feff}a",
            &"x".repeat(101),
        ] {
            assert!(ApplicationName::parse(name).is_err(), "{name:?}");
        }
    }
}
