-- What a user was shown of an application when they consented, as JSON: {"name": …, "hosts": […]}. NULL:
-- the consent is older than this column.
ALTER TABLE authorizations ADD COLUMN shown TEXT;
