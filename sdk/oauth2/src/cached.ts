import type { RequestOptions } from './config.js';
import { limit, type Settings } from './http.js';
import { systemClock, within } from './time.js';

/** How long after a failure nobody asks again, in milliseconds. */
const REST = 5_000;
/** How long to wait for a new document where the old one would do, in milliseconds. */
const PATIENCE = 2_000;

/** How old a document may be, in milliseconds. */
export interface Ages {
  /** Asked for anew when it is older. */
  fresh: number;
  /** Good all the same until it is older than this, where the server does not give another. */
  usable: number;
}

/** What came, or went wrong, and when. */
interface Dated<T> {
  it: T;
  since: number;
}

/** How a document is fetched, and what becomes of the one that was held. */
export interface Source<T, S> {
  fetch(settings: S, url: URL): Promise<T>;
  /** The one to hold on to: caches on the way may give an older one. */
  newer?(held: T, next: T): T;
}

/**
 * A document of the server's that changes seldom. It is fetched when somebody needs it and it is too
 * old, once for all who wait, and left alone for a while after a failure.
 */
export class Cached<T, S extends Settings> {
  readonly #url: URL;
  readonly #source: Source<T, S>;
  #held: Dated<T> | undefined;
  #failure: Dated<unknown> | undefined;
  #pending: Dated<Promise<T>> | undefined;

  constructor(url: URL, source: Source<T, S>) {
    this.#url = url;
    this.#source = source;
  }

  /** @throws what fetching it threw, where there is no usable one. */
  async get(settings: S, { fresh, usable }: Ages, signal: RequestOptions['signal']): Promise<T> {
    const clock = settings.clock ?? systemClock;
    const now = (): number => clock.now();
    const limits = limit(settings, this.#url, signal);
    const held = youngerThan(fresh, this.#held, now());
    if (held) return held.it;
    const old = youngerThan(usable, this.#held, now());
    try {
      const failure = youngerThan(REST, this.#failure, now());
      if (failure) throw failure.it;
      const document = this.#ask(settings, now());
      const milliseconds = old ? Math.min(PATIENCE, limits.milliseconds) : limits.milliseconds;
      return await within({ ...limits, milliseconds }, () => document);
    } catch (error) {
      if (signal?.aborted) throw error;
      if (error !== this.#failure?.it) this.#failure = { it: error, since: now() };
      if (old) return old.it;
      throw error;
    }
  }

  /** The request that is under way, or a new one. No caller's signal reaches it: others wait too. */
  #ask(settings: S, now: number): Promise<T> {
    // A Worker's request that is cut off leaves its promises pending for ever.
    const underWay = youngerThan(REST, this.#pending, now);
    if (underWay) return underWay.it;
    const { fetch, newer = (_, next) => next } = this.#source;
    const asked = fetch(settings, this.#url);
    const pending = { it: asked.then((next) => (this.#held ? newer(this.#held.it, next) : next)), since: now };
    this.#pending = pending;
    const done = (): void => {
      if (this.#pending === pending) this.#pending = undefined;
    };
    pending.it.then((document) => {
      this.#held = { it: document, since: now };
      this.#failure = undefined;
      done();
    }, done);
    return pending.it;
  }
}

/** What is younger than so many milliseconds, by a clock that may have been set back meanwhile. */
function youngerThan<T>(milliseconds: number, dated: Dated<T> | undefined, now: number): Dated<T> | undefined {
  return dated && dated.since <= now && now - dated.since < milliseconds ? dated : undefined;
}
