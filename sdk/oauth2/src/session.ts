import type { InvalidGrantError } from '@fluxer/errors';

import type { OAuth2Config, RequestOptions } from './config.js';
import { Holder } from './holder.js';
import { ResourceClient } from './resource.js';
import type { TokenSet } from './token.js';

/** What a session is made of. */
export interface SessionOptions {
  /** Of `exchangeCode`, or of your storage. */
  tokens: TokenSet;
  /**
   * Stores the tokens of every refresh. Nobody is given a token before it has finished; where it
   * rejects, its error goes to whoever is waiting, and the next call tries to store again. It must
   * not itself use the session, which waits for it: that is an error (`SESSION_WAITS`).
   */
  onTokens?: (tokens: TokenSet) => void | Promise<void>;
  /**
   * Gives the tokens that are in your storage, before a refresh: where another process, or another
   * tab, has stored newer ones, they are taken, and their refresh token is the one to send. It is asked
   * again where the server refuses that one.
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
   * the server refuses is refreshed, and the request sent again, once. The answer has to come within
   * the configuration's `timeout`; and so has its body, as a whole or each piece of the stream.
   *
   * @throws TypeError where the URL's origin may not see the token; the error of the answer,
   * whatever its status was; InvalidGrantError where the user must log in again.
   */
  fetch(address: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** `fetch` and the JSON of its answer, whose type is the caller's word. */
  getJson<T = unknown>(address: string | URL | Request, init?: RequestInit): Promise<T>;
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
    fetch: (address, init) => client.fetch(address, init),
    getJson: (address, init) => client.json(address, init),
    revoke: ({ signal } = {}) => holder.revoke(signal),
  };
}
