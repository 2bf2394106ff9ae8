// This Worker, as scripts/build built it, with everything it does: the session is looked up, the form's
// ticket checked, the ledger asked, the audit log written.

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

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
    { sql: 'INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, 1, 0, NULL, 0, ?, ?)', params: [user, `user${index}`, `user${index}`, '0001', `user${index}@example.com`, `user${index}@example.com`, 'none', now] },
    { sql: 'INSERT INTO sessions VALUES (?, ?, ?, ?)', params: [hash(session(index)), user, now, now + 86_400_000] },
    { sql: 'INSERT INTO applications (id, owner_id, name, description, icon, secret_hash, redirect_uris, trusted, flags, created_at) VALUES (?, ?, ?, ?, NULL, ?, ?, 0, 0, ?)', params: [application, user, `Application ${index}`, 'One of the bench.', hash(SECRET), JSON.stringify([REDIRECT_URI]), now] },
  ];
}

export class Ours {
  constructor({ name = 'ours', build = join(ROOT, 'build'), limits = 'off', wrap = (modules) => modules } = {}) {
    Object.assign(this, { name, build, limits, wrap });
  }

  async start(storage, visitors) {
    const { name, limits } = this;
    const port = await freePort();
    const statements = [...migrations(), ...Array.from({ length: visitors }, (_, index) => rows(index)).flat()];
    if (!storage.has(name)) await storage.sql(name, statements);
    this.server = await workerd(name, {
      port, storage, path: '/.well-known/oauth-authorization-server', modules: this.wrap(modules(this.build)),
      kv: ['RECORDS'], d1: ['DIRECTORY'], objects: { LEDGER: 'Ledger', RATE_LIMITER: 'RateLimiter' },
      vars: {
        ...vars(), ISSUER: `http://127.0.0.1:${port}`, SIGNING_KEYS: randomBytes(32).toString('base64url'),
        RATE_LIMIT_AUTHORIZE: limits, RATE_LIMIT_TOKEN: limits, RATE_LIMIT_REVOKE: limits, RATE_LIMIT_LOGIN: limits,
      },
    });
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

  refresh = {
    run: async (visitor) => {
      visitor.tokens = await this.token(visitor, { grant_type: 'refresh_token', refresh_token: visitor.tokens.refresh_token });
    },
  };

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
