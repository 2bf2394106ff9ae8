-- What applications and the operator are still to be told about authorizations. A row is written in the
-- transaction of what it tells, and goes when its receiver has taken it. It outlives users and applications.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    -- Who takes the turns: the user, or an application that was deleted.
    outbox TEXT NOT NULL,
    id TEXT NOT NULL,
    receiver TEXT NOT NULL,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    user_id TEXT,
    application_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    guild_id TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    UNIQUE (id, receiver)
);

CREATE INDEX events_by_outbox ON events (outbox, seq);
CREATE INDEX events_by_due ON events (due_at);
