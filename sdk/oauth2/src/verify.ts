import { InvalidTokenError, MissingOAuthScopeError } from '@fluxer/errors';

import { required, type OAuth2Config, type OAuth2Scope, type RequestOptions } from './config.js';
import { asRecord, fromBase64Url, toBytes } from './encoding.js';
import { decode } from './jwt.js';
import { subtle } from './runtime.js';
import { systemClock } from './time.js';
import { introspect, type ActiveToken } from './token.js';

/** Which tokens `verifyToken` accepts. */
export interface VerifyOptions extends RequestOptions {
  /** A scope, or several, that the token must have. */
  scope?: OAuth2Scope | readonly OAuth2Scope[];
  /** Whom the token must be meant for; the issuer, as Fluxer's access tokens are. */
  audience?: string;
  /**
   * The thumbprint of the key whose DPoP proof came with the token, of `verifyDpopProof`. Without it a
   * token that is bound to a key is refused: anybody may have taken it (RFC 9449 §7).
   */
  thumbprint?: string | undefined;
}

/** How `verifyTokenWithKey` checks a token. */
export interface KeyOptions extends Pick<VerifyOptions, 'scope' | 'audience' | 'thumbprint'> {
  /** The HMAC key of access tokens, 32 bytes. */
  key: Uint8Array;
}

/** A token that was verified. */
export interface VerifiedToken {
  /** The user's id, or the application's where it acts for itself. */
  subject: string;
  clientId: string;
  scopes: string[];
  /** Until when, in milliseconds since 1970. */
  expiresAt: number;
}

/**
 * Whether an access token says that it has a scope. It only decodes: anybody can write such a
 * token, so this is good for the application's own choices, such as which button to show. A server
 * that is sent a token wants `verifyToken`.
 *
 * @example
 * ```ts
 * if (hasScope(tokens.accessToken, 'guilds')) showGuilds();
 * ```
 */
export function hasScope(accessToken: string, scope: OAuth2Scope): boolean {
  const claims = decode(accessToken)?.claims;
  return scopesOf(claims?.['scope']).includes(scope);
}

/**
 * Verifies the access token of a request by asking the authorization server: a token that was
 * revoked is refused at once. The server answers about the asking application's own tokens, and
 * about everybody's to applications marked as trusted.
 *
 * @throws InvalidTokenError where the token does not work, MissingOAuthScopeError where it lacks a
 * scope, and what `introspect` throws.
 * @example
 * ```ts
 * const { subject } = await verifyToken(config, accessToken, { scope: 'identify' });
 * ```
 */
export async function verifyToken(config: OAuth2Config, accessToken: string, options: VerifyOptions = {}): Promise<VerifiedToken> {
  const token = await introspect(config, accessToken, { hint: 'access_token', signal: options.signal });
  if (!token.active || !isOurs(config, token, options)) throw new InvalidTokenError();
  const { subject, clientId, scope, expiresAt } = token;
  return requireScope({ subject, clientId, scopes: scopesOf(scope), expiresAt }, options.scope);
}

/**
 * Verifies an access token without asking anybody, for servers that hold the key: signature
 * (HS256), `iss`, `aud` and `exp` (RFC 9068 §4). It cannot know that a token was revoked; only
 * `verifyToken` does. The authorization server derives this key from its own secret and publishes
 * it nowhere: who holds it can also make tokens.
 *
 * @throws InvalidTokenError where the token is not good, MissingOAuthScopeError where it lacks a
 * scope.
 * @example
 * ```ts
 * const { subject } = await verifyTokenWithKey(config, accessToken, { key });
 * ```
 */
export async function verifyTokenWithKey(config: Pick<OAuth2Config, 'issuer' | 'clock'>, accessToken: string, options: KeyOptions): Promise<VerifiedToken> {
  const issuer = required(config.issuer, 'issuer');
  const decoded = decode(accessToken);
  // The algorithm is ours to choose and not the token's (RFC 8725 §3.1).
  if (decoded?.header['alg'] !== 'HS256' || !(await isSigned(accessToken, options.key))) throw new InvalidTokenError();
  const { iss, aud, exp, sub, client_id, scope, cnf } = decoded.claims;
  const { clock = systemClock } = config;
  const current = typeof exp === 'number' && clock.now() < exp * 1000;
  const meant = iss === issuer && aud === (options.audience ?? issuer) && boundTo(cnf) === options.thumbprint;
  if (!current || !meant || typeof sub !== 'string' || typeof client_id !== 'string') throw new InvalidTokenError();
  return requireScope({ subject: sub, clientId: client_id, scopes: scopesOf(scope), expiresAt: exp * 1000 }, options.scope);
}

/** A refresh token is active too, and it opens nothing. */
function isOurs({ issuer }: OAuth2Config, token: ActiveToken, { audience = issuer, thumbprint }: VerifyOptions): boolean {
  const is = (expected: string | undefined, said: string | undefined): boolean => expected === undefined || said === undefined || said === expected;
  const tokenType = thumbprint === undefined ? 'bearer' : 'dpop';
  return token.tokenType.toLowerCase() === tokenType && token.thumbprint === thumbprint && is(issuer, token.issuer) && is(audience, token.audience);
}

/** The thumbprint of the key that a token is bound to; `null` where it is bound in a way that is unknown here. */
export function boundTo(cnf: unknown): unknown {
  return cnf === undefined ? undefined : (asRecord(cnf)?.['jkt'] ?? null);
}

/** @throws MissingOAuthScopeError where the token lacks one of them. */
export function requireScope(token: VerifiedToken, scope: string | readonly string[] = []): VerifiedToken {
  const missing = [scope].flat().find((name) => !token.scopes.includes(name));
  if (missing !== undefined) throw new MissingOAuthScopeError(missing);
  return token;
}

/** The words of a scope, as tokens have it. */
export function scopesOf(scope: unknown): string[] {
  return typeof scope === 'string' ? scope.split(' ').filter(Boolean) : [];
}

async function isSigned(token: string, bytes: Uint8Array): Promise<boolean> {
  // RFC 7518 §3.2: a key of at least the hash's size; a shorter one is a mistake in the settings.
  if (bytes.length < 32) throw new TypeError('key must be at least 32 bytes');
  const end = token.lastIndexOf('.');
  const key = await subtle().importKey('raw', new Uint8Array(bytes), { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
  try {
    return await subtle().verify('HMAC', key, fromBase64Url(token.slice(end + 1)), toBytes(token.slice(0, end)));
  } catch {
    return false; // a signature that is not base64url
  }
}
