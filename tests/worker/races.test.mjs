// Races on the built Worker: the requests have arrived and wait for their last byte.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { World, atOnce, statuses, times } from './harness.mjs';

let world, user, browser, web, app;
before(async () => {
  world = await World.start();
  user = await world.user();
  browser = await world.login(user);
  web = await world.application('confidential');
  app = await world.application('public');
});
after(async () => {
  await world?.stop();
  // A token that was used twice, which is what some of these are about, is a warning.
  const faults = world?.logged.filter((line) => !line.includes('a refresh token was used twice'));
  // The worst a race can do.
  assert.deepEqual(faults, []);
});

const redeem = (client, grant) => ({ path: '/api/oauth2/token', form: client.exchange(grant) });
const refresh = (client, token) => ({ path: '/api/oauth2/token', form: client.refresh(token) });
const revoke = (client, token) => ({ path: '/api/oauth2/revoke', form: client.with({ token }) });

/** One round: a code, redeemed so often at once. Exactly one gets tokens; returns them. */
async function oneWinner(client, contenders, make = () => redeem) {
  const grant = await world.authorize(browser, client);
  const answers = await atOnce(world, times(contenders, (index) => make(index)(client, grant)));
  assert.deepEqual(statuses(answers), { 200: 1, 400: contenders - 1 });
  for (const { status, text } of answers) if (status !== 200) assert.equal(text, '{"error":"invalid_grant","error_description":"Invalid authorization code"}');
  return answers.find(({ status }) => status === 200).json;
}

for (const [rounds, contenders] of [[25, 50], [3, 200]]) {
  test(`${rounds} rounds of ${contenders} redemptions: one wins; without PKCE the replay revokes what it got`, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const { access_token, refresh_token } = await oneWinner(web, contenders);
      assert.equal(await world.active(web, access_token), false);
      assert.equal((await world.refresh(web, refresh_token)).json.error, 'invalid_grant');
    }
  });

  test(`${rounds} rounds of ${contenders} redemptions: one wins; with PKCE it is the same party asking twice`, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const { access_token, refresh_token } = await oneWinner(app, contenders);
      assert.equal((await world.me(access_token)).status, 200);
      assert.equal((await world.refresh(app, refresh_token)).status, 200);
    }
  });
}

test('a stranger among fifty who replays a code changes nothing', async () => {
  const stranger = await world.application('confidential');
  for (let round = 0; round < 5; round += 1) {
    const grant = await world.authorize(browser, app);
    const theirs = { path: '/api/oauth2/token', form: stranger.exchange(grant) };
    const answers = await atOnce(world, times(8, (index) => (index === 7 ? redeem(app, grant) : theirs)));
    assert.deepEqual(statuses(answers), { 200: 1, 400: 7 });
    assert.equal((await world.me(answers[7].json.access_token)).status, 200);
  }
});

test('a consent form sent fifty times at once makes one code', async () => {
  for (let round = 0; round < 5; round += 1) {
    const request = app.authorizationRequest({ scope: 'identify email' });
    const { action, form } = browser.fill(await browser.open(request.url), { decision: 'approve' });
    const approve = { path: action, form, headers: { cookie: browser.cookie } };
    const answers = await atOnce(world, times(50, () => approve));
    assert.deepEqual(statuses(answers), { 303: 50 });
    const codes = new Set(answers.map((answer) => new URL(answer.header('location')).searchParams.get('code')));
    assert.equal(codes.size, 1);
    assert.equal((await world.exchange(app, { ...request, code: [...codes][0] })).status, 200);
    assert.equal((await atOnce(world, [approve]))[0].status, 409, 'and none once it is used');
  }
});

test('a consent form answered differently at once is answered once', async () => {
  for (let round = 0; round < 10; round += 1) {
    const request = app.authorizationRequest({ scope: 'identify email' });
    const page = await browser.open(request.url);
    const answer = (scope) => {
      const { action, form } = browser.fill(page, { decision: 'approve', scope });
      return { path: action, form, headers: { cookie: browser.cookie } };
    };
    const answers = await atOnce(world, times(20, (index) => answer(index % 2 ? ['email'] : [])));
    assert.deepEqual(statuses(answers), { 303: 10, 409: 10 });
    const won = answers.findIndex(({ status }) => status === 303);
    const code = new URL(answers[won].header('location')).searchParams.get('code');
    assert.equal((await world.exchange(app, { ...request, code })).json.scope, won % 2 ? 'identify email' : 'identify');
  }
});

