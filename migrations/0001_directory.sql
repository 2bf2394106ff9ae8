-- The directory: what people query. Snowflakes are TEXT because D1 hands integers to the Worker as
-- doubles, which round above 2^53. Times are milliseconds since 1970. Secrets, session ids and
-- passwords are stored as hashes only.

CREATE TABLE users (
  id            TEXT    PRIMARY KEY,
  username      TEXT    NOT NULL,
  username_key  TEXT    NOT NULL UNIQUE,          -- lower case, what a login is compared with
  discriminator TEXT    NOT NULL,                 -- four digits
  email         TEXT    NOT NULL,
  email_key     TEXT    NOT NULL UNIQUE,          -- lower case
  verified      INTEGER NOT NULL CHECK (verified IN (0, 1)),
  admin         INTEGER NOT NULL CHECK (admin IN (0, 1)),
  avatar        TEXT,
  public_flags  INTEGER NOT NULL,
  password_hash TEXT    NOT NULL,                 -- argon2id, PHC string
  created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
  id_hash          TEXT    PRIMARY KEY,           -- SHA-256 of the cookie, base64url
  user_id          TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  authenticated_at INTEGER NOT NULL,
  expires_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE applications (
  id            TEXT    PRIMARY KEY,
  owner_id      TEXT    REFERENCES users (id) ON DELETE CASCADE,
  name          TEXT    NOT NULL,
  description   TEXT    NOT NULL,
  icon          TEXT,
  secret_hash   TEXT,                             -- SHA-256, base64url; NULL: a public application
  redirect_uris TEXT    NOT NULL,                 -- a JSON array of strings, order kept
  trusted       INTEGER NOT NULL CHECK (trusted IN (0, 1)),
  flags         INTEGER NOT NULL,
  created_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX applications_owner ON applications (owner_id);

-- What a user has granted an application: the consent that is remembered, and the list on the
-- "authorized applications" page. Never what a token is checked against: that is the ledger.
CREATE TABLE authorizations (
  user_id        TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  application_id TEXT    NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
  scope          TEXT    NOT NULL,
  created_at     INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL,
  PRIMARY KEY (user_id, application_id)
) STRICT;
CREATE INDEX authorizations_application ON authorizations (application_id);
