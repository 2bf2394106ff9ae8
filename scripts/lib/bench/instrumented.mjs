// The built Worker behind bindings that count, with side doors. Only the bench runs this, and never
// while it measures speed.
//
//   GET  /-/counts                  calls of objects, and the rows that their SQL reads and writes
//   GET  /-/memory                  bytes of wasm memory
//   POST /-/fill/<ledger>/<count>   so many more families in a ledger that has one, alike but for their ids

import { DurableObject } from 'cloudflare:workers';

import { memories } from './memory.mjs';
import worker, * as built from './index.js';

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
  const count = (stub) => wrap(stub, Object.fromEntries(['ask', 'fetch'].map((op) => [op, (...asked) => ((counts[name] += 1), stub[op](...asked))])));
  return wrap(namespace, { get: (...asked) => count(namespace.get(...asked)), getByName: (...asked) => count(namespace.getByName(...asked)) });
}

export default {
  async fetch(request, env, context) {
    const [, side, door, ledger, count] = new URL(request.url).pathname.split('/');
    const { LEDGER, RATE_LIMITER } = env;
    if (side === '-' && door === 'counts') return Response.json(counts);
    if (side === '-' && door === 'memory') return Response.json(memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0));
    if (side === '-' && door === 'fill') return LEDGER.get(LEDGER.idFromName(ledger)).fetch(`https://fill/${count}`);
    const counted = { ...env, LEDGER: objects(LEDGER, 'ledger'), ...(RATE_LIMITER && { RATE_LIMITER: objects(RATE_LIMITER, 'limiter') }) };
    // The floor's module is a class, and it asks its objects by fetch.
    return typeof worker === 'function' ? new worker(context, counted).fetch(request) : worker.fetch(request, counted, context);
  },
};

/** Counts the rows of an object's statements once their cursors are read, and an alarm as the row that it is billed as. */
export class Ledger extends DurableObject {
  constructor(state, env) {
    super(state, env);
    this.cursors = [];
    this.sql = state.storage.sql;
    this.id = state.id.toString();
    const exec = (...asked) => {
      const cursor = this.sql.exec(...asked);
      this.cursors.push(cursor);
      return cursor;
    };
    const setAlarm = (...asked) => ((counts.written += 1), state.storage.setAlarm(...asked));
    this.inner = new built.Ledger(wrap(state, { storage: wrap(state.storage, { sql: wrap(this.sql, { exec }), setAlarm }) }), env);
  }

  fetch(request) {
    const { host, pathname } = new URL(request.url);
    return host === 'fill' ? this.fill(Number(pathname.slice(1))) : this.counting(() => this.inner.fetch(request));
  }

  ask(question) {
    return this.counting(() => this.inner.ask(question));
  }

  async counting(turn) {
    this.cursors = [];
    try {
      return await turn();
    } finally {
      for (const { rowsRead, rowsWritten } of this.cursors) {
        counts.read += rowsRead;
        counts.written += rowsWritten;
      }
    }
  }

  /** Copies a family, whatever columns there are: the first is its id. Answers the object's own id. */
  fill(count) {
    const [id, ...rest] = this.sql.exec("SELECT name FROM pragma_table_info('families')").toArray().map(({ name }) => name);
    this.sql.exec(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO families (${[id, ...rest]}) SELECT substr(hex(randomblob(16)), 1, length(${id})), ${rest} FROM (SELECT * FROM families LIMIT 1), n`,
      count,
    );
    return Response.json(this.id);
  }

  alarm() {
    return this.inner.alarm();
  }
}

// The floor has none, and the runtime looks at every export.
export const RateLimiter = built.RateLimiter ?? class {};