test('a hundred refreshes of one token are all answered, with one successor, and the chain goes on', async () => {
  for (const client of [web, app]) {
    let { refresh_token: token } = await world.tokens(browser, client);
    for (let link = 0; link < 5; link += 1) {
      const answers = await atOnce(world, times(100, () => refresh(client, token)));
      assert.deepEqual(statuses(answers), { 200: 100 });
      const successors = new Set(answers.map(({ json }) => json.refresh_token));
      assert.equal(successors.size, 1);
      assert.ok(!successors.has(token));
      assert.equal((await world.me(answers[99].json.access_token)).status, 200);
      [token] = successors;
    }
  }
});

test('refreshes and a revocation at once: afterwards nothing works', async () => {
  for (let round = 0; round < 20; round += 1) {
    const { access_token, refresh_token } = await world.tokens(browser, web);
    const contenders = times(9, (index) => (index === round % 9 ? revoke(web, index % 2 ? access_token : refresh_token) : refresh(web, refresh_token)));
    const answers = await atOnce(world, contenders);
    const granted = answers.filter(({ text }) => text.includes('access_token')).map(({ json }) => json);
    for (const token of [access_token, refresh_token, ...granted.flatMap((it) => [it.access_token, it.refresh_token])]) {
      assert.deepEqual((await world.introspect(web, token)).json, { active: false });
    }
    for (const token of new Set([refresh_token, ...granted.map((it) => it.refresh_token)])) {
      assert.equal((await world.refresh(web, token)).json.error, 'invalid_grant');
    }
  }
});

test('redemptions and a deauthorization at once: afterwards nothing works', async () => {
  const { csrf_token } = (await browser.ask('/api/oauth2/session')).json;
  for (let round = 0; round < 20; round += 1) {
    const grant = await world.authorize(browser, app);
    const deauthorize = { path: `/api/oauth2/@me/authorizations/${app.id}`, method: 'DELETE', body: '{}', headers: { cookie: browser.cookie, 'x-csrf-token': csrf_token } };
    const answers = await atOnce(world, times(9, (index) => (index === round % 9 ? deauthorize : redeem(app, grant))));
    assert.equal(answers[round % 9].status, 204);
    const granted = answers.filter(({ text }) => text.includes('access_token')).map(({ json }) => json);
    assert.ok(granted.length <= 1);
    for (const { access_token, refresh_token } of granted) {
      assert.deepEqual((await world.introspect(app, access_token)).json, { active: false });
      assert.equal((await world.me(access_token)).status, 401);
      assert.equal((await world.refresh(app, refresh_token)).json.error, 'invalid_grant');
    }
    assert.equal((await world.exchange(app, grant)).json.error, 'invalid_grant');
  }
});

test('theft on one device leaves the other alone', async () => {
  for (const client of [web, app]) {
    const [phone, laptop] = [await world.tokens(await world.login(user), client), await world.tokens(browser, client)];
    const second = (await world.refresh(client, phone.refresh_token)).json;
    const third = (await world.refresh(client, second.refresh_token)).json;
    // Its successor is used: this is not a lost answer.
    const answers = await atOnce(world, [refresh(client, phone.refresh_token), refresh(client, laptop.refresh_token), refresh(client, laptop.refresh_token)]);
    assert.deepEqual(answers.map(({ status }) => status), [400, 200, 200]);
    for (const token of [phone, second, third]) {
      assert.equal(await world.active(client, token.access_token), false);
      assert.equal((await world.refresh(client, token.refresh_token)).json.error, 'invalid_grant');
    }
    assert.equal(await world.active(client, laptop.access_token), true);
    assert.equal((await world.refresh(client, answers[1].json.refresh_token)).status, 200);
  }
});

test('fifty logins at once all get in', async () => {
  const people = await Promise.all(times(5, () => world.user()));
  const browsers = await Promise.all(times(50, (index) => world.login(people[index % 5])));
  assert.equal(new Set(browsers.map((it) => it.cookies.get('fluxer_session'))).size, 50);
});

test('two hundred refreshes of one family leave one row', async () => {
  const owner = await world.user();
  const client = await world.application('public');
  let { refresh_token: token } = await world.tokens(await world.login(owner), client);
  const rows = await world.ledgerRows(owner, client);
  assert.equal(rows.length, 1);
  for (let link = 0; link < 200; link += 1) token = (await world.refresh(client, token)).json.refresh_token;
  assert.equal((await world.ledgerRows(owner, client)).length, 1);
});
