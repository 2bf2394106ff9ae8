-- What administrators see of how the server is used.

ALTER TABLE audit_log ADD COLUMN device TEXT;                     -- the browser's own word for itself

-- How often each action is in the audit log, by the hour and by the day. A cron counts in bounded steps;
-- pages read these rows, and count what came since.
CREATE TABLE counts (
  span   INTEGER NOT NULL,                        -- an hour or a day, in milliseconds
  start  INTEGER NOT NULL,
  action TEXT    NOT NULL,
  n      INTEGER NOT NULL,
  PRIMARY KEY (span, start, action)
) STRICT, WITHOUT ROWID;

-- The last entry that is counted.
CREATE TABLE counted (up_to INTEGER NOT NULL) STRICT;
INSERT INTO counted (up_to) VALUES (0);

-- What happened to each application on a day: actions of the audit log, what it was given and refused.
CREATE TABLE application_days (
  application_id TEXT    NOT NULL,
  day            INTEGER NOT NULL,
  what           TEXT    NOT NULL,                -- an action, 'issued', 'refused' or 'limited'
  detail         TEXT    NOT NULL,                -- why it was refused, and over which value
  n              INTEGER NOT NULL,
  PRIMARY KEY (application_id, day, what, detail)
) STRICT, WITHOUT ROWID;
CREATE INDEX application_days_day ON application_days (day);
