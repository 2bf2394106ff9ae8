import { InvalidResponseError } from '@fluxer/errors';

import { challengeOf } from './authorize.js';
import { required, type OAuth2Config, type RequestOptions } from './config.js';
import { asRecord } from './encoding.js';
import { checkIdToken } from './id-token.js';
import { afterAnyFailure, afterRefusal, post, type ClientRequest } from './http.js';
import { systemClock } from './time.js';

/** Tokens, as the token endpoint gave them (RFC 6749 §5.1). It is plain data: store it as JSON. */
export interface TokenSet {
  accessToken: string;
  /** `DPoP` where it is bound to the configuration's key. */
  tokenType: 'Bearer' | 'DPoP';
  /** How long the access token was good for when it came, in seconds. */
  expiresIn: number;
  /** Until when the access token is good, in milliseconds since 1970. */
  expiresAt: number;
  /** Missing after `clientCredentials`. */
  refreshToken?: string;
  /** What was granted, separated by spaces: it may be less than was asked for. */
  scope: string;
  /** Who the user is, for `verifyIdToken` and `endSessionUrl`; where the scope has `openid`. */
  idToken?: string;
  /**
   * The guild that the bot was added to, after a bot invitation with a code. The answer to the code
   * tells it and no refresh does.
   */
  guild?: TokenGuild;
}

/** A guild, in a token answer. */
export interface TokenGuild {
  id: string;
  name: string;
  /** The hash of its icon. */
  icon: string | null;
  /** What the bot was granted there, for `permissionNames`: bits, as a decimal string. */
  permissions: string;
}

/** What `exchangeCode` takes besides the configuration. */
export interface CodeExchange extends RequestOptions {
  /** Of `parseCallback`. */
  code: string;
  /** Of `generatePkce`, where the authorize URL had a challenge. */
  codeVerifier?: string | undefined;
  /** Of `parseCallback`: without a code verifier, the ID token repeats it. */
  state?: string | undefined;
  /** Where `authorizeUrl` was given one; `null` where the URL was made otherwise, and had none. */
  nonce?: string | null | undefined;
  /** The resource server that the access token is for, where `authorizeUrl` named it (RFC 8707). */
  resource?: string | undefined;
}

/** What `refresh` and `clientCredentials` take besides. */
export interface ScopeOptions extends RequestOptions {
  /** What to ask for, separated by spaces; for `refresh` a part of what was granted. */
  scope?: string | undefined;
  /** The resource server that the access token is for (RFC 8707); for `refresh` the one of the login without it. */
  resource?: string | undefined;
}

/** What `revoke` and `introspect` take besides. */
export interface TokenOptions extends RequestOptions {
  /** Spares the server a look: what kind of token it is. */
  hint?: 'access_token' | 'refresh_token' | undefined;
}

/** What the server says about a token (RFC 7662 §2.2). */
export type Introspection = { active: false } | ActiveToken;

/** A token that works. */
export interface ActiveToken {
  active: true;
  /** The user's id, or the application's where it acts for itself. */
  subject: string;
  clientId: string;
  /** What it opens, separated by spaces. */
  scope: string;
  /** `Bearer`, `DPoP`, or `refresh_token`, which opens nothing. */
  tokenType: string;
  /** Until when, in milliseconds since 1970. */
  expiresAt: number;
  /** Since when, in milliseconds since 1970. */
  issuedAt: number;
  issuer: string | undefined;
  audience: string | undefined;
  /** What names the key that the token is bound to (RFC 9449 §6.2). */
  thumbprint?: string;
}

/**
 * Exchanges the code of a callback for tokens (RFC 6749 §4.1.3). It is sent again only where the
 * server refused to look at it: a code that arrives twice ends the tokens it gave. An ID token that
 * comes along has to be this server's, for this application, and of this login (`nonce`).
 *
 * @throws InvalidGrantError where the code is wrong, used or expired, or the verifier is not its;
 * InvalidIdTokenError.
 * @example
 * ```ts
 * const tokens = await exchangeCode(config, { code, codeVerifier });
 * ```
 */
export async function exchangeCode(config: OAuth2Config, { code, codeVerifier, resource, signal, ...login }: CodeExchange): Promise<TokenSet> {
  const redirectUri = required(config.redirectUri, 'redirectUri');
  const parameters = { grant_type: 'authorization_code', code: required(code, 'code'), redirect_uri: redirectUri, code_verifier: codeVerifier, resource };
  const answer = await requestTokens(config, { parameters, repeatable: afterRefusal, signal }, config.scope);
  if (answer.idToken === undefined) return answer;
  const { nonce = codeVerifier === undefined ? login.state : await challengeOf(codeVerifier) } = login;
  await checkIdToken(config, answer.idToken, { nonce: nonce ?? undefined, accessToken: answer.accessToken });
  return answer;
}

/**
 * Exchanges a refresh token for new tokens (RFC 6749 §6). The old one is spent: keep the new one.
 * After a failure of the network or the server the same request is sent again: for 30 seconds the
 * server gives the same answer, since the first may have been lost.
 *
 * @throws InvalidGrantError where the refresh token is used, expired or revoked.
 * @example
 * ```ts
 * const next = await refresh(config, tokens.refreshToken);
 * ```
 */
