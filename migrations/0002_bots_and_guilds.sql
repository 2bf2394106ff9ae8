-- Bots, guilds, connections and the audit log. Permission bits are TEXT for the reason that
-- snowflakes are: decimal, up to 2^64 - 1.

ALTER TABLE applications ADD COLUMN bot_public INTEGER NOT NULL DEFAULT 1 CHECK (bot_public IN (0, 1));
ALTER TABLE applications ADD COLUMN bot_require_code_grant INTEGER NOT NULL DEFAULT 0
  CHECK (bot_require_code_grant IN (0, 1));
ALTER TABLE applications ADD COLUMN bot_username TEXT;       -- NULL: the application has no bot
ALTER TABLE applications ADD COLUMN bot_discriminator TEXT;
ALTER TABLE applications ADD COLUMN bot_avatar TEXT;
ALTER TABLE applications ADD COLUMN bot_token_hash TEXT;     -- SHA-256, base64url

CREATE TABLE guilds (
  id         TEXT    PRIMARY KEY,
  name       TEXT    NOT NULL,
  icon       TEXT,
  owner_id   TEXT    REFERENCES users (id) ON DELETE SET NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX guilds_owner ON guilds (owner_id);

CREATE TABLE members (
  user_id     TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  guild_id    TEXT    NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
  permissions TEXT    NOT NULL,
  joined_at   INTEGER NOT NULL,
  PRIMARY KEY (user_id, guild_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_guild ON members (guild_id, user_id);

-- The bots in guilds: a bot's id is its application's.
CREATE TABLE bot_members (
  application_id TEXT    NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
  guild_id       TEXT    NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
  inviter_id     TEXT    REFERENCES users (id) ON DELETE SET NULL,
  installation   TEXT    NOT NULL,                -- the consent form that added it
  joined_at      INTEGER NOT NULL,
  PRIMARY KEY (application_id, guild_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX bot_members_guild ON bot_members (guild_id, application_id);
CREATE INDEX bot_members_inviter ON bot_members (inviter_id);

-- What a bot may do in a guild; it goes when the bot goes. A bot without permissions has none.
CREATE TABLE roles (
  id             TEXT NOT NULL UNIQUE,
  application_id TEXT NOT NULL,
  guild_id       TEXT NOT NULL,
  name           TEXT NOT NULL,
  permissions    TEXT NOT NULL,
  PRIMARY KEY (application_id, guild_id),
  FOREIGN KEY (application_id, guild_id) REFERENCES bot_members (application_id, guild_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE connections (
  user_id  TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  type     TEXT    NOT NULL,
  id       TEXT    NOT NULL,                      -- the account's id on the other service
  name     TEXT    NOT NULL,
  verified INTEGER NOT NULL CHECK (verified IN (0, 1)),
  PRIMARY KEY (user_id, type, id)
) STRICT, WITHOUT ROWID;

-- The id is a snowflake, so the log is in the order of time. An INTEGER key costs no index of its
-- own; it is bound and read as text, like every snowflake. Nothing refers to what may be deleted.
CREATE TABLE audit_log (
  id             INTEGER PRIMARY KEY,
  action         TEXT NOT NULL,
  actor_id       TEXT,
  application_id TEXT,
  target_id      TEXT,
  address        TEXT NOT NULL,
  details        TEXT,                            -- JSON
  once           TEXT                             -- a form that was sent twice is one entry
) STRICT;
CREATE UNIQUE INDEX audit_log_once ON audit_log (once) WHERE once IS NOT NULL;
