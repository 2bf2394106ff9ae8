-- What another server's hashes of secrets and bot tokens were, until the first that is shown is replaced by
-- ours: the column of the application holds a hash that no secret has.

CREATE TABLE imported_hashes (
  application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
  kind           TEXT NOT NULL CHECK (kind IN ('client_secret', 'bot_token')),
  hash           TEXT NOT NULL,                   -- argon2, PHC string
  PRIMARY KEY (application_id, kind)
) STRICT, WITHOUT ROWID;
