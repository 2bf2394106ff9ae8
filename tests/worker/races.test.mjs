// Races on the built Worker: the requests have arrived and wait for their last byte. What becomes of one
// request after another is for tests/flows.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { World, atOnce, basic, statuses, times } from './harness.mjs';
import { administration, bearer, bot, refused, session } from './platform.mjs';

let world, admin, database, user, browser, web, app;
before(async () => {
  world = await World.start();
  admin = await administration(world);
  database = await world.mf.getD1Database('DIRECTORY');
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

// --- users and applications ------------------------------------------------------------------------

const APPLICATIONS = '/api/oauth2/applications';

test('changes of a user at once lose none', async () => {
  const headers = { ...bearer(world.adminToken), 'content-type': 'application/json' };
  for (let round = 0; round < 5; round += 1) {
    const { id } = await world.user({ admin: true });
    const change = { admin: false, verified: false, public_flags: 7, avatar: `i${round}`, discriminator: '7777' };
    const answers = await atOnce(world, Object.entries(change).map(([name, value]) => ({ path: `/api/admin/users/${id}`, method: 'PATCH', body: JSON.stringify({ [name]: value }), headers })));
    assert.deepEqual(statuses(answers), { 200: 5 });
    const now = (await admin('GET', `/api/admin/users/${id}`)).json;
    assert.deepEqual(Object.fromEntries(Object.keys(change).map((name) => [name, now[name]])), change);
  }
});

test('thirty creations at once beside twenty-four leave twenty-five', async () => {
  const user = await world.user();
  const who = await world.login(user);
  const ask = await session(who);
  const create = () => ask('POST', APPLICATIONS, { name: 'One more' });
  for (let made = 0; made < 24; made += 1) assert.equal((await create()).status, 200);
  const headers = { cookie: who.cookie, 'x-csrf-token': (await who.ask('/api/oauth2/session')).json.csrf_token, 'content-type': 'application/json' };
  const answers = await atOnce(world, times(30, () => ({ path: APPLICATIONS, body: '{"name":"One more"}', headers })));
  assert.deepEqual(statuses(answers), { 200: 1, 400: 29 });
  for (const answer of answers) if (answer.status === 400) refused(answer, 400, 'MAX_APPLICATIONS');
  const owned = (await ask('GET', `${APPLICATIONS}/@me`)).json;
  assert.equal(owned.length, 25);
  assert.equal((await ask('DELETE', `${APPLICATIONS}/${owned[0].id}`, { password: user.password })).status, 204);
  assert.equal((await create()).status, 200);
  refused(await create(), 400, 'MAX_APPLICATIONS');
});

test('changes of an application at once lose none', async () => {
  const { id } = await world.application('confidential');
  const path = `/api/admin/applications/${id}`;
  const headers = { authorization: `Bearer ${world.adminToken}`, 'content-type': 'application/json' };
  for (let round = 0; round < 6; round += 1) {
    const change = { name: `Name ${round}`, description: `About ${round}`, icon: round % 2 ? null : `i${round}`, redirect_uris: [`https://app.example/${round}`], bot_public: round % 2 > 0, bot_require_code_grant: round % 2 === 0, trusted: round % 2 > 0, flags: round };
    const answers = await atOnce(world, Object.entries(change).map(([name, value]) => ({ path, method: 'PATCH', body: JSON.stringify({ [name]: value }), headers })));
    assert.deepEqual(statuses(answers), { 200: 8 });
    const now = (await admin('GET', path)).json;
    assert.deepEqual(Object.fromEntries(Object.keys(change).map((name) => [name, now[name]])), change);
  }
  const answers = await atOnce(world, times(20, () => ({ path: `${APPLICATIONS}/${id}/bot`, body: '{}', headers })));
  assert.deepEqual(statuses(answers), { 200: 1, 400: 19 }, 'one bot, one token');
  const { bot: made } = answers.find(({ status }) => status === 200).json;
  assert.equal((await world.request('/api/users/@me', { headers: bot(made.token) })).status, 200);
  const resets = await atOnce(world, times(20, () => ({ path: `${APPLICATIONS}/${id}/client-secret/reset`, body: '{}', headers })));
  const asked = (secret) => world.post('/api/oauth2/token', { grant_type: 'client_credentials' }, { headers: { authorization: basic(id, secret) } });
  const accepted = await Promise.all(resets.map(async ({ json }) => (await asked(json.client_secret)).status === 200));
  assert.equal(accepted.filter(Boolean).length, 1, 'one secret');
});

// --- bots ------------------------------------------------------------------------------------------

const [ADMINISTRATOR, MANAGE_GUILD, KICK, VIEW, SEND] = [8n, 32n, 2n, 1024n, 2048n];
const guild = () => world.admin('POST', '/guilds', { name: 'A guild', owner_id: user.id });
const fresh = () => world.application('confidential', { name: 'Bot House', bot: true });
const link = (client, more = {}) => `/oauth2/authorize?${new URLSearchParams({ client_id: client.id, scope: 'bot', ...more })}`;
const approval = async (client, home, more = {}) => {
  const page = await browser.open(more.scope ? client.authorizationRequest({ ...more, guild_id: home.id }).url : link(client, { ...more, guild_id: home.id }));
  const { action, form } = browser.fill(page, { decision: 'approve' });
  return { path: action, form, headers: { cookie: browser.cookie } };
};
const invite = async (client, more, fields) => browser.submit(await browser.open(link(client, more)), { decision: 'approve', ...fields });
/** Where a bot is, and with what. */
const places = async (client) => Object.fromEntries((await world.request('/api/users/@me/guilds', { headers: bot(client.bot.token) })).json.map(({ id, permissions }) => [id, permissions]));
const count = async (table, { id }) => (await database.prepare(`SELECT COUNT(*) AS rows FROM ${table} WHERE guild_id = ?`).bind(id).first()).rows;

test('a form that comes back for want of a guild keeps what was unticked', async () => {
  const client = await fresh();
  await guild();
  const page = await browser.open(client.authorizationRequest({ scope: 'identify email bot', permissions: String(KICK | VIEW) }).url);
  const back = await browser.submit(page, { decision: 'approve', scope: ['bot'], permissions: [String(VIEW)], guild_id: '' });
  assert.equal(back.status, 400);
  const ticked = (name, value) => 'checked' in back.html.querySelector(`input[name="${name}"][value="${value}"]`).attributes;
  assert.deepEqual([ticked('permissions', KICK), ticked('permissions', VIEW), ticked('scope', 'email')], [false, true, false]);
});

test('fifty identical approvals add the bot once, are answered alike and written down once', async () => {
  for (const more of [{ permissions: '3072' }, { permissions: '3072', scope: 'identify bot' }]) {
    const [client, home] = [await fresh(), await guild()];
    const same = await approval(client, home, more);
    const answers = await atOnce(world, times(50, () => same));
    assert.deepEqual(statuses(answers), { [more.scope ? 303 : 200]: 50 });
    assert.equal(new Set(answers.map((it) => it.header('location') ?? it.text)).size, 1);
    assert.deepEqual([await count('bot_members', home), await count('roles', home), await places(client)], [1, 1, { [home.id]: '3072' }]);
    const entries = await database.prepare('SELECT action FROM audit_log WHERE application_id = ? ORDER BY action').bind(client.id).all();
    assert.deepEqual(entries.results.map(({ action }) => action), more.scope ? ['authorization.granted', 'bot.added'] : ['bot.added']);
  }
});

test('fifty approvals of fifty forms: one adds the bot, the others hear that it is there', async () => {
  const [client, home] = [await fresh(), await guild()];
  const forms = await Promise.all(times(50, () => approval(client, home, { permissions: '3072' })));
  const answers = await atOnce(world, forms);
  assert.deepEqual(statuses(answers), { 200: 1, 400: 49 });
  assert.ok(answers.every(({ status, text }) => status === 200 || text.includes('BOT_ALREADY_IN_GUILD')));
  assert.deepEqual([await count('bot_members', home), await count('roles', home)], [1, 1]);
});

test('a bot that is invited with more gets it by a form that shows what is new, and loses nothing', async () => {
  const [home, client] = [await guild(), await fresh()];
  await invite(client, { permissions: String(VIEW) }, { guild_id: home.id });
  const early = await browser.open(link(client, { permissions: String(VIEW | SEND | KICK) }));
  for (const [more, asked] of [[{ guild_id: home.id, disable_guild_select: 'true' }, KICK], [{}, MANAGE_GUILD | VIEW], [{ guild_id: home.id }, ADMINISTRATOR]]) {
    const page = await browser.open(link(client, { permissions: String(asked), ...more }));
    assert.equal(page.html.querySelectorAll('.bot .quiet li').length, 1);
    const yes = { decision: 'approve', ...(!more.disable_guild_select && { guild_id: home.id }) };
    const [first, second] = [await browser.submit(page, yes), await browser.submit(page, yes)];
    assert.deepEqual([first.status, second.status, second.text], [200, 200, first.text]);
  }
  const given = VIEW | KICK | MANAGE_GUILD | ADMINISTRATOR;
  assert.deepEqual(await places(client), { [home.id]: String(given) });
  // What an older form showed is no longer so: it comes back, and changes nothing until it is answered.
  const again = await browser.submit(early, { decision: 'approve', guild_id: home.id });
  assert.deepEqual([again.status, await places(client)], [400, { [home.id]: String(given) }]);
  const added = await browser.submit(again, { decision: 'approve' });
  assert.deepEqual([added.status, await places(client)], [200, { [home.id]: String(given | SEND) }]);
  const late = await invite(client, { permissions: String(SEND) }, { guild_id: home.id });
  assert.deepEqual([late.status, late.location], [400, undefined]);
  assert.match(late.html.querySelector('.detail code').text, /^BOT_ALREADY_IN_GUILD: /);
});

test('of fifty forms that raise a bot at once, each was shown what is so or comes back', async () => {
  const [home, client] = [await guild(), await fresh()];
  await invite(client, { permissions: '0' }, { guild_id: home.id });
  const forms = await Promise.all(times(50, (nth) => approval(client, home, { permissions: String(1n << BigInt(nth % 6)), disable_guild_select: 'true' })));
  const answers = await atOnce(world, forms);
  assert.deepEqual([...new Set(answers.map(({ status }) => status))].sort(), [200, 400]);
  const there = BigInt((await places(client))[home.id]);
  const said = answers.map(({ status }, nth) => (status === 200 ? 1n << BigInt(nth % 6) : 0n));
  assert.equal(there, said.reduce((all, it) => all | it, 0n));
});

test('a right that is taken away while the bot is added', async () => {
  // The order in which the database took the two, as it noted it itself.
  await database.batch([
    'CREATE TABLE taken (n INTEGER PRIMARY KEY, what TEXT, guild_id TEXT)',
    "CREATE TRIGGER right_taken AFTER UPDATE ON members BEGIN INSERT INTO taken (what, guild_id) VALUES ('right', new.guild_id); END",
    "CREATE TRIGGER bot_taken AFTER INSERT ON bot_members BEGIN INSERT INTO taken (what, guild_id) VALUES ('bot', new.guild_id); END",
  ].map((sql) => database.prepare(sql)));
  const member = await world.user();
  const theirs = await world.login(member);
  for (let round = 0; round < 10; round += 1) {
    const [client, home] = [await fresh(), await guild()];
    await world.admin('PUT', `/guilds/${home.id}/members/${member.id}`, { permissions: String(MANAGE_GUILD | VIEW) });
    await database.prepare('DELETE FROM taken').run();
    // With a code to make, the bot is added a good while after the right was looked at.
    const more = { permissions: '1024', guild_id: home.id };
    const url = round % 2 ? client.authorizationRequest({ ...more, scope: 'identify bot' }).url : link(client, more);
    const { action, form } = theirs.fill(await theirs.open(url), { decision: 'approve' });
    const take = { path: `/api/admin/guilds/${home.id}/members/${member.id}`, method: 'PUT', body: '{"permissions":"0"}', headers: { authorization: `Bearer ${world.adminToken}`, 'content-type': 'application/json' } };
    const approve = { path: action, form, headers: { cookie: theirs.cookie } };
    const [taken, added] = await atOnce(world, [take, approve]);
    const order = (await database.prepare('SELECT what FROM taken ORDER BY n').all()).results.map(({ what }) => what).join(', ');
    assert.equal(taken.status, 200);
    assert.ok({ 'bot, right': added.status === (round % 2 ? 303 : 200), right: added.status === 403 }[order], `${order}: ${added.status}`);
    assert.equal(await count('bot_members', home), Number(order !== 'right'));
  }
  await database.batch([database.prepare('DROP TRIGGER right_taken'), database.prepare('DROP TRIGGER bot_taken'), database.prepare('DROP TABLE taken')]);
});
