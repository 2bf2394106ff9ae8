// Rate limits over real windows.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Browser, World, atOnce, statuses, times } from './harness.mjs';

let world, user, web, app, browser;
before(async () => {
  world = await World.start({ settings: { RATE_LIMIT_TOKEN: '10/10', RATE_LIMIT_AUTHORIZE: '5/2', RATE_LIMIT_REVOKE: '3/3', RATE_LIMIT_LOGIN: '5/60' } });
  user = await world.user();
  web = await world.application('confidential');
  app = await world.application('public');
  browser = await world.login(user);
  browser.headers = from();
});
after(() => world?.stop());

let addresses = 0;
/** A client address that nobody had before. Locally the header stands for Cloudflare's own. */
const from = (address = `203.0.113.${(addresses += 1)}`) => ({ 'cf-connecting-ip': address });
/** A request that no client proves to have sent: its address is counted. */
const wrong = () => app.refresh('x');
const limits = (answer) => Object.fromEntries(['limit', 'remaining', 'reset', 'reset-after', 'bucket'].map((name) => [name, answer.header(`x-ratelimit-${name}`)]));

test('of thirty requests at once ten go on, whichever spelling they use and whatever they claim to be', async () => {
  const lies = times(30, (index) => ({ ...from('198.51.100.7'), 'x-forwarded-for': `192.0.2.${index}`, 'x-real-ip': `192.0.2.${index}`, forwarded: `for=192.0.2.${index}`, 'true-client-ip': `192.0.2.${index}` }));
  const answers = await atOnce(world, lies.map((headers, index) => ({ path: index % 2 ? '/oauth2/token' : '/api/oauth2/token', form: wrong(), headers })));
  assert.deepEqual(statuses(answers), { 400: 10, 429: 20 });
  assert.equal((await world.post('/oauth2/token', wrong(), { headers: from('198.51.100.8') })).status, 400, 'another address has its own window');
});

test('the headers tell where a client stands, and after Retry-After it goes on', async () => {
  const headers = from();
  const ask = () => world.post('/oauth2/token', wrong(), { headers });
  // Of the first request only this is known: the window began after `earliest` and before `latest`.
  const earliest = Date.now();
  let latest;
  for (let remaining = 9; remaining >= 0; remaining -= 1) {
    const told = limits(await ask());
    latest ??= Date.now();
    assert.deepEqual([told.limit, told.remaining, told.bucket], ['10', String(remaining), 'token']);
    assert.match(told['reset-after'], /^\d+\.\d{3}$/);
    const reset = Number(told.reset);
    assert.ok(reset >= Math.floor(earliest / 1000) + 10 && reset <= Math.ceil(latest / 1000) + 10, 'epoch seconds');
  }
  const { code, verifier } = await world.authorize(browser, app);
  const refused = await world.post('/oauth2/token', app.exchange({ code, verifier }), { headers });
  assert.equal(refused.status, 429);
  const { retry_after, ...rest } = refused.json;
  assert.deepEqual(rest, { code: 'RATE_LIMITED', message: 'You are being rate limited.', global: false, error: 'temporarily_unavailable' });
  assert.equal(refused.header('retry-after'), String(Math.ceil(retry_after)));
  assert.equal(limits(refused)['reset-after'], retry_after.toFixed(3));
  assert.equal(refused.header('access-control-allow-origin'), '*');

  let last = refused;
  for (let waited = 0; waited < 3; waited += 1) {
    await sleep(500);
    last = await ask();
    assert.equal(last.status, 429);
    assert.equal(last.header('x-ratelimit-reset'), refused.header('x-ratelimit-reset'), 'asking does not extend the window');
  }
  // The answer was on its way for a while, so this wakes no sooner than the window's end.
  await sleep(last.json.retry_after * 1000 + 1);
  assert.equal((await world.post('/oauth2/token', app.exchange({ code, verifier }), { headers })).status, 200, 'the code was not touched');
});

test('never more than the limit in any interval of the window’s length', async () => {
  const [limit, window] = [5, 2_000];
  const headers = from();
  const admitted = [];
  const began = Date.now();
  while (Date.now() - began < 3.2 * window) {
    const sent = performance.now();
    // GET and POST are one bucket.
    const answer = await world.request('/oauth2/authorize', { method: admitted.length % 2 ? 'POST' : 'GET', headers });
    if (answer.status !== 429) admitted.push({ sent, received: performance.now() });
    await sleep(7);
  }
  assert.ok(admitted.length >= 3 * limit, `a place is free again when its window is over: ${admitted.length}`);
  for (let index = limit; index < admitted.length; index += 1) {
    const apart = admitted[index].received - admitted[index - limit].sent;
    assert.ok(apart >= window - 2, `${limit + 1} requests in ${apart} ms`);
  }
});

