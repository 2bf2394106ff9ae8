import { FluxerError, InvalidGrantError } from '@fluxer/errors';

import type { OAuth2Config } from './config.js';
import { TIMEOUT, authenticated } from './http.js';
import { age, isNewer } from './newer.js';
import type { SessionOptions } from './session.js';
import { systemClock, throwIfAborted, waitFor, within } from './time.js';
import { isToken, refresh, revoke, type TokenSet } from './token.js';

/** How long before its expiry an access token is refreshed, in milliseconds. */
const REFRESH_AHEAD = 60_000;
/** How long a refresh that failed is left alone while the access token still works, in milliseconds. */
const REST = 5_000;
/** By how much the clocks of two processes may differ, in milliseconds. */
const SKEW = 300_000;

/** A time by the local clock, which may be set back meanwhile: then it is over. */
interface Span {
  from: number;
  until: number;
}

/** A refresh that is under way, and the way to tell those who wait for it that it is stuck. */
interface Renewal {
  tokens: Promise<TokenSet>;
  giveUp(error: Error): void;
}

/** One user's tokens and what becomes of them. */
export class Holder {
  readonly #config: OAuth2Config;
  readonly #options: SessionOptions;
  #tokens: TokenSet;
  /** Why there are none any more. */
  #ended: InvalidGrantError | undefined;
  #renewal: Renewal | undefined;
  /** Which of the application's functions is being called right now. */
  #calling: string | undefined;
  /** Whether `onTokens` has yet to hear of the tokens. */
  #unsaved = false;
  /** For how long a failed refresh is left alone. */
  #rest: Span | undefined;
  /** What the server said when it asked for time, and for how long that is the answer to everybody. */
  #busy: (Span & { error: FluxerError }) | undefined;

