//! Applications and their bots.

use core::time::Duration;
use std::rc::Rc;

use super::{Fault, Paging};
use crate::crypto::secret::{BotTokenSecret, ClientSecret, Hash};
use crate::fluxer::application::{Application, ApplicationChange, Bot};
use crate::outbox::Tells;
use crate::snowflake::{ApplicationId, UserId};
use crate::time::Timestamp;

/// What came of adding an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is there.
    Yes,
    /// Its id is another's: draw another one.
    IdTaken,
    /// Its owner was deleted.
    OwnerGone,
    /// Its owner has as many as a user may have.
    TooMany,
}

/// An application whose bot shows a token.
#[derive(Debug)]
pub enum OfBot {
    /// The token is its bot's.
    Its(Application),
    /// Another server's hash says whether it is.
    Imported(Application),
}

/// How long an isolate answers out of its memory.
pub const FRESH_FOR: Duration = Duration::from_secs(5);
/// How long what it remembers serves while D1 does not answer.
pub const SERVES_OUTAGES_FOR: Duration = Duration::from_secs(600);

/// An application, or a resource server, as an isolate knows it.
#[derive(Debug, Clone)]
pub enum Known<T = Application> {
    /// As it is now; `None`: there is none.
    Current(Option<Rc<T>>),
    /// As it was when it was last read. What it permits may be permitted; what it refuses may have
    /// been permitted since, so a refusal of it is never final.
    Remembered(Rc<T>),
}

impl<T> Known<T> {
    /// Whether there is one.
    pub const fn is_there(&self) -> bool {
        !matches!(self, Self::Current(None))
    }

    /// It, where there is one.
    pub fn found(self) -> Option<Rc<T>> {
        match self {
            Self::Current(found) => found,
            Self::Remembered(found) => Some(found),
        }
    }
}

/// Applications and their bots.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Applications {
    /// An application, at most [`FRESH_FOR`] old.
    async fn application(&self, id: ApplicationId) -> Result<Known, Fault>;
    /// What this isolate remembers of an application, at most [`SERVES_OUTAGES_FOR`] old: good for
    /// choosing the window that a request is counted in, and for tokens that exist while D1 does not
    /// answer. Asks nobody.
    fn remembered_application(&self, id: ApplicationId) -> Option<Rc<Application>>;
    /// An application as it is now, for whoever changes it.
    async fn current_application(&self, id: ApplicationId) -> Result<Option<Application>, Fault>;
    /// The application whose bot has this token now, or one that another server's hash stands for: a
    /// token that was reset is dead at once.
    async fn application_of_bot(
        &self,
        id: ApplicationId,
        token: &Hash<BotTokenSecret>,
    ) -> Result<Option<OfBot>, Fault>;
    /// A user's applications, or everybody's, by id.
    async fn applications(
        &self,
        owner: Option<UserId>,
        paging: Paging,
    ) -> Result<Vec<Application>, Fault>;

    /// The trusted applications that an administrator made so who is none any more, and whose owner is
    /// none either.
    async fn trusted_by_nobody(&self) -> Result<Vec<ApplicationId>, Fault>;

    /// Adds an application, with its bot's token where it has a bot, unless its owner has `at_most`
    /// already.
    async fn add_application(
        &self,
        application: &Application,
        bot_token: Option<&Hash<BotTokenSecret>>,
        at_most: Option<u32>,
    ) -> Result<Added, Fault>;
    /// Changes an application; whether it was there.
    async fn change_application(
        &self,
        id: ApplicationId,
        change: &ApplicationChange,
    ) -> Result<bool, Fault>;
    /// Replaces the secrets of a confidential application, or the keys that it had in place of one, by
    /// one secret; whether it was there.
    async fn set_client_secret(
        &self,
        id: ApplicationId,
        secret: &Hash<ClientSecret>,
    ) -> Result<bool, Fault>;
    /// Gives a confidential application a second secret; the one that was made last before ends at
    /// `former_ends_at`, and one before that at once. Whether the application was there.
    async fn rotate_client_secret(
        &self,
        id: ApplicationId,
        secret: &Hash<ClientSecret>,
        former_ends_at: Timestamp,
    ) -> Result<bool, Fault>;
    /// Remembers that a secret of an application was used. Runs on after the answer; a failure is
    /// logged.
    fn note_secret_use(&self, id: ApplicationId, secret: &Hash<ClientSecret>, at: Timestamp);
    /// Gives an application a bot, where it has none; whether it does now.
    async fn add_bot(
        &self,
        id: ApplicationId,
        bot: &Bot,
        token: &Hash<BotTokenSecret>,
    ) -> Result<bool, Fault>;
    /// Replaces a bot's token; whether there is a bot.
    async fn set_bot_token(
        &self,
        id: ApplicationId,
        token: &Hash<BotTokenSecret>,
    ) -> Result<bool, Fault>;
    /// Deletes an application, with its bot wherever that is, and keeps what the operator is to be told
    /// of that.
    async fn delete_application(&self, id: ApplicationId, tells: Tells) -> Result<bool, Fault>;
}
