// Users who log in elsewhere without a back channel (PLATFORM_ACCEPT = "off"): the platform's page hands an assertion over,
// and its directory is a Worker beside this one, asked through the binding PLATFORM.

import assert from 'node:assert/strict';
import { createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { Response } from 'miniflare';

import { Browser, World, atOnce, statuses, times } from './harness.mjs';

const KEY = 'a-key-that-the-platform-has-too';
const ALICE = '1456074443980800001';

const keys = {};
let platform, directory, world, client;

before(async () => {
  keys.one = key('one');
  platform = { fetched: 0, published: [keys.one.jwk] };
  platform.server = http.createServer((_, response) => {
    platform.fetched += 1;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: platform.published }));
  });
  await new Promise((resolve) => platform.server.listen(0, '127.0.0.1', resolve));
  platform.origin = `http://127.0.0.1:${platform.server.address().port}`;
  directory = { asked: [], mood: undefined };
  world = await World.start({
    settings: { LOGIN_URL: `${platform.origin}/login`, PLATFORM_KEY: KEY, PLATFORM_ISSUER: platform.origin, PLATFORM_JWKS: `${platform.origin}/jwks.json`, PLATFORM_ACCEPT: 'off' },
    services: { PLATFORM: answer },
  });
  client = await world.application('confidential', { name: 'Chess' });
});
after(async () => {
  await new Promise((resolve) => (platform?.server ? platform.server.close(resolve) : resolve()));
  await world?.stop();
});

function key(kid) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' } };
}

/** The directory, as a Worker beside this one answers: what is signed, and nothing else. */
async function answer(request) {
  const url = new URL(request.url);
  const [, t, signature] = request.headers.get('x-signature').match(/^t=(\d+),v1=([0-9a-f]{64})$/);
  const digest = createHash('sha256').update(await request.text()).digest('hex');
  const signed = createHmac('sha256', KEY).update(`${t}.${request.method}.${url.pathname}${url.search}.${digest}`).digest('hex');
  directory.asked.push({ target: url.pathname + url.search, isSigned: signed === signature });
  if (directory.mood) return directory.mood();
  const users = { [`/directory/users/${ALICE}`]: { id: ALICE, username: 'alice', email: 'alice@example.com', verified: true }, [`/directory/users/${ALICE}/guilds`]: [{ id: '7', name: 'Chess Club', owner: false, permissions: '32' }] };
  const found = users[url.pathname];
  return new Response(JSON.stringify(found ?? {}), { status: found ? 200 : 404, headers: { 'content-type': 'application/json' } });
}

