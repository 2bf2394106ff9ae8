// The built Worker in workerd, on a world of its own: what the tests here and in ../browser start from.
// Everything is provisioned over HTTP; only `../worker/faulty.mjs` reaches behind the bindings.

import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

import { parse } from 'node-html-parser';

import { Database } from './database.mjs';

// `import` would read through all of this CommonJS for the names that it exports: half a second of every test file's.
const { Log, LogLevel, Miniflare, convertV4MiniflareOptions } = createRequire(import.meta.url)('miniflare');

const ROOT = resolve(import.meta.dirname, '../..');
/** What scripts/build builds; with WORKER_BUILD=dev, what it builds for development. */
export const BUILD = join(ROOT, process.env.WORKER_BUILD === 'dev' ? 'build/dev' : 'build');
const ADMIN_SECRET = 'an-administration-secret-of-the-tests';
/** The least there is: at the shipped cost the tests would spend much of their time in argon2. */
const PASSWORD_COST = '1024/1';
/** Where worlds are stored: in memory where that has room, for on a disk every commit of SQLite waits until it is written. */
const FOLDER = hasRoom('/dev/shm') ? '/dev/shm' : tmpdir();
const NO_LIMITS = { RATE_LIMIT_AUTHORIZE: 'off', RATE_LIMIT_TOKEN: 'off', RATE_LIMIT_REVOKE: 'off', RATE_LIMIT_LOGIN: 'off' };
/** What Cloudflare says of whoever asks. */
const ADDRESS = { 'cf-connecting-ip': '127.0.0.1' };

/** A module whose one function, `trap`, is `unreachable`: what Rust's panics end in. */
const TRAP = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 7, 8, 1, 4, ...Buffer.from('trap'), 0, 0, 10, 5, 1, 3, 0, 0, 0x0b);

/** Whether a folder is there, with a gigabyte free: a container's memory may have 64 MB. */
function hasRoom(folder) {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= 2 ** 30;
  } catch {
    return false;
  }
}

