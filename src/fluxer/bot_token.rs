//! Bot tokens: what an application's bot shows as `Authorization: Bot <token>`.
//!
//! `flx_bot_<application id>.<43 characters of base64url><checksum>`. The id says where to look, what
//! follows is 256 random bits; what storage keeps is a hash of the whole. Older ones have neither the
//! prefix nor the checksum.

use crate::crypto::checksum;
use crate::crypto::secret::{BotTokenSecret, Hash, Secret};
use crate::snowflake::ApplicationId;

/// What bot tokens begin with.
const PREFIX: &str = "flx_bot_";
/// Characters of the random part.
const RANDOM: usize = 43;

/// A token of the form `<application id>.<43 characters>`, with which a bot authenticates.
#[derive(Debug)]
pub struct BotToken {
    /// The application of the bot.
    pub application: ApplicationId,
    text: Secret<BotTokenSecret>,
}

impl BotToken {
    /// Makes a new token of 256 random bits.
    pub fn from_entropy(application: ApplicationId, entropy: [u8; 32]) -> Self {
        let secret = Secret::<BotTokenSecret>::from_entropy(entropy);
        Self {
            application,
            text: Secret::new(checksum::with_checksum(&format!(
                "{PREFIX}{application}.{}",
                secret.expose()
            ))),
        }
    }

    /// Reads a token. `None`: not one that this server could have made.
    pub fn parse(text: &str) -> Option<Self> {
        let (application, secret) = match text.strip_prefix(PREFIX) {
            Some(parts) => {
                let (application, secret) = parts.split_once('.')?;
                let (random, _) = secret.split_at_checked(RANDOM)?;
                (application, checksum::is_intact(text).then_some(random)?)
            }
            None => text.split_once('.')?,
        };
        Hash::<BotTokenSecret>::parse(secret)?; // 32 bytes, like a hash
        Some(Self {
            application: ApplicationId::parse(application)?,
            text: Secret::new(text),
        })
    }

    /// What stands behind the id: Fluxer's own server hashes this part alone.
    pub fn secret(&self) -> &str {
        let text = self.text.expose();
        text.split_once('.').map_or(text, |(_, secret)| secret)
    }

    /// What storage may know of it.
    pub fn hash(&self) -> Hash<BotTokenSecret> {
        self.text.hash()
    }

    /// The token itself, for the one answer that hands it to its owner.
    pub fn expose(&self) -> &str {
        self.text.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_application_and_nothing_else_parses_as_one() {
        let application = ApplicationId::parse("9007199254740993").expect("an id");
        let token = BotToken::from_entropy(application, [0xA5; 32]);
        let parsed = BotToken::parse(token.expose()).expect("a token");
        assert_eq!(parsed.application, application);
        assert!(parsed.hash() == token.hash());
        assert!(!format!("{token:?}").contains(token.expose()));
        let text = token.expose();
        assert!(text.starts_with(&format!("flx_bot_{application}.")));
        let secret = text.split_once('.').expect("two parts").1;
        let whole = |text: String| checksum::with_checksum(&text);
        for not_a_token in [
            String::new(),
            ".".into(),
            "flx_bot_".into(),
            secret.into(),
            format!("{application}.{secret}"),
            format!("flx_bot_.{secret}"),
            whole("flx_bot_".into()),
            whole(format!("flx_bot_{application}.")),
            whole(format!("flx_bot_abc.{}", &secret[..43])),
            whole(format!("flx_bot_0{application}.{}", &secret[..43])),
            whole(format!("flx_bot_{application}.{}", &secret[..42])),
            text.replace("paW", "paw"),
            text[..text.len() - 1].into(),
            format!("{text}x"),
            format!("{text}.x"),
        ] {
            assert!(BotToken::parse(&not_a_token).is_none(), "{not_a_token:?}");
        }
    }

    #[test]
    fn a_token_without_prefix_and_checksum_is_an_older_one() {
        let secret = Secret::<BotTokenSecret>::from_entropy([0xA5; 32]);
        let older = format!("9007199254740993.{}", secret.expose());
        let parsed = BotToken::parse(&older).expect("a token");
        assert_eq!(parsed.application.to_string(), "9007199254740993");
        assert!(parsed.hash() == Secret::new(older.as_str()).hash());
        let (_, secret) = older.split_once('.').expect("two parts");
        for not_a_token in [
            format!(".{secret}"),
            format!("abc.{secret}"),
            format!("0{older}"),
            format!("{older}="),
            format!("{older}.x"),
            older[..older.len() - 1].into(),
            older.replace('.', ". "),
        ] {
            assert!(BotToken::parse(&not_a_token).is_none(), "{not_a_token:?}");
        }
    }
}
