// The built Worker behind bindings that fail on demand. Only tests run this: it is never part of the
// bundle. Before every operation it asks the service STORAGE, which is a function of the test, what is
// to happen, and from the same place it takes what the clock says.

import { DurableObject } from 'cloudflare:workers';

import worker, { Ledger as RealLedger, Outbox as RealOutbox, PendingEntry as RealPendingEntry, RateLimiter as RealRateLimiter, RevokedFamilies as RealRevokedFamilies, SigningKeys as RealSigningKeys } from './index.js';
import trap from './trap.wasm';

// The runtime's clock, moved or stopped: lifetimes and windows pass without waiting for them, and only
// when they are told to. Where a crash is planned, reading it traps as a panic does, in wasm: an error thrown by JavaScript would be caught.
const RealDate = Date;
let clock = 0;
let stopped;
let crash = false;
/** Called the next time that the clock is read. */
let meanwhile;
function now() {
  if (crash) {
    crash = false;
    new WebAssembly.Instance(trap).exports.trap();
  }
  const call = meanwhile;
  meanwhile = undefined;
  call?.();
  return stopped ?? RealDate.now() + clock;
}
globalThis.Date = class Date extends RealDate {
  constructor(...args) {
    if (args.length) super(...args);
    else super(now());
  }

  static now() {
    return now();
  }
};

async function plan(env, step) {
  const response = await env.STORAGE.fetch('http://storage/', { method: 'POST', body: JSON.stringify(step) });
  const answer = await response.json();
  ({ clock, stopped } = answer);
  return answer.fault ?? {};
}

/** Whether nobody watches the steps of what is asked now, and none of them fails: they are not told. */
let unwatched = false;

/** The hops that are over: a call begins one hop after the longest chain of calls that were over before it. */
let hops = 0;

/**
 * Runs an operation as planned: `before` and `after` are the texts of errors around its effect,
 * `reset` marks the former as one that a deployment causes, `type` is its class,
 * `sql` does the same to one statement inside a ledger, `alarm` to the next alarm of an entry or a window,
 * `crash` traps the next time the clock is read, and `panics` makes the window that is asked panic.
 */
async function step(env, step, operation) {
  const hop = step.part === 'alarm' ? 0 : hops + 1; // an object's own alarm is no call of the Worker
  try {
    return await run(env, { ...step, hop }, operation);
  } finally {
    hops = Math.max(hops, hop);
  }
}

async function run(env, step, operation) {
  if (unwatched) return operation();
  const { before, after, wait, instead, reset, type, ...more } = await plan(env, step);
  if (more.crash) crash = true;
  if (more.sql) sqlFault = more.sql;
  if (more.alarm) alarmFault = more.alarm;
  if (more.panics) panics = true;
  if (more.evict) evicted = true;
  if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
  if (before) throw Object.assign(new (type === 'TypeError' ? TypeError : Error)(before), reset && { durableObjectReset: true, retryable: true });
  if (instead !== undefined) return instead;
  const result = await operation();
  if (after) throw new Error(after);
  return result;
}

// The object with some methods replaced. The others stay bound to it, for they refuse a Proxy as
// their `this`; `constructor` stays what it is, for the worker crate tells bindings apart by it.
const originals = new WeakMap();
function wrap(target, methods) {
  const proxy = new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(methods, name)) return methods[name];
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' && name !== 'constructor' ? value.bind(target) : value;
    },
  });
  originals.set(proxy, target);
  return proxy;
}

/** Statements that write what an isolate added up of applications. */
const tallies = new WeakSet();

const unwrap = (object) => originals.get(object) ?? object;

function kv(env, namespace) {
  const faulty = (op) => (key, ...rest) => step(env, { part: 'kv', op, about: String(key).split(':')[0] }, () => namespace[op](key, ...rest));
  return wrap(namespace, { get: faulty('get'), put: faulty('put'), delete: faulty('delete'), list: faulty('list') });
}

function d1(env, database) {
  const counted = async (asked) => {
    const results = await Promise.all(await asked);
    if (!unwatched) await plan(env, { part: 'written', rows: results.reduce((sum, { meta }) => sum + meta.rows_written, 0) });
    return results;
  };
  const statement = (real, sql) => {
    const about = sql.replace(/\s+/g, ' ').trim();
    const faulty = (op) => (...args) => step(env, { part: 'd1', op, about }, () => real[op](...args));
    const bind = (...args) => statement(real.bind(...args), sql);
    const run = () => step(env, { part: 'd1', op: 'run', about }, () => counted([real.run()]).then(([result]) => result));
    const wrapped = wrap(real, { bind, first: faulty('first'), run, all: faulty('all'), raw: faulty('raw') });
    if (about.startsWith('INSERT INTO application_days')) tallies.add(wrapped);
    return wrapped;
  };
  const prepare = (sql) => statement(database.prepare(sql), sql);
  const batch = (statements) => {
    const run = () => database.batch(statements.map(unwrap));
    // What an isolate added up goes out every ten seconds, whatever is asked meanwhile: it is no flow's step.
    if (statements.every((it) => tallies.has(it))) return run();
    return step(env, { part: 'd1', op: 'batch', about: `${statements.length} statements` }, () => counted(run()));
  };
  const exec = (sql) => step(env, { part: 'd1', op: 'exec', about: sql }, () => database.exec(sql));
  return wrap(database, { prepare, batch, exec });
}

