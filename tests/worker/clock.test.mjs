// Lifetimes and windows, by a clock that stands still until it is told to go on: what would take
// hours, or a month.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Storage, World, atOnce, statuses, times } from './harness.mjs';

const [SECOND, MINUTE, DAY] = [1_000, 60_000, 86_400_000];
const storage = new Storage();
storage.stopped = Date.now();
let world, user, browser, web, app;
before(async () => {
  world = await World.start({ storage });
  user = await world.user();
  browser = await world.login(user);
  [web, app] = [await world.application('confidential'), await world.application('public')];
});
after(() => world?.stop());

const pass = (time) => (storage.stopped += time);
const works = async (client, granted) => (await world.active(client, granted.access_token)) && (await world.me(granted.access_token)).status === 200;
/** A browser whose session does not end in the middle of a test. */
const logIn = async () => (browser = await world.login(user));

test('a refresh token is forgiven for thirty seconds, and not a moment longer', async () => {
  for (const [wait, forgiven] of [[0, true], [29 * SECOND, true], [31 * SECOND, false]]) {
    for (const client of [web, app]) {
      const other = await world.tokens(browser, client);
      const first = await world.tokens(browser, client);
      const second = (await world.refresh(client, first.refresh_token)).json;
      pass(wait);
      const again = await world.refresh(client, first.refresh_token);
      if (forgiven) {
        assert.equal(again.json.refresh_token, second.refresh_token);
        assert.equal((await world.refresh(client, second.refresh_token)).status, 200);
      } else {
        assert.equal(again.json.error, 'invalid_grant');
        assert.equal(await works(client, second), false);
        assert.equal((await world.refresh(client, second.refresh_token)).json.error, 'invalid_grant', 'the family is revoked');
      }
      assert.equal(await works(client, other), true, 'and no other');
    }
  }
});

test('a hundred replays after the window, at once, revoke one family', async () => {
  const [stolen, other] = [await world.tokens(browser, app), await world.tokens(browser, app)];
  await world.refresh(app, stolen.refresh_token);
  pass(31 * SECOND);
  const answers = await atOnce(world, times(100, () => ({ path: '/oauth2/token', form: app.refresh(stolen.refresh_token) })));
  assert.deepEqual(statuses(answers), { 400: 100 });
  assert.equal(await works(app, stolen), false);
  assert.equal(await works(app, other), true);
});

test('a code is forgiven a second redemption for ten seconds, by its verifier only', async () => {
  for (const [wait, pkce, forgiven] of [[0, true, true], [9 * SECOND, true, true], [11 * SECOND, true, false], [0, false, false]]) {
    const grant = await world.authorize(browser, web, { pkce });
    const granted = (await world.exchange(web, grant)).json;
    pass(wait);
    assert.equal((await world.exchange(web, grant)).json.error, 'invalid_grant');
    assert.equal(await works(web, granted), forgiven, `${wait} ${pkce}`);
  }
});

test('a public client’s code replayed without its verifier revokes nothing', async () => {
  const grant = await world.authorize(browser, app);
  const granted = (await world.exchange(app, grant)).json;
  pass(MINUTE);
  for (const change of [{ verifier: undefined }, { verifier: 'v'.repeat(43) }, { redirectUri: 'http://127.0.0.1:1/callback' }]) {
    assert.equal((await world.exchange(app, { ...grant, ...change })).status, 400);
  }
  assert.equal(await works(app, granted), true);
});

test('a code is good for ten minutes', async () => {
  const [early, late] = [await world.authorize(browser, web), await world.authorize(browser, web)];
  pass(598 * SECOND);
  assert.equal((await world.exchange(web, early)).status, 200);
  pass(3 * SECOND);
  assert.equal((await world.exchange(web, late)).text, '{"error":"invalid_grant","error_description":"Invalid authorization code"}');
});

