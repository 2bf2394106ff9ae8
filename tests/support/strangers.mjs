// One client of tests/strangers, named by STRANGER, through all that its head says of it. scripts/strangers runs
// this with node's test runner, after it has installed the client into STRANGER_FOLDER.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';

import { Process, Reported, Surfer, world } from '../clients/parts.mjs';
import { Storage, World } from '../worker/harness.mjs';
import { strangers } from './heads.mjs';
import { terminate } from './tls.mjs';

const stranger = strangers().find(({ name }) => name === process.env.STRANGER);
const folder = process.env.STRANGER_FOLDER;
const { file, extension, type = 'confidential', driven = 'by calls', enter = '/login', callback = '/callback' } = stranger;
const [, site] = driven.match(/^as a (.*)$/) ?? [];
const loopback = driven === 'on loopback'; // it listens, on a port of its own choice
const settings = Object.fromEntries((stranger.worker ?? '').split(' ').filter((word) => word.includes('=')).map((pair) => pair.split('=')));
const secure = (stranger.worker ?? '').split(' ').includes('https');

/** How a file is run; what is to be compiled has been, by scripts/strangers. */
function command() {
  const here = join(folder, basename(file));
  switch (extension) {
    case '.rb': return ['ruby', [file]];
    case '.pl': return ['perl', [file]];
    case '.py': return [join(folder, 'venv/bin/python'), [file]];
    case '.c':
    case '.go': return [join(folder, 'client'), []];
    case '.java': return ['java', ['-cp', `/usr/share/java/*`, file]];
    case '.r': return ['Rscript', [file]];
    case '.sh': return ['bash', [file]];
    case '.mjs': // beside its packages, where Node looks for them
      copyFileSync(file, here);
      return [process.execPath, [here]];
    default: throw new Error(`nobody knows how to run ${file}`);
  }
}

/** A port that was free a moment ago. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** Runs the client on a new application of the world that is; all it is told is in its environment. */
async function start(t, { set = true } = {}) {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const redirectUri = loopback ? `http://127.0.0.1${callback === '/' ? '' : callback}` : site ? origin + callback : type === 'public' ? 'com.example.app:/callback' : 'https://app.example/callback';
  const application = await world.server.application(type, {
    redirect_uris: loopback && type === 'confidential' ? [redirectUri, `http://localhost:${port}`, `http://localhost:${port}/`] : [redirectUri],
  });
  if (site === 'resource server') await world.server.admin('PATCH', `/applications/${application.id}`, { introspects: set });
  const scratch = mkdtempSync(join(tmpdir(), 'stranger-'));
  const { PATH, HOME } = process.env;
  const env = {
    PATH, HOME, PORT: port, NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS, CA: join(process.env.STRANGER_TLS, 'cert.pem'), FOLDER: scratch, ISSUER: world.origin, REDIRECT_URI: redirectUri,
    CLIENT_ID: application.id, CLIENT_SECRET: application.secret ?? '',
    ...(!set && { WITHOUT_SETTING: 'yes' }),
    ...(site === 'resource server' && { SIGNING_KEYS: world.server.settings.SIGNING_KEYS }),
  };
  const child = new Group(env);
  if (obtain !== login) child.patience = 90_000; // librdkafka asks five times before it says a word
  t.after(async () => {
    await child.stop();
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  });
  if (site) await listening(port, child);
  return { application, child, origin };
}

/** A client's process is a group, so that what a shell starts ends with it. */
class Group extends Process {
  constructor(env) {
    const [program, args] = command();
    super(spawn(program, args, { env, cwd: env.FOLDER, detached: true, stdio: ['pipe', 'pipe', process.env.VERBOSE ? 'inherit' : 'ignore'] }));
  }

  async stop() {
    const alive = (signal) => {
      try {
        return process.kill(-this.process.pid, signal);
      } catch {
        return false; // nobody of the group is left
      }
    };
    alive('SIGTERM');
    for (let tries = 0; tries < 50 && alive(0); tries += 1) await new Promise((resolve) => setTimeout(resolve, 100));
    alive('SIGKILL');
  }
}

async function listening(port, child) {
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.process.exitCode !== null) throw new Error(`the client ended with ${child.process.exitCode}; VERBOSE=1 shows what it said`);
    const answered = await fetch(`http://127.0.0.1:${port}${enter}`, { redirect: 'manual' }).then(({ status }) => status !== 404 && status !== 503, () => false);
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the client does not listen');
}

/** From the client to the pages, and back to it: what its site shows, or the address that a browser was sent to. */
async function visit(client, decision = 'approve') {
  const { child, origin } = client;
  const browser = client.browser = new Surfer(world.server);
  let page = await browser.open(site ? origin + enter : await child.call('authorize'));
  const { email, password } = world.user;
  if (!page.html.querySelector('[name="login"]')) throw new Reported({ message: `no login page: ${page.status} ${page.text}` });
  page = await browser.submit(page, { login: email, password });
  if (page.html.querySelector('[name="decision"]')) page = await browser.submit(page, { decision });
  return page;
}