function objects(env, part, namespace) {
  const asked = (real, op) => (...args) => step(env, { part, op }, () => real[op](...args));
  const stub = (real) => wrap(real, { ask: asked(real, 'ask'), fetch: asked(real, 'fetch') });
  const faulty = { get: (...args) => stub(namespace.get(...args)) };
  if (namespace.getByName) faulty.getByName = (...args) => stub(namespace.getByName(...args));
  return wrap(namespace, faulty);
}

function bindings(env) {
  return {
    ...env,
    RECORDS: kv(env, env.RECORDS),
    DIRECTORY: d1(env, env.DIRECTORY),
    LEDGER: objects(env, 'ledger', env.LEDGER),
    RATE_LIMITER: objects(env, 'limiter', env.RATE_LIMITER),
    KEYS: objects(env, 'keys', env.KEYS),
    REVOKED: objects(env, 'revoked', env.REVOKED),
    PENDING: objects(env, 'pending', env.PENDING),
  };
}

export default {
  async fetch(request, env, ctx) {
    const id = crypto.randomUUID();
    const { crash: trap, quiet } = await plan(env, { part: 'request', id });
    unwatched = quiet;
    hops = 0;
    if (trap) crash = true;
    const background = [];
    const waitUntil = ctx.waitUntil.bind(ctx);
    ctx.waitUntil = (work) => waitUntil(background[background.push(work) - 1]);
    try {
      return await worker.fetch(request, bindings(env), ctx);
    } finally {
      if (quiet && background.length) await plan(env, { part: 'behind', id });
      if (!quiet || background.length) waitUntil(Promise.allSettled(background).then(() => plan(env, { part: 'over', id })));
    }
  },
};

/** A ledger whose SQL fails as the call was told it would, and which says how many rows it wrote. */
let sqlFault;
/** Whether the next ledger that is asked has left memory since. */
let evicted = false;
export class Ledger extends DurableObject {
  constructor(state, env) {
    super(state, env);
    this.env = env;
    this.cursors = [];
    const sql = wrap(state.storage.sql, { exec: (...args) => this.exec(state.storage.sql, ...args) });
    const alarm = (op, name) => (...args) => step(env, { part: 'alarm', op }, () => state.storage[name](...args));
    const alarms = { setAlarm: alarm('set', 'setAlarm'), getAlarm: alarm('get', 'getAlarm') };
    const storage = new Proxy(wrap(state.storage, alarms), { get: (target, name) => (name === 'sql' ? sql : target[name]) });
    const inner = new Proxy(wrap(state, {}), { get: (target, name) => (name === 'storage' ? storage : target[name]) });
    this.anew = () => (this.ledger = new RealLedger(inner, env));
    this.anew();
  }

  exec(sql, ...args) {
    const { statement, when } = sqlFault ?? {};
    const fails = sqlFault && this.cursors.length === statement;
    if (fails) sqlFault = undefined;
    if (fails && when === 'before') throw new Error('SQLITE_FULL: database or disk is full');
    const cursor = sql.exec(...args);
    this.cursors.push(cursor);
    if (fails) throw new Error('SQLITE_IOERR: disk I/O error');
    return cursor;
  }

  ask(question) {
    return this.turn(() => this.ledger.ask(question));
  }

  fetch(request) {
    return this.turn(() => this.ledger.fetch(request));
  }

  async turn(take) {
    this.cursors = [];
    if (evicted) this.anew();
    evicted = false;
    try {
      return await take();
    } finally {
      const rows = this.cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0);
      if (!unwatched) await plan(this.env, { part: 'rows', statements: this.cursors.length, rows });
    }
  }

  /** By the moved clock: what a fixture stored long ago is not due where that day's clock goes on. */
  async alarm() {
    await plan(this.env, { part: 'woken' });
    if (clock >= 0) await this.ledger.alarm();
  }
}

/** What the next alarm of an entry or a window runs into. */
let alarmFault;
const withAlarm = (state) => {
  const setAlarm = async (...args) => {
    const { before, after } = alarmFault ?? {};
    alarmFault = undefined;
    if (before) throw new Error(before);
    await state.storage.setAlarm(...args);
    if (after) throw new Error(after);
  };
  return wrap(state, { storage: wrap(state.storage, { setAlarm }) });
};

/** An entry that waits, whose alarm fails as the call was told it would. */
export class PendingEntry extends DurableObject {
  constructor(state, env) {
    super(state, env);
    this.entry = new RealPendingEntry(withAlarm(state), env);
  }

  ask(question) {
    return this.entry.ask(question);
  }

  fetch(request) {
    return this.entry.fetch(request);
  }

  alarm() {
    return this.entry.alarm();
  }
}

/** Whether the next window that is asked panics. */
let panics = false;
/** A window, whose alarm fails as the call was told it would. Where it is to panic, the clock that it reads asks it once more: Rust holds it at that time. */
export class RateLimiter extends DurableObject {
  constructor(state, env) {
    super(state, env);
    this.window = new RealRateLimiter(withAlarm(state), env);
  }

  ask(question) {
    if (panics) meanwhile = () => this.window.ask(question);
    panics = false;
    return this.window.ask(question);
  }

  fetch(request) {
    return this.window.fetch(request);
  }

  alarm() {
    return this.window.alarm();
  }
}

export const Outbox = RealOutbox;
export const SigningKeys = RealSigningKeys;
export const RevokedFamilies = RealRevokedFamilies;
