// The device grant on the built Worker: what arrives at once, what fails, and what objects keep.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Storage, World, atOnce, statuses, times } from './harness.mjs';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const storage = new Storage({ watched: false });
let world, user, browser, other, tv;
before(async () => {
  // The same limits as none, but the limiter is asked.
  const limit = '100000/10';
  world = await World.start({ storage, settings: { RATE_LIMIT_TOKEN: limit, RATE_LIMIT_AUTHORIZE: limit, RATE_LIMIT_LOGIN: limit } });
  user = await world.user();
  browser = await world.login(user);
  other = await world.login(await world.user());
  tv = await world.application('public', { grant_types: [GRANT, 'refresh_token'] });
});
after(async () => {
  await world?.stop();
});

const ask = async (more = {}) => {
  const answer = await world.post('/api/oauth2/device_authorization', tv.with({ scope: 'identify', ...more }));
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
};
const poll = ({ device_code }) => ({ path: '/api/oauth2/token', form: tv.with({ grant_type: GRANT, device_code }) });
const polled = async (device) => world.post('/api/oauth2/token', poll(device).form);
const consent = async (browser, { user_code }) => browser.submit(await browser.open('/device'), { user_code });
const approval = async (browser, device) => {
  const { action, form } = browser.fill(await consent(browser, device), { decision: 'approve' });
  return { path: action, form, headers: { cookie: browser.cookie } };
};

test('a hundred polls at once after the approval: one is given tokens, which go on working', async () => {
  for (let round = 0; round < 5; round += 1) {
    const device = await ask();
    await world.answerDevice(browser, device.user_code);
    const answers = await atOnce(world, times(100, () => poll(device)));
    assert.deepEqual(statuses(answers), { 200: 1, 400: 99 });
    for (const { status, json } of answers) if (status !== 200) assert.equal(json.error, 'invalid_grant');
    const { access_token, refresh_token } = answers.find(({ status }) => status === 200).json;
    assert.equal((await world.me(access_token)).json.id, user.id);
    assert.equal((await world.refresh(tv, refresh_token)).status, 200);
  }
});

test('polls and the approval at once: tokens once, whatever came first', async () => {
  for (let round = 0; round < 5; round += 1) {
    const device = await ask();
    const approve = await approval(browser, device);
    const answers = await atOnce(world, [...times(20, () => poll(device)), approve, ...times(20, () => poll(device))]);
    const page = answers.splice(20, 1)[0];
    assert.equal(page.status, 200);
    let tokens = answers.filter(({ status }) => status === 200);
    assert.ok(tokens.length <= 1);
    if (tokens.length === 0) tokens = [await polled(device)];
    assert.equal((await world.me(tokens[0].json.access_token)).status, 200);
    assert.equal((await polled(device)).json.error, 'invalid_grant');
  }
});

test('two users approve at once: the device is one of theirs, and the other has given nothing', async () => {
  for (let round = 0; round < 5; round += 1) {
    const device = await ask();
    const answers = await atOnce(world, [await approval(browser, device), await approval(other, device)]);
    assert.deepEqual(statuses(answers), { 200: 1, 400: 1 });
    const { json } = await polled(device);
    const me = (await world.me(json.access_token)).json.id;
    assert.equal(me === user.id, answers[0].status === 200);
  }
});

test('an approval and a denial at once: one of them', async () => {
  for (let round = 0; round < 5; round += 1) {
    const device = await ask();
    const [approve, deny] = [await approval(browser, device), await approval(browser, device)];
    const no = new URLSearchParams(deny.form);
    no.set('decision', 'deny');
    const answers = await atOnce(world, [approve, { ...deny, form: no }]);
    const { status, json } = await polled(device);
    if (answers[0].text.includes('is connected')) assert.equal(status, 200);
    else assert.equal(json.error, 'access_denied');
  }
});

test('two hundred codes at once are two hundred', async () => {
  const ask = { path: '/api/oauth2/device_authorization', form: tv.with({}) };
  const made = [];
  for (let missing = 200, tries = 0; missing > 0; missing = 200 - made.length, tries += 1) {
    const answers = await atOnce(world, times(missing, () => ask));
    // A machine that is busy makes objects for longer than they are waited for, and says so.
    for (const { status, json } of answers) if (status !== 200) assert.deepEqual([status, json.error, tries < 5], [503, 'temporarily_unavailable', true]);
    made.push(...answers.filter(({ status }) => status === 200).map(({ json }) => json));
  }
  for (const member of ['device_code', 'user_code']) assert.equal(new Set(made.map((it) => it[member])).size, 200);
});

test('five hundred wrong codes at once are looked at five times, and the right one waits', async () => {
  const limited = await World.start({ settings: { RATE_LIMIT_AUTHORIZE: 'off', RATE_LIMIT_TOKEN: 'off', RATE_LIMIT_LOGIN: '5/60' } });
  try {
    const browser = await limited.login(await limited.user());
    const { action, form } = browser.fill(await browser.open('/device'), { user_code: 'BBBB-BBBB' });
    const answers = await atOnce(limited, times(500, () => ({ path: action, form, headers: { cookie: browser.cookie } })));
    const { 400: looked, 429: refused } = statuses(answers);
    assert.equal(looked + refused, 500);
    assert.ok(looked <= 5, `${looked} were looked at`);
  } finally {
    await limited.stop();
  }
});

test('an outage of the objects is 503 and spends nothing', async () => {
  const device = await ask();
  await world.answerDevice(browser, device.user_code);
  const down = (part) => { storage.mood = (step) => (step.part === part ? { before: 'Network connection lost.' } : undefined); };
  for (const part of ['pending', 'ledger']) {
    down(part);
    const answer = await polled(device);
    assert.deepEqual([answer.status, answer.json.error], [503, 'temporarily_unavailable'], part);
    assert.ok(answer.header('retry-after'));
  }
  down('d1');
  storage.clock += 6_000;
  assert.equal((await polled(device)).status, 503, 'which client it is cannot be known');
  storage.mood = undefined;
  assert.equal((await polled(device)).status, 200);
});

test('ten minutes of polls, one a second, are answered and slowed down', async () => {
  const device = await ask();
  storage.stopped = Date.now() + storage.clock; // or the test's own time would count
  const seen = {};
  for (let second = 0; second < 600; second += 1) {
    const { status, json } = await polled(device);
    assert.equal(status, 400);
    seen[json.error] = (seen[json.error] ?? 0) + 1;
    storage.stopped += 1_000;
  }
  assert.deepEqual(seen, { authorization_pending: 1, slow_down: 599 });
  assert.equal((await polled(device)).json.error, 'expired_token');
  storage.stopped = undefined;
});
