import type { Clock } from './config.js';

/** The longest that timers wait, in milliseconds: what is longer, they take for nothing. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The system's. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      throwIfAborted(signal);
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal && reasonOf(signal));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      }, Math.min(milliseconds, LONGEST_TIMER));
      signal?.addEventListener('abort', stop, { once: true });
    }),
};

/** `signal.throwIfAborted()`, which is not everywhere. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw reasonOf(signal);
}

/** Why a signal was aborted. React Native's has no `reason`. */
export function reasonOf(signal: AbortSignal): unknown {
  return signal.reason === undefined ? Object.assign(new Error('The operation was aborted'), { name: 'AbortError' }) : signal.reason;
}

/** Waits for what goes on anyway: an abort ends the waiting and nothing else. */
export function waitFor<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(reasonOf(signal));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** How long something may take, and who may end it. */
export interface Limit {
  clock: Clock;
  milliseconds: number;
  signal: AbortSignal | undefined;
  /** The error of what took longer. */
  late: () => Error;
}

/**
 * One attempt at something, with a signal that aborts when the caller's does and when a part of it
 * takes too long. (`AbortSignal.any` and `.timeout` would do, but they are not in every Node 20, and
 * no test can stand in for their clock.)
 */
export class Attempt {
  readonly #limit: Limit;
  readonly #controller = new AbortController();
  readonly #follow = (): void => this.#controller.abort(this.#limit.signal?.reason);

  constructor(limit: Limit) {
    throwIfAborted(limit.signal);
    this.#limit = limit;
    limit.signal?.addEventListener('abort', this.#follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Waits for a part, even for one that does not heed the signal. */
  async wait<T>(part: Promise<T>): Promise<T> {
    const { clock, milliseconds, signal, late } = this.#limit;
    const timer = new AbortController();
    const tooLate = new Promise<never>((_, reject) => {
      const stop = (): void => {
        const error = late();
        reject(error);
        this.#controller.abort(error);
      };
      clock.sleep(milliseconds, timer.signal).then(stop, () => undefined);
    });
    try {
      return await waitFor(Promise.race([part, tooLate]), signal);
    } finally {
      timer.abort();
    }
  }

  /** Lets go of the caller's signal: there is nothing left to abort. */
  close(): void {
    this.#limit.signal?.removeEventListener('abort', this.#follow);
  }
}

/** Runs no longer than the limit. */
export async function within<T>(limit: Limit, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const attempt = new Attempt(limit);
  try {
    return await attempt.wait(run(attempt.signal));
  } finally {
    attempt.close();
  }
}
