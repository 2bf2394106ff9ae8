// A platform with users of its own, whose authorization server is fluxer-oauth2: a login page, the
// directory that the server asks, the events that it is told, and those that it tells. Users and guilds are in SQLite.

import { createHash, createHmac, randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { DatabaseSync } from 'node:sqlite';

const { PORT = '8788', ISSUER = 'http://127.0.0.1:8787', PLATFORM_KEY = '', DATABASE = ':memory:' } = process.env;
if (!PLATFORM_KEY) throw new Error('PLATFORM_KEY is missing');

const database = new DatabaseSync(DATABASE);
database.exec(`
  CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, name TEXT UNIQUE, email TEXT, password TEXT, admin INTEGER, disabled INTEGER DEFAULT 0);
  CREATE TABLE IF NOT EXISTS guilds (id TEXT PRIMARY KEY, name TEXT, owner_id TEXT);
  CREATE TABLE IF NOT EXISTS members (guild_id TEXT, user_id TEXT, permissions TEXT, PRIMARY KEY (guild_id, user_id));
  CREATE TABLE IF NOT EXISTS installations (key TEXT PRIMARY KEY, guild_id TEXT, application_id TEXT, permissions TEXT);
  CREATE TABLE IF NOT EXISTS told (id TEXT PRIMARY KEY, at TEXT, type TEXT, user_id TEXT, application_id TEXT);
  CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, name TEXT UNIQUE, user_id TEXT, proven_at INTEGER);
`);

type User = { id: string; name: string; email: string; password: string; admin: number; disabled: number };
type Session = { id: string; name: string; user_id: string; proven_at: number };
type Guild = { id: string; name: string; owner_id: string };

const one = <T>(sql: string, ...values: (string | number)[]) => database.prepare(sql).get(...values) as T | undefined;
const all = <T>(sql: string, ...values: (string | number)[]) => database.prepare(sql).all(...values) as T[];
const run = (sql: string, ...values: (string | number)[]) => database.prepare(sql).run(...values).changes > 0;

const hashed = (password: string, salt = randomBytes(16).toString('hex')) => `${salt}:${scryptSync(password, salt, 32).toString('hex')}`;
const isRight = (password: string, stored: string) => same(hashed(password, stored.split(':')[0]), stored);
const same = (one: string, other: string) => timingSafeEqual(createHash('sha256').update(one).digest(), createHash('sha256').update(other).digest());

for (const [id, name, admin] of [['1456074443980800001', 'demo', 0], ['1456074443980800002', 'admin', 1], ['1456074443980800005', 'visitor', 0]] as const) {
  run('INSERT OR IGNORE INTO users (id, name, email, password, admin) VALUES (?, ?, ?, ?, ?)', id, name, `${name}@example.com`, hashed(`${name}-password`), admin);
}
run("INSERT OR IGNORE INTO guilds VALUES ('1456074443980800007', 'Chess Club', '1456074443980800002')");
run("INSERT OR IGNORE INTO members VALUES ('1456074443980800007', '1456074443980800002', '8'), ('1456074443980800007', '1456074443980800001', '32')");

// The directory: what the server asks, signed with the first key.

const isSigned = (request: IncomingMessage, body: string) => {
  const [, t, signature] = String(request.headers['x-signature']).match(/^t=(\d+),v1=([0-9a-f]{64})$/) ?? [];
  if (!t || Math.abs(Number(t) - Date.now() / 1000) > 60) return false;
  const digest = createHash('sha256').update(body).digest('hex');
  const signed = createHmac('sha256', PLATFORM_KEY.split(',')[0]).update(`${t}.${request.method}.${request.url}.${digest}`).digest('hex');
  return same(signed, signature);
};

const shown = ({ id, name, email, admin, disabled }: User) => ({ id, username: name, avatar: null, discriminator: '0000', public_flags: 0, email, verified: true, admin: admin === 1, disabled: disabled === 1 });
const MEMBERSHIP = "SELECT guilds.id, guilds.name, NULL AS icon, guilds.owner_id = members.user_id AS owner, members.permissions FROM members JOIN guilds ON guilds.id = members.guild_id";
const membership = (row: { owner: number }) => ({ ...row, owner: row.owner === 1 });

/** The answer to a question of the directory; `undefined`: there is no such thing. */
function directory(method: string, url: URL, body: string): unknown {
  const [, , kind, id = '', part, other = ''] = url.pathname.split('/');
  if (kind === 'users' && !part) {
    const user = one<User>('SELECT * FROM users WHERE id = ?', id);
    return user && shown(user);
  }
  if (kind === 'users' && part === 'guilds') {
    const [after, limit] = [url.searchParams.get('after') ?? '0', Number(url.searchParams.get('limit') ?? 200)];
    return all<{ owner: number }>(`${MEMBERSHIP} WHERE members.user_id = ? AND CAST(guilds.id AS INTEGER) > CAST(? AS INTEGER) ORDER BY CAST(guilds.id AS INTEGER) LIMIT ?`, id, after, limit).map(membership);
  }
  if (kind === 'users' && part === 'connections') return [];
  const guild = kind === 'guilds' ? one<Guild>('SELECT * FROM guilds WHERE id = ?', id) : undefined;
  if (!guild) return undefined;
  if (!part) return { ...guild, icon: null };
  if (part === 'members') {
    const row = one<{ owner: number }>(`${MEMBERSHIP} WHERE members.guild_id = ? AND members.user_id = ?`, id, other);
    return row && membership(row);
  }
  if (part === 'bots' && method === 'DELETE') {
    run('DELETE FROM installations WHERE guild_id = ? AND application_id = ?', id, other);
    run('DELETE FROM members WHERE guild_id = ? AND user_id = ?', id, other);
    return {};
  }
  return part === 'bots' ? addBot(guild, other, JSON.parse(body)) : undefined;
}

/** Adds a bot once for each key, or gives one that is there more, with no more than whoever adds it has. */
function addBot(guild: Guild, application: string, { permissions, installed_by, key }: { permissions: string; installed_by: string; key: string }) {
  const before = one<{ permissions: string }>('SELECT permissions FROM installations WHERE key = ?', key);
  if (before) return { permissions: before.permissions };
  const held = one<{ permissions: string }>('SELECT permissions FROM members WHERE guild_id = ? AND user_id = ?', guild.id, installed_by);
  const rights = BigInt(held?.permissions ?? 0);
  const isAll = guild.owner_id === installed_by || (rights & 8n) !== 0n;
  if (!isAll && (rights & 32n) === 0n) return 403;
  const there = one<{ permissions: string }>('SELECT permissions FROM members WHERE guild_id = ? AND user_id = ?', guild.id, application);
  const kept = BigInt(there?.permissions ?? 0);
  const granted = (kept | (isAll ? BigInt(permissions) : BigInt(permissions) & rights)).toString();
  if (there && granted === there.permissions) return 409;
  run('INSERT OR REPLACE INTO members VALUES (?, ?, ?)', guild.id, application, granted);
  run('INSERT INTO installations VALUES (?, ?, ?, ?)', key, guild.id, application, granted);
  return { permissions: granted };
}

// What the server says of its own accord: that an authorization began or ended. It may say so twice, under one id.

type Told = { at: string; type: string; application_id: string };

/** Whether an event is signed with the key (Standard Webhooks), now. */
const isEvent = ({ headers }: IncomingMessage, body: string) => {
  const [id, at, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => String(headers[name] ?? ''));
  if (!(Math.abs(Number(at) - Date.now() / 1000) < 300)) return false;
  const signed = createHmac('sha256', PLATFORM_KEY.split(',')[0]).update(`${id}.${at}.${body}`).digest('base64');
  return signatures.split(' ').some((signature) => same(signature, `v1,${signed}`));
};

function hear(id: string, { type, timestamp, data }: { type: string; timestamp: string; data: { user: { id: string } | null; application_id: string } }) {
  run('INSERT OR IGNORE INTO told VALUES (?, ?, ?, ?, ?)', id, timestamp, type, data.user?.id ?? '', data.application_id);
}

// The server's back channel: what a login is for, whose it was, and what becomes of a user.

const ask = async (method: string, path: string, body?: unknown) => {
  const response = await fetch(ISSUER + path, {
    method, body: body ? JSON.stringify(body) : undefined,
    headers: { authorization: `Bearer ${PLATFORM_KEY.split(',')[0]}`, 'content-type': 'application/json' },
  });
  return { status: response.status, json: (await response.json().catch(() => undefined)) as any };
};

const tell = (type: string, user: string, session?: string) =>
  ask('POST', '/api/platform/events', { jti: randomBytes(16).toString('hex'), type, subject: user, session_id: session, at: new Date().toISOString() });

// The pages.

const escaped = (text: string) => text.replace(/[&<>"']/g, (it) => `&#${it.charCodeAt(0)};`);
const page = (title: string, body: string) => `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>body{font:1rem/1.5 system-ui;max-width:24rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}input,button{font:inherit;display:block;width:100%;box-sizing:border-box;margin:.25rem 0 1rem;padding:.5rem}</style>
<h1>${title}</h1>${body}`;

function send(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}) {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'", ...headers }).end(body);
}

const session = (request: IncomingMessage) => {
  const [, id = ''] = request.headers.cookie?.match(/platform_session=([\w-]+)/) ?? [];
  return one<Session>('SELECT * FROM sessions WHERE id = ?', createHash('sha256').update(id).digest('hex'));
};

/** Tells the server whose login it was, and sends the browser back there. */
async function accept(response: ServerResponse, challenge: string, { user_id, proven_at, name }: Session, cookie?: string) {
  const { status, json } = await ask('POST', `/api/login/${challenge}/accept`, { subject: user_id, auth_time: proven_at, amr: ['pwd'], session_id: name, remember_seconds: 3600 });
  if (status !== 200) return send(response, 400, page('Start again', '<p>This login is over. Go back to the application.</p>'));
  return send(response, 303, '', { location: json.redirect_to, ...(cookie && { 'set-cookie': cookie }) });
}

async function login(request: IncomingMessage, response: ServerResponse, url: URL, form: URLSearchParams) {
  const challenge = url.searchParams.get('login_challenge') ?? '';
  const { status, json: asked } = await ask('GET', `/api/login/${encodeURIComponent(challenge)}`);
  if (status !== 200) return send(response, 400, page('Start again', '<p>This login is over. Go back to the application.</p>'));
  const current = session(request);
  const age = current ? Date.now() / 1000 - current.proven_at : Infinity;
  const isFresh = asked.prompt?.includes('login') ? false : age <= (asked.max_age ?? Infinity);
  if (request.method === 'GET' && current && isFresh) return accept(response, challenge, current);
  if (request.method === 'POST' && form.has('cancel')) {
    const { json } = await ask('POST', `/api/login/${challenge}/reject`, { error: 'access_denied' });
    return send(response, 303, '', { location: json.redirect_to });
  }
  const user = request.method === 'POST' ? one<User>('SELECT * FROM users WHERE name = ? AND disabled = 0', form.get('name') ?? '') : undefined;
  if (user && isRight(form.get('password') ?? '', user.password)) {
    const [id, name] = [randomBytes(32).toString('base64url'), randomBytes(16).toString('hex')];
    const made = { id: createHash('sha256').update(id).digest('hex'), name, user_id: user.id, proven_at: Math.floor(Date.now() / 1000) };
    run('INSERT INTO sessions VALUES (?, ?, ?, ?)', made.id, made.name, made.user_id, made.proven_at);
    return accept(response, challenge, made, `platform_session=${id}; HttpOnly; SameSite=Lax; Path=/`);
  }
  const who = asked.client ? `to continue to ${escaped(asked.client.name)}` : 'to your account';
  return send(response, 200, page('Log in', `<p>Log in ${who}.</p>${request.method === 'POST' ? '<p role="alert">Wrong name or password.</p>' : ''}
<form method="post"><label>Name <input name="name" autocomplete="username" value="${escaped(asked.login_hint ?? '')}"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label><button>Log in</button><button name="cancel" value="1">Cancel</button></form>`));
}

/** The user's account here: what ends there what they started. */
async function account(request: IncomingMessage, response: ServerResponse, form: URLSearchParams) {
  const current = session(request);
  if (!current) return send(response, 401, page('Account', '<p>You are not logged in.</p>'));
  if (request.method === 'POST') {
    const isDisabling = form.get('action') === 'disable';
    if (isDisabling) run('UPDATE users SET disabled = 1 WHERE id = ?', current.user_id);
    run('DELETE FROM sessions WHERE id = ?', current.id);
    // Told until it is heard: a platform of size keeps this in a queue.
    await tell(isDisabling ? 'account-disabled' : 'session-revoked', current.user_id, isDisabling ? undefined : current.name);
    return send(response, 303, '', { location: '/account' });
  }
  const told = all<Told>('SELECT * FROM told WHERE user_id = ? ORDER BY rowid DESC LIMIT 20', current.user_id);
  const lines = told.map(({ at, type, application_id }) => `<li>${escaped(at)}: ${escaped(type)} (${escaped(application_id)})</li>`);
  return send(response, 200, page('Account', `<form method="post"><button name="action" value="logout">Log out everywhere</button><button name="action" value="disable">Disable my account</button></form><h2>Applications</h2><ul>${lines.join('')}</ul>`));
}

async function answer(request: IncomingMessage, response: ServerResponse) {
  const url = new URL(request.url ?? '/', 'http://platform');
  let body = '';
  for await (const part of request.setEncoding('utf8')) if ((body += part).length > 65_536) return send(response, 413, '');
  if (url.pathname.startsWith('/directory/')) {
    if (!isSigned(request, body)) return send(response, 401, '');
    const found = directory(request.method ?? 'GET', url, body);
    if (typeof found === 'number') return send(response, found, '');
    return send(response, found === undefined ? 404 : 200, JSON.stringify(found ?? {}), { 'content-type': 'application/json' });
  }
  if (url.pathname === '/authorization-events' && request.method === 'POST') {
    if (!isEvent(request, body)) return send(response, 401, '');
    hear(String(request.headers['webhook-id']), JSON.parse(body));
    return send(response, 204, '');
  }
  // A form of another site's is none of ours.
  const isForeign = request.method === 'POST' && !['same-origin', undefined].includes(request.headers['sec-fetch-site'] as string | undefined);
  if (isForeign) return send(response, 403, '');
  if (url.pathname === '/login') return login(request, response, url, new URLSearchParams(body));
  if (url.pathname === '/account') return account(request, response, new URLSearchParams(body));
  return send(response, 404, page('Not found', ''));
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.headersSent || send(response, 500, ''));
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`The platform listens on http://127.0.0.1:${PORT}`));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
