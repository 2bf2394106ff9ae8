// What the types promise. It is compiled with the browser's types and with Node's, and never run.

import { FluxerError, InvalidGrantError, MissingOAuthScopeError, RateLimitedError, fromResponse } from '@fluxer/errors';
import {
  authorizeUrl, botInviteUrl, createSession, discover, endSessionUrl, exchangeCode, hasScope, introspect, parseCallback, permissionBits, verifyAccessToken,
  verifyIdToken,
  type OAuth2Config, type OAuth2Scope, type Permission, type TokenSet,
} from '@fluxer/oauth2';

declare const config: OAuth2Config;
declare const tokens: TokenSet;
declare const error: unknown;

// The configuration of the documentation, as a literal.
authorizeUrl({
  clientId: '1',
  clientSecret: '2',
  redirectUri: 'https://yourapp.com/callback',
  authorizeEndpoint: 'https://fluxer.app/oauth2/authorize',
  tokenEndpoint: 'https://fluxer.app/api/oauth2/token',
  scope: 'identify email guilds',
}, 'state') satisfies string;
// @ts-expect-error: without a state there is no URL.
authorizeUrl(config);
// @ts-expect-error: a misspelled prompt.
authorizeUrl(config, 'state', { prompt: 'nothing' });

authorizeUrl(config, 'state', { prompt: 'login consent', maxAge: 60 });
// @ts-expect-error: `none` goes with no other.
authorizeUrl(config, 'state', { prompt: 'none login' });

// Permissions are names that exist, or bits.
botInviteUrl(config, { permissions: ['KICK_MEMBERS'] });
botInviteUrl(config, { permissions: 8n });
// @ts-expect-error: no such permission.
botInviteUrl(config, { permissions: ['KICK_MEMBER'] });
// @ts-expect-error: numbers cannot hold all bits.
botInviteUrl(config, { permissions: 8 });
permissionBits(['ADMINISTRATOR'] satisfies Permission[]) satisfies bigint;

// A session that has no state yet is a value that parseCallback takes.
parseCallback(config, '/callback', undefined).code satisfies string;
// @ts-expect-error: what was expected must be said.
parseCallback(config, '/callback');
exchangeCode(config, { code: 'c', codeVerifier: undefined }) satisfies Promise<TokenSet>;
// @ts-expect-error: the token endpoint is needed.
void exchangeCode({ clientId: '1', authorizeEndpoint: 'https://fluxer.app' }, { code: 'c' });
({ clientId: '1', ...(await discover('https://fluxer.app')) }) satisfies OAuth2Config;

hasScope(tokens.accessToken, 'guilds' satisfies OAuth2Scope) satisfies boolean;
// @ts-expect-error: no such scope.
hasScope(tokens.accessToken, 'guild');
tokens.expiresAt satisfies number;
// @ts-expect-error: there may be none.
tokens.refreshToken satisfies string;

tokens.guild?.permissions satisfies string | undefined;
// @ts-expect-error: it may have no icon.
tokens.guild?.icon satisfies string | undefined;

// ID tokens: there may be none, and whose it must be has to be said.
verifyIdToken({ ...config, issuer: 'https://fluxer.app' }, tokens.idToken) satisfies Promise<{ subject: string }>;
// @ts-expect-error: the issuer is needed.
void verifyIdToken({ clientId: '1' }, 'token');
endSessionUrl(await discover('https://fluxer.app').then((server) => ({ ...server, clientId: '1' })), { idToken: tokens.idToken }) satisfies string;

// A resource server names itself, and its scopes are its own.
verifyAccessToken({ issuer: 'https://fluxer.app' }, 'token', { audience: 'https://api.example', scope: ['orders:read'] }) satisfies Promise<{ subject: string }>;
// @ts-expect-error: the audience is needed.
void verifyAccessToken({ issuer: 'https://fluxer.app' }, 'token', {});

// Whether a token is active comes before what it says.
const said = await introspect(config, 'token');
// @ts-expect-error: not known to be active.
void said.subject;
if (said.active) said.subject satisfies string;

const session = createSession({ ...config, fetch }, { tokens, onTokens: async () => undefined });
session.getJson<{ id: string }>('/api/users/@me') satisfies Promise<{ id: string }>;
session.getJson('/api/users/@me') satisfies Promise<unknown>;

// Errors narrow by class, and their codes are literals.
if (error instanceof MissingOAuthScopeError) error.code satisfies 'MISSING_OAUTH_SCOPE';
if (error instanceof InvalidGrantError) error.code satisfies 'invalid_grant';
if (error instanceof RateLimitedError) error.retryAfter satisfies number;
// @ts-expect-error: not every error names a time.
if (error instanceof FluxerError) error.retryAfter satisfies number;
fromResponse(new Response()) satisfies Promise<FluxerError>;