test('applications behind one address each have a window, once they are known', async () => {
  const [one, other] = [await world.application('confidential'), await world.application('confidential')];
  const headers = from();
  const ask = async (client) => (await world.post('/oauth2/token', client.with({ grant_type: 'client_credentials' }), { headers })).status;
  for (const client of [one, other]) {
    const answers = [];
    for (let request = 0; request < 12; request += 1) answers.push(await ask(client));
    // The first ones were counted by address: the isolate did not know the application yet.
    assert.deepEqual(answers.slice(0, 10), Array(10).fill(200));
  }
  assert.equal((await world.post('/oauth2/token', one.with({ grant_type: 'client_credentials' }), { headers: from() })).status, 429, 'its window is one, wherever it asks from');
});

test('an IPv6 client is its /64', async () => {
  const ask = async (address) => (await world.post('/oauth2/revoke', web.with({ token: 'x' }), { headers: from(address) })).status;
  assert.deepEqual([await ask('2001:db8::1'), await ask('2001:db8::2'), await ask('2001:db8:0:0:ffff::3')], [200, 200, 200]);
  assert.equal(await ask('2001:db8::4'), 429);
  assert.equal(await ask('2001:db8:0:1::4'), 200);
});

test('a person who is too quick gets a page', async () => {
  const headers = { ...from(), accept: 'text/html' };
  for (let request = 0; request < 5; request += 1) await world.request('/oauth2/authorize', { headers });
  const page = await world.request('/oauth2/authorize', { headers });
  assert.deepEqual([page.status, page.header('content-type')], [429, 'text/html; charset=utf-8']);
});

/** A login from an address of its own. */
async function attempt(login, password, headers = from()) {
  const visitor = new Browser(world, headers);
  const page = await visitor.submit(await visitor.open('/login'), { login, password });
  return { status: page.status, in: visitor.cookies.has('fluxer_session'), text: page.text };
}

test('one account has one counter, however it is spelled and wherever it is tried from', async () => {
  const victim = await world.user();
  for (const login of [victim.username, victim.username.toUpperCase(), ` ${victim.username} `, victim.email, victim.email.toUpperCase()]) {
    assert.equal((await attempt(login, 'wrong')).status, 403, login);
  }
  const refused = await attempt(victim.email, victim.password);
  assert.deepEqual([refused.status, refused.in], [429, false], 'the right password is not looked at');
  assert.equal((await attempt('nobody@example.com', 'wrong')).status, 403);
});

test('one address has one counter, which a success of its own does not clear', async () => {
  const headers = from();
  for (let failures = 0; failures < 4; failures += 1) assert.equal((await attempt(`nobody${failures}`, 'wrong', headers)).status, 403);
  for (let successes = 0; successes < 3; successes += 1) assert.equal((await attempt(user.email, user.password, headers)).in, true, 'successes are not counted');
  assert.equal((await attempt('nobody5', 'wrong', headers)).status, 403);
  assert.equal((await attempt(user.email, user.password, headers)).status, 429);
});

test('of two hundred guesses at once five are looked at, and none gets in', async () => {
  for (const [shared, headers] of [['one address', from()], ['many addresses', undefined]]) {
    const victim = await world.user();
    const visitor = new Browser(world);
    const page = await visitor.open('/login');
    const guesses = times(200, (index) => {
      const password = index === 150 ? victim.password : `guess ${index}`;
      const { action, form } = visitor.fill(page, { login: victim.email, password });
      return { path: action, form, headers: { cookie: visitor.cookie, ...(headers ?? from(`2001:db8:${index.toString(16)}::1`)) } };
    });
    const answers = await atOnce(world, guesses);
    const { 403: evaluated = 0, 429: refused = 0 } = statuses(answers);
    assert.ok(evaluated <= 5 && evaluated + refused === 200, `${shared}: ${JSON.stringify(statuses(answers))}`);
    assert.ok(answers.every(({ headers }) => !/fluxer_session=/.test(headers['set-cookie'] ?? '')));
  }
});

test('a window outlives the memory of an object that nobody asks', async () => {
  const victim = await world.user();
  for (let failures = 0; failures < 5; failures += 1) assert.equal((await attempt(victim.email, 'wrong')).status, 403);
  assert.equal((await attempt(victim.email, victim.password)).status, 429);
  await sleep(11_000); // it leaves memory after ten seconds
  const later = await attempt(victim.email, victim.password);
  assert.deepEqual([later.status, later.in], [429, false]);
});

test('twenty people of one address log in at once, and a guess among them is one', async () => {
  const headers = from();
  const users = await Promise.all(times(20, () => world.user()));
  const forms = [];
  for (const [index, { email, password }] of users.entries()) {
    const visitor = new Browser(world);
    const { action, form } = visitor.fill(await visitor.open('/login'), { login: email, password: index % 7 === 3 ? 'wrong' : password });
    forms.push({ path: action, form, headers: { cookie: visitor.cookie, ...headers } });
  }
  assert.deepEqual(statuses(await atOnce(world, forms)), { 303: 17, 403: 3 });
  assert.equal((await attempt('nobody', 'wrong', headers)).status, 403);
  assert.equal((await attempt('nobody', 'wrong', headers)).status, 403);
  assert.equal((await attempt(users[0].email, users[0].password, headers)).status, 429);
});
