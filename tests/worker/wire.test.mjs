// What the runtime adds to the contract, which tests/flows holds over HTTP: bodies as they arrive, and the files
// that storage becomes.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { World } from './harness.mjs';
import { administration, bearer } from './platform.mjs';

let world, admin, web, app;
before(async () => {
  world = await World.start();
  admin = await administration(world);
  [web, app] = [await world.application('confidential', { bot: true }), await world.application('public')];
});
after(() => world?.stop());

// --- bodies ----------------------------------------------------------------------------------------

/** Sends raw bytes, some of them late, and reads to the end. */
function raw(parts) {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = net.connect(world.port, '127.0.0.1', async () => {
      for (const [bytes, wait = 0] of parts) {
        if (wait) await sleep(wait);
        if (!socket.writable) return;
        socket.write(bytes);
      }
    });
    socket.setTimeout(60_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (data) => (text += data)).on('error', (error) => (text ? resolve(text) : reject(error))).on('close', () => resolve(text));
  });
}
const head = (...headers) => `POST /oauth2/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n${headers.map((it) => `${it}\r\n`).join('')}\r\n`;
const status = (text) => Number(text.match(/^HTTP\/1\.1 (\d+)/)?.[1]);

test('a body over 64 KiB is 413, however it comes', async () => {
  const long = 'x'.repeat(65_537);
  for (const path of ['/oauth2/token', '/oauth2/revoke', '/oauth2/introspect', '/api/admin/users', '/login']) {
    assert.equal((await world.request(path, { method: 'POST', body: long, headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status, 413, path);
  }
  assert.equal(status(await raw([[head(`Content-Length: ${20 * 1024 * 1024}`)], ['x'.repeat(1_000)], ['x'.repeat(1_000), 100]])), 413, 'declared, and sent slowly');
  const chunk = `${(16_384).toString(16)}\r\n${'x'.repeat(16_384)}\r\n`;
  assert.equal(status(await raw([[head('Transfer-Encoding: chunked')], ...Array(5).fill([chunk, 20]), ['0\r\n\r\n']])), 413, 'undeclared');
  const most = new URLSearchParams({ ...web.refresh('x'), padding: '' }).toString();
  assert.equal((await world.post('/oauth2/token', { ...web.refresh('x'), padding: 'x'.repeat(65_536 - most.length) })).json.error, 'invalid_grant', '64 KiB are fine');
});

test('a body that comes slowly or in chunks is read', async () => {
  const body = new URLSearchParams(web.refresh('x')).toString();
  const half = body.length >> 1;
  const slow = await raw([[head(`Content-Length: ${body.length}`)], [body.slice(0, half), 100], [body.slice(half), 300]]);
  assert.match(slow, /^HTTP\/1\.1 400[\s\S]*invalid_grant/);
  const chunks = [...body].map((byte) => `1\r\n${byte}\r\n`).join('');
  assert.match(await raw([[head('Transfer-Encoding: chunked')], [`${chunks}0\r\n\r\n`]]), /^HTTP\/1\.1 400[\s\S]*invalid_grant/);
});

test('a broken body is a client’s mistake, not a fault of ours', async () => {
  const answer = status(await raw([[head('Transfer-Encoding: chunked')], ['zz\r\nnot a chunk\r\n']]));
  assert.ok(answer >= 400 && answer < 500, String(answer));
  for (const [type, body] of [
    ['application/x-www-form-urlencoded', '%'], ['application/x-www-form-urlencoded', 'a=%ff%fe'], ['application/x-www-form-urlencoded', '&&&='],
    ['application/json', '{'], ['application/json', '[]'], ['application/json', '{"grant_type":1}'], ['application/json', '"\\ud800"'],
    ['text/plain', 'grant_type=x'], ['multipart/form-data', 'x'], ['application/x-www-form-urlencoded; charset=utf-16', 'grant_type=x'],
  ]) {
    for (const path of ['/oauth2/token', '/oauth2/revoke', '/oauth2/introspect']) {
      const refused = await world.request(path, { method: 'POST', body, headers: { 'content-type': type } });
      assert.ok([400, 401].includes(refused.status), `${path} ${type} ${body}: ${refused.status}`);
      assert.ok(refused.json.error);
    }
  }
  const packed = await world.request('/oauth2/token', { method: 'POST', body: 'x', headers: { 'content-encoding': 'gzip', 'content-type': 'application/x-www-form-urlencoded' } });
  assert.equal(packed.status, 415);
});

test('a broken body does not take the next request with it', async () => {
  await Promise.all(Array.from({ length: 20 }, () => raw([[head('Transfer-Encoding: chunked')], ['zz\r\n']])));
  assert.equal((await world.request('/healthz')).status, 200);
});

test('of very many unknown fields the first are named, and the type of a body may be spelled in any way', async () => {
  const many = await admin('POST', '/api/admin/applications', { name: 'x', ...Object.fromEntries(Array.from({ length: 7_000 }, (_, index) => [index.toString(36), 0])) });
  assert.equal(many.status, 400);
  assert.ok(many.json.errors.length > 0 && many.json.errors.length <= 20, 'no answer is much longer than its question');
  const odd = await admin('POST', '/api/admin/applications', JSON.parse('{"__proto__":{"trusted":true},"constructor":1,"name":"x"}'));
  assert.deepEqual([odd.status, odd.json.errors.map(({ path }) => path).sort()], [400, ['__proto__', 'constructor']]);
  for (const type of ['application/json; charset=utf-8', 'APPLICATION/JSON']) {
    const made = await world.request('/api/admin/applications', { method: 'POST', body: '{"name":"x"}', headers: { ...bearer(world.adminToken), 'content-type': type } });
    assert.deepEqual([made.status, made.json.trusted], [200, false], made.text);
  }
});

test('an odd spelling of a path is another path', async () => {
  for (const path of ['/.//api/admin/users', '/api//admin/users', '/api/ADMIN/users', '/api/%61dmin/users', '/api/x/..;/admin/users', '/api/admin/users/', '/oauth2/authorize;x', '/oauth2%2fauthorize']) {
    assert.equal((await world.request(path, { headers: bearer(world.adminToken) })).status, 404, path);
  }
});

// --- secrets ---------------------------------------------------------------------------------------

/** Every file of KV, D1 and the Durable Objects, logs of the databases included. */
function stored() {
  return readdirSync(world.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
}

test('no code, token, secret, password or cookie is ever stored or logged', async () => {
  const person = await world.user();
  const theirs = await world.login(person);
  const secrets = { password: person.password, session: theirs.cookies.get('fluxer_session'), form: (await theirs.ask('/api/oauth2/session')).json.csrf_token };
  for (const client of [web, app]) {
    const grant = await world.authorize(theirs, client);
    const granted = (await world.exchange(client, grant)).json;
    const refreshed = (await world.refresh(client, granted.refresh_token)).json;
    await world.revoke(client, refreshed.access_token);
    const { code, verifier } = grant;
    Object.entries({ code, verifier, secret: client.secret, access: granted.access_token, refresh: granted.refresh_token, next: refreshed.refresh_token })
      .forEach(([name, value]) => value && (secrets[`${client.type} ${name}`] = value));
  }
  await sleep(200); // the log comes after the answer
  Object.assign(secrets, { 'bot token': web.bot.token.split('.')[1], 'signing keys': world.settings.SIGNING_KEYS, 'admin secret': world.settings.ADMIN_CLIENT_SECRET, 'admin token': world.adminToken });
  const files = stored();
  const has = (text) => files.some((file) => file.includes(text));
  const hash = (secret) => createHash('sha256').update(secret).digest('base64url');
  // The search can fail: what is stored, it finds, in each of the three.
  assert.ok(has(person.email), 'D1');
  assert.ok(has(`code:${hash(secrets['confidential code'])}`), 'KV');
  assert.ok(has(web.redirectUri) && has(hash(secrets.session)), 'a ledger and a session');
  const { keys } = await (await world.mf.getKVNamespace('RECORDS')).list();
  assert.ok(keys.length > 0 && keys.every(({ name, expiration }) => /^(code:[\w-]{43}|refresh:[\w-]{22})$/.test(name) && expiration), 'only hashes and ids, each with an end');

  for (const [name, secret] of Object.entries(secrets)) {
    assert.ok(!has(secret), `${name} is stored`);
    const signature = secret.split('.')[2];
    assert.ok(!signature || !has(signature), `the signature of ${name} is stored`);
    assert.ok(!world.logged.some((line) => line.includes(secret)), `${name} is logged`);
  }
});

test('nothing of all this was a panic, or a fault', async () => {
  await sleep(200); // the log comes after the answer
  assert.deepEqual(world.logged, []);
});
