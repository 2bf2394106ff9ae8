-- Two secrets of an application may overlap while it exchanges them: the former one ends at an instant.
ALTER TABLE applications ADD COLUMN former_secret_hash TEXT;
ALTER TABLE applications ADD COLUMN former_secret_ends_at INTEGER;
-- When each was used last; written at most once a day. NULL: never, since this column is there.
ALTER TABLE applications ADD COLUMN secret_used_at INTEGER;
ALTER TABLE applications ADD COLUMN former_secret_used_at INTEGER;
