-- What a user sees of the browsers that are logged in to their account.

ALTER TABLE sessions ADD COLUMN device TEXT;                      -- the browser's own word for itself
ALTER TABLE sessions ADD COLUMN address TEXT;                     -- where it logged in from
