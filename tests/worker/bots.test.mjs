// A bot's way into a guild, what it may do there, and its token.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { World, atOnce, statuses, times } from './harness.mjs';
import { BITS, NO_BITS, NO_IDS, administration, bot, refused, session } from './platform.mjs';

const [ADMINISTRATOR, MANAGE_GUILD, KICK, VIEW, SEND] = [8n, 32n, 2n, 1024n, 2048n];
const ALL = 69815829414805503n;
let world, admin, database, owner, browser, app, member, mine;
before(async () => {
  world = await World.start();
  admin = await administration(world);
  database = await world.mf.getD1Database('DIRECTORY');
  [owner, member] = [await world.user(), await world.user()];
  browser = await world.login(owner);
  mine = await session(browser);
  app = await world.application('confidential', { name: 'Bot House', bot: true });
});
after(() => world?.stop());

const guild = (fields = {}) => world.admin('POST', '/guilds', { name: 'A guild', owner_id: owner.id, ...fields });
const fresh = (fields = {}) => world.application('confidential', { name: 'Bot House', bot: true, ...fields });
const join_ = (guild, user, permissions) => world.admin('PUT', `/guilds/${guild.id}/members/${user.id}`, { permissions: String(permissions) });
const link = (client, more = {}) => `/oauth2/authorize?${new URLSearchParams({ client_id: client.id, scope: 'bot', ...more })}`;
const get = (path, client = app) => world.request(path, { headers: bot(client.bot.token) });
/** Where a bot is, and with what. */
const places = async (client = app) => Object.fromEntries((await get('/api/users/@me/guilds', client)).json.map(({ id, permissions }) => [id, permissions]));
const heading = (page) => page.html.querySelector('h1').text;
const detail = (page) => page.html.querySelector('.detail code')?.text;
const boxes = (page) => page.html.querySelectorAll('input[name="permissions"]').map(({ attributes }) => [attributes.value, 'disabled' in attributes ? 'held back' : 'checked' in attributes ? 'on' : 'off']);
const options = (page) => page.html.querySelectorAll('select[name="guild_id"] option').map(({ attributes }) => [attributes.value, 'disabled' in attributes ? 'there' : 'selected' in attributes ? 'selected' : '']);
/** Opens the invite link and says yes. */
async function invite(who, client, more = {}, fields = {}) {
  const page = await who.open(link(client, more));
  return page.status === 200 ? who.submit(page, { decision: 'approve', ...fields }) : page;
}
function notAdded(page, status, code) {
  assert.deepEqual([page.status, page.location], [status, undefined], page.html.querySelector('main').structuredText);
  assert.match(page.header('content-type'), /^text\/html/);
  if (code) assert.match(detail(page), new RegExp(`^${code}: `));
}

// --- the link and its page -------------------------------------------------------------------------

test('an invite needs nothing but client_id and scope, and ends on a page', async () => {
  const home = await guild();
  const page = await invite(browser, app, {}, { guild_id: home.id });
  assert.deepEqual([page.status, page.location, heading(page)], [200, undefined, 'Bot_House is now in A guild']);
  assert.deepEqual(await places(), { [home.id]: '0' });
  const { permissions, ...shown } = (await get(`/api/guilds/${home.id}`)).json;
  assert.deepEqual([permissions, shown.id, shown.name, shown.owner_id], ['0', home.id, 'A guild', owner.id]);
  assert.deepEqual((await admin('GET', `/api/admin/guilds/${home.id}/members`)).json.find((it) => it.bot), { id: app.id, bot: true, permissions: '0' });
  await world.admin('DELETE', `/guilds/${home.id}/members/${app.id}`);
  refused(await get(`/api/guilds/${home.id}`), 403, 'MISSING_ACCESS');
  const again = await invite(browser, app, {}, { guild_id: home.id });
  assert.equal(again.status, 200, 'who left can come back');
});

test('with other scopes it ends in a redirect, and the token response tells of the guild', async () => {
  const client = await fresh();
  const home = await guild({ name: 'Home & <b>garden</b>', icon: 'a_77' });
  const request = client.authorizationRequest({ scope: 'identify bot', permissions: '3075', guild_id: home.id });
  const page = await browser.submit(await browser.open(request.url), { decision: 'approve' });
  assert.deepEqual([...page.landed.keys()], ['code', 'state', 'iss']);
  const answer = (await world.exchange(client, { ...request, code: page.landed.get('code') })).json;
  assert.deepEqual([answer.scope, answer.guild], ['identify bot', { id: home.id, name: 'Home & <b>garden</b>', icon: 'a_77', permissions: '3075' }]);
  assert.equal((await world.me(answer.access_token)).json.id, owner.id);
  assert.equal((await world.refresh(client, answer.refresh_token)).json.guild, undefined);
  assert.deepEqual(await places(client), { [home.id]: '3075' });
  const refusal = await browser.ask(client.authorizationRequest({ scope: 'identify bot', prompt: 'none' }).url);
  assert.equal(refusal.landed.get('error'), 'consent_required', 'a bot is never added silently');
});

