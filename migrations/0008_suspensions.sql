-- Users and applications that an administrator has suspended: their tokens stop, nothing is deleted.

ALTER TABLE users ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1));
ALTER TABLE applications ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1));

-- A consent whose last device is gone: it is listed, and asked for again.
ALTER TABLE authorizations ADD COLUMN lapsed INTEGER NOT NULL DEFAULT 0 CHECK (lapsed IN (0, 1));
