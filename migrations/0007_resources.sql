-- Other resource servers that tokens are issued for (RFC 8707), and their own scopes.

CREATE TABLE resources (
  id             TEXT    PRIMARY KEY,
  identifier     TEXT    NOT NULL,              -- as it was registered: a token's aud
  identifier_key TEXT    NOT NULL UNIQUE,       -- as it is compared
  name           TEXT    NOT NULL,
  scopes         TEXT    NOT NULL,              -- JSON: [{"name", "description"}]
  signing_alg    TEXT    NOT NULL,
  clients        TEXT    NOT NULL,              -- JSON: ids of applications that get tokens by client credentials
  secret_hash    TEXT    NOT NULL,              -- SHA-256, base64url
  created_at     INTEGER NOT NULL
) STRICT;