/** A checkout with a built Worker: what its wrangler.toml says, as far as the Worker sees it. */
function release(root, build) {
  const toml = readFileSync(join(root, 'wrangler.toml'), 'utf8');
  const strings = (text) => Object.fromEntries([...text.matchAll(/^(\w+) = "(.*)"$/gm)].map(([, name, value]) => [name, value]));
  const vars = toml.match(/^\[vars\]$([\s\S]*?)^\[/m)[1];
  const bindings = toml.split(/^\[/m).filter((block) => block.startsWith('[durable_objects.bindings]]')).map(strings);
  const durableObjects = Object.fromEntries(bindings.map(({ name, class_name: className }) => [name, { className, useSQLite: true }]));
  const compatibilityFlags = JSON.parse(toml.match(/^compatibility_flags = (.*)$/m)?.[1] ?? '[]');
  return { build, migrations: join(root, 'migrations'), compatibilityDate: strings(toml).compatibility_date, compatibilityFlags, vars: strings(vars), durableObjects };
}

/** The Worker and another one on its state, and in front of them what gives each its share. */
function twice(worker) {
  const { name, compatibilityDate, d1Databases, durableObjects } = worker;
  const front = 'export default { fetch: (request, env) => (Math.random() < 0.5 ? env.ONE : env.OTHER).fetch(request) };';
  const elsewhere = Object.entries(durableObjects).map(([binding, object]) => [binding, { ...object, scriptName: name }]);
  return [
    { name: 'front', modules: [{ type: 'ESModule', path: 'front.mjs', contents: front }], compatibilityDate, d1Databases, serviceBindings: { ONE: name, OTHER: 'other' } },
    worker,
    { ...worker, name: 'other', durableObjects: Object.fromEntries(elsewhere) },
  ];
}

/** A port that was free a moment ago: ISSUER must be known before the Worker starts. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The Worker and what it stores. */
export class World {
  /**
   * @param settings vars and secrets, over those of wrangler.toml and without rate limits
   * @param only     all vars and secrets that there are
   * @param storage  a `Storage`, to run the Worker behind faulty.mjs
   * @param before   the module that stands before the Worker, instead of faulty.mjs
   * @param beside   what it imports
   * @param from     a stopped world, whose data and settings this one takes over
   * @param metrics  whether the binding METRICS is there
   * @param services Workers beside this one, by their bindings: functions of a request
   * @param isolates 2: two of the Worker answer, each every other request or so, on one state
   * @param root     another checkout with a built Worker, instead of this one
   */
  static async start({ settings = {}, only, storage, before = storage && join(import.meta.dirname, 'faulty.mjs'), beside = [], from, metrics, services = {}, isolates = 1, root } = {}) {
    const world = new World();
    const { build, migrations, compatibilityDate, compatibilityFlags, vars, durableObjects } = root ? release(root, join(root, 'build')) : release(ROOT, BUILD);
    world.port = from?.port ?? (await freePort());
    world.origin = `http://127.0.0.1:${world.port}`;
    world.folder = from?.folder ?? mkdtempSync(join(FOLDER, 'fluxer-oauth2-test-'));
    const database = new Database(migrations, from && (from.applied ?? []));
    world.applied = database.applied;
    database.copyTo(world.folder);
    world.settings = from?.settings ?? only ?? {
      ...vars, ...NO_LIMITS, PASSWORD_COST, ISSUER: world.origin,
      SIGNING_KEYS: randomBytes(32).toString('base64url'), ADMIN_CLIENT_SECRET: ADMIN_SECRET, ...settings,
    };
    world.logged = [];
    const module = (type, path, folder = build) => ({ type, path: join(build, path), contents: readFileSync(join(folder, path)) });
    const text = (...args) => ({ ...module(...args), contents: module(...args).contents.toString() });
    const modules = [text('ESModule', 'index.js'), module('CompiledWasm', 'index_bg.wasm')];
    modules.unshift(...[before, ...beside].filter(Boolean).map((path) => text('ESModule', basename(path), dirname(path))));
    if (storage) modules.push({ type: 'CompiledWasm', path: join(build, 'trap.wasm'), contents: TRAP });
    const worker = {
      name: 'fluxer-oauth2', modulesRoot: build, modules, compatibilityDate, compatibilityFlags,
      kvNamespaces: ['RECORDS'], d1Databases: ['DIRECTORY'],
      durableObjects,
      analyticsEngineDatasets: metrics ? { METRICS: { dataset: 'fluxer_oauth2' } } : {},
      serviceBindings: { ...services, ...(storage && { STORAGE: { external: { address: await storage.listen(), http: {} } } }) },
      bindings: world.settings,
    };
    const workers = isolates === 1 ? [worker] : twice(worker);
    // Miniflare's own Worker in front of ours would take a third of a test's time: nobody asks there.
    workers[0].unsafeDirectSockets = [{ host: '127.0.0.1', port: world.port }];
    world.mf = new Miniflare(convertV4MiniflareOptions({
      host: '127.0.0.1', port: 0, cf: false, logRequests: false, log: new Log(LogLevel.NONE),
      handleStructuredLogs: ({ message }) => world.logged.push(message),
      resourcePersistencePath: world.folder,
      workers,
    }));
    try {
      await world.mf.ready;
    } catch (error) {
      if (error.code !== 'ERR_ADDRESS_IN_USE' || from) throw error;
      return World.start(...arguments); // somebody else has taken the port that was free
    }
    await database.migrate(world);
    return world;
  }

  /** Stops the Worker; its data stays for a world that starts `from` this one. */
  async halt() {
    await this.mf.dispose();
  }

  async stop() {
    await this.halt();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** A request that follows no redirect. `form` and `json` are bodies. */
  async request(path, { method, headers = {}, form, json, body, cookie, within = 60_000 } = {}) {
    headers = { ...ADDRESS, ...headers };
    if (form) body = form instanceof URLSearchParams ? form : new URLSearchParams(form);
    if (json !== undefined) [body, headers['content-type']] = [JSON.stringify(json), 'application/json'];
    if (cookie) headers.cookie = cookie;
    const response = await fetch(new URL(path, this.origin), {
      method: method ?? (body === undefined ? 'GET' : 'POST'), headers, body, redirect: 'manual', signal: AbortSignal.timeout(within),
    });
    return new Answer(response.status, response.headers, await response.text());
  }

  post(path, form, options = {}) {
    return this.request(path, { method: 'POST', form, ...options });
  }

  // Provisioning, as an operator does it.

  async admin(method, path, json) {
    this.adminToken ??= (await this.post('/api/oauth2/token', { grant_type: 'client_credentials', scope: 'admin', client_id: '1', client_secret: this.settings.ADMIN_CLIENT_SECRET })).json.access_token;
    const answer = await this.request(`/api/admin${path}`, { method, json, headers: { authorization: `Bearer ${this.adminToken}` } });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.text && answer.json;
  }

  async user(fields = {}) {
    const name = `user${randomBytes(5).toString('hex')}`;
    const password = `password of ${name}`;
    const made = await this.admin('POST', '/users', { username: name, email: `${name}@example.com`, password, verified: true, ...fields });
    return { password, ...made, ...(fields.password && { password: fields.password }) };
  }

  /** An application; `type` is public or confidential. */
  async application(type, fields = {}) {
    const redirect_uris = [type === 'public' ? 'http://127.0.0.1/callback' : 'https://app.example/callback'];
    const made = await this.admin('POST', '/applications', { name: `A ${type} one`, type, redirect_uris, ...fields });
    return new Client(made);
  }

  // The flow, as a client and its user go through it.

  /** A browser in which `user` is logged in. */
  async login(user) {
    const browser = new Browser(this);
    const page = await browser.open('/login');
    await browser.submit(page, { login: user.email, password: user.password });
    if (!browser.cookies.get('fluxer_session')) throw new Error('not logged in');
    return browser;
  }

  /** Types the code that a device shows, and answers it; the page that says how it went. */
  async answerDevice(browser, userCode, decision = 'approve') {
    const page = await browser.submit(await browser.open('/device'), { user_code: userCode });
    return browser.submit(page, { decision });
  }

  /** What a browser brings back from the authorization endpoint, all pages answered with yes. */
  async authorize(browser, client, more = {}) {
    const request = client.authorizationRequest(more);
    let page = await browser.open(request.url);
    if (page.status === 200) page = await browser.submit(page, { decision: 'approve' });
    if (!page.landed?.has('code')) throw new Error(`no code: ${page.status} ${page.location ?? page.text}`);
    return { ...request, code: page.landed.get('code'), page };
  }

  /** The token request for what `authorize` brought. */
  exchange(client, { code, verifier, redirectUri }) {
    return this.post('/api/oauth2/token', client.exchange({ code, verifier, redirectUri }));
  }

  refresh(client, token, more = {}) {
    return this.post('/api/oauth2/token', client.refresh(token, more));
  }

  revoke(client, token) {
    return this.post('/api/oauth2/revoke', client.with({ token }));
  }

  introspect(client, token) {
    return this.post('/api/oauth2/introspect', client.with({ token }));
  }

  /** All the way to tokens. */
  async tokens(browser, client, more = {}) {
    const answer = await this.exchange(client, await this.authorize(browser, client, more));
    if (answer.status !== 200) throw new Error(`no tokens: ${answer.status} ${answer.text}`);
    return answer.json;
  }

  /** Whether a token works, by introspection. */
  async active(client, token) {
    return (await this.introspect(client, token)).json.active;
  }

  /** The challenges of the API, for a reason that ends in a comma; a token that is good for too little is told of none but its own. */
  challenge(reason) {
    const bearer = `Bearer ${reason}resource_metadata="${this.origin}/.well-known/oauth-protected-resource"`;
    return reason.includes('insufficient_scope') ? bearer : `${bearer}, DPoP algs="ES256 EdDSA"`;
  }

  me(token) {
    return this.request('/api/users/@me', { headers: { authorization: `Bearer ${token}` } });
  }

  /** The objects of a class that store something, each in a SQLite file of its own: whether it has an alarm. */
  async stored(className) {
    const { DatabaseSync } = await import('node:sqlite');
    const folder = join(this.folder, `do/fluxer-oauth2-${className}`);
    const files = readdirSync(folder).filter((file) => /^[0-9a-f]{64}\.sqlite$/.test(file));
    const stored = files.map((name) => {
      const file = new DatabaseSync(join(folder, name), { readOnly: true });
      const rows = (table, where = 'TRUE') => {
        const there = file.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(table);
        return there ? file.prepare(`SELECT key FROM ${table} WHERE ${where}`).all().length : 0;
      };
      try {
        return { rows: rows('_cf_KV'), hasAlarm: rows('_cf_METADATA', 'key = 1 AND value IS NOT NULL') > 0 };
      } finally {
        file.close();
      }
    });
    return stored.filter(({ rows }) => rows > 0);
  }

  /** The rows in the SQLite file of one ledger's object. */
  async ledgerRows(user, client) {
    const { DatabaseSync } = await import('node:sqlite'); // says on stderr that it is experimental
    const ledgers = await this.mf.getDurableObjectNamespace('LEDGER');
    const id = ledgers.idFromName(`${user.id}:${client.id}`).toString();
    const file = new DatabaseSync(join(this.folder, 'do/fluxer-oauth2-Ledger', `${id}.sqlite`), { readOnly: true });
    try {
      const there = file.prepare("SELECT 1 FROM sqlite_master WHERE name = 'families'").get();
      return there ? file.prepare('SELECT * FROM families').all() : [];
    } finally {
      file.close();
    }
  }
}

/** An answer, read to its end. */
export class Answer {
  constructor(status, headers, text) {
    Object.assign(this, { status, headers, text });
  }

  get json() {
    return JSON.parse(this.text);
  }

  /** The page, if it is one; read when it is looked at. */
  get html() {
    return (this.parsed ??= parse(this.text));
  }

  header(name) {
    return this.headers.get?.(name) ?? this.headers[name] ?? undefined;
  }
}

/** An application as its developer holds it. */
export class Client {
  constructor({ id, client_secret, redirect_uris, type, ...rest }) {
    Object.assign(this, { ...rest, id, secret: client_secret, type, redirectUri: redirect_uris[0] });
  }

  /** Parameters with the client's credentials in the body. */
  with(params) {
    return { client_id: this.id, ...(this.secret && { client_secret: this.secret }), ...params };
  }

  /** An authorization request; a public client's has PKCE, a confidential one's on demand. */
  authorizationRequest({ pkce = this.type === 'public', redirectUri = this.redirectUri, path = '/oauth2/authorize', ...more } = {}) {
    const verifier = pkce ? randomBytes(32).toString('base64url') : undefined;
    const challenge = pkce ? { code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' } : {};
    const state = randomBytes(8).toString('hex');
    const query = new URLSearchParams({ response_type: 'code', client_id: this.id, redirect_uri: redirectUri, state, ...challenge, ...more });
    return { url: `${path}?${query}`, state, verifier, redirectUri };
  }

  exchange({ code, verifier, redirectUri = this.redirectUri }) {
    return this.with({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...(verifier && { code_verifier: verifier }) });
  }

  refresh(token, more = {}) {
    return this.with({ grant_type: 'refresh_token', refresh_token: token, ...more });
  }
}

/** A browser: cookies, forms, and redirects within the server. */
export class Browser {
  constructor(world, headers = {}) {
    Object.assign(this, { world, headers, cookies: new Map() });
  }

  get cookie() {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** A request, and whatever it redirects to on this server. */
  async open(path, options = {}) {
    for (let hops = 0; hops < 10; hops += 1) {
      const page = await this.ask(path, options);
      if (!page.location || page.landed) return page;
      [path, options] = [page.location, {}];
    }
    throw new Error(`redirected for ever: ${path}`);
  }

  /** A request and its answer; a redirect that leaves the server has `landed` parameters. */
  async ask(path, options = {}) {
    const answer = await this.world.request(path, { ...options, cookie: this.cookie, headers: { ...this.headers, ...options.headers } });
    for (const cookie of answer.headers.getSetCookie()) this.keep(cookie);
    const location = answer.header('location');
    const to = location && new URL(location, this.world.origin);
    const landed = to && to.origin !== this.world.origin ? to.searchParams : undefined;
    return Object.assign(answer, { path, location, landed });
  }

  keep(cookie) {
    const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/);
    if (/max-age=0\b/i.test(cookie)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }

  /** Sends the page's form that has all these fields, with them filled in. */
  async submit(page, fields) {
    const { action, form } = this.fill(page, fields);
    return this.open(action, { form });
  }

  /** What `submit` sends. */
  fill(page, fields) {
    const has = (form, name) => form.querySelector(`[name="${name}"]`);
    const form = page.html.querySelectorAll('form').find((form) => Object.keys(fields).every((name) => has(form, name)));
    if (!form) throw new Error(`${page.status}: no form with ${Object.keys(fields)} in ${page.text}`);
    const sent = new URLSearchParams();
    for (const input of form.querySelectorAll('input')) {
      const { name, value, type } = input.attributes;
      const off = 'disabled' in input.attributes || (type === 'checkbox' && !('checked' in input.attributes));
      if (!name || off || name in fields) continue;
      sent.append(name, value ?? '');
    }
    for (const select of form.querySelectorAll('select')) {
      const options = select.querySelectorAll('option');
      const chosen = options.find((option) => 'selected' in option.attributes) ?? options[0];
      if (!(select.getAttribute('name') in fields)) sent.append(select.getAttribute('name'), chosen.getAttribute('value'));
    }
    for (const [name, value] of Object.entries(fields)) for (const each of [value].flat()) sent.append(name, each);
    return { action: form.getAttribute('action'), form: sent };
  }
}

/**
 * Sends all but the last byte of every body, then all last bytes together: the requests have arrived
 * and wait, so the race is the server's and not the network's. Each is `{ path, form, method, headers }`.
 */
export async function atOnce(world, requests) {
  const sent = requests.map(({ path, form, body, method = 'POST', headers = {} }) => {
    const bytes = Buffer.from(body ?? new URLSearchParams(form).toString());
    const type = form ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
    const request = http.request(world.origin + path, { agent: false, method, headers: { ...ADDRESS, ...type, ...headers, 'content-length': bytes.length }, timeout: 120_000 });
    const answer = new Promise((resolve, reject) => {
      request.once('error', reject).once('timeout', () => request.destroy(new Error(`no answer on ${path}`)));
      request.once('response', async (response) => {
        let text = '';
        for await (const part of response.setEncoding('utf8')) text += part;
        resolve(new Answer(response.statusCode, response.headers, text));
      });
    });
    const waiting = new Promise((resolve) => request.write(bytes.subarray(0, -1), resolve));
    return { request, last: bytes.subarray(-1), answer, waiting: Promise.race([waiting, answer]) };
  });
  await Promise.all(sent.map(({ waiting }) => waiting));
  for (const { request, last } of sent) request.end(last);
  return Promise.all(sent.map(({ answer }) => answer));
}

/** So many of the same. */
export const times = (count, make) => Array.from({ length: count }, (_, index) => make(index));

/** How often each status was answered: `{ 200: 1, 400: 49 }`. */
export function statuses(answers) {
  const counts = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

export const basic = (id, secret) => `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;

/** The storage behind faulty.mjs: what it was asked, and how it is to misbehave. */
export class Storage {
  /** @param watched false: where nobody reads `steps`, and nothing fails but in a mood, a request is told once instead of at each step */
  constructor({ watched = true } = {}) {
    this.watched = watched;
    this.steps = [];
    this.rows = [];
    this.written = 0; // rows of D1, with those of its indexes, by transactions
    this.running = new Set();
    this.clock = 0; // how far the Worker's clock is ahead of ours …
    this.stopped = undefined; // … or where it stands
    this.mood = undefined;
    this.crash = false;
  }

  /** Where faulty.mjs asks: before every storage operation, around a request, and after a ledger's turn. */
  async listen() {
    this.server ??= http.createServer((request, response) => {
      const parts = [];
      request.on('data', (part) => parts.push(part)).on('end', () => {
        const fault = this.#plan(JSON.parse(Buffer.concat(parts)));
        response.end(JSON.stringify({ fault, clock: this.clock, stopped: this.stopped }));
      });
    }).unref();
    if (!this.server.listening) await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${this.server.address().port}`;
  }

  #plan(step) {
    if (step.part === 'request') {
      const { crash } = this;
      const quiet = !this.watched && !this.mood && !crash;
      this.crash = false;
      if (!quiet) this.running.add(step.id);
      return { crash, quiet };
    }
    if (step.part === 'behind') {
      this.running.add(step.id); // nobody watched it, but it runs on
      return undefined;
    }
    if (step.part === 'over') {
      this.running.delete(step.id);
      return undefined;
    }
    if (step.part === 'rows') {
      this.rows.push(step);
      return undefined;
    }
    if (step.part === 'written') {
      this.written += step.rows;
      return undefined;
    }
    if (step.part === 'woken') return undefined;
    this.steps.push(step);
    return this.mood?.(step);
  }

  /** The steps of what `work` asks are told, with those of what runs on after its answer. */
  async watching(work) {
    this.watched = true;
    const done = await work();
    await this.idle();
    this.watched = false;
    return done;
  }

  /** Until every request is over, with what runs on after its answer. One that trapped never is. */
  async idle() {
    const since = Date.now();
    while (this.running.size > 0 && Date.now() - since < 2_000) await new Promise((resolve) => setTimeout(resolve, 5));
    this.running.clear();
  }
}
