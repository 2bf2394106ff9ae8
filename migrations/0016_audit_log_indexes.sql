-- The audit log under two indexes. What happens at every login (a login, a logout, a consent) is done by
-- users to themselves, so it is found by its actor alone and costs a row and one entry of an index. Both
-- indexes end with the entry's id, so a page of either is read in the order of time.

DROP INDEX audit_log_once;     -- looked for among the actor's entries of the last day
DROP INDEX audit_log_action;
DROP INDEX audit_log_target;
CREATE INDEX audit_log_seldom ON audit_log (action, target_id)
  WHERE action NOT IN ('user.login', 'user.logout', 'authorization.granted');