function assertion(challenge, { by = keys.one, ...more } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const part = (json) => Buffer.from(JSON.stringify(json)).toString('base64url');
  const claims = { iss: platform.origin, aud: world.origin, jti: challenge, sub: ALICE, auth_time: now - 1, amr: ['hwk'], sid: 's', exp: now + 50, remember_seconds: 3600, ...more };
  const input = `${part({ alg: 'ES256', typ: 'login+jwt', kid: by.kid })}.${part(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), { key: by.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/** A browser that was sent to the platform, and its challenge. */
async function sent(more = {}) {
  const browser = new Browser(world);
  const request = client.authorizationRequest({ scope: 'identify guilds', ...more });
  const at = new URL((await browser.open(request.url)).location);
  assert.equal(at.origin, platform.origin);
  return { browser, challenge: at.searchParams.get('login_challenge') };
}

/** The platform's page posts its form: no cookie comes with it. */
const handOver = (token, origin = platform.origin) => world.post('/oauth2/continue', { login_assertion: token }, { headers: { origin, 'sec-fetch-site': 'cross-site' } });

test('an assertion logs in, in its own browser alone, and the directory is asked through the binding', async () => {
  const visitor = await sent();
  const token = assertion(visitor.challenge);
  const handed = await handOver(token);
  assert.equal(handed.status, 303, handed.text);
  assert.equal(handed.headers.getSetCookie().length, 0);
  const way = handed.header('location');
  assert.match(way, /^\/oauth2\/continue\?login_verifier=/);
  assert.equal((await (await sent()).browser.ask(way)).status, 400);
  const consent = await visitor.browser.open(way);
  const done = await visitor.browser.submit(consent, { decision: 'approve' });
  const tokens = (await world.exchange(client, { code: done.landed.get('code') })).json;
  assert.equal((await world.me(tokens.access_token)).json.username, 'alice');
  const guilds = await world.request('/api/users/@me/guilds', { headers: { authorization: `Bearer ${tokens.access_token}` } });
  assert.deepEqual(guilds.json.map(({ name }) => name), ['Chess Club']);
  assert.ok(directory.asked.length >= 3 && directory.asked.every(({ isSigned }) => isSigned), JSON.stringify(directory.asked));
  // The same form again is the same answer, and it was used.
  const again = await handOver(token);
  assert.equal(again.header('location'), way);
  assert.equal((await (await sent()).browser.ask(way)).status, 400);
});

test('a hundred hand-overs of one assertion are one answer, and a hundred ways back are one session', async () => {
  const { browser, challenge } = await sent();
  const form = { login_assertion: assertion(challenge) };
  const handed = await atOnce(world, times(100, () => ({ path: '/oauth2/continue', form, headers: { origin: platform.origin, 'sec-fetch-site': 'cross-site' } })));
  assert.deepEqual(statuses(handed), { 303: 100 });
  const ways = new Set(handed.map((answer) => answer.header('location')));
  assert.equal(ways.size, 1);
  const [way] = ways;
  const answers = await atOnce(world, times(100, () => ({ path: way, method: 'GET', body: '', headers: { cookie: browser.cookie } })));
  const opened = answers.filter((answer) => String(answer.headers['set-cookie']).includes('fluxer_session='));
  assert.equal(opened.length, 1, JSON.stringify(statuses(answers)));
});

test('the key of the platform accepts nothing', async () => {
  const { challenge } = await sent();
  const body = { subject: ALICE, auth_time: Math.floor(Date.now() / 1000), amr: ['pwd'] };
  const accepted = await world.request(`/api/login/${challenge}/accept`, { method: 'POST', json: body, headers: { authorization: `Bearer ${KEY}` } });
  assert.equal(accepted.status, 404);
});

test('what another key signed, another site posted or another server was meant for opens nothing', async () => {
  const { challenge } = await sent();
  for (const [why, token, origin] of [
    ['another key', assertion(challenge, { by: { ...key('one'), kid: 'one' } })],
    ['another server', assertion(challenge, { aud: 'https://other.example' })],
    ['over', assertion(challenge, { exp: Math.floor(Date.now() / 1000) - 60 })],
    ['another site', assertion(challenge), 'https://evil.example'],
  ]) assert.equal((await handOver(token, origin)).status, 400, why);
});

test('keys are fetched once, and once more for what none of them signed', async () => {
  const before = platform.fetched;
  for (let index = 0; index < 3; index += 1) assert.equal((await handOver(assertion((await sent()).challenge))).status, 303);
  assert.equal(platform.fetched, before, 'they are known from the tests before');
  assert.equal(before, 2, 'once, and once more for what another key signed under the name of one');
  const next = key('two');
  platform.published.push(next.jwk);
  for (let index = 0; index < 2; index += 1) assert.equal((await handOver(assertion((await sent()).challenge, { by: next }))).status, 303);
  assert.equal(platform.fetched, before + 1);
});

test('a binding that does not answer, or lies, is 503 and never the absence of something', async () => {
  const visitor = await sent();
  const consent = await visitor.browser.open((await handOver(assertion(visitor.challenge))).header('location'));
  const done = consent.landed ? consent : await visitor.browser.submit(consent, { decision: 'approve' });
  const tokens = (await world.exchange(client, { code: done.landed.get('code') })).json;
  for (const mood of [
    () => { throw new Error('the other Worker fails'); },
    () => new Response('<h1>Log in</h1>', { headers: { 'content-type': 'text/html' } }),
    () => new Promise(() => {}),
  ]) {
    directory.mood = mood;
    const me = await world.me(tokens.access_token);
    assert.deepEqual([me.status, Number(me.header('retry-after')) > 0], [503, true]);
    const refreshed = await world.refresh(client, tokens.refresh_token);
    assert.equal(refreshed.status, 200);
    tokens.refresh_token = refreshed.json.refresh_token;
  }
  directory.mood = undefined;
  assert.equal((await world.me(tokens.access_token)).status, 200);
});