/** Logs in; gives the tokens, or what the site shows. */
async function login(client, decision) {
  const page = await visit(client, decision);
  if (loopback) return client.child.call('callback', page.callback ? await (await fetch(page.callback)).text() : '');
  if (!site) return client.child.call('callback', page.callback?.href ?? assert.fail(`no redirect: ${page.status} ${page.text}`));
  const { id, email, username } = world.user;
  if (page.status !== 200 || ![id, email, username].some((name) => page.text.includes(name))) throw new Reported({ message: `${page.status} ${page.text}` });
  return page.text;
}

/** An error that says this, for an application to show or to log. */
const says = (text) => (error) => {
  assert.ok(error instanceof Reported, error);
  assert.ok(`${error.type} ${error.message}`.includes(text), `it says ${error.type} ${error.message}`);
  return true;
};

const refresh = ({ child }, { refresh_token }) => child.call('refresh', refresh_token);
const proves = (claim) => stranger.proves.includes(claim) && !stranger.fails;
const device = proves('device grant') && !proves('login');

/** How it gets its first tokens; and the request that is refused later, to which it tells its application what the server said. */
const obtain = proves('login') ? login : ({ child }) => child.call('token');
const renews = !site && proves('refresh') && stranger.refused !== 'at a login';
const again = renews ? refresh : (client) => obtain(client);

/** A test of what the head claims. */
const when = (claimed, name, work) => claimed && test(name, work);

const storage = new Storage();
const down = () => { storage.mood = (step) => (step.part === 'ledger' || (!site && obtain !== login)) && { before: 'down' }; };
const up = () => { storage.mood = () => undefined; };
before(async () => become(await open({ storage })));
after(() => close(world.server));

/** A Worker, over TLS where the client wants it so. */
async function open({ settings: more, ...options } = {}) {
  if (!secure) return World.start({ ...options, settings: { ...settings, ...more } });
  let inside;
  const front = await terminate(process.env.STRANGER_TLS, () => inside);
  const origin = `https://127.0.0.1:${front.address().port}`;
  const server = await World.start({ ...options, settings: { ...settings, ...more, ISSUER: origin } });
  inside = server.origin;
  return Object.assign(server, { origin, front });
}

async function close(server) {
  server?.front?.closeAllConnections();
  server?.front?.close();
  await server?.stop();
}

async function become(server) {
  Object.assign(world, { server, origin: server.origin, user: await server.user() });
}

when(stranger.fails, 'it fails as its row says', async (t) => {
  await assert.rejects(async () => login(await start(t)), says(stranger.fails));
});

when(proves('login'), 'login', async (t) => {
  const client = await start(t);
  const tokens = await login(client);
  if (site) return;
  const me = await client.child.call('me', tokens.access_token);
  assert.equal(String(me.id ?? me.sub), world.user.id);
});

when(!site && proves('refresh'), 'refresh', async (t) => {
  const client = await start(t);
  const tokens = await login(client);
  const next = await refresh(client, tokens);
  assert.notEqual(next.access_token, tokens.access_token);
  assert.equal((await world.server.me(next.access_token)).status, 200);
  const third = await refresh(client, next);
  assert.equal((await world.server.me(third.access_token)).status, 200, 'the refresh token that came along is good');
});

/** What a site has after it has refreshed, as its page says in JSON. */
async function refreshed({ browser, origin }) {
  const page = await browser.open(origin + (stranger.refresh ?? '/refresh'));
  if (!page.text.includes('"access_token"')) throw new Reported({ message: `${page.status} ${page.text}` });
  return JSON.parse(page.text);
}

when(site === 'site' && proves('refresh'), 'refresh of a site', async (t) => {
  const client = await start(t);
  await login(client);
  const [first, second] = [await refreshed(client), await refreshed(client)];
  assert.notEqual(first.access_token, second.access_token);
  for (const { access_token } of [first, second]) assert.equal((await world.server.me(access_token)).status, 200);
});

when(site === 'site' && proves('revocation'), 'revocation of a site', async (t) => {
  const client = await start(t);
  await login(client);
  const { access_token } = await refreshed(client);
  if (stranger.revoke) await client.browser.open(client.origin + stranger.revoke);
  else await world.server.revoke(client.application, access_token);
  assert.equal((await world.server.me(access_token)).status, 401);
  await assert.rejects(async () => refreshed(client), Reported);
});

when(!site && proves('revocation'), 'revocation', async (t) => {
  const client = await start(t);
  const tokens = await login(client);
  const own = await client.child.call('revoke', tokens.refresh_token).then(() => true, (error) => (error.message === 'no such call' ? false : Promise.reject(error)));
  if (!own) await world.server.revoke(client.application, tokens.refresh_token);
  assert.equal((await world.server.me(tokens.access_token)).status, 401);
  await assert.rejects(async () => refresh(client, tokens), Reported);
  await assert.rejects(async () => client.child.call('me', tokens.access_token), Reported);
});

when(proves('login') && proves('denial'), 'denial', async (t) => {
  await assert.rejects(async () => login(await start(t), 'deny'), says(stranger.denial));
});