test('a form is good for half an hour', async () => {
  const page = await browser.open(app.authorizationRequest().url);
  const { action, form } = browser.fill(page, { decision: 'approve' });
  pass(31 * MINUTE);
  assert.equal((await browser.ask(action, { form })).status, 403);
});

test('an application that is deleted is forgotten within five seconds', async () => {
  const client = await world.application('confidential');
  const granted = await world.tokens(browser, client);
  await world.admin('DELETE', `/applications/${client.id}`);
  pass(5 * SECOND);
  assert.equal((await world.me(granted.access_token)).status, 401);
  assert.equal((await world.refresh(client, granted.refresh_token)).json.error, 'invalid_client');
});

test('an access token ends after a week, its family goes on for thirty days after each refresh', async () => {
  let granted = await world.tokens(browser, app);
  pass(7 * DAY - 2 * SECOND);
  assert.equal(await works(app, granted), true);
  pass(3 * SECOND);
  assert.equal(await works(app, granted), false);
  for (let month = 0; month < 3; month += 1) {
    const answer = await world.refresh(app, granted.refresh_token);
    assert.equal(answer.status, 200, 'sliding');
    granted = answer.json;
    pass(29 * DAY);
  }
  pass(DAY + SECOND);
  assert.equal((await world.refresh(app, granted.refresh_token)).json.error, 'invalid_grant');
});

test('a session ends after two weeks', async () => {
  await logIn();
  pass(14 * DAY - MINUTE);
  assert.equal((await browser.ask('/api/oauth2/session')).status, 200);
  pass(2 * MINUTE);
  assert.equal((await browser.ask('/api/oauth2/session')).status, 401);
  assert.match((await browser.ask(web.authorizationRequest().url)).location, /^\/login\?/);
  await logIn();
});

test('max_age asks again once the login is older', async () => {
  await world.tokens(browser, web);
  const ask = async () => (await browser.ask(web.authorizationRequest({ max_age: '60' }).url)).location;
  assert.match(await ask(), /[?&]code=/);
  pass(61 * SECOND);
  assert.match(await ask(), /^\/login\?/);
});

test('a ledger forgets what has ended: an alarm leaves nothing behind', async () => {
  // Alarms come by the real clock, half an hour after a family was opened: so it was, by the moved one.
  const past = new Storage();
  const short = await World.start({ storage: past, settings: { REFRESH_TOKEN_LIFETIME: '1800' } });
  const rows = async (owner, client) => (await short.ledgerRows(owner, client)).length;
  const rowsOf = async (owner, client, count) => {
    for (let waited = 0; waited < 600 && (await rows(owner, client)) > count; waited += 1) await sleep(100);
    return rows(owner, client);
  };
  try {
    const owner = await short.user();
    // What comes before the alarm must be over by then: a machine that was too slow is given longer.
    for (let soon = 2 * SECOND; ; soon *= 2) {
      const [left, used] = [await short.application('public'), await short.application('public')];
      past.clock = soon - 30 * MINUTE;
      const theirs = await short.login(owner);
      const opened = Date.now();
      for (const client of [left, used]) await short.authorize(theirs, client);
      await short.tokens(theirs, left);
      const [first, ended] = [await short.tokens(theirs, used), await short.tokens(theirs, used)];
      await short.revoke(used, ended.refresh_token);
      const before = [await rows(owner, left), await rows(owner, used)];
      past.clock = 0;
      const refreshed = await short.refresh(used, first.refresh_token);
      if (Date.now() - opened >= soon) continue;

      assert.deepEqual(before, [2, 3]);
      assert.equal(await rowsOf(owner, left, 0), 0);
      assert.equal(await rowsOf(owner, used, 1), 1, 'what was refreshed stays');
      assert.equal((await short.refresh(used, refreshed.json.refresh_token)).status, 200);
      assert.equal((await short.tokens(theirs, left)).token_type, 'Bearer', 'an empty ledger begins anew');
      break;
    }
  } finally {
    await short.stop();
  }
});
