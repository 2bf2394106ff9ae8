-- What administrators search: the names of applications, and the audit log by who, on whom and what.

-- As the Worker lowers a name: A to Z and nothing else.
CREATE INDEX applications_name ON applications (lower(name), id);

-- Every index ends with the entry's id, so a page of any of them is read in the order of time.
CREATE INDEX audit_log_action ON audit_log (action);
CREATE INDEX audit_log_actor ON audit_log (actor_id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_log_target ON audit_log (target_id) WHERE target_id IS NOT NULL;