/** For one test, a Worker that takes one request for tokens at a time. */
async function limited(t) {
  const { ...before } = world;
  await become(await open({ settings: { RATE_LIMIT_TOKEN: stranger.limit ?? '1/600' } }));
  t.after(async () => {
    await close(world.server);
    Object.assign(world, before);
  });
}

when(!device && proves('limited answer'), 'a limited answer', async (t) => {
  await limited(t);
  const client = await start(t);
  const tokens = await obtain(client);
  if (obtain !== login) await obtain(client); // the first was counted for its address: the isolate did not know the application
  await assert.rejects(async () => again(client, tokens), says(stranger.limited));
});

when(proves('client credentials'), 'client credentials', async (t) => {
  const { child, application } = await start(t);
  const { access_token } = await child.call('token');
  assert.equal((await world.server.introspect(application, access_token)).json.active, true);
});

/** A device that shows a code. */
async function begin(t) {
  const { child } = await start(t);
  return { child, code: await child.call('device') };
}

when(device, 'device grant', async (t) => {
  const browser = await world.server.login(world.user);
  const { child, code } = await begin(t);
  const polled = child.call('poll');
  await new Promise((resolve) => setTimeout(resolve, 6_000)); // one poll in vain
  await world.server.answerDevice(browser, code);
  assert.equal((await world.server.me((await polled).access_token)).json.id, world.user.id);
});

when(device && proves('denial'), "a device's denial", async (t) => {
  const browser = await world.server.login(world.user);
  const { child, code } = await begin(t);
  await world.server.answerDevice(browser, code, 'deny');
  await assert.rejects(async () => child.call('poll'), says(stranger.denial));
});

when(device && proves('limited answer'), 'a limited poll', async (t) => {
  await limited(t);
  const { child } = await begin(t);
  await assert.rejects(async () => child.call('poll'), says(stranger.limited));
});

when(device && proves('outage'), 'a poll in an outage', async (t) => {
  const { child } = await begin(t);
  t.after(up);
  down();
  await assert.rejects(async () => child.call('poll'), says(stranger.outage));
  up();
  const browser = await world.server.login(world.user);
  const again = await begin(t);
  await world.server.answerDevice(browser, again.code);
  assert.equal((await world.server.me((await again.child.call('poll')).access_token)).status, 200);
});

when(site !== 'resource server' && !device && proves('outage'), 'an outage', async (t) => {
  const client = await start(t);
  const tokens = renews ? await login(client) : undefined;
  t.after(up);
  // Consent needs storage too: at a login, it is down as soon as the browser has its code.
  if (again !== refresh && obtain === login) onCode(t, down);
  else down();
  await assert.rejects(async () => again(client, tokens), says(stranger.outage));
  t.mock.restoreAll();
  up();
  await new Promise((resolve) => { setTimeout(resolve, 1_100); }); // as long as Retry-After said: some ask nobody before
  await again(client, tokens);
});

/** Does something when a browser is on its way to the client with a code. */
function onCode(t, act) {
  const { open: opened } = Surfer.prototype;
  t.mock.method(Surfer.prototype, 'open', function (...args) {
    this.meddle = (code) => { act(); return code; };
    return opened.apply(this, args);
  });
}

when(stranger.without, 'it does not work without its setting', async (t) => {
  const client = await start(t, { set: false });
  if (proves('login')) return assert.rejects(async () => login(client), says(stranger.without));
  const { origin } = client;
  const tokens = await foreign();
  return assert.equal(await ask(origin, tokens.access_token), Number(stranger.without));
});

/** Tokens of another application, which a resource server is shown. */
async function foreign() {
  const reader = await world.server.application('confidential');
  const browser = new Surfer(world.server);
  await browser.submit(await browser.open('/login'), { login: world.user.email, password: world.user.password });
  return { reader, browser, ...await world.server.tokens(browser, reader, { scope: 'identify email' }) };
}

const ask = async (origin, token) => (await fetch(origin + enter, { headers: token ? { authorization: `Bearer ${token}` } : {} })).status;

when(proves('introspection'), 'introspection', async (t) => {
  const { origin } = await start(t);
  const { reader, browser, access_token, refresh_token } = await foreign();
  assert.equal(await ask(origin, access_token), 200);
  assert.equal(await ask(origin, `${access_token}x`), 401);
  assert.equal(await ask(origin), 401);
  await world.server.revoke(reader, refresh_token);
  const fresh = await world.server.tokens(browser, reader, { scope: 'identify email' });
  await world.server.revoke(reader, fresh.refresh_token);
  assert.equal(await ask(origin, fresh.access_token), 401, 'a revoked token that it has not seen before');
});

when(site === 'resource server' && proves('outage'), 'a resource server in an outage', async (t) => {
  const { origin } = await start(t);
  const { access_token } = await foreign();
  t.after(up);
  down();
  assert.equal(await ask(origin, access_token), Number(stranger.outage));
  up();
  assert.equal(await ask(origin, access_token), 200);
});
