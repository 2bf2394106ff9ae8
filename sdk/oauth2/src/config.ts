import type { ClientKey } from './assertion.js';
import type { DpopKey } from './dpop.js';

/** What `fetch` is, as far as this package calls it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Time, for tests to stand in for. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Ends after so many milliseconds; rejects with the signal's reason where it aborts earlier. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The scopes of Fluxer. */
export type OAuth2Scope = 'identify' | 'email' | 'guilds' | 'connections' | 'bot' | 'admin' | 'openid' | 'profile' | 'offline_access';

/** Where the authorization server is. {@link discover} finds all of it. */
export interface Server {
  authorizeEndpoint: string;
  tokenEndpoint: string;
  revocationEndpoint?: string;
  introspectionEndpoint?: string;
  /** Where devices ask for codes (RFC 8628). */
  deviceAuthorizationEndpoint?: string;
  /** Where authorization requests are pushed (RFC 9126), for `par`. */
  pushedAuthorizationRequestEndpoint?: string;
  /** Where OpenID Connect ends a login (RP-Initiated Logout). */
  endSessionEndpoint?: string;
  /** The keys that ID tokens and tokens for other resource servers are signed with; `/.well-known/jwks.json` of the issuer. */
  jwksUri?: string;
  /** The list of what was revoked, for `verifyAccessToken`; `/.well-known/revoked` of the issuer. */
  revokedUri?: string;
  /**
   * What the server calls itself. With it, a callback without the right `iss` is refused (RFC 9207);
   * without it, one whose `iss` is not the authorize endpoint's origin.
   */
  issuer?: string;
}

/** An application and the server that it is registered at. */
export interface OAuth2Config extends Server {
  clientId: string;
  /** Leave it out for a public client: an app, a single page, a command-line tool. */
  clientSecret?: string;
  /** Instead of a secret: the client signs with this key (`private_key_jwt`, RFC 7523), whose public half is registered. */
  privateKeyJwt?: ClientKey;
  /** As it was registered, to the letter. */
  redirectUri?: string;
  /** What to ask for, separated by spaces. The server's default is `identify`. */
  scope?: string;
  /** How the secret travels: in the header (RFC 6749 §2.3.1; the default) or in the body. */
  clientAuth?: 'basic' | 'body';
  /**
   * Binds the tokens to this key, of `generateDpopKey` (DPoP, RFC 9449): whoever steals one cannot use it.
   * The key has to be there for as long as the tokens are.
   */
  dpop?: DpopKey;
  /** Milliseconds to wait for each answer; 10 000. */
  timeout?: number;
  /** How often a request is sent again after a failure that may pass; 2. */
  retries?: number;
  /** Permits plain http to hosts other than this machine's. What is sent can be read on the way. */
  allowHttp?: boolean;
  /** Instead of the global `fetch`. */
  fetch?: Fetch;
  /** Instead of the system's clock. */
  clock?: Clock;
}

/** A configuration that is good for URLs; what else it holds does not matter there. */
export type AuthorizeConfig = Pick<OAuth2Config, 'clientId' | 'authorizeEndpoint'> & Partial<OAuth2Config>;

/** What it takes to verify what a server signed. */
export type VerifierConfig = Required<Pick<OAuth2Config, 'issuer'>> & Partial<OAuth2Config>;

/** What every call that waits for the server takes. */
export interface RequestOptions {
  /** Ends the call; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * An endpoint of the configuration as a URL.
 *
 * @throws TypeError where it is missing, no URL, or would carry secrets over plain http.
 */
export function endpoint(config: Partial<Server> & Pick<OAuth2Config, 'allowHttp'>, name: keyof Server): URL {
  const value = config[name];
  if (!value) throw new TypeError(`${name} is missing: set it, or take it from discover()`);
  const url = parseUrl(value);
  if (!url) throw new TypeError(`${name} must be an absolute URL`);
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && (config.allowHttp || isLoopback(url.hostname)));
  if (!secure) throw new TypeError(`${name} must be https: plain http is for this machine only, or for allowHttp`);
  if (url.hash) throw new TypeError(`${name} must not have a fragment`); // RFC 6749 §3.1, §3.2
  return url;
}

/** A member that must be there. */
export function required(value: string | undefined, name: string): string {
  if (typeof value !== 'string' || value === '') throw new TypeError(`${name} is missing`);
  return value;
}

/** `URL.parse`, which is not everywhere yet. What `new URL` throws repeats its argument. */
export function parseUrl(value: string | URL, base?: string | URL): URL | undefined {
  try {
    return new URL(value, base);
  } catch {
    return undefined;
  }
}

function isLoopback(hostname: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|\[::1\]|(.+\.)?localhost)$/.test(hostname);
}