test('the picker offers the guilds where the user may add bots', async () => {
  const client = await fresh();
  const user = await world.user();
  const theirs = await world.login(user);
  const rights = { owns: undefined, manages: MANAGE_GUILD, administers: ADMINISTRATOR, reads: VIEW, nearly: ALL & ~(ADMINISTRATOR | MANAGE_GUILD), stranger: undefined };
  const at = {};
  for (const [name, permissions] of Object.entries(rights)) {
    at[name] = await guild({ name: `<i>${name}</i>`, owner_id: name === 'owns' ? user.id : owner.id });
    if (permissions) await join_(at[name], user, permissions);
  }
  const page = await theirs.open(link(client, { guild_id: at.manages.id }));
  assert.deepEqual(options(page).slice(1), [[at.owns.id, ''], [at.manages.id, 'selected'], [at.administers.id, '']]);
  assert.equal(page.html.querySelector('select i'), null, 'names are text');
  // What is not offered is refused when it comes anyway.
  for (const name of ['reads', 'nearly', 'stranger']) {
    notAdded(await theirs.submit(page, { decision: 'approve', guild_id: at[name].id }), 403, 'MISSING_PERMISSIONS');
    notAdded(await theirs.open(link(client, { guild_id: at[name].id, disable_guild_select: 'true' })), 403, 'MISSING_PERMISSIONS');
  }
  assert.deepEqual(await places(client), {});
  assert.equal((await theirs.submit(page, { decision: 'approve', guild_id: '' })).status, 400, 'no guild chosen');
  for (const name of ['owns', 'manages', 'administers']) assert.equal((await invite(theirs, client, {}, { guild_id: at[name].id })).status, 200);
  assert.equal(Object.keys(await places(client)).length, 3);
  const nowhere = await theirs.open(link(client));
  assert.deepEqual([options(nowhere), nowhere.html.querySelector('[value="approve"]')], [[], null], 'there is nothing to say yes to');
  const last = await guild({ owner_id: user.id });
  assert.deepEqual(options(await theirs.open(link(client))).slice(1).map(([id, state]) => [id === last.id, state]), [[false, 'there'], [false, 'there'], [false, 'there'], [true, '']]);
});

test('whoever is in very many guilds finds the one they manage', async () => {
  const user = await world.user();
  const theirs = await world.login(user);
  const many = 'WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 200)';
  await database.batch([
    database.prepare(`${many} INSERT INTO guilds (id, name, created_at) SELECT CAST(9000000000000000000 + i AS TEXT), 'Guild ' || i, 0 FROM n`),
    database.prepare(`${many} INSERT INTO members (user_id, guild_id, permissions, joined_at) SELECT ?, CAST(9000000000000000000 + i AS TEXT), CASE i WHEN 200 THEN '32' ELSE '0' END, 0 FROM n`).bind(user.id),
  ]);
  const offered = options(await theirs.open(link(app)));
  await database.prepare("DELETE FROM guilds WHERE id >= '9'").run();
  assert.deepEqual(offered.slice(1), [['9000000000000000200', '']]);
});

