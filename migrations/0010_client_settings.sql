-- How an application uses OAuth: what it proves itself with, what it may ask for, what it demands of
-- its own requests.

-- NULL: 'none' where there is no secret, else 'client_secret_basic'. With jwks, 'none' is a document's
-- client that may also sign with its keys.
ALTER TABLE applications ADD COLUMN token_endpoint_auth_method TEXT;
ALTER TABLE applications ADD COLUMN jwks TEXT;                    -- JSON: {"keys": […]}, public keys
ALTER TABLE applications ADD COLUMN jwks_uri TEXT;
ALTER TABLE applications ADD COLUMN grant_types TEXT;             -- spaces between; NULL: what its kind has
ALTER TABLE applications ADD COLUMN dpop_bound_access_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE applications ADD COLUMN require_pushed_authorization_requests INTEGER NOT NULL DEFAULT 0;
ALTER TABLE applications ADD COLUMN profile TEXT NOT NULL DEFAULT 'default';
-- Where it is told what happened to its users' authorizations.
ALTER TABLE applications ADD COLUMN event_webhook_url TEXT;
-- Scopes that it gets all of, or none: spaces between.
ALTER TABLE applications ADD COLUMN all_or_nothing TEXT NOT NULL DEFAULT '';
