-- What administrators see of how the server is used.

ALTER TABLE audit_log ADD COLUMN device TEXT;                     -- the browser's own word for itself
