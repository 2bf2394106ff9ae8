import { FluxerError, InvalidGrantError, InvalidResponseError, InvalidTokenError, fromResponse } from '@fluxer/errors';

import { endpoint, parseUrl, type OAuth2Config, type RequestOptions } from './config.js';
import { afterAnyFailure, afterRateLimit, authenticated, retrying, send } from './http.js';
import { systemClock, waitFor } from './time.js';
import { isToken, refresh, revoke, type TokenSet } from './token.js';

/** How long before its expiry an access token is refreshed, in milliseconds. */
const REFRESH_AHEAD = 60_000;
/** How long a refresh that failed is left alone while the access token still works, in milliseconds. */
const REST = 5_000;

/** What a session is made of. */
export interface SessionOptions {
  /** Of `exchangeCode`, or of your storage. */
  tokens: TokenSet;
  /**
   * Stores the tokens of every refresh. Nobody is given a token before it has finished; where it
   * rejects, its error goes to whoever is waiting, and the next call tries to store again. It must
   * not itself wait for the session.
   */
  onTokens?: (tokens: TokenSet) => void | Promise<void>;
  /**
   * Gives the tokens that are in your storage, before a refresh: where another process, or another
   * tab, has stored newer ones, they are taken, and their refresh token is the one to send.
   */
  loadTokens?: () => TokenSet | null | undefined | Promise<TokenSet | null | undefined>;
  /** Deletes the tokens from your storage: the session has ended, the user must log in again. */
  onEnd?: (reason: InvalidGrantError) => void | Promise<void>;
  /**
   * How long before its expiry an access token is refreshed, in milliseconds; 60 000. Never before
   * half of its life is over.
   */
  refreshAhead?: number;
  /** Origins that may see the access token, besides the token endpoint's and the issuer's. */
  resourceOrigins?: readonly string[];
}

/** One user's tokens, kept fresh. Its functions can be taken off it. */
export interface Session {
  /** The tokens as they are now; `undefined` once the session has ended. */
  tokens(): TokenSet | undefined;
  /** An access token that is good for now. Refreshes where it must, once for all who wait. */
  accessToken(options?: RequestOptions): Promise<string>;
  /**
   * Refreshes now, or takes newer tokens from storage, once for all who wait. An abort ends the
   * waiting, not the refresh.
   */
  refresh(options?: RequestOptions): Promise<TokenSet>;
  /**
   * `fetch` with the access token. A path is taken from the token endpoint's origin. A token that
   * the server refuses is refreshed, and the request sent again, once.
   *
   * @throws TypeError where the URL's origin may not see the token; the error of the answer,
   * whatever its status was; InvalidGrantError where the user must log in again.
   */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
  /** `fetch` and the JSON of its answer, whose type is the caller's word. */
  getJson<T = unknown>(url: string | URL, init?: RequestInit): Promise<T>;
  /** Ends the session at the server, then here. Where the server fails, nothing has ended. */
  revoke(options?: RequestOptions): Promise<void>;
}

/**
 * Holds one user's tokens: refreshes them before they expire, once for however many callers, and
 * parts with a refresh token only when the server says that it is no good (`invalid_grant`), never
 * because of a 5xx, a 429 or the network.
 *
 * @example
 * ```ts
 * const session = createSession(config, { tokens, onTokens: (tokens) => database.save(tokens) });
 * const user = await session.getJson<User>('/api/users/@me');
 * ```
 */
export function createSession(config: OAuth2Config, options: SessionOptions): Session {
  const holder = new Holder(config, options);
  const client = new ResourceClient(config, options, holder);
  return {
    tokens: () => holder.tokens,
    accessToken: async ({ signal } = {}) => (await holder.fresh(signal)).accessToken,
    refresh: ({ signal } = {}) => holder.renew(signal),
    fetch: (url, init) => client.fetch(url, init),
    getJson: (url, init) => client.json(url, init),
    revoke: ({ signal } = {}) => holder.revoke(signal),
  };
}

