// This Worker, as scripts/build built it, with everything it does: the session is looked up, the form's
// ticket checked, the ledger asked, the audit log written.

import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { instrumented } from '../count.mjs';
import { ROOT, freePort, workerd } from '../processes.mjs';
import { bearer } from '../visitor.mjs';

const REDIRECT_URI = 'https://app.example/callback';
const SECRET = 'a-secret-of-the-bench';
const hash = (text) => createHash('sha256').update(text).digest('base64url');
const session = (index) => `the-session-of-visitor-${index}`;
const id = (index) => String(1456074443980800000n + BigInt(index));

/** wrangler.toml's vars. */
function vars() {
  const [, section] = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8').match(/^\[vars\]$([\s\S]*?)^\[/m);
  return Object.fromEntries([...section.matchAll(/^(\w+) = "(.*)"$/gm)].map(([, key, value]) => [key, value]));
}

/** The modules of a build. */
export const modules = (build) => ({ 'index.js': readFileSync(join(build, 'index.js'), 'utf8'), 'index_bg.wasm': readFileSync(join(build, 'index_bg.wasm')) });

/** Every migration's statements. */
export function migrations() {
  const sql = readdirSync(join(ROOT, 'migrations')).sort().map((name) => readFileSync(join(ROOT, 'migrations', name), 'utf8'));
  return sql.join('\n').replace(/--.*$/gm, '').split(';').map((statement) => statement.trim()).filter(Boolean).map((sql) => ({ sql }));
}

/** Statements that make the user, the session and the application of one visitor. */
export function rows(index) {
  const [user, application, now] = [id(1_000_000 + index), id(2_000_000 + index), Date.now()];
  return [
    { sql: 'INSERT INTO users (id, username, username_key, discriminator, email, email_key, verified, admin, avatar, public_flags, password_hash, created_at) VALUES (?, ?, ?, ?, ?, ?, 1, 0, NULL, 0, ?, ?)', params: [user, `user${index}`, `user${index}`, '0001', `user${index}@example.com`, `user${index}@example.com`, 'none', now] },
    { sql: 'INSERT INTO sessions (id_hash, user_id, authenticated_at, expires_at) VALUES (?, ?, ?, ?)', params: [hash(session(index)), user, now, now + 86_400_000] },
    { sql: 'INSERT INTO applications (id, owner_id, name, description, icon, secret_hash, redirect_uris, trusted, flags, created_at) VALUES (?, ?, ?, ?, NULL, ?, ?, 0, 0, ?)', params: [application, user, `Application ${index}`, 'One of the bench.', hash(SECRET), JSON.stringify([REDIRECT_URI]), now] },
  ];
}

/** Statements that make so many users more, each with a session and a consent. */
function crowd(users) {
  const CHUNK = 5_000;
  const numbers = 'WITH RECURSIVE n(i) AS (SELECT CAST(? AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i < ?)';
  const user = 'CAST(1456074443990000000 + i AS TEXT)';
  const statements = [
    `${numbers} INSERT INTO users (id, username, username_key, discriminator, email, email_key, verified, admin, avatar, public_flags, password_hash, created_at) SELECT ${user}, 'crowd' || i, 'crowd' || i, '0001', 'crowd' || i || '@example.com', 'crowd' || i || '@example.com', 1, 0, NULL, 0, 'none', 1767225600000 FROM n`,
    `${numbers} INSERT INTO sessions (id_hash, user_id, authenticated_at, expires_at) SELECT hex(randomblob(22)), ${user}, 1767225600000, 4102444800000 FROM n`,
    `${numbers} INSERT INTO authorizations (user_id, application_id, scope, created_at, updated_at) SELECT ${user}, '${id(2_000_000)}', 'identify email', 1767225600000, 1767225600000 FROM n`,
  ];
  const chunks = Array.from({ length: Math.ceil(users / CHUNK) }, (_, chunk) => [chunk * CHUNK + 1, Math.min(users, (chunk + 1) * CHUNK)]);
  return chunks.map((params) => statements.map((sql) => ({ sql, params })));
}

