-- A consent is a row and one entry of an index: without a rowid the primary key is the table itself.

CREATE TABLE authorizations_by_user (
  user_id        TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  application_id TEXT    NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
  scope          TEXT    NOT NULL,
  created_at     INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL,
  lapsed         INTEGER NOT NULL DEFAULT 0 CHECK (lapsed IN (0, 1)),
  shown          TEXT,
  PRIMARY KEY (user_id, application_id)
) STRICT, WITHOUT ROWID;
INSERT INTO authorizations_by_user SELECT user_id, application_id, scope, created_at, updated_at, lapsed, shown
  FROM authorizations;
DROP TABLE authorizations;
ALTER TABLE authorizations_by_user RENAME TO authorizations;
CREATE INDEX authorizations_application ON authorizations (application_id);
