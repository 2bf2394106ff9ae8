// Users who log in at their own platform: examples/platform, and the built Worker beside it.

import assert from 'node:assert/strict';
import { createHmac, createHash } from 'node:crypto';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { CHESS_CLUB, DEMO, KEY, freePort, startBeside } from '../support/platform.mjs';
import { Browser, atOnce, statuses, times } from './harness.mjs';

let platform, between, world, client, bot;

before(async () => {
  const [server, front] = [await freePort(), await freePort()];
  platform = { origin: `http://127.0.0.1:${server}`, front: `http://127.0.0.1:${front}` };
  // What stands between can be slow, lie, and be gone, as networks are.
  between = await proxy(front, server);
  const settings = (origin) => ({ PLATFORM_URL: platform.front, AUTHORIZATION_EVENTS_URL: `${origin}/authorization-events` });
  ({ world, stop: platform.stop } = await startBeside({ port: server, settings }));
  client = await world.application('confidential', { name: 'Chess', owner_id: DEMO });
  bot = await world.application('confidential', { name: 'Bot', owner_id: DEMO, bot: true });
});
after(async () => {
  await platform?.stop?.();
  await new Promise((resolve) => (between ? between.server.close(resolve) : resolve()));
});

/** Hands requests on, unless `mood` answers itself; counts them. */
async function proxy(port, to) {
  const state = { asked: [], mood: undefined };
  state.server = http.createServer((request, response) => {
    state.asked.push(`${request.method} ${request.url}`);
    if (state.mood?.(request, response)) return;
    const onward = http.request({ host: '127.0.0.1', port: to, method: request.method, path: request.url, headers: request.headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.once('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => state.server.listen(port, '127.0.0.1', resolve));
  return state;
}

async function withMood(mood, does) {
  between.mood = mood;
  try {
    return await does();
  } finally {
    between.mood = undefined;
  }
}

/** What the platform answers with its key; the login of a person, without their browser there. */
const back = (method, path, json) => world.request(path, { method, json, headers: { authorization: `Bearer ${KEY}` } });
const accept = (challenge, subject = DEMO, more = {}) =>
  back('POST', `/api/login/${challenge}/accept`, { subject, auth_time: Math.floor(Date.now() / 1000), amr: ['pwd'], session_id: 's', remember_seconds: 3600, ...more });

/** A browser that was sent to the platform, with the challenge that it carries. */
async function sent(more = {}, browser = new Browser(world)) {
  const request = client.authorizationRequest({ scope: 'identify', ...more });
  const page = await browser.open(request.url);
  const at = new URL(page.location);
  assert.equal(at.origin, platform.origin, page.text);
  return { browser, request, at, challenge: at.searchParams.get('login_challenge') };
}

/** Through the platform's own login page. */
async function logIn({ at }, name = 'demo', password = `${name}-password`) {
  const response = await fetch(at, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ name, password }) });
  return { location: response.headers.get('location'), cookie: response.headers.get('set-cookie')?.split(';')[0], status: response.status };
}

test('a user logs in at the platform, consents here, and the application knows them', async () => {
  const visitor = await sent({ scope: 'identify email guilds', login_hint: 'demo' });
  const form = await (await fetch(visitor.at)).text();
  assert.match(form, /to continue to Chess/);
  assert.match(form, /value="demo"/);
  assert.equal((await logIn(visitor, 'demo', 'a wrong password')).status, 200);
  const { location } = await logIn(visitor);
  const consent = await visitor.browser.open(location);
  const approved = await visitor.browser.submit(consent, { decision: 'approve' });
  const tokens = (await world.exchange(client, { code: approved.landed.get('code') })).json;
  assert.equal((await world.me(tokens.access_token)).json.username, 'demo');
  const guilds = await world.request('/api/users/@me/guilds', { headers: { authorization: `Bearer ${tokens.access_token}` } });
  assert.deepEqual(guilds.json.map(({ name, permissions }) => [name, permissions]), [['Chess Club', '32']]);
  assert.equal((await world.introspect(client, tokens.access_token)).json.username, undefined);
  // The browser is remembered, and there are no passwords on its pages.
  const settings = await visitor.browser.open('/settings');
  assert.equal(settings.status, 200);
  assert.doesNotMatch(settings.text, /type="password"/);
});

test('a login is worth something in its own browser alone, once, under a hundred tries', async () => {
  const [one, other] = [await sent(), await sent()];
  const { redirect_to: way } = (await accept(one.challenge)).json;
  assert.equal((await other.browser.ask(way)).status, 400);
  const answers = await atOnce(world, times(100, () => ({ path: way.replace(world.origin, ''), form: undefined, body: '', method: 'GET', headers: { cookie: one.browser.cookie } })));
  const on = answers.filter(({ status }) => status === 303);
  assert.equal(on.filter((answer) => String(answer.headers['set-cookie']).includes('fluxer_session=')).length, 1, JSON.stringify(statuses(answers)));
});

test('the same accept is answered alike, another is a conflict, under a hundred tries', async () => {
  const { challenge } = await sent();
  const at = Math.floor(Date.now() / 1000);
  const body = (subject) => JSON.stringify({ subject, auth_time: at, amr: ['pwd'], session_id: 's', remember_seconds: 0 });
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  const answers = await atOnce(world, times(100, (index) => ({ path: `/api/login/${challenge}/accept`, body: body(index % 2 ? DEMO : '1456074443980800002'), headers })));
  assert.deepEqual(statuses(answers), { 200: 50, 409: 50 });
});

test('two tabs of one browser both finish', async () => {
  const browser = new Browser(world);
  const [one, two] = [await sent({ state: 'one' }, browser), await sent({ state: 'two' }, browser)];
  const ways = await Promise.all([logIn(two), logIn(one)]);
  for (const { location } of ways) {
    const page = await browser.open(location);
    const done = page.landed ? page : await browser.submit(page, { decision: 'approve' });
    assert.ok(done.landed.has('code'), done.text);
  }
});

test('no is told to the application; a proof that is too old leads back to the platform', async () => {
  const no = await sent();
  const { redirect_to: way } = (await back('POST', `/api/login/${no.challenge}/reject`, { error: 'access_denied' })).json;
  assert.equal((await no.browser.open(way)).landed.get('error'), 'access_denied');
  const old = await sent({ max_age: '60' });
  const accepted = await accept(old.challenge, DEMO, { auth_time: Math.floor(Date.now() / 1000) - 600 });
  const next = await old.browser.open(accepted.json.redirect_to);
  assert.ok(next.location.startsWith(`${platform.origin}/login?login_challenge=`), next.location);
});

test('a bot is added by the platform, which has the last word on what it may do', async () => {
  const visitor = await sent();
  await visitor.browser.open((await logIn(visitor)).location);
  const invite = await visitor.browser.open(`/oauth2/authorize?client_id=${bot.id}&scope=bot&permissions=40`);
  const done = await visitor.browser.submit(invite, { decision: 'approve', guild_id: CHESS_CLUB });
  assert.match(done.text, /is now in/);
  const there = await world.request('/api/users/@me/guilds', { headers: { authorization: `Bot ${bot.bot.token}` } });
  assert.deepEqual(there.json.map(({ name, permissions }) => [name, permissions]), [['Chess Club', '32']], 'what who added it holds');
  assert.equal(between.asked.filter((line) => line.startsWith('PUT ')).length, 1);
});

test('while the platform is down, slow or lies, users wait and tokens work', async () => {
  const visitor = await sent();
  const consent = await visitor.browser.open((await logIn(visitor)).location);
  const done = consent.landed ? consent : await visitor.browser.submit(consent, { decision: 'approve' });
  const tokens = (await world.exchange(client, { code: done.landed.get('code') })).json;
  const json = { 'content-type': 'application/json' };
  for (const [what, mood] of [
    ['gone', (request) => request.socket.destroy() || true],
    ['silent', () => true],
    ['a page', (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Log in</h1>')],
    ['endless', (_, response) => response.writeHead(200, json).end('['.padEnd(4 * 1024 * 1024, ' '))],
    ['another user', (_, response) => response.writeHead(200, json).end('{"id":"7","username":"eve"}')],
  ]) {
    await withMood(mood, async () => {
      const began = Date.now();
      const me = await world.me(tokens.access_token);
      assert.deepEqual([me.status, Number(me.header('retry-after')) > 0], [503, true], what);
      assert.ok(Date.now() - began < 10_000, `${what}: it is not waited for`);
      const refreshed = await world.refresh(client, tokens.refresh_token);
      assert.equal(refreshed.status, 200, what);
      tokens.refresh_token = refreshed.json.refresh_token;
      assert.equal(await world.active(client, tokens.access_token), true, what);
    });
  }
  const asked = between.asked.length;
  assert.equal((await world.refresh(client, tokens.refresh_token)).status, 200);
  assert.equal((await world.revoke(client, tokens.access_token)).status, 200);
  assert.equal(between.asked.length, asked, 'nobody asks the platform about tokens');
});

test('what the platform says of a user holds at once, in any order, however often', async () => {
  const visitor = await sent();
  const { cookie, location } = await logIn(visitor, 'visitor');
  const approved = await visitor.browser.submit(await visitor.browser.open(location), { decision: 'approve' });
  const tokens = (await world.exchange(client, { code: approved.landed.get('code') })).json;
  const account = (action) => fetch(`${platform.origin}/account`, { method: 'POST', redirect: 'manual', headers: { cookie }, body: new URLSearchParams({ action }) });
  assert.equal((await account('disable')).status, 303);
  assert.equal((await world.me(tokens.access_token)).status, 401);
  assert.equal((await world.refresh(client, tokens.refresh_token)).json.error, 'invalid_grant');
  assert.ok((await visitor.browser.ask('/settings')).location, 'the session is over');
  // An event from before, arriving late, and the same one twice, change nothing.
  const event = (type, at, jti) => back('POST', '/api/platform/events', { jti, type, subject: '1456074443980800005', at: new Date(at).toISOString() });
  assert.equal((await event('account-enabled', Date.now() - 3_600_000, 'late')).status, 202);
  assert.equal((await world.me(tokens.access_token)).status, 401);
  for (const jti of ['on', 'on']) assert.equal((await event('account-enabled', Date.now() + 1_000, jti)).status, 202);
  assert.equal(await world.active(client, tokens.access_token), true, 'nothing was deleted');
  assert.equal((await world.me(tokens.access_token)).status, 401, 'but the directory has the last word');
});

test('a hand-over from another site, and a question that was signed long ago, are refused', async () => {
  assert.equal((await world.post('/oauth2/continue', { login_assertion: 'x.y.z' }, { headers: { origin: 'https://evil.example' } })).status >= 400, true);
  const signed = createHmac('sha256', KEY).update(`1.GET./directory/users/1.${createHash('sha256').digest('hex')}`).digest('hex');
  const stale = await fetch(`${platform.origin}/directory/users/${DEMO}`, { headers: { 'x-signature': `t=1,v1=${signed}` } });
  assert.equal(stale.status, 401, 'the example refuses what was signed long ago');
});

test('the platform is told what its users authorized, and lists it once', async () => {
  const visitor = await sent();
  const { cookie, location } = await logIn(visitor);
  const consent = await visitor.browser.open(location);
  if (!consent.landed) await visitor.browser.submit(consent, { decision: 'approve' });
  await world.admin('DELETE', `/users/${DEMO}/authorizations/${client.id}`);
  const until = Date.now() + 10_000;
  let page;
  do page = await (await fetch(`${platform.origin}/account`, { headers: { cookie } })).text();
  while (!page.includes('application_deauthorized') && Date.now() < until);
  assert.match(page, new RegExp(`application_deauthorized \\(${client.id}\\)`));
  assert.match(page, new RegExp(`application_authorized \\(${client.id}\\)`));
  const forged = { 'webhook-id': 'x', 'webhook-timestamp': String(Math.floor(Date.now() / 1000)), 'webhook-signature': 'v1,x' };
  assert.equal((await fetch(`${platform.origin}/authorization-events`, { method: 'POST', headers: forged, body: '{}' })).status, 401);
});

test('nothing of all this was a fault', () => {
  const faults = world.logged.filter((line) => !/platform/i.test(line));
  assert.deepEqual(faults, []);
});