test('a bot gets what was asked and ticked and the installer holds, in bits that exist', async () => {
  const client = await fresh();
  const check = async (held, asked, ticked, expected) => {
    const home = await guild({ owner_id: held === 'owner' ? member.id : owner.id });
    const theirs = await world.login(member);
    if (held !== 'owner') await join_(home, member, held);
    const page = await theirs.open(link(client, { permissions: String(asked), guild_id: home.id, disable_guild_select: 'true' }));
    const added = await theirs.submit(page, { decision: 'approve', ...(ticked && { permissions: ticked.map(String) }) });
    assert.equal(added.status, 200, added.text);
    assert.equal((await places(client))[home.id], String(expected), `${held} gives ${asked}`);
    const { results } = await database.prepare('SELECT permissions FROM roles WHERE guild_id = ?').bind(home.id).all();
    assert.deepEqual(results, expected ? [{ permissions: String(expected) }] : []);
    return page;
  };
  const page = await check(MANAGE_GUILD | VIEW, VIEW | SEND | KICK, undefined, VIEW);
  assert.deepEqual(boxes(page), [['2', 'held back'], ['1024', 'on'], ['2048', 'held back']]);
  await check(MANAGE_GUILD | VIEW, ALL, [ALL], MANAGE_GUILD | VIEW); // more than there was a box for
  await check(MANAGE_GUILD, ADMINISTRATOR, [ADMINISTRATOR], 0n);
  await check(ADMINISTRATOR, 2n ** 64n - 1n, undefined, ALL);
  await check('owner', KICK | VIEW | SEND, [VIEW, 'x', '-1', '1024 ', 2n ** 63n], VIEW);
  await check('owner', VIEW, [KICK, ADMINISTRATOR], 0n);
  await check('owner', 2n ** 60n, undefined, 0n);
  await check('owner', 2n ** 53n + 1n, undefined, 2n ** 53n + 1n);
});

test('what a link cannot say', async () => {
  const home = await guild();
  const wrong = [
    ...NO_BITS.map((permissions) => ({ permissions })),
    ...NO_IDS.map((id) => ({ guild_id: id === 'x' ? 'a,b' : decodeURIComponent(id) })),
    { disable_guild_select: 'true' }, { guild_id: home.id, disable_guild_select: 'TRUE' },
    { response_type: 'token' }, { scope: 'bot admin' }, { scope: 'bot bot2' },
  ];
  for (const more of wrong) {
    const page = await browser.open(link(app, more));
    notAdded(page, 400);
    const { scope = 'identify bot', response_type = 'code', ...rest } = more;
    const redirected = await browser.ask(app.authorizationRequest({ scope, response_type, ...rest }).url);
    assert.match(redirected.landed?.get('error') ?? '', /^(invalid_request|invalid_scope|unsupported_response_type)$/, JSON.stringify(more).slice(0, 80));
  }
  for (const twice of ['permissions=0', `guild_id=${home.id}`]) notAdded(await browser.open(`${link(app)}&${twice}&${twice}`), 400);
  for (const permissions of BITS) assert.equal((await browser.open(link(app, { permissions }))).status, 200);
  notAdded(await browser.open(link(app, { redirect_uri: 'https://evil.example/' })), 400);
  const list = await browser.open(`${link(app)}&guild_id[]=${home.id}&permissions[]=8`);
  assert.deepEqual([boxes(list), options(list).some(([, state]) => state === 'selected')], [[], false], 'another parameter is not that one');
});

test('guilds whose ids a double would confuse', async () => {
  const client = await fresh();
  const ids = ['9007199254740992', '9007199254740993', '9223372036854775807'];
  const add = 'INSERT INTO guilds (id, name, owner_id, created_at) VALUES (?, ?, ?, 0)';
  const enter = 'INSERT INTO members (user_id, guild_id, permissions, joined_at) VALUES (?, ?, 0, 0)';
  await database.batch(ids.flatMap((id) => [database.prepare(add).bind(id, `Guild ${id}`, owner.id), database.prepare(enter).bind(owner.id, id)]));
  for (const [index, id] of ids.entries()) {
    const page = await invite(browser, client, { guild_id: id, disable_guild_select: 'true' });
    assert.equal(heading(page), `Bot_House is now in Guild ${id}`);
    assert.deepEqual(Object.keys(await places(client)).sort(), ids.slice(0, index + 1));
  }
  for (const id of ids) await world.admin('DELETE', `/guilds/${id}`);
  assert.deepEqual(await places(client), {});
  notAdded(await browser.open(link(client, { guild_id: ids[0] })), 404, 'UNKNOWN_GUILD');
});

test('a fixed guild is the one that was shown, whatever comes back', async () => {
  const [shown, other] = [await guild(), await guild()];
  const fixed = { guild_id: shown.id, disable_guild_select: 'true' };
  const page = await browser.open(link(app, fixed));
  assert.equal(page.html.querySelector('select[name="guild_id"]'), null);
  const { action, form } = browser.fill(page, { decision: 'approve' });
  for (const changed of [action.replace(shown.id, other.id), action.replace('true', 'false'), `${action}&permissions=8`]) {
    assert.equal((await browser.ask(changed, { form })).status, 403, 'a form is for one request');
  }
  form.append('guild_id', other.id);
  assert.equal((await browser.ask(action, { form })).status, 200);
  assert.deepEqual([(await places())[shown.id], (await places())[other.id]], ['0', undefined]);
  notAdded(await browser.open(link(app, fixed)), 400, 'BOT_ALREADY_IN_GUILD');
});

