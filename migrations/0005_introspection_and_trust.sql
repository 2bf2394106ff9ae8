-- Who may look at others' tokens, and who answers for a trusted application.

-- May introspect the tokens of other applications, which opens nothing else.
ALTER TABLE applications ADD COLUMN introspects INTEGER NOT NULL DEFAULT 0;
-- The administrator who made it trusted; NULL: the built-in application, or somebody before this was
-- written down.
ALTER TABLE applications ADD COLUMN trusted_by TEXT;

-- Whose trust is looked over when somebody ceases to be an administrator.
CREATE INDEX applications_trusted ON applications (trusted_by) WHERE trusted_by IS NOT NULL;