/** Where the numbers of users begin who come once. Those of applications begin at 2,000,000. */
const NEWCOMERS = 100_000;
/** Users with a session who have authorized nothing yet, each for one use; they are made some hundred at a time. */
class Newcomers {
  #ready = [];
  #made = 0;
  #making;

  constructor(storage, database) {
    Object.assign(this, { storage, database });
  }

  /** The number of one, for `rows`. */
  async next() {
    while (!this.#ready.length) {
      this.#making ??= this.#make(500).finally(() => (this.#making = undefined));
      await this.#making;
    }
    return this.#ready.pop();
  }

  async #make(count) {
    const numbers = Array.from({ length: count }, () => NEWCOMERS + this.#made++);
    await this.storage.sql(this.database, numbers.flatMap((number) => rows(number).slice(0, 2)));
    this.#ready.push(...numbers);
  }
}

/** One line of them for a database, whoever asks. */
export function newcomersOf(storage, database) {
  storage.newcomers ??= new Map();
  if (!storage.newcomers.has(database)) storage.newcomers.set(database, new Newcomers(storage, database));
  return storage.newcomers.get(database);
}

/** Families of one user's logins with one application, where ledgers are filled. */
const FAMILIES_EACH = 100;

export class Ours {
  /**
   * @param build  the folder of a build
   * @param limits of every rate limit
   * @param wrap   makes other modules of the build's
   * @param inspector a port for V8's inspector
   * @param fill   `{ families, users }`, to be there beside the visitors' own
   */
  constructor({ name = 'ours', build = join(ROOT, 'build'), limits = 'off', wrap = (modules) => modules, fill, inspector } = {}) {
    Object.assign(this, { name, build, limits, wrap, fill, inspector });
    this.keys = randomBytes(32).toString('base64url');
  }

  async start(storage, visitors) {
    this.storage = storage;
    this.newcomers = newcomersOf(storage, this.name);
    this.port = await freePort();
    if (!storage.has(this.name)) {
      await storage.sql(this.name, [...migrations(), ...Array.from({ length: visitors }, (_, index) => rows(index)).flat()]);
      for (const chunk of crowd(this.fill?.users ?? 0)) await storage.sql(this.name, chunk);
    }
    await this.serve(this.fill ? instrumented : this.wrap);
  }

  async serve(wrap) {
    const { name, storage, port, limits, inspector } = this;
    this.server = await workerd(name, {
      port, storage, inspector, path: '/.well-known/oauth-authorization-server', modules: wrap(modules(this.build)),
      kv: ['RECORDS'], d1: ['DIRECTORY'], objects: { LEDGER: 'Ledger', RATE_LIMITER: 'RateLimiter' },
      vars: {
        ...vars(), ISSUER: `http://127.0.0.1:${port}`, SIGNING_KEYS: this.keys,
        RATE_LIMIT_AUTHORIZE: limits, RATE_LIMIT_TOKEN: limits, RATE_LIMIT_REVOKE: limits, RATE_LIMIT_LOGIN: limits,
      },
    });
  }

  /**
   * Fills the visitors' ledgers, through a side door of instrumented.mjs, and copies the file of one as
   * often as there are to be more; then serves the build as it is.
   */
  async ready(visitors) {
    if (!this.fill) return;
    const { families } = this.fill;
    const folder = join(this.server.folder, 'objects/Ledger');
    let file;
    for (const visitor of visitors.slice(0, Math.ceil(families / FAMILIES_EACH))) {
      const more = Math.min(FAMILIES_EACH, families / visitors.length) - 1;
      const ledger = `${id(1_000_000 + visitor.index)}:${id(2_000_000 + visitor.index)}`;
      if (more >= 1) file = await visitor.json('POST', `/-/fill/${ledger}/${Math.floor(more)}`);
    }
    await this.storage.fillKeys(this.name, families);
    await this.server.stop();
    const parts = readdirSync(folder).filter((name) => name.startsWith(file));
    for (let copy = visitors.length; copy < families / FAMILIES_EACH; copy += 1) {
      const other = randomBytes(32).toString('hex');
      for (const part of parts) copyFileSync(join(folder, part), join(folder, part.replace(file, other)));
    }
    await this.serve(this.wrap);
  }

