-- Users of a platform that keeps them itself. Their rows in `users` hold what is theirs here (sessions,
-- consents, applications) together, and go with all of it; who they are is the platform's to say.

ALTER TABLE users ADD COLUMN standing_at INTEGER;          -- when the platform disabled or enabled the account; NULL: never
ALTER TABLE sessions ADD COLUMN opened_at INTEGER NOT NULL DEFAULT 0; -- when the browser came, which may be after the proof
ALTER TABLE sessions ADD COLUMN platform_session TEXT;     -- SHA-256 of the platform's name for its session
CREATE INDEX sessions_platform ON sessions (platform_session) WHERE platform_session IS NOT NULL;

-- Sessions that the platform has ended: no login of one of them, arriving late, opens another here.
CREATE TABLE ended_platform_sessions (
  id_hash  TEXT    PRIMARY KEY,                            -- as sessions.platform_session
  ended_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ended_platform_sessions_age ON ended_platform_sessions (ended_at);