/** The tokens and what becomes of them. */
class Holder {
  readonly #config: OAuth2Config;
  readonly #options: SessionOptions;
  #tokens: TokenSet;
  /** Why there are none any more. */
  #ended: InvalidGrantError | undefined;
  /** The refresh that is under way. */
  #renewal: Promise<TokenSet> | undefined;
  /** Whether `onTokens` has yet to hear of the tokens. */
  #unsaved = false;
  /** Until when a failed refresh is left alone, in milliseconds since 1970. */
  #restsUntil = 0;
  /** What the server said when it asked for time, and until when that is the answer to everybody. */
  #busy: { error: FluxerError; until: number } | undefined;

  constructor(config: OAuth2Config, options: SessionOptions) {
    check(options.tokens);
    authenticated(config, {}); // a mistake would come to light when the token expires, in a week
    this.#config = config;
    this.#options = options;
    this.#tokens = options.tokens;
  }

  get tokens(): TokenSet | undefined {
    return this.#ended ? undefined : this.#tokens;
  }

  /** Tokens that work now, as far as the clock knows. */
  async fresh(signal: AbortSignal | undefined): Promise<TokenSet> {
    signal?.throwIfAborted();
    if (this.#ended) throw this.#ended;
    if (!this.#unsaved && (!this.#isOld() || this.#rests())) return this.#tokens;
    try {
      return await this.renew(signal);
    } catch (error) {
      // It was early: what we have still works, and the server is better off without us.
      if (!(error instanceof FluxerError && error.temporary) || this.#expiresWithin(0)) throw error;
      return this.#tokens;
    }
  }

  /** Tokens to use after a token was refused, perhaps while others were refreshing already. */
  async insteadOf(refused: TokenSet, signal: AbortSignal | undefined): Promise<TokenSet> {
    return this.#tokens === refused ? this.renew(signal) : this.fresh(signal);
  }

  async renew(signal: AbortSignal | undefined): Promise<TokenSet> {
    signal?.throwIfAborted();
    if (this.#ended) throw this.#ended;
    // No caller's signal reaches the refresh: others wait for it too, and an aborted one may have
    // spent the refresh token all the same.
    this.#renewal ??= this.#renewOnce().finally(() => (this.#renewal = undefined));
    return waitFor(this.#renewal, signal);
  }

  async revoke(signal: AbortSignal | undefined): Promise<void> {
    for (let revoked: TokenSet | undefined; ; ) {
      while (this.#renewal) await waitFor(Promise.allSettled([this.#renewal]), signal);
      if (this.#ended) return;
      // A refresh token that was spent meanwhile revoked nothing: then its successor is next.
      if (revoked === this.#tokens) break;
      revoked = this.#tokens;
      await revoke(this.#config, revoked.refreshToken ?? revoked.accessToken, { signal });
    }
    await this.#end(new InvalidGrantError('The session was revoked'));
  }

  async #renewOnce(): Promise<TokenSet> {
    if (!this.#unsaved) {
      if (await this.#adopt()) return this.#tokens;
      await this.#exchange();
    }
    await this.#options.onTokens?.(this.#tokens);
    this.#unsaved = false;
    return this.#tokens;
  }

  /** Takes newer tokens out of storage; whether that is all that was needed. */
  async #adopt(): Promise<boolean> {
    const stored = await this.#options.loadTokens?.();
    if (!stored) return false;
    check(stored);
    if (stored.expiresAt <= this.#tokens.expiresAt) return false;
    this.#tokens = stored;
    return !this.#isOld();
  }

  async #exchange(): Promise<void> {
    if (this.#busy && this.#now() < this.#busy.until) throw this.#busy.error;
    const { refreshToken } = this.#tokens;
    try {
      if (refreshToken === undefined) throw new InvalidGrantError('The session has no refresh token');
      // A server that gives no next refresh token means the same one (RFC 6749 §6).
      this.#tokens = { refreshToken, ...(await refresh(this.#config, refreshToken)) };
      this.#unsaved = true;
    } catch (error) {
      if (error instanceof InvalidGrantError) await this.#end(error);
      this.#rest(error);
      throw error;
    }
  }

  async #end(reason: InvalidGrantError): Promise<void> {
    this.#ended = reason;
    await this.#options.onEnd?.(reason);
  }

  #isOld(): boolean {
    const { refreshAhead = REFRESH_AHEAD } = this.#options;
    // A token that lives shorter than `refreshAhead` would be refreshed with every call.
    return this.#expiresWithin(Math.min(refreshAhead, this.#tokens.expiresIn * 500));
  }

  #expiresWithin(milliseconds: number): boolean {
    return this.#now() >= this.#tokens.expiresAt - milliseconds;
  }

  #rests(): boolean {
    return this.#now() < this.#restsUntil && !this.#expiresWithin(0);
  }

  #rest(error: unknown): void {
    const now = this.#now();
    this.#restsUntil = now + REST;
    if (!(error instanceof FluxerError) || error.retryAfter === undefined) return;
    const asked = error.retryAfter * 1000;
    this.#restsUntil = now + Math.max(REST, asked);
    // Not for all of a long time: the server may be back sooner, and there is nothing else to give.
    this.#busy = { error, until: now + Math.min(REST, asked) };
  }

  #now(): number {
    return (this.#config.clock ?? systemClock).now();
  }
}

/** What comes out of a storage may be anything. */
function check(tokens: TokenSet): void {
  if (!isToken(tokens.accessToken)) throw new TypeError('tokens.accessToken is not a token');
  for (const name of ['expiresIn', 'expiresAt'] as const) {
    if (!Number.isFinite(tokens[name])) throw new TypeError(`tokens.${name} is not a number`);
  }
}

/** Requests with a session's access token. */
class ResourceClient {
  readonly #config: OAuth2Config;
  readonly #holder: Holder;
  readonly #home: URL;
  readonly #origins: ReadonlySet<string | undefined>;

  constructor(config: OAuth2Config, { resourceOrigins = [] }: SessionOptions, holder: Holder) {
    this.#config = config;
    this.#holder = holder;
    this.#home = endpoint(config, 'tokenEndpoint');
    const known = [this.#home, config.issuer ?? this.#home, ...resourceOrigins];
    this.#origins = new Set(known.map((url) => parseUrl(url)?.origin));
  }

  async fetch(address: string | URL, init: RequestInit = {}): Promise<Response> {
    const url = this.#url(address);
    const signal = init.signal ?? undefined;
    const tokens = await this.#holder.fresh(signal);
    try {
      return await this.#send(url, init, tokens);
    } catch (error) {
      if (!(error instanceof InvalidTokenError) || !isRepeatable(init)) throw error;
      return this.#send(url, init, await this.#holder.insteadOf(tokens, signal));
    }
  }

  async json<T>(url: string | URL, init: RequestInit = {}): Promise<T> {
    const headers = new Headers(init.headers);
    if (!headers.has('accept')) headers.set('accept', 'application/json');
    const response = await this.fetch(url, { ...init, headers });
    try {
      return (await response.json()) as T;
    } catch {
      if (init.signal?.aborted) throw init.signal.reason;
      throw new InvalidResponseError('The answer is not JSON', { status: response.status });
    }
  }

  /** A token is for the server that it came from: no other origin gets to see it. */
  #url(address: string | URL): URL {
    const url = parseUrl(address, this.#home);
    if (!url) throw new TypeError('the address is no URL');
    if (!this.#origins.has(url.origin)) throw new TypeError(`${url.origin} must not see the access token: name it in resourceOrigins if it may`);
    return url;
  }

  #send(url: URL, init: RequestInit, { accessToken }: TokenSet): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${accessToken}`);
    const signal = init.signal ?? undefined;
    const repeatable = !isRepeatable(init) ? () => false : isSafe(init) ? afterAnyFailure : afterRateLimit;
    return retrying(this.#config, { repeatable, signal }, async () => {
      signal?.throwIfAborted();
      // Not every fetch takes the token out when a redirect leads elsewhere.
      const response = await send(this.#config, url, { redirect: 'manual', ...init, headers });
      if (!response.ok) throw await fromResponse(response, { redact: [accessToken] });
      return response;
    });
  }
}

/** A stream can be sent once. */
function isRepeatable({ body }: RequestInit): boolean {
  return !(body instanceof ReadableStream);
}

/** RFC 9110 §9.2.1. */
function isSafe({ method = 'GET' }: RequestInit): boolean {
  return ['GET', 'HEAD', 'OPTIONS'].includes(method.toUpperCase());
}
