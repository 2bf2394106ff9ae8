-- Clients that nobody registered by hand, and who may register one.

-- Who vouches for it: 'registered' (a user, by hand), 'dynamic' (it registered itself), or the URL of
-- the document that describes it.
ALTER TABLE applications ADD COLUMN origin TEXT NOT NULL DEFAULT 'registered';
ALTER TABLE applications ADD COLUMN details TEXT;                 -- JSON: what else it says of itself
ALTER TABLE applications ADD COLUMN registration_token_hash TEXT; -- SHA-256, base64url
ALTER TABLE applications ADD COLUMN authorized_at INTEGER;        -- NULL: nobody ever authorized it

CREATE UNIQUE INDEX applications_document ON applications (origin)
  WHERE origin NOT IN ('registered', 'dynamic');
-- What a daily sweep deletes, and what is counted before there is one more.
CREATE INDEX applications_unused ON applications (created_at)
  WHERE origin = 'dynamic' AND authorized_at IS NULL;

CREATE TABLE registration_tokens (
  id         TEXT    PRIMARY KEY,
  name       TEXT    NOT NULL,
  token_hash TEXT    NOT NULL UNIQUE,             -- SHA-256, base64url
  expires_at INTEGER                              -- NULL: good until it is deleted
) STRICT;
