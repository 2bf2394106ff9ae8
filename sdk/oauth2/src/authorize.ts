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

/** What an authorize URL may say besides the configuration. */
export interface AuthorizeOptions {
  /** Of `generatePkce`; public clients must. */
  pkce?: Pick<Pkce, 'codeChallenge'>;
  /**
   * `none`: come back with an error rather than show a page; `consent`: ask again; `login`: have
   * the user log in again.
   */
  prompt?: 'none' | 'consent' | 'login';
  /** Instead of the configuration's. */
  scope?: string;
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
  const digest = await subtle().digest('SHA-256', toBytes(codeVerifier));
  return { codeVerifier, codeChallenge: toBase64Url(new Uint8Array(digest)) };
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
  const { scope = config.scope, pkce, prompt } = options;
  append(url, {
    response_type: 'code',
    client_id: required(config.clientId, 'clientId'),
    redirect_uri: required(config.redirectUri, 'redirectUri'),
    scope,
    state: required(state, 'state'),
    // `generatePkce` without `await` has none: the login would only fail at its end.
    code_challenge: pkce && required(pkce.codeChallenge, 'pkce.codeChallenge'),
    code_challenge_method: pkce && 'S256',
    prompt,
  });
  return url.href;
}

/** Adds what is defined to a URL's query, in order. */
export function append(url: URL, parameters: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.append(name, value);
  }
}
