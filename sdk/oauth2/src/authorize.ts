import { endpoint, required, type AuthorizeConfig } from './config.js';
import { randomText, toBase64Url, toBytes } from './encoding.js';
import { subtle } from './runtime.js';

/** Bytes of randomness in a state and in a code verifier. */
const RANDOM_BYTES = 32;

/** A code verifier and its challenge (RFC 7636). */
export interface Pkce {
  /** Keep it where the user's browser session is kept, and give it to `exchangeCode`. */
  codeVerifier: string;
  /** Its SHA-256, which travels in the authorize URL. */
  codeChallenge: string;
}

/** What a server is asked to do with the user. */
export type Prompt = 'none' | 'consent' | 'login' | 'select_account';

/** What an authorize URL may say besides the configuration. */
export interface AuthorizeOptions {
  /** Of `generatePkce`; public clients must. */
  pkce?: Pick<Pkce, 'codeChallenge'>;
  /**
   * `none`: come back with an error rather than show a page; `consent`: ask again; `login`: have
   * the user log in again; `select_account`: let the user choose who to be. Two may be joined by a space.
   */
  prompt?: Prompt | `${Exclude<Prompt, 'none'>} ${Exclude<Prompt, 'none'>}`;
  /** Instead of the configuration's. */
  scope?: string;
  /**
   * What the ID token has to repeat, where the scope has `openid`. Without it that is the code
   * challenge, or else the state, and `exchangeCode` checks it.
   */
  nonce?: string;
  /** How many seconds ago the user may have logged in; for `verifyIdToken` too. */
  maxAge?: number;
  /** A user name or an e-mail address, for the login page. */
  loginHint?: string;
  /** An ID token of the user who is expected: another comes back with `login_required`. */
  idTokenHint?: string;
  /** The languages that the user reads, the best first: `de en`. */
  uiLocales?: string;
  /** The resource server that the access token is for (RFC 8707); Fluxer's own API without it. */
  resource?: string;
  /** The key that alone redeems the code, by its `dpopThumbprint` (RFC 9449 §10). */
  dpopJkt?: string;
}

/**
 * 32 random bytes in base64url: ties the callback to the browser that was sent away. Keep it in
 * that browser's session until the callback (RFC 6749 §10.12).
 *
 * @example
 * ```ts
 * const state = generateState();
 * ```
 */
export function generateState(): string {
  return randomText(RANDOM_BYTES);
}

/**
 * A new code verifier and its S256 challenge (RFC 7636 §4.1, §4.2): a code that is stolen on its
 * way back is of no use without the verifier.
 *
 * @example
 * ```ts
 * const pkce = await generatePkce();
 * const url = authorizeUrl(config, state, { pkce });
 * ```
 */
export async function generatePkce(): Promise<Pkce> {
  const codeVerifier = randomText(RANDOM_BYTES);
  return { codeVerifier, codeChallenge: await challengeOf(codeVerifier) };
}

/** The S256 challenge of a code verifier (RFC 7636 §4.2). */
export async function challengeOf(codeVerifier: string): Promise<string> {
  return toBase64Url(new Uint8Array(await subtle().digest('SHA-256', toBytes(codeVerifier))));
}

/**
 * The URL to send the user's browser to (RFC 6749 §4.1.1). It never holds the client secret.
 *
 * @throws TypeError where the configuration or the state is unusable.
 * @example
 * ```ts
 * const url = authorizeUrl(config, generateState());
 * ```
 */
export function authorizeUrl(config: AuthorizeConfig, state: string, options: AuthorizeOptions = {}): string {
  const url = endpoint(config, 'authorizeEndpoint');
  append(url, authorizationParameters(config, state, options));
  return url.href;
}

/** The parameters of an authorization request, wherever they are sent. */
export function authorizationParameters(config: AuthorizeConfig, state: string, options: AuthorizeOptions): Record<string, string | undefined> {
  const { scope = config.scope, pkce, prompt, nonce = pkce?.codeChallenge ?? state, maxAge } = options;
  return {
    response_type: 'code',
    client_id: required(config.clientId, 'clientId'),
    redirect_uri: required(config.redirectUri, 'redirectUri'),
    scope,
    state: required(state, 'state'),
    // `generatePkce` without `await` has none: the login would only fail at its end.
    code_challenge: pkce && required(pkce.codeChallenge, 'pkce.codeChallenge'),
    code_challenge_method: pkce && 'S256',
    prompt,
    // Both are known to the user's browser session alone, so an ID token that repeats one is this login's.
    nonce: isOpenId(scope) ? nonce : undefined,
    max_age: maxAge?.toString(),
    login_hint: options.loginHint,
    id_token_hint: options.idTokenHint,
    ui_locales: options.uiLocales,
    resource: options.resource,
    dpop_jkt: options.dpopJkt,
  };
}

function isOpenId(scope = ''): boolean {
  return scope.split(' ').includes('openid');
}

/** Adds what is defined to a URL's query, in order. */
export function append(url: URL, parameters: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.append(name, value);
  }
}
