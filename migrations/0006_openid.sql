-- OpenID Connect: how a user proved who they are, how an application's ID tokens are signed, and where
-- it may be told that its user has logged out.

ALTER TABLE sessions ADD COLUMN amr TEXT NOT NULL DEFAULT 'pwd';                        -- RFC 8176, spaces between

ALTER TABLE applications ADD COLUMN id_token_signed_response_alg TEXT NOT NULL DEFAULT 'RS256';
ALTER TABLE applications ADD COLUMN post_logout_redirect_uris TEXT NOT NULL DEFAULT '[]'; -- a JSON array of strings
