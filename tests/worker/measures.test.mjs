// A data point a request in Workers Analytics Engine, in the columns of docs/operations.md.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { World } from './harness.mjs';

let world, browser, user, client;
before(async () => {
  world = await World.start({ before: join(import.meta.dirname, 'measured.mjs'), metrics: true, settings: { RATE_LIMIT_REVOKE: '1/60' } });
  user = await world.user();
  client = await world.application('confidential');
  browser = await world.login(user);
});
after(() => world?.stop());

/** The data points of what `work` asks for. */
async function points(work) {
  const since = world.logged.length;
  await work();
  const found = () => world.logged.slice(since).filter((line) => line.startsWith('data point: '));
  for (let waited = 0; found().length === 0 && waited < 50; waited += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  return found().map((line) => JSON.parse(line.slice('data point: '.length)));
}

test('there is nothing of Node, and with it no process.env that holds every secret', async () => {
  assert.deepEqual(world.logged.filter((line) => line.startsWith('of Node: ')), ['of Node: undefined,undefined,number']);
});

test('each request is one data point, in the documented columns', async () => {
  const grant = await world.authorize(browser, client);
  const [point, ...more] = await points(() => world.exchange(client, grant));
  assert.deepEqual(more, []);
  assert.deepEqual(Object.keys(point).sort(), ['blobs', 'doubles', 'indexes']);
  const [status, milliseconds, operations] = point.doubles;
  assert.deepEqual(point.indexes, ['/api/oauth2/token']);
  assert.deepEqual(point.blobs.slice(0, 5), ['/api/oauth2/token', 'POST', 'authorization_code', client.id, '']);
  assert.equal(point.blobs.length, 6);
  assert.equal(point.doubles.length, 3);
  assert.equal(status, 200);
  assert.ok(milliseconds >= 0 && milliseconds < 60_000);
  assert.ok(operations >= 2 && operations < 10, `${operations} operations`);
  const document = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const columns = [...document.matchAll(/^\| (`.*`) \|/gm)].flatMap(([, names]) => [...names.matchAll(/`(index|blob|double)(\d)`/g)].map(([, kind, nth]) => `${kind}${nth}`));
  const dashboard = JSON.stringify(JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/grafana.json'), 'utf8')));
  for (const [column] of (document + dashboard).matchAll(/\b(index|blob|double)\d+\b/g)) assert.ok(columns.includes(column), column);
  assert.deepEqual(columns.sort(), ['blob1', 'blob2', 'blob3', 'blob4', 'blob5', 'blob6', 'double1', 'double2', 'double3', 'index1']);
});

test('a refusal is told exactly, and nothing that was sent', async () => {
  const secret = 'a-token-that-nobody-gave';
  const [refused] = await points(() => world.refresh(client, secret));
  assert.equal(refused.doubles[0], 400);
  assert.match(refused.blobs[4], /^Grant\./);
  assert.equal(refused.blobs[2], 'refresh_token');
  const [unknown] = await points(() => world.request('/no/such/path?secret=1'));
  assert.deepEqual([unknown.indexes, unknown.doubles[0]], [[''], 404]);
  await world.revoke(client, secret);
  const [limited] = await points(() => world.revoke(client, secret));
  assert.deepEqual([limited.blobs[4], limited.doubles[0]], ['RateLimited', 429]);
  const points_ = world.logged.filter((line) => line.startsWith('data point: ')).join('\n');
  for (const sent of [secret, user.username, user.email, client.secret, '127.0.0.1']) assert.ok(!points_.includes(sent), sent);
});