test('no, and never mind the bot', async () => {
  const client = await fresh();
  const home = await guild();
  const denied = await browser.submit(await browser.open(link(client)), { decision: 'deny' });
  assert.deepEqual([denied.status, heading(denied)], [200, 'Nothing was added']);
  const request = client.authorizationRequest({ scope: 'identify bot' });
  const page = await browser.open(request.url);
  assert.equal((await browser.submit(page, { decision: 'deny' })).landed.get('error'), 'access_denied');
  const { landed } = await browser.submit(await browser.open(request.url), { decision: 'approve', scope: [], guild_id: home.id });
  const answer = (await world.exchange(client, { ...request, code: landed.get('code') })).json;
  assert.deepEqual([answer.scope, answer.guild, await places(client)], ['identify', undefined, {}]);
});

test('a form that comes back for want of a guild keeps what was unticked', async () => {
  await guild();
  const page = await browser.open(app.authorizationRequest({ scope: 'identify email bot', permissions: String(KICK | VIEW) }).url);
  const back = await browser.submit(page, { decision: 'approve', scope: ['bot'], permissions: [String(VIEW)], guild_id: '' });
  assert.equal(back.status, 400);
  assert.deepEqual(boxes(back), [[String(KICK), 'off'], [String(VIEW), 'on']]);
  assert.ok(!('checked' in back.html.querySelector('input[value="email"]').attributes));
});

test('a private bot is its owner’s to add, and no bot is nobody’s', async () => {
  const home = await guild();
  const theirs = await world.login(member);
  await join_(home, member, ADMINISTRATOR);
  const client = await fresh({ bot_public: false, owner_id: owner.id });
  notAdded(await theirs.open(link(client)), 403, 'BOT_IS_PRIVATE');
  const { landed } = await theirs.ask(client.authorizationRequest({ scope: 'identify bot' }).url);
  assert.equal(landed.get('error'), 'unauthorized_client');
  // Made private while somebody looks at the form.
  const page = await theirs.open(link(app));
  await world.admin('PATCH', `/applications/${app.id}`, { bot_public: false });
  notAdded(await theirs.submit(page, { decision: 'approve', guild_id: home.id }), 403, 'BOT_IS_PRIVATE');
  await world.admin('PATCH', `/applications/${app.id}`, { bot_public: true });
  assert.equal((await invite(browser, client, {}, { guild_id: home.id })).status, 200);
  const without = await world.application('confidential');
  notAdded(await browser.open(link(without)), 400, 'NOT_A_BOT_APPLICATION');
  assert.equal((await browser.ask(without.authorizationRequest({ scope: 'identify bot' }).url)).landed.get('error'), 'invalid_scope');
});

test('a bot that wants a code is added by a code only', async () => {
  const client = await fresh({ bot_require_code_grant: true });
  const home = await guild();
  notAdded(await browser.open(link(client)), 400);
  const request = client.authorizationRequest({ scope: 'bot', guild_id: home.id });
  const { landed } = await browser.submit(await browser.open(request.url), { decision: 'approve' });
  assert.equal((await world.exchange(client, { ...request, code: landed.get('code') })).json.guild.id, home.id);
});

test('rights are those of the moment', async () => {
  const client = await fresh();
  const home = await guild();
  await join_(home, member, ADMINISTRATOR);
  const theirs = await world.login(member);
  const page = await theirs.open(link(client, { permissions: String(KICK | VIEW), guild_id: home.id }));
  for (const [change, status, code] of [
    [() => join_(home, member, VIEW), 403, 'MISSING_PERMISSIONS'],
    [() => world.admin('DELETE', `/guilds/${home.id}/members/${member.id}`), 403, 'MISSING_PERMISSIONS'],
  ]) {
    await change();
    notAdded(await theirs.submit(page, { decision: 'approve' }), status, code);
  }
  await join_(home, member, MANAGE_GUILD | VIEW);
  assert.equal((await theirs.submit(page, { decision: 'approve' })).status, 200);
  assert.deepEqual(await places(client), { [home.id]: String(VIEW) });
  await join_(home, member, 0);
  notAdded(await theirs.submit(page, { decision: 'approve' }), 403, 'MISSING_PERMISSIONS');
  assert.deepEqual(await places(client), { [home.id]: String(VIEW) }, 'who is there stays');
  await world.admin('DELETE', `/guilds/${home.id}`);
  notAdded(await theirs.submit(page, { decision: 'approve' }), 404, 'UNKNOWN_GUILD');
});

