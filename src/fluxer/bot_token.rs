//! Bot tokens: what an application's bot shows as `Authorization: Bot <token>`.
//!
//! `<application id>.<43 characters of base64url>`. The id says where to look, the rest is 256
//! random bits; what storage keeps is a hash of the whole.

use crate::crypto::secret::{BotTokenSecret, Hash, Secret};
use crate::snowflake::ApplicationId;

/// A bot token.
#[derive(Debug)]
pub struct BotToken {
    /// The application of the bot.
    pub application: ApplicationId,
    text: Secret<BotTokenSecret>,
}

impl BotToken {
    /// A new token.
    pub fn from_entropy(application: ApplicationId, entropy: [u8; 32]) -> Self {
        let secret = Secret::<BotTokenSecret>::from_entropy(entropy);
        Self {
            application,
            text: Secret::new(format!("{application}.{}", secret.expose())),
        }
    }

    /// Reads a token. `None`: not one that this server could have made.
    pub fn parse(text: &str) -> Option<Self> {
        let (application, secret) = text.split_once('.')?;
        Hash::<BotTokenSecret>::parse(secret)?; // 32 bytes, like a hash
        Some(Self {
            application: ApplicationId::parse(application)?,
            text: Secret::new(text),
        })
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
        let secret = token.expose().split_once('.').expect("two parts").1;
        for not_a_token in [
            String::new(),
            ".".into(),
            secret.into(),
            format!(".{secret}"),
            format!("abc.{secret}"),
            format!("0{application}.{secret}"),
            format!("{application}."),
            format!("{application}.{secret}="),
            format!("{application}.{secret}.x"),
            format!("{application}.{}", &secret[1..]),
            format!("{application}. {secret}"),
        ] {
            assert!(BotToken::parse(&not_a_token).is_none(), "{not_a_token:?}");
        }
    }
}