export async function refresh(config: OAuth2Config, refreshToken: string, { scope, resource, signal }: ScopeOptions = {}): Promise<TokenSet> {
  const parameters = { grant_type: 'refresh_token', refresh_token: required(refreshToken, 'refreshToken'), scope, resource };
  return requestTokens(config, { parameters, repeatable: afterAnyFailure, signal }, scope ?? config.scope);
}

/**
 * A token for the application itself, without a user (RFC 6749 §4.4). The configuration's scope is
 * what users are asked for, and is not sent.
 *
 * @example
 * ```ts
 * const { accessToken } = await clientCredentials(config, { scope: 'bot' });
 * ```
 */
export async function clientCredentials(config: OAuth2Config, { scope, resource, signal }: ScopeOptions = {}): Promise<TokenSet> {
  if (!config.privateKeyJwt) required(config.clientSecret, 'clientSecret');
  return requestTokens(config, { parameters: { grant_type: 'client_credentials', scope, resource }, repeatable: afterAnyFailure, signal }, scope);
}

/**
 * Revokes a token of either kind, and with it all tokens of the same login (RFC 7009). A token
 * that the server does not know is no error.
 *
 * @example
 * ```ts
 * await revoke(config, tokens.refreshToken);
 * ```
 */
export async function revoke(config: OAuth2Config, token: string, { hint, signal }: TokenOptions = {}): Promise<void> {
  const parameters = { token: required(token, 'token'), token_type_hint: hint };
  await post(config, { endpoint: 'revocationEndpoint', parameters, repeatable: afterAnyFailure, signal });
}

/**
 * Asks the server about a token, at this instant (RFC 7662). It answers about the tokens of the
 * asking application, and to applications marked as trusted about all access tokens; any other
 * token is `{ active: false }`.
 *
 * @example
 * ```ts
 * const token = await introspect(config, accessToken);
 * if (token.active) console.log(token.subject);
 * ```
 */
export async function introspect(config: OAuth2Config, token: string, { hint, signal }: TokenOptions = {}): Promise<Introspection> {
  const parameters = { token: required(token, 'token'), token_type_hint: hint };
  const body = await post(config, { endpoint: 'introspectionEndpoint', parameters, repeatable: afterAnyFailure, signal });
  if (body['active'] === false) return { active: false };
  if (body['active'] !== true) throw new InvalidResponseError('The introspection answer does not say whether the token is active');
  return activeToken(body);
}

function activeToken(body: Record<string, unknown>): ActiveToken {
  const { sub, client_id, scope, token_type, exp, iat, iss, aud, cnf } = body;
  const texts = { subject: sub, clientId: client_id, scope, tokenType: token_type };
  for (const value of Object.values(texts)) if (typeof value !== 'string') throw new InvalidResponseError('The introspection answer lacks a member');
  if (typeof exp !== 'number' || typeof iat !== 'number') throw new InvalidResponseError('The introspection answer lacks a time');
  const thumbprint = text(asRecord(cnf)?.['jkt']);
  const optional = { issuer: text(iss), audience: text(aud), ...(thumbprint !== undefined && { thumbprint }) };
  return { active: true, ...(texts as Record<keyof typeof texts, string>), expiresAt: exp * 1000, issuedAt: iat * 1000, ...optional };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Tokens of whatever grant the parameters are of; `asked` is their scope where the answer has none. */
export async function requestTokens(config: OAuth2Config, request: Omit<ClientRequest, 'endpoint'>, asked: string | undefined): Promise<TokenSet> {
  const { clock = systemClock } = config;
  // Counted from before the request: better thought to expire too early than too late.
  const sentAt = clock.now();
  const body = await post(config, { ...request, endpoint: 'tokenEndpoint' });
  return tokenSet(body, { tokenType: config.dpop ? 'DPoP' : 'Bearer', sentAt, asked });
}

function tokenSet(body: Record<string, unknown>, { tokenType, sentAt, asked = '' }: Pick<TokenSet, 'tokenType'> & { sentAt: number; asked: string | undefined }): TokenSet {
  const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken, token_type, expires_in: expiresIn, scope } = body;
  const guild = body['guild'] ?? undefined;
  if (!isToken(accessToken)) throw new InvalidResponseError('The token answer has no access token');
  // One that is not bound is not what was asked for, and anybody may have it (RFC 9449 §5).
  if (String(token_type).toLowerCase() !== tokenType.toLowerCase()) throw new InvalidResponseError(`The token answer has a token that is not ${tokenType}`);
  if (typeof expiresIn !== 'number') throw new InvalidResponseError('The token answer does not say when the token expires');
  return {
    accessToken,
    tokenType,
    expiresIn,
    expiresAt: sentAt + expiresIn * 1000,
    ...(isToken(refreshToken) && { refreshToken }),
    scope: text(scope) ?? asked, // left out where it is what was asked for (RFC 6749 §5.1)
    ...(isToken(idToken) && { idToken }),
    ...(guild !== undefined && { guild: tokenGuild(guild) }),
  };
}

function tokenGuild(value: unknown): TokenGuild {
  const { id, name, icon, permissions } = asRecord(value) ?? {};
  if (typeof id !== 'string' || typeof name !== 'string' || typeof permissions !== 'string') {
    throw new InvalidResponseError('The token answer has a guild that lacks a member');
  }
  return { id, name, icon: text(icon) ?? null, permissions };
}

/** RFC 6749 §A.12: anything else would not fit into a header, whose error would repeat it. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
}
