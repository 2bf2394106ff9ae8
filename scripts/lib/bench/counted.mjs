// The built Worker behind bindings that count: calls of its objects, and the rows that their SQL reads
// and writes. Only the bench runs this, and only to count. `GET /-/counts` answers.

import Worker, * as built from './index.js';

const counts = { ledger: 0, limiter: 0, read: 0, written: 0 };

/** The object with some properties replaced. The rest stays bound to it, for bindings refuse a Proxy as `this`. */
function wrap(target, replaced) {
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(replaced, name)) return replaced[name];
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' && name !== 'constructor' ? value.bind(target) : value;
    },
  });
}

function objects(namespace, name) {
  const count = (stub) => wrap(stub, { fetch: (...asked) => ((counts[name] += 1), stub.fetch(...asked)) });
  return wrap(namespace, { get: (...asked) => count(namespace.get(...asked)), getByName: (...asked) => count(namespace.getByName(...asked)) });
}

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname === '/-/counts') return Response.json(counts);
    const { LEDGER, RATE_LIMITER } = env;
    const counted = { ...env, LEDGER: objects(LEDGER, 'ledger'), ...(RATE_LIMITER && { RATE_LIMITER: objects(RATE_LIMITER, 'limiter') }) };
    return new Worker(context, counted).fetch(request);
  },
};

/** Counts the rows of an object's statements once their cursors are read, and an alarm as the row that it is billed as. */
export class Ledger {
  constructor(state, env) {
    this.cursors = [];
    const { sql } = state.storage;
    const exec = (...asked) => {
      const cursor = sql.exec(...asked);
      this.cursors.push(cursor);
      return cursor;
    };
    const setAlarm = (...asked) => ((counts.written += 1), state.storage.setAlarm(...asked));
    this.inner = new built.Ledger(wrap(state, { storage: wrap(state.storage, { sql: wrap(sql, { exec }), setAlarm }) }), env);
  }

  async fetch(request) {
    this.cursors = [];
    try {
      return await this.inner.fetch(request);
    } finally {
      for (const { rowsRead, rowsWritten } of this.cursors) {
        counts.read += rowsRead;
        counts.written += rowsWritten;
      }
    }
  }

  alarm() {
    return this.inner.alarm();
  }
}

// The floor has none, and the runtime looks at every export.
export const RateLimiter = built.RateLimiter ?? class {};
