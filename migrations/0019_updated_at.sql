-- What userinfo says of a user's age (OpenID Connect Core §5.1, `updated_at`).

ALTER TABLE users ADD COLUMN updated_at INTEGER;                  -- null: not since the account was made
