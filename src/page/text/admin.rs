//! The words of the pages for administrators.

use crate::fluxer::audit::Action;

/// The pages for administrators.
#[cfg_attr(test, derive(Debug))]
pub struct AdminText {
    /// The heading above the charts.
    pub overview: &'static str,
    /// How far the charts reach back: 24 hours, seven days, thirty days.
    pub ranges: [&'static str; 3],
    /// What the charts show: logins, failures, authorizations, revocations, thefts, faults.
    pub charts: [&'static str; 6],
    /// The label that opens the table beside a chart.
    pub numbers: &'static str,
    /// The heading of the table's first column, the times.
    pub when: &'static str,
    /// The heading above what may need an administrator.
    pub warnings: &'static str,
    /// Says that nothing needs an administrator.
    pub no_warnings: &'static str,
    /// Says where to read what to do about a warning.
    pub what_to_do: &'static str,
    /// The heading above the parts of the server.
    pub health: &'static str,
    /// The mark beside a part that answers.
    pub works: &'static str,
    /// The mark beside a part that does not answer.
    pub fails: &'static str,
    /// The heading above the signing keys.
    pub keys: &'static str,
    /// What a signing key is good for: it will sign later, signs now, signed before.
    pub key_states: [&'static str; 3],
    /// The word before the time at which a key was published.
    pub published: &'static str,
    /// The label of the page of users.
    pub users: &'static str,
    /// The label of the page of applications.
    pub applications: &'static str,
    /// The words of the pages about resource servers.
    pub resource: ResourceText,
    /// The label of the page of the audit log.
    pub audit_log: &'static str,
    /// The label of the link to the audit log.
    pub open_audit_log: &'static str,
    /// The label of the field that users are searched by.
    pub find_users: &'static str,
    /// The label of the choice of the value that a search for users looks at.
    pub find_by: &'static str,
    /// The label of the field that applications are searched by.
    pub find_applications: &'static str,
    /// The label of the button that searches.
    pub search: &'static str,
    /// Says that nothing was found.
    pub nothing_found: &'static str,
    /// The name of the links between the pages of a list, for screen readers.
    pub pages: &'static str,
    /// The link to the next page.
    pub next: &'static str,
    /// The label of the link to older entries.
    pub older: &'static str,
    /// The label of an id.
    pub id: &'static str,
    /// The label of a user's name.
    pub username: &'static str,
    /// The label of a user's e-mail address.
    pub email: &'static str,
    /// The mark beside an e-mail address that is proved to be the user's.
    pub verified: &'static str,
    /// The mark beside an e-mail address that is not proved to be the user's.
    pub unverified: &'static str,
    /// The label of whether the user administers this server.
    pub administrator: &'static str,
    /// The label of the day on which a user or an application was registered.
    pub registered: &'static str,
    /// The answer yes.
    pub yes: &'static str,
    /// The answer no.
    pub no: &'static str,
    /// Stands where there is none of something.
    pub none: &'static str,
    /// Says that there are more than are shown.
    pub only_the_first: &'static str,
    /// The heading above the user's guilds.
    pub communities: &'static str,
    /// The heading above the user's accounts on other services.
    pub connections: &'static str,
    /// The label of an application's owner.
    pub owner: &'static str,
    /// The label of the button that revokes one application of a user.
    pub revoke: &'static str,
    /// The label of the button that revokes every application of a user.
    pub revoke_everything: &'static str,
    /// Says that one application was revoked.
    pub application_revoked: &'static str,
    /// Says that every application was revoked.
    pub everything_revoked: &'static str,
    /// Says that there was nothing to revoke: it had been done before.
    pub nothing_revoked: &'static str,
    /// The label of the type of a client, confidential or public.
    pub kind: &'static str,
    /// The type of a client that authenticates.
    pub confidential: &'static str,
    /// The type of a client that has no secret and no keys.
    pub public: &'static str,
    /// The label of the client's redirect URIs.
    pub redirect_uris: &'static str,
    /// The label of the application's bot.
    pub bot: &'static str,
    /// Says that anybody may add the bot.
    pub bot_public: &'static str,
    /// Says that only the owner may add the bot.
    pub bot_private: &'static str,
    /// The label of whether the platform trusts the application.
    pub trusted: &'static str,
    /// The heading above the form that grants trust or withdraws it.
    pub trust: &'static str,
    /// Says what granting trust means.
    pub grant_means: &'static str,
    /// Says what withdrawing trust means.
    pub withdraw_means: &'static str,
    /// The label of the field for the administrator's password.
    pub password: &'static str,
    /// Says that the password is not the administrator's.
    pub wrong_password: &'static str,
    /// The label of the button that grants trust.
    pub grant: &'static str,
    /// The label of the button that withdraws trust.
    pub withdraw: &'static str,
    /// Says that the application is trusted now.
    pub trust_granted: &'static str,
    /// Says that the application is not trusted any more.
    pub trust_withdrawn: &'static str,
    /// The label of whether a user or an application is suspended.
    pub suspended: &'static str,
    /// The heading above the form that suspends or frees.
    pub suspension: &'static str,
    /// Says what suspending a user does, and what freeing one does.
    pub suspension_of_user: [&'static str; 2],
    /// Says what suspending an application does, and what freeing one does.
    pub suspension_of_application: [&'static str; 2],
    /// The label of the button that suspends.
    pub suspend: &'static str,
    /// The label of the button that frees.
    pub resume: &'static str,
    /// Says that the user or the application is suspended now.
    pub is_suspended: &'static str,
    /// Says that the suspension was taken back.
    pub is_resumed: &'static str,
    /// The heading above the form that deletes a user, and the label of its button.
    pub deletion: &'static str,
    /// Says what is lost with the user.
    pub deletion_means: &'static str,
    /// What becomes of the user's applications: the question, the answer that deletes them, the answer that hands
    /// them over, and the label of the field for their new owner.
    pub fate: [&'static str; 4],
    /// Says that nobody was named who takes the applications over.
    pub no_heir: &'static str,
    /// Says that the user was deleted.
    pub user_deleted: &'static str,
    /// The label of the link to what the user or the application did.
    pub done_by: &'static str,
    /// The label of the link to what was done to the user or the application.
    pub done_on: &'static str,
    /// The label of the choice of an action.
    pub action: &'static str,
    /// The choice of every action.
    pub any: &'static str,
    /// The label of the field for the id of whoever did it.
    pub actor_id: &'static str,
    /// The label of the field for the id of whom it was done to.
    pub target_id: &'static str,
    /// The label of the field for a person, by name or by id, who did it or to whom it was done.
    pub person: &'static str,
    /// The label of the field for the first day.
    pub from_day: &'static str,
    /// The label of the field for the last day.
    pub until_day: &'static str,
    /// The word before the links to the files of the log.
    pub download: &'static str,
    /// The words before the time that a search has come back to.
    pub stopped_at: &'static str,
    /// The label of the link that searches on from there.
    pub look_further: &'static str,
    /// Stands in place of whoever did it, where nobody knows.
    pub somebody: &'static str,
    /// Stands in place of anything else that nobody knows.
    pub unknown: &'static str,
    /// The label of the application that an entry is about, or that somebody acted through.
    pub application: &'static str,
    /// The label of the address that somebody acted from.
    pub address: &'static str,
    /// The actions of the audit log, in the order of [`Action::ALL`]: each as a choice, and as a sentence. In the
    /// sentence `{actor}`, `{target}` and `{app}` stand for who is named, and any other name for a member of the
    /// details. A part in brackets is left out where it names something that is not there.
    pub actions: [[&'static str; 2]; Action::ALL.len()],
}

/// The words of the pages about resource servers.
#[cfg_attr(test, derive(Debug))]
pub struct ResourceText {
    /// The heading above the list.
    pub heading: &'static str,
    /// What a resource server is.
    pub means: &'static str,
    /// The heading above the form that registers a resource server.
    pub new: &'static str,
    /// The label of the field for the name.
    pub name: &'static str,
    /// The label of the field for the identifier.
    pub identifier: &'static str,
    /// What an identifier is.
    pub identifier_hint: &'static str,
    /// The label of the field for the scopes.
    pub scopes: &'static str,
    /// Says how scopes are written.
    pub scopes_hint: &'static str,
    /// The label of the choice of the algorithm that signs tokens.
    pub signing_alg: &'static str,
    /// Says which algorithm to choose.
    pub signing_alg_hint: &'static str,
    /// The label of the field for the clients that may ask for tokens.
    pub clients: &'static str,
    /// Says how clients are named in that field.
    pub clients_hint: &'static str,
    /// The label of the button that registers.
    pub register: &'static str,
    /// Says that the resource server was deleted.
    pub deleted: &'static str,
    /// Says what another secret means for the resource server.
    pub secret_means: &'static str,
    /// The heading above the deletion.
    pub delete: &'static str,
    /// Says what deleting the resource server means.
    pub delete_means: &'static str,
}