  async setUp(visitor) {
    const client = { client_id: id(2_000_000 + visitor.index), client_secret: SECRET };
    const query = new URLSearchParams({ response_type: 'code', client_id: client.client_id, redirect_uri: REDIRECT_URI, scope: 'identify email', state: 'a-state-of-the-client', prompt: 'consent', ...visitor.pkce });
    // Each comes from an address of its own, as users do: the limiter's objects are one an address.
    visitor.headers = { cookie: `fluxer_session=${session(visitor.index)}`, 'cf-connecting-ip': `192.0.2.${visitor.index}`, 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Bench/1.0' };
    visitor.authorize = `/oauth2/authorize?${query}`;
    visitor.with = (parameters) => ({ ...client, ...parameters });
    visitor.tokens = await this.exchange.run(visitor, await this.exchange.prepare(visitor));
  }

  token(visitor, parameters) {
    return visitor.json('POST', '/api/oauth2/token', { form: visitor.with(parameters), headers: visitor.headers });
  }

  approve = {
    /** A form that the user has been shown. */
    prepare: async (visitor) => {
      const { text } = await visitor.ask('GET', visitor.authorize, { headers: visitor.headers });
      const [, form] = text.match(/<form[^>]*>((?:(?!<\/form>)[\s\S])*name="decision"[\s\S]*?)<\/form>/);
      const [, ticket] = form.match(/name="csrf_token" value="([^"]*)"/);
      return { csrf_token: ticket, decision: 'approve', scope: 'email' };
    },
    run: async (visitor, form) => (await visitor.redirected('POST', visitor.authorize, { form, headers: visitor.headers, expect: 303 })).get('code'),
  };

  exchange = {
    prepare: async (visitor) => this.approve.run(visitor, await this.approve.prepare(visitor)),
    run: (visitor, code) => this.token(visitor, { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier: visitor.verifier }),
  };

  login = {
    prepare: this.approve.prepare,
    run: async (visitor, form) => this.exchange.run(visitor, await this.approve.run(visitor, form)),
  };

  first_login = {
    prepare: async (visitor) => {
      const headers = { ...visitor.headers, cookie: `fluxer_session=${session(await this.newcomers.next())}` };
      return { headers, form: await this.approve.prepare({ authorize: visitor.authorize, headers, ask: (...asked) => visitor.ask(...asked) }) };
    },
    run: async (visitor, { headers, form }) => {
      const code = (await visitor.redirected('POST', visitor.authorize, { form, headers, expect: 303 })).get('code');
      return this.exchange.run(visitor, code);
    },
  };

  refresh = {
    run: async (visitor) => {
      visitor.tokens = await this.token(visitor, { grant_type: 'refresh_token', refresh_token: visitor.tokens.refresh_token });
    },
  };

  /** Of somebody who was away: their ledger is on disk, and not in memory. */
  refresh_cold = {
    cold: true,
    prepare: async (visitor) => {
      visitor.away ??= [];
      return visitor.away.pop() ?? this.first_login.run(visitor, await this.first_login.prepare(visitor));
    },
    run: async (visitor, { refresh_token }) => {
      visitor.away.push(await this.token(visitor, { grant_type: 'refresh_token', refresh_token }));
    },
  };

  async restart() {
    await this.server.stop();
    await this.serve(this.wrap);
  }

  client_credentials = { run: (visitor) => this.token(visitor, { grant_type: 'client_credentials' }) };

  me = { run: (visitor) => visitor.json('GET', '/api/users/@me', { headers: { ...visitor.headers, ...bearer(visitor.tokens.access_token) } }) };

  introspect = {
    run: async (visitor) => {
      const { active } = await visitor.json('POST', '/api/oauth2/introspect', { form: visitor.with({ token: visitor.tokens.access_token }), headers: visitor.headers });
      if (!active) throw new Error('a token that works is not active');
    },
  };

  metadata = { run: (visitor) => visitor.json('GET', '/.well-known/oauth-authorization-server', { headers: visitor.headers }) };
}
