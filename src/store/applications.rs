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
    /// The application was added.
    Yes,
    /// Another application has this id: the caller draws a new one.
    IdTaken,
    /// Its owner was deleted.
    OwnerGone,
    /// The owner already has as many applications as a user may have.
    TooMany,
}

/// An application whose bot shows a token.
#[derive(Debug)]
pub enum OfBot {
    /// The stored hash of the bot's token matches.
    Its(Application),
    /// The stored hash is in another server's format: the caller checks the token against it.
    Imported(Application),
}

/// How long an isolate answers out of its memory.
pub const FRESH_FOR: Duration = Duration::from_secs(5);
/// How long what it remembers serves while D1 does not answer.
pub const SERVES_OUTAGES_FOR: Duration = Duration::from_secs(600);

/// An application, or a resource server, as an isolate knows it.
#[derive(Debug, Clone)]
pub enum Known<T = Application> {
    /// The application as it is now; `None` where no application has the id.
    Current(Option<Rc<T>>),
    /// The application as it was last read. A request may be permitted by it, but a refusal is never
    /// final: the refused thing may have been permitted since.
    Remembered(Rc<T>),
}

impl<T> Known<T> {
    /// Whether an application has the id.
    pub const fn is_there(&self) -> bool {
        !matches!(self, Self::Current(None))
    }

    /// The application, where one has the id.
    pub fn found(self) -> Option<Rc<T>> {
        match self {
            Self::Current(found) => found,
            Self::Remembered(found) => Some(found),
        }
    }
}

/// Reads and writes applications and their bots, in D1 and in the isolate's memory of it.
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
    /// The applications of one user, or of all users, in the order of their ids.
    async fn applications(
        &self,
        owner: Option<UserId>,
        paging: Paging,
    ) -> Result<Vec<Application>, Fault>;

    /// The trusted applications for which nobody answers any more: the administrator who trusted each
    /// has lost that role, and its owner is no administrator either.
    async fn trusted_by_nobody(&self) -> Result<Vec<ApplicationId>, Fault>;

    /// Adds an application, with its bot's token where it has a bot, unless its owner has `at_most`
    /// already.
    async fn add_application(
        &self,
        application: &Application,
        bot_token: Option<&Hash<BotTokenSecret>>,
        at_most: Option<u32>,
    ) -> Result<Added, Fault>;
    /// Changes an application. Answers whether it was there.
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
