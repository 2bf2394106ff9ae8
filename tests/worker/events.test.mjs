// What is told of authorizations: the built Worker's outboxes, and receivers on this machine.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { World, times } from './harness.mjs';

const KEY = 'a-key-that-the-platform-has-too';

let operator, webhook, world, client;

before(async () => {
  [operator, webhook] = [await receiver(), await receiver()];
  world = await World.start({ settings: { AUTHORIZATION_EVENTS_URL: `${operator.origin}/told?by=us`, PLATFORM_KEY: KEY } });
  client = await world.application('confidential', { name: 'Listening', event_webhook_url: `${webhook.origin}/events` });
});
after(async () => {
  for (const each of [operator, webhook]) each?.server.closeAllConnections();
  for (const each of [operator, webhook]) await new Promise((resolve) => (each ? each.server.close(resolve) : resolve()));
  await world?.stop();
});

/** A receiver that takes everything, unless its `mood` answers. */
async function receiver() {
  const state = { heard: [], mood: undefined };
  state.server = http.createServer(async (request, response) => {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    state.heard.push({ url: request.url, headers: request.headers, body, json: JSON.parse(body) });
    if (!state.mood?.(request, response)) response.writeHead(204).end();
  });
  await new Promise((resolve) => state.server.listen(0, '127.0.0.1', resolve));
  state.origin = `http://127.0.0.1:${state.server.address().port}`;
  return state;
}

/** What a receiver has heard of a user, once it is so many. */
async function heard(receiver, user, count, within = 15_000) {
  const until = Date.now() + within;
  for (;;) {
    const events = receiver.heard.filter(({ json }) => json.data.user?.id === user);
    if (events.length >= count || Date.now() > until) return events;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const isSigned = ({ headers, body }, key) => {
  const signed = createHmac('sha256', key).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`).digest('base64');
  return headers['webhook-signature'].split(' ').includes(`v1,${signed}`);
};

const takeBack = (user) => world.admin('DELETE', `/users/${user.id}/authorizations/${client.id}`);

test('an authorization is told to the operator and to the application, signed for each', async () => {
  const user = await world.user();
  await world.authorize(await world.login(user), client, { scope: 'identify guilds' });
  const [[told], [other]] = [await heard(operator, user.id, 1), await heard(webhook, user.id, 1)];
  assert.equal(told.url, '/told?by=us');
  assert.deepEqual([told.json.type, told.json.data], ['application_authorized', { application_id: client.id, user: { id: user.id }, scopes: ['identify', 'guilds'] }]);
  assert.equal(told.body, other.body);
  assert.ok(isSigned(told, KEY));
  const answer = await world.request(`/api/oauth2/applications/${client.id}/event-webhook-secret`, { headers: { authorization: `Bearer ${world.adminToken}` } });
  const [, secret] = answer.json.secret.match(/^whsec_(.+)$/);
  assert.ok(isSigned(other, Buffer.from(secret, 'base64')) && !isSigned(other, KEY));
  assert.match(told.headers['x-signature'], /^t=\d+,v1=[0-9a-f]{64}$/);
  await takeBack(user);
  assert.deepEqual((await heard(operator, user.id, 2)).map(({ json }) => json.type), ['application_authorized', 'application_deauthorized']);
  assert.deepEqual((await heard(webhook, user.id, 2)).map(({ json }) => json.type), ['application_authorized', 'application_deauthorized']);
});

test('a receiver that is slow, redirects or fails is told again, in order, and holds up nobody', async () => {
  const user = await world.user();
  const browser = await world.login(user);
  const moods = [
    (_, response) => response.writeHead(302, { location: `${webhook.origin}/elsewhere` }).end(),
    () => true, // silent
  ];
  operator.mood = (...args) => (moods.length > 0 ? moods.shift()(...args) : false);
  const began = Date.now();
  await world.authorize(browser, client, { scope: 'identify' });
  await takeBack(user);
  await world.authorize(browser, client, { scope: 'identify' });
  assert.ok(Date.now() - began < 4_000, 'no flow waits for a receiver');
  assert.equal((await heard(webhook, user.id, 3)).length, 3);
  assert.ok(webhook.heard.every(({ url }) => url === '/events'), 'no redirect is followed');
  // After 5 s, and after 25 s more.
  const events = await heard(operator, user.id, 5, 60_000);
  assert.deepEqual(events.map(({ json }) => json.type), [...times(3, () => 'application_authorized'), 'application_deauthorized', 'application_authorized']);
  assert.equal(new Set(events.slice(0, 3).map(({ headers }) => headers['webhook-id'])).size, 1);
  operator.mood = undefined;
});

test('what waits survives a restart', async () => {
  const user = await world.user();
  operator.mood = (_, response) => response.writeHead(500).end();
  await world.authorize(await world.login(user), client, { scope: 'identify' });
  assert.equal((await heard(operator, user.id, 1)).length, 1);
  await world.halt();
  operator.mood = undefined;
  world = await World.start({ from: world });
  const [first, second] = await heard(operator, user.id, 2, 30_000);
  assert.equal(first.headers['webhook-id'], second.headers['webhook-id']);
});

test('an outbox that was never woken is found by the cron', async () => {
  const user = await world.user();
  const database = await world.mf.getD1Database('DIRECTORY');
  await database.prepare("INSERT INTO events (outbox, id, receiver, type, at, user_id, application_id, scope, due_at) VALUES (?1, 'lost', 'operator', 'application_authorized', 0, ?1, ?2, 'identify', 0)").bind(user.id, client.id).run();
  const worker = await world.mf.getWorker();
  await worker.scheduled({ cron: '*/10 * * * *' });
  assert.equal((await heard(operator, user.id, 1))[0].headers['webhook-id'], 'lost');
});

test('what is told is forgotten', async () => {
  const database = await world.mf.getD1Database('DIRECTORY');
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual((await database.prepare('SELECT * FROM events').all()).results, []);
});
