-- A consent that is older than what is remembered of it was to the application as it is now: nobody is asked
-- again because of a deployment, and what its owner changes from now on is shown. One that an earlier version
-- writes after this counts as such a one when it is first used.

UPDATE authorizations SET shown = (
  SELECT json_object('name', applications.name, 'hosts', (
    SELECT json_group_array(DISTINCT CASE
      WHEN value LIKE 'http://%' OR value LIKE 'https://%'
      THEN substr(substr(value, instr(value, '://') + 3), 1,
                  instr(replace(substr(value, instr(value, '://') + 3), '?', '/') || '/', '/') - 1)
      ELSE substr(value, 1, instr(value || ':', ':') - 1)
    END)
    FROM json_each(applications.redirect_uris)
  )) FROM applications WHERE applications.id = authorizations.application_id
) WHERE shown IS NULL;