  constructor(config: OAuth2Config, options: SessionOptions) {
    check(options.tokens);
    if (options.tokens.tokenType === 'DPoP' && !config.dpop) throw new TypeError('dpop is missing: the tokens are bound to a key');
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
    throwIfAborted(signal);
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
    throwIfAborted(signal);
    if (this.#ended) throw this.#ended;
    this.#refuseInside();
    // No caller's signal reaches the refresh: others wait for it too, and an aborted one may have
    // spent the refresh token all the same.
    this.#renewal ??= this.#begin();
    return waitFor(this.#renewal.tokens, signal);
  }

  async revoke(signal: AbortSignal | undefined): Promise<void> {
    for (let revoked: TokenSet | undefined; !this.#ended; ) {
      this.#refuseInside();
      while (this.#renewal) await this.#settled(this.#renewal, signal);
      if (this.#ended) return;
      // A refresh token that was spent meanwhile revoked nothing: then its successor is next.
      if (revoked === this.#tokens) return this.#end(new InvalidGrantError('The session was revoked'));
      revoked = this.#tokens;
      await revoke(this.#config, revoked.refreshToken ?? revoked.accessToken, { signal });
    }
  }

  /** Waits until a refresh has come to its end, well or not; throws where it is stuck. */
  async #settled(renewal: Renewal, signal: AbortSignal | undefined): Promise<void> {
    try {
      await waitFor(renewal.tokens, signal);
    } catch (error) {
      throwIfAborted(signal);
      if (this.#renewal === renewal) throw error;
    }
  }

  #begin(): Renewal {
    let giveUp: Renewal['giveUp'] = () => undefined;
    const tokens = new Promise<TokenSet>((resolve, reject) => {
      giveUp = reject;
      this.#renewOnce().finally(() => (this.#renewal = undefined)).then(resolve, reject);
    });
    return { tokens, giveUp };
  }

  async #renewOnce(): Promise<TokenSet> {
    if (!this.#unsaved) {
      if (await this.#adopt()) return this.#tokens;
      if (await this.#exchange()) return this.#tokens;
    }
    await this.#call('onTokens', () => this.#options.onTokens?.(this.#tokens));
    this.#unsaved = false;
    return this.#tokens;
  }

  /** Takes newer tokens out of storage; whether that is all that was needed. */
  async #adopt(): Promise<boolean> {
    const stored = await this.#stored();
    if (!stored || !isNewer(stored, this.#tokens)) return false;
    this.#tokens = stored;
    return !this.#isOld();
  }

  async #stored(): Promise<TokenSet | null | undefined> {
    const stored = await this.#call('loadTokens', () => this.#options.loadTokens?.());
    if (stored) check(stored);
    return stored;
  }

  /** Spends the refresh token; whether tokens were found in storage that make that needless. */
  async #exchange(refused = new Set<string | undefined>()): Promise<boolean> {
    if (this.#busy && this.#within(this.#busy)) throw this.#busy.error;
    const { refreshToken, idToken } = this.#tokens;
    try {
      if (refreshToken === undefined) throw new InvalidGrantError('The session has no refresh token');
      // A server that gives no next refresh token means the same one (RFC 6749 §6).
      this.#tokens = { refreshToken, ...(idToken !== undefined && { idToken }), ...(await refresh(this.#config, refreshToken)) };
      this.#unsaved = true;
      return false;
    } catch (error) {
      if (!(error instanceof InvalidGrantError)) throw this.#leaveAlone(error);
      return this.#goOnWithStored(refused.add(refreshToken), error);
    }
  }

  /**
   * After a refusal: another process may have stored a later login's tokens while this one asked.
   * There is nothing to lose: what the server does not call older is tried. With nothing to try, the
   * session ends.
   */
  async #goOnWithStored(refused: Set<string | undefined>, reason: InvalidGrantError): Promise<boolean> {
    const stored = await this.#stored();
    if (!stored || refused.has(stored.refreshToken) || age(stored, this.#tokens) < 0) {
      await this.#end(reason);
      throw reason;
    }
    this.#tokens = stored;
    return this.#isOld() ? this.#exchange(refused) : true;
  }

  async #end(reason: InvalidGrantError): Promise<void> {
    this.#ended = reason;
    await this.#call('onEnd', () => this.#options.onEnd?.(reason));
  }

  /**
   * Calls a function of the application's, which must not wait for the session: the session waits for
   * it. Before its first `await` that is refused at once. Later nobody can tell who is asking, so
   * whoever waits is told once it has taken too long, while it goes on.
   */
  async #call<T>(name: string, run: () => T): Promise<Awaited<T>> {
    const { timeout: milliseconds = TIMEOUT, clock = systemClock } = this.#config;
    const stuck = misuse(`${name} has not finished within ${milliseconds} ms: it must not wait for the session, which waits for it`);
    let result: T;
    this.#calling = name;
    try {
      result = run();
    } finally {
      this.#calling = undefined;
    }
    const running = Promise.resolve(result);
    await within({ clock, milliseconds, signal: undefined, late: () => stuck }, () => running).catch((error: unknown) => {
      if (error === stuck) this.#renewal?.giveUp(stuck);
    });
    return running;
  }

  #refuseInside(): void {
    if (this.#calling) throw misuse(`The session was used inside ${this.#calling}, which it waits for`);
  }

  #isOld(): boolean {
    const { refreshAhead = REFRESH_AHEAD } = this.#options;
    const { expiresAt, expiresIn, refreshToken } = this.#tokens;
    // With more time left than it ever had, the clock was wrong then or is now: nothing is known.
    if (refreshToken !== undefined && expiresAt - this.#now() > expiresIn * 1000 + SKEW) return true;
    // A token that lives shorter than `refreshAhead` would be refreshed with every call.
    return this.#expiresWithin(Math.min(refreshAhead, expiresIn * 500));
  }

  #expiresWithin(milliseconds: number): boolean {
    return this.#now() >= this.#tokens.expiresAt - milliseconds;
  }

  #rests(): boolean {
    return this.#rest !== undefined && this.#within(this.#rest) && !this.#expiresWithin(0);
  }

  #leaveAlone(error: unknown): unknown {
    const from = this.#now();
    this.#rest = { from, until: from + REST };
    if (!(error instanceof FluxerError) || error.retryAfter === undefined) return error;
    const asked = error.retryAfter * 1000;
    this.#rest = { from, until: from + Math.max(REST, asked) };
    // Not for all of a long time: the server may be back sooner, and there is nothing else to give.
    this.#busy = { error, from, until: from + Math.min(REST, asked) };
    return error;
  }

  #within({ from, until }: Span): boolean {
    return from <= this.#now() && this.#now() < until;
  }

  #now(): number {
    return (this.#config.clock ?? systemClock).now();
  }
}

function misuse(message: string): FluxerError {
  return new FluxerError('SESSION_WAITS', message);
}

/** What comes out of a storage may be anything. */
function check(tokens: TokenSet): void {
  if (!isToken(tokens.accessToken)) throw new TypeError('tokens.accessToken is not a token');
  for (const name of ['expiresIn', 'expiresAt'] as const) {
    if (!Number.isFinite(tokens[name])) throw new TypeError(`tokens.${name} is not a number`);
  }
}
