//! The lists that people look through and search. A search for a beginning is a range of an index. `LIKE` would not
//! be one, and would take a `%` for a wildcard.

use super::applications::ApplicationRow;
use super::authorizations::{AUTHORIZATION, AuthorizationRow};
use super::users::{USER, UserRow};
use super::{Bind, Bindings, after, id, place};
use crate::fluxer::application::Application;
use crate::fluxer::user::User;
use crate::snowflake::{Snowflake, UserId};
use crate::store::{Authorized, Fault, Lists, Paging, Prefix, UserKey, VendorPlace};

/// The party that an application is of. Only programs on the user's own machine are answered by plain http.
const VENDOR: &str = "CASE origin WHEN 'registered' THEN application_id ELSE json_array(name, CASE \
                      WHEN redirect_uris LIKE '[\"http://%' THEN 'http:' \
                      WHEN redirect_uris LIKE '[\"https://%' \
                      THEN substr(redirect_uris, 1, 10 + instr(substr(redirect_uris, 11) || '/', '/')) \
                      ELSE redirect_uris END) END";

impl Lists for Bindings {
    async fn authorized(&self, user: UserId, paging: Paging) -> Result<Vec<Authorized>, Fault> {
        let application = ApplicationRow::select();
        let (place, last) = (place("authorizations.application_id"), place("?"));
        let sql = format!(
            "SELECT json_group_array(json(found)) AS found FROM ( \
             SELECT json_array({AUTHORIZATION}, {application}) AS found FROM authorizations \
             JOIN applications ON applications.id = authorizations.application_id \
             WHERE authorizations.user_id = ? AND {place} > {last} ORDER BY {place} LIMIT ?)"
        );
        let values = [id(user), after(paging), Bind::Bits(paging.limit)];
        let rows: Vec<(AuthorizationRow, ApplicationRow)> = self.rows(&sql, &values).await?;
        let rows = rows.into_iter();
        let authorized = rows.map(|(authorization, application)| Authorized {
            authorization: authorization.into(),
            application: application.into(),
        });
        Ok(authorized.collect())
    }

    async fn authorized_by_vendor(
        &self,
        user: UserId,
        after: Option<VendorPlace>,
        limit: u32,
    ) -> Result<Vec<(VendorPlace, Authorized)>, Fault> {
        let application = ApplicationRow::select();
        let sql = format!(
            "WITH listed AS (SELECT application_id AS client, CAST(application_id AS INTEGER) AS place, \
             CAST(MIN(CAST(application_id AS INTEGER)) OVER (PARTITION BY {VENDOR}) AS TEXT) AS first \
             FROM authorizations JOIN applications ON applications.id = application_id \
             WHERE user_id = ?) \
             SELECT json_group_array(json(found)) AS found FROM ( \
             SELECT json_array(first, {AUTHORIZATION}, {application}) AS found FROM listed \
             JOIN applications ON applications.id = client \
             JOIN authorizations ON application_id = client AND user_id = ? \
             WHERE (CAST(first AS INTEGER), place) > (CAST(? AS INTEGER), CAST(? AS INTEGER)) \
             ORDER BY CAST(first AS INTEGER), place LIMIT ?)"
        );
        let [first, client] = after.map_or([Bind::Text("0"), Bind::Text("0")], |it| {
            [id(it.first), id(it.client)]
        });
        let values = [id(user), id(user), first, client, Bind::Bits(limit)];
        let rows: Vec<(Snowflake, AuthorizationRow, ApplicationRow)> =
            self.rows(&sql, &values).await?;
        let rows = rows.into_iter();
        let listed = rows.map(|(first, authorization, application)| {
            let authorized = Authorized {
                authorization: authorization.into(),
                application: application.into(),
            };
            let client = authorized.authorization.application.0;
            (VendorPlace { first, client }, authorized)
        });
        Ok(listed.collect())
    }

    async fn find_users(
        &self,
        by: UserKey,
        prefix: &Prefix,
        paging: Paging,
    ) -> Result<Vec<User>, Fault> {
        let key = match by {
            UserKey::Username => "username_key",
            UserKey::Email => "email_key",
        };
        let sql = users_beginning(key);
        let rows: Vec<UserRow> = self.rows(&sql, &begins(prefix, paging)).await?;
        Ok(rows.into_iter().map(User::from).collect())
    }

    async fn find_applications(
        &self,
        prefix: &Prefix,
        paging: Paging,
    ) -> Result<Vec<Application>, Fault> {
        let sql = applications_beginning();
        let rows: Vec<ApplicationRow> = self.rows(&sql, &begins(prefix, paging)).await?;
        Ok(rows.into_iter().map(Application::from).collect())
    }
}

/// The two ends of a prefix, the row that the page lies behind, and the limit, as a statement's values.
fn begins(prefix: &Prefix, paging: Paging) -> [Bind<'_>; 4] {
    [
        Bind::Text(prefix.start()),
        id(prefix.end()),
        after(paging),
        Bind::Bits(paging.limit),
    ]
}

/// The statement for users whose `key` begins with a prefix. No two users share a key, so the page begins behind the
/// key of `?3`.
fn users_beginning(key: &str) -> String {
    let last = format!("COALESCE((SELECT {key} FROM users WHERE id = ?3), '')");
    format!(
        "SELECT json_group_array({USER}) AS found FROM (SELECT * FROM users \
         WHERE {key} >= MAX(?1, {last}) AND {key} < ?2 AND +{key} <> {last} \
         ORDER BY {key} LIMIT ?4) AS users"
    )
}

/// The statement for applications whose name begins with a prefix. Several may have one name, so the page begins with
/// the name of `?3`, behind its id. The `+` keeps SQLite from choosing an index for the last condition.
fn applications_beginning() -> String {
    const LAST: &str = "COALESCE((SELECT lower(name) FROM applications WHERE id = ?3), '')";
    let application = ApplicationRow::select();
    format!(
        "SELECT json_group_array({application}) AS found FROM (SELECT * FROM applications \
         WHERE lower(name) >= MAX(?1, {LAST}) AND lower(name) < ?2 \
         AND (+lower(name) > {LAST} OR +id > ?3) \
         ORDER BY lower(name), id LIMIT ?4) AS applications"
    )
}
