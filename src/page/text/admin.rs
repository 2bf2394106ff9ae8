//! The words of the pages for administrators.

use crate::fluxer::audit::Action;

/// The pages for administrators.
#[cfg_attr(test, derive(Debug))]
pub struct AdminText {
    /// Above the charts.
    pub overview: &'static str,
    /// How far they reach back: 24 hours, seven days, thirty days.
    pub ranges: [&'static str; 3],
    /// What they show: logins, failures, authorizations, revocations, thefts, faults.
    pub charts: [&'static str; 6],
    /// Opens the table beside a chart.
    pub numbers: &'static str,
    /// Above its first column.
    pub when: &'static str,
    /// Above what may need somebody.
    pub warnings: &'static str,
    /// There is nothing.
    pub no_warnings: &'static str,
    /// Where it stands what to do about them.
    pub what_to_do: &'static str,
    /// Above the parts of the server.
    pub health: &'static str,
    /// It answers.
    pub works: &'static str,
    /// It does not.
    pub fails: &'static str,
    /// Above the signing keys.
    pub keys: &'static str,
    /// What each is good for: one that signs later, one that signs, one that signed.
    pub key_states: [&'static str; 3],
    /// Before the time that it was published at.
    pub published: &'static str,
    /// Users.
    pub users: &'static str,
    /// Applications.
    pub applications: &'static str,
    /// The resource servers.
    pub resource: ResourceText,
    /// The audit log.
    pub audit_log: &'static str,
    /// The link to it.
    pub open_audit_log: &'static str,
    /// What is looked for.
    pub find_users: &'static str,
    /// What it is looked for in.
    pub find_by: &'static str,
    /// What is looked for.
    pub find_applications: &'static str,
    /// The button.
    pub search: &'static str,
    /// Nothing was found.
    pub nothing_found: &'static str,
    /// Names the links between the pages of a list.
    pub pages: &'static str,
    /// The link to the next page.
    pub next: &'static str,
    /// The link to what was before.
    pub older: &'static str,
    /// An id.
    pub id: &'static str,
    /// A name.
    pub username: &'static str,
    /// An address.
    pub email: &'static str,
    /// It is proved to be the user’s.
    pub verified: &'static str,
    /// The e-mail address is not proved to be the user's.
    pub unverified: &'static str,
    /// The user administers this server.
    pub administrator: &'static str,
    /// Since when.
    pub registered: &'static str,
    /// Yes.
    pub yes: &'static str,
    /// No.
    pub no: &'static str,
    /// There is none.
    pub none: &'static str,
    /// There are more than are shown.
    pub only_the_first: &'static str,
    /// The user’s guilds.
    pub communities: &'static str,
    /// The user’s accounts on other services.
    pub connections: &'static str,
    /// Whose it is.
    pub owner: &'static str,
    /// The button that ends one application.
    pub revoke: &'static str,
    /// The button that ends all of them.
    pub revoke_everything: &'static str,
    /// One application is out.
    pub application_revoked: &'static str,
    /// All of them are.
    pub everything_revoked: &'static str,
    /// It had been done before.
    pub nothing_revoked: &'static str,
    /// What kind of client it is.
    pub kind: &'static str,
    /// A client that has a secret.
    pub confidential: &'static str,
    /// A client that has no secret.
    pub public: &'static str,
    /// Where it may be answered.
    pub redirect_uris: &'static str,
    /// Its bot.
    pub bot: &'static str,
    /// Anybody may add it.
    pub bot_public: &'static str,
    /// Only the owner may add the bot.
    pub bot_private: &'static str,
    /// The platform trusts it.
    pub trusted: &'static str,
    /// Above the form that changes that.
    pub trust: &'static str,
    /// What granting trust means.
    pub grant_means: &'static str,
    /// What withdrawing it means.
    pub withdraw_means: &'static str,
    /// The label of the field for the administrator's password.
    pub password: &'static str,
    /// It is not the user’s.
    pub wrong_password: &'static str,
    /// The button.
    pub grant: &'static str,
    /// The button.
    pub withdraw: &'static str,
    /// It is trusted now.
    pub trust_granted: &'static str,
    /// It is not trusted any more.
    pub trust_withdrawn: &'static str,
    /// Whether somebody or something is suspended.
    pub suspended: &'static str,
    /// Above what suspends or frees.
    pub suspension: &'static str,
    /// What suspending a user does, and freeing them.
    pub suspension_of_user: [&'static str; 2],
    /// What suspending an application does, and freeing it.
    pub suspension_of_application: [&'static str; 2],
    /// The button.
    pub suspend: &'static str,
    /// The button.
    pub resume: &'static str,
    /// It was done.
    pub is_suspended: &'static str,
    /// It was taken back.
    pub is_resumed: &'static str,
    /// Above what deletes a user, and its button.
    pub deletion: &'static str,
    /// What is lost with the user.
    pub deletion_means: &'static str,
    /// What becomes of their applications: the question, deleted, handed over, and to whom.
    pub fate: [&'static str; 4],
    /// Nobody was named.
    pub no_heir: &'static str,
    /// It was done.
    pub user_deleted: &'static str,
    /// The link to what somebody did.
    pub done_by: &'static str,
    /// The link to what was done to them.
    pub done_on: &'static str,
    /// The heading over what was done.
    pub action: &'static str,
    /// All of it.
    pub any: &'static str,
    /// Who did it, by id.
    pub actor_id: &'static str,
    /// On whom, by id.
    pub target_id: &'static str,
    /// By whom or on whom, by name or by id.
    pub person: &'static str,
    /// The first day.
    pub from_day: &'static str,
    /// The last day.
    pub until_day: &'static str,
    /// In front of the files.
    pub download: &'static str,
    /// In front of the instant at which a search stopped.
    pub stopped_at: &'static str,
    /// The link that goes on with it.
    pub look_further: &'static str,
    /// In place of who did it, where nobody knows.
    pub somebody: &'static str,
    /// In place of anything else that nobody knows.
    pub unknown: &'static str,
    /// Through which application, or with which one.
    pub application: &'static str,
    /// From where.
    pub address: &'static str,
    /// What is in the audit log, in the order of [`Action::ALL`]: to choose it by, and as a sentence. There
    /// `{actor}`, `{target}` and `{app}` stand for who is named, any other name for a member of the details; a
    /// part in brackets is left out where it names what is not there.
    pub actions: [[&'static str; 2]; Action::ALL.len()],
}

/// The pages about resource servers.
#[cfg_attr(test, derive(Debug))]
pub struct ResourceText {
    /// The heading above the list.
    pub heading: &'static str,
    /// What a resource server is.
    pub means: &'static str,
    /// The heading above the form that registers one.
    pub new: &'static str,
    /// The label of the field for the name.
    pub name: &'static str,
    /// The label of the field for the identifier.
    pub identifier: &'static str,
    /// What an identifier is.
    pub identifier_hint: &'static str,
    /// The label of the field for the scopes.
    pub scopes: &'static str,
    /// How they are written.
    pub scopes_hint: &'static str,
    /// The choice.
    pub signing_alg: &'static str,
    /// Which algorithm to choose.
    pub signing_alg_hint: &'static str,
    /// The label of the field for the clients that may ask for tokens.
    pub clients: &'static str,
    /// Who stands there.
    pub clients_hint: &'static str,
    /// The button.
    pub register: &'static str,
    /// It was deleted.
    pub deleted: &'static str,
    /// What another secret means.
    pub secret_means: &'static str,
    /// The heading above its deletion.
    pub delete: &'static str,
    /// What its deletion means.
    pub delete_means: &'static str,
}
