import { FluxerError } from '@fluxer/errors';

import { endpoint, required, type OAuth2Config, type RequestOptions, type Server, type VerifierConfig } from './config.js';
import { append } from './authorize.js';
import { toBase64Url, toBytes } from './encoding.js';
import { decode } from './jwt.js';
import { verified } from './keys.js';
import { subtle } from './runtime.js';
import { systemClock, throwIfAborted } from './time.js';

/** An ID token that is not good for this application and this login (OpenID Connect Core §3.1.3.7). */
export class InvalidIdTokenError extends FluxerError {
  override readonly name: string = 'InvalidIdTokenError';
  declare readonly code: 'INVALID_ID_TOKEN';

  constructor(message: string) {
    super('INVALID_ID_TOKEN', message);
  }
}

/** Who logged in, as an ID token says it. Times are in milliseconds since 1970. */
export interface IdToken {
  issuer: string;
  /** The user's id. */
  subject: string;
  issuedAt: number;
  expiresAt: number;
  /** When the user last gave a proof. */
  authTime: number | undefined;
  /** How, in the words of RFC 8176. */
  amr: string[];
  nonce: string | undefined;
  /** Which of the user's sessions it was. */
  sessionId: string | undefined;
  /** All that it says, as it says it. */
  claims: Record<string, unknown>;
}

/** Which ID tokens `verifyIdToken` accepts. */
export interface IdTokenOptions extends RequestOptions {
  /** What the authorize URL said, where that is known here. */
  nonce?: string | undefined;
  /** The access token that came with it. */
  accessToken?: string | undefined;
  /** How many seconds may have passed since the user gave a proof: the `maxAge` of the authorize URL. */
  maxAge?: number | undefined;
}

/** Where a user who logs out goes, for `endSessionUrl`. */
export interface EndSessionOptions {
  /** An ID token of this login, expired or not: without it the user is asked, and does not come back. */
  idToken?: string | undefined;
  /** Where to come back to, as it was registered. */
  postLogoutRedirectUri?: string | undefined;
  /** Comes back with the user. */
  state?: string | undefined;
}

/** Whose ID tokens are expected. */
export type IdTokenConfig = VerifierConfig & Pick<OAuth2Config, 'clientId'>;

/**
 * Verifies an ID token (OpenID Connect Core §3.1.3.7): signature (RS256 or ES256, by the keys that the
 * server publishes), `iss`, `aud`, `azp`, `exp`; and `nonce`, `at_hash` and `auth_time` where the options
 * say what they must be.
 *
 * @throws InvalidIdTokenError, which says what is wrong; what asking for the keys throws.
 * @example
 * ```ts
 * const { subject } = await verifyIdToken(config, tokens.idToken, { accessToken: tokens.accessToken });
 * ```
 */
export async function verifyIdToken(config: IdTokenConfig, idToken: string | undefined, options: IdTokenOptions = {}): Promise<IdToken> {
  throwIfAborted(options.signal);
  required(config.clientId, 'clientId');
  if (idToken === undefined) throw new InvalidIdTokenError('There is no ID token: the scope needs `openid`');
  const said = await verified(config, idToken, [undefined, 'jwt'], options.signal);
  if (!said) throw new InvalidIdTokenError('The ID token is not signed by a key of the server');
  const token = await checked(config, said.claims, options);
  const now = (config.clock ?? systemClock).now();
  if (now >= token.expiresAt) throw new InvalidIdTokenError('The ID token has expired');
  const { maxAge } = options;
  if (maxAge !== undefined && !(token.authTime !== undefined && now <= token.authTime + maxAge * 1000)) {
    throw new InvalidIdTokenError('The login of the ID token is too old');
  }
  return token;
}

/**
 * Checks what an ID token says that came straight from the token endpoint, where TLS takes the place of
 * the signature (OpenID Connect Core §3.1.3.7, 6). The local clock has no say: it came just now.
 *
 * @throws InvalidIdTokenError
 */
export async function checkIdToken(config: OAuth2Config, idToken: string, options: IdTokenOptions): Promise<void> {
  const said = decode(idToken);
  if (!said) throw new InvalidIdTokenError('The ID token is none');
  await checked(config, said.claims, options);
}

/**
 * The URL that logs the user out at the server (OpenID Connect RP-Initiated Logout 1.0 §2).
 *
 * @throws TypeError where the configuration has no `endSessionEndpoint`, which `discover` finds.
 * @example
 * ```ts
 * const url = endSessionUrl(config, { idToken: tokens.idToken, postLogoutRedirectUri: 'https://yourapp.com/' });
 * ```
 */
export function endSessionUrl(config: Pick<OAuth2Config, 'clientId' | 'allowHttp'> & Partial<Server>, options: EndSessionOptions = {}): string {
  const { idToken, postLogoutRedirectUri, state } = options;
  const url = endpoint(config, 'endSessionEndpoint');
  append(url, { id_token_hint: idToken, client_id: required(config.clientId, 'clientId'), post_logout_redirect_uri: postLogoutRedirectUri, state });
  return url.href;
}

async function checked(config: Partial<OAuth2Config>, claims: Record<string, unknown>, { nonce, accessToken }: IdTokenOptions): Promise<IdToken> {
  const { iss, sub, aud, azp, exp, iat, auth_time, at_hash, sid } = claims;
  const audience: unknown[] = [aud].flat();
  const says = (name: string, right: boolean): void => {
    if (!right) throw new InvalidIdTokenError(`The ID token has the wrong ${name}`);
  };
  says('iss', typeof iss === 'string' && (config.issuer === undefined || iss === config.issuer));
  says('aud', audience.includes(config.clientId));
  says('azp', azp === undefined ? audience.length === 1 : azp === config.clientId);
  says('sub', typeof sub === 'string' && sub !== '');
  says('exp', typeof exp === 'number' && Number.isFinite(exp));
  says('iat', typeof iat === 'number' && Number.isFinite(iat));
  says('nonce', nonce === undefined || claims['nonce'] === nonce);
  says('at_hash', accessToken === undefined || at_hash === undefined || at_hash === (await leftHash(accessToken)));
  return {
    issuer: iss as string, subject: sub as string, issuedAt: (iat as number) * 1000, expiresAt: (exp as number) * 1000,
    authTime: typeof auth_time === 'number' ? auth_time * 1000 : undefined,
    amr: [claims['amr'] ?? []].flat().filter((word) => typeof word === 'string'),
    nonce: textOf(claims['nonce']), sessionId: textOf(sid), claims,
  };
}

/** `at_hash`: the left half of the hash that the algorithm uses (OpenID Connect Core §3.1.3.6). */
async function leftHash(token: string): Promise<string> {
  const digest = await subtle().digest('SHA-256', toBytes(token));
  return toBase64Url(new Uint8Array(digest, 0, 16));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