// --- the bot's own routes and its token ------------------------------------------------------------

test('a bot sees itself, its application and its guilds', async () => {
  const identity = { id: app.id, username: 'Bot_House', avatar: null, discriminator: app.bot.discriminator, public_flags: 0, bot: true };
  assert.deepEqual((await get('/api/users/@me')).json, identity);
  const application = (await get('/api/applications/@me')).json;
  assert.deepEqual([application.id, application.name, application.bot, application.flags, application.verify_key], [app.id, 'Bot House', identity, 0, null]);
  for (const secret of ['redirect_uris', 'client_secret', 'owner_id', 'token']) assert.ok(!(secret in application) && !(secret in application.bot));
  const home = await guild();
  refused(await get(`/api/guilds/${home.id}`), 403, 'MISSING_ACCESS');
  for (const id of [...NO_IDS.slice(0, -1), '999999999999999999', (BigInt(home.id) + 1n).toString()]) refused(await get(`/api/guilds/${id}`), 404, 'UNKNOWN_GUILD');
  const shown = (await world.request(`/api/oauth2/applications/${app.id}/public`)).json;
  assert.deepEqual(shown, { id: app.id, name: 'Bot House', icon: null, description: '', scopes: ['bot'], bot_public: true, bot_require_code_grant: false, bot: identity });
});

test('a bot’s list of guilds is paged', async () => {
  const client = await fresh();
  const homes = [];
  for (let count = 0; count < 5; count += 1) homes.push(await guild());
  for (const home of homes) await invite(browser, client, { guild_id: home.id, disable_guild_select: 'true' });
  const ids = homes.map(({ id }) => id);
  const page = async (query) => (await get(`/api/users/@me/guilds?${query}`, client)).json.map(({ id }) => id);
  assert.deepEqual([await page(''), await page('limit=2'), await page(`limit=2&after=${ids[1]}`), await page(`after=${ids[4]}`)], [ids, ids.slice(0, 2), ids.slice(2, 4), []]);
  for (const query of ['limit=0', 'limit=201', 'limit=x', 'after=x', 'limit=-1&after=-1', 'limit=1&limit=2']) refused(await get(`/api/users/@me/guilds?${query}`, client), 400, 'INVALID_FORM_BODY');
});

test('a bot’s token: made once, dead the moment it is reset, gone with its application', async () => {
  const path = '/api/oauth2/applications';
  const made = (await mine('POST', path, { name: 'Mine', redirect_uris: [] })).json;
  assert.equal(made.bot, null);
  refused(await mine('POST', `${path}/${made.id}/bot/reset-token`, { password: owner.password }), 400, 'NOT_A_BOT_APPLICATION');
  const grown = (await mine('POST', `${path}/${made.id}/bot`)).json;
  const works = async (token) => (await world.request('/api/users/@me', { headers: bot(token) })).status;
  assert.deepEqual([grown.bot.id, grown.bot.username, await works(grown.bot.token)], [made.id, 'Mine', 200]);
  assert.match(grown.bot.token, new RegExp(`^flx_bot_${made.id}\\.[\\w-]{43}\\w{6}$`));
  refused(await mine('POST', `${path}/${made.id}/bot`), 400, 'INVALID_FORM_BODY');
  assert.equal(await works(grown.bot.token), 200, 'asking twice changes nothing');
  const tokens = [grown.bot.token];
  for (let round = 0; round < 5; round += 1) {
    const { token, bot: shown } = (await mine('POST', `${path}/${made.id}/bot/reset-token`, { password: owner.password })).json;
    assert.deepEqual([await works(tokens.at(-1)), await works(token), shown.id, 'token' in shown], [401, 200, made.id, false]);
    tokens.push(token);
  }
  const [id, secret] = [made.id, tokens.at(-1).split('.')[1]];
  const older = secret.slice(0, 43); // as tokens were without prefix and checksum
  for (const token of [secret, `.${secret}`, `${id}.`, `0${id}.${older}`, `${id}.${older}`, `${BigInt(id) + 1n}.${older}`, `${app.id}.${older}`, `flx_bot_${app.id}.${secret}`, `flx_bot_${id}.${secret}.`, `flx_bot_${id}.${older}`, `flx_bot_${id}.${app.bot.token.split('.')[1]}`, 'x'.repeat(8_000)]) {
    assert.equal(await works(token), 401, token);
  }
  const everywhere = await Promise.all([mine('GET', `${path}/${id}`), mine('GET', `${path}/@me`), admin('GET', `/api/admin/applications/${id}`), admin('GET', '/api/admin/audit-log'), world.request(`${path}/${id}/public`), mine('PATCH', `${path}/${id}`, { name: 'New' })]);
  const files = readdirSync(world.folder, { recursive: true, withFileTypes: true }).filter((it) => it.isFile()).map((it) => readFileSync(join(it.parentPath, it.name)));
  for (const token of tokens) {
    const [, secret] = token.split('.');
    assert.ok(everywhere.every(({ status, text }) => status === 200 && !text.includes(secret)), 'shown once');
    assert.ok(!files.some((file) => file.includes(secret)), 'stored as a hash');
  }
  assert.ok(files.some((file) => file.includes(id)), 'what is stored is found');
  assert.equal((await mine('DELETE', `${path}/${id}`, { password: owner.password })).status, 204);
  assert.equal(await works(tokens.at(-1)), 401);
});

