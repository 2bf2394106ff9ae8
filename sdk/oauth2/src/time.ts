import type { Clock } from './config.js';

/** The system's. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      }, milliseconds);
      signal?.addEventListener('abort', stop, { once: true });
    }),
};

/** Waits for what goes on anyway: an abort ends the waiting and nothing else. */
export function waitFor<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/**
 * Runs with a signal that aborts when the caller's does, and with `late()` when the time is up.
 * (`AbortSignal.any` and `.timeout` would do, but they are not in every Node 20, and no test can
 * stand in for their clock.)
 */
export async function within<T>(
  { clock, milliseconds, signal, late }: { clock: Clock; milliseconds: number; signal: AbortSignal | undefined; late: () => Error },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const both = new AbortController();
  const done = new AbortController();
  const abort = (): void => both.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  clock.sleep(milliseconds, done.signal).then(() => both.abort(late()), () => undefined);
  try {
    return await run(both.signal);
  } finally {
    signal?.removeEventListener('abort', abort);
    done.abort();
  }
}
