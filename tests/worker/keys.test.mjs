// The signing keys where they really are: in one Durable Object, made by WebCrypto.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { randomBytes } from 'node:crypto';

import { Storage, World, atOnce, statuses, times } from './harness.mjs';
import { kill } from './kill.mjs';

const DAY = 86_400_000;
const storage = new Storage();
storage.stopped = Date.now();
let world;
before(async () => (world = await World.start({ storage })));
after(() => world?.stop());

const jwks = async () => (await world.request('/.well-known/jwks.json')).json.keys;
const kids = async () => (await jwks()).map(({ kid }) => kid);
const states = async () => (await world.admin('GET', '/keys')).map(({ alg, state }) => `${alg} ${state}`).sort();
/** Days go by, and with them the token of administration. */
const pass = (time) => {
  storage.stopped += time;
  world.adminToken = undefined;
};
const kid = async (wanted) => (await world.admin('GET', '/keys')).find(({ alg, state }) => `${alg} ${state}` === wanted)?.kid;

test('no request but those that need a key asks for one', async () => {
  const [user, web] = [await world.user(), await world.application('confidential')];
  const granted = await world.tokens(await world.login(user), web);
  await world.refresh(web, granted.refresh_token);
  assert.equal((await world.request('/.well-known/oauth-authorization-server')).status, 200);
  assert.deepEqual(storage.steps.filter(({ part }) => part === 'keys'), []);
});

test('a hundred first requests, sent at once, make one key an algorithm', async () => {
  const answers = await atOnce(world, times(100, () => ({ path: '/.well-known/jwks.json', method: 'GET' })));
  assert.deepEqual(statuses(answers), { 200: 100 });
  assert.equal(new Set(answers.map(({ text }) => text)).size, 1, 'all see the same keys');
  const keys = answers[0].json.keys;
  assert.deepEqual(keys.map(({ alg }) => alg).sort(), ['ES256', 'RS256']);
  for (const key of keys) {
    assert.equal(key.use, 'sig');
    assert.deepEqual(['d', 'p', 'q', 'k'].filter((name) => name in key), []);
    await crypto.subtle.importKey('jwk', key, key.alg === 'RS256' ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } : { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']);
    const thumbprint = key.kty === 'RSA' ? { e: key.e, kty: key.kty, n: key.n } : { crv: key.crv, kty: key.kty, x: key.x, y: key.y };
    const hash = await crypto.subtle.digest('SHA-256', Buffer.from(JSON.stringify(thumbprint)));
    assert.equal(key.kid, Buffer.from(hash).toString('base64url'), 'RFC 7638');
  }
});

test('the key set is served while D1 is down, and while its own object is', async () => {
  const before = await kids();
  for (const part of ['d1', 'keys']) {
    storage.mood = (step) => step.part === part && { before: 'down' };
    storage.stopped += 61_000;
    assert.deepEqual(await kids(), before);
    storage.mood = () => undefined;
  }
  storage.stopped += 10_000;
});

test('a successor is published for a day and signs then; killed in between, nothing is lost', async () => {
  const current = await kid('ES256 current');
  await world.admin('POST', '/keys/rotate');
  const next = await kid('ES256 next');
  await kill(world, { storage });
  assert.deepEqual(await states(), ['ES256 current', 'ES256 next', 'RS256 current', 'RS256 next']);
  assert.equal(await kid('ES256 next'), next);
  pass(DAY);
  await kill(world, { storage });
  assert.equal(await kid('ES256 current'), next);
  assert.equal(await kid('ES256 retired'), current);
  pass(3 * 3_600_000);
  assert.deepEqual(await states(), ['ES256 current', 'RS256 current']);
});

test('killed while keys are made, there is one of each all the same', async () => {
  for (let round = 0; round < 3; round += 1) {
    const rotating = world.admin('POST', '/keys/rotate').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 10 + round * 40));
    await kill(world, { storage });
    await rotating;
    await world.admin('POST', '/keys/rotate');
    assert.deepEqual(await states(), ['ES256 current', 'ES256 next', 'RS256 current', 'RS256 next']);
    pass(2 * DAY);
    assert.deepEqual(await states(), ['ES256 current', 'RS256 current']);
  }
});

test('a leaked key is gone when the answer is there, and fifty requests at once have one successor', async () => {
  const leaked = await kid('RS256 current');
  const token = world.adminToken;
  const remove = { path: `/api/admin/keys/${leaked}`, method: 'DELETE', body: ' ', headers: { authorization: `Bearer ${token}` } };
  const answers = await atOnce(world, times(50, () => remove));
  assert.deepEqual(statuses(answers), { 204: 1, 404: 49 });
  assert.deepEqual(await states(), ['ES256 current', 'RS256 current']);
  assert.ok(!(await kids()).includes(leaked));
});

test('the private keys are encrypted anew, and an entry of SIGNING_KEYS can go', async () => {
  const [before, old] = [await kids(), world.settings.SIGNING_KEYS];
  const fresh = randomBytes(32).toString('base64url');
  for (const keys of [`${fresh},${old}`, fresh]) {
    await world.halt();
    world.settings.SIGNING_KEYS = keys;
    Object.assign(world, await World.start({ from: world, storage }), { adminToken: undefined });
    assert.deepEqual(await kids(), before);
    assert.equal((await states()).length, 2);
    const said = world.logged.filter((line) => line.includes('private keys are encrypted under the first entry'));
    assert.equal(said.length, keys === fresh ? 0 : 1);
  }
});