// --- races -----------------------------------------------------------------------------------------

const count = async (table, { id }) => (await database.prepare(`SELECT COUNT(*) AS rows FROM ${table} WHERE guild_id = ?`).bind(id).first()).rows;
const approval = async (client, home, more = {}) => {
  const page = await browser.open(more.scope ? client.authorizationRequest({ ...more, guild_id: home.id }).url : link(client, { ...more, guild_id: home.id }));
  const { action, form } = browser.fill(page, { decision: 'approve' });
  return { path: action, form, headers: { cookie: browser.cookie } };
};

test('fifty identical approvals add the bot once and are answered alike', async () => {
  for (const more of [{ permissions: '3072' }, { permissions: '3072', scope: 'identify bot' }]) {
    const [client, home] = [await fresh(), await guild()];
    const same = await approval(client, home, more);
    const answers = await atOnce(world, times(50, () => same));
    assert.deepEqual(statuses(answers), { [more.scope ? 303 : 200]: 50 });
    assert.equal(new Set(answers.map((it) => it.header('location') ?? it.text)).size, 1);
    assert.deepEqual([await count('bot_members', home), await count('roles', home), await places(client)], [1, 1, { [home.id]: '3072' }]);
  }
});

test('fifty identical approvals are one entry of the log', async () => {
  const [client, home] = [await fresh(), await guild()];
  const same = await approval(client, home, { scope: 'identify bot' });
  await atOnce(world, times(50, () => same));
  const entries = await database.prepare('SELECT action, COUNT(*) AS entries FROM audit_log WHERE application_id = ? GROUP BY action ORDER BY action').bind(client.id).all();
  assert.deepEqual(entries.results, [{ action: 'authorization.granted', entries: 1 }, { action: 'bot.added', entries: 1 }]);
});

test('the form that added the bot, sent again with other boxes', async () => {
  const [client, home] = [await fresh(), await guild()];
  const page = await browser.open(link(client, { permissions: String(KICK | VIEW), guild_id: home.id }));
  assert.equal((await browser.submit(page, { decision: 'approve', permissions: [String(VIEW)] })).status, 200);
  const again = await browser.submit(page, { decision: 'approve', permissions: [String(KICK), String(VIEW)] });
  assert.deepEqual(await places(client), { [home.id]: String(VIEW) });
  assert.ok(again.status >= 400 || !again.text.includes('Kick members'), 'the page says what is');
  const entries = await database.prepare("SELECT details FROM audit_log WHERE action = 'bot.added' AND target_id = ?").bind(home.id).all();
  assert.deepEqual(entries.results, [{ details: '{"permissions":"1024"}' }]);
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
  await invite(browser, client, { permissions: String(VIEW) }, { guild_id: home.id });
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
  notAdded(await invite(browser, client, { permissions: String(SEND) }, { guild_id: home.id }), 400, 'BOT_ALREADY_IN_GUILD');
});

test('of fifty forms that raise a bot at once, each was shown what is so or comes back', async () => {
  const [home, client] = [await guild(), await fresh()];
  await invite(browser, client, { permissions: '0' }, { guild_id: home.id });
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
  const theirs = await world.login(member);
  for (let round = 0; round < 10; round += 1) {
    const [client, home] = [await fresh(), await guild()];
    await join_(home, member, MANAGE_GUILD | VIEW);
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

test('nothing of all this was a fault', () => assert.deepEqual(world.logged, []));
