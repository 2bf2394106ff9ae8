// The administration API: users, guilds, connections, applications, and the log of what was done.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Browser, World, atOnce, statuses } from './harness.mjs';
import { BITS, NAMES, NO_BITS, NO_IDS, NO_NAMES, administration, asking, bearer, bot, faulted, refused, session } from './platform.mjs';

let world, admin, database, owner, browser, guild;
before(async () => {
  world = await World.start();
  admin = await administration(world);
  database = await world.mf.getD1Database('DIRECTORY');
  owner = await world.user();
  browser = await world.login(owner);
  guild = (await admin('POST', '/api/admin/guilds', { name: 'A guild', owner_id: owner.id })).json;
});
after(() => world?.stop());

const USERS = '/api/admin/users';
const GUILDS = '/api/admin/guilds';
const APPLICATIONS = '/api/admin/applications';
const ok = (answer) => {
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
};

test('every way in is closed to everybody else', async () => {
  const { access_token } = await world.tokens(browser, await world.application('confidential'), { scope: 'identify email guilds connections' });
  const { bot: made } = await world.application('confidential', { bot: true });
  const mine = await session(browser);
  const ways = [
    ['GET', USERS], ['POST', USERS], ['GET', `${USERS}/${owner.id}`], ['PATCH', `${USERS}/${owner.id}`], ['DELETE', `${USERS}/${owner.id}`],
    ['GET', `${USERS}/${owner.id}/authorizations`], ['DELETE', `${USERS}/${owner.id}/authorizations`], ['DELETE', `${USERS}/${owner.id}/authorizations/1`],
    ['PUT', `${USERS}/${owner.id}/connections/github/1`], ['DELETE', `${USERS}/${owner.id}/connections/github/1`],
    ['GET', GUILDS], ['POST', GUILDS], ['GET', `${GUILDS}/${guild.id}`], ['DELETE', `${GUILDS}/${guild.id}`],
    ['GET', `${GUILDS}/${guild.id}/members`], ['PUT', `${GUILDS}/${guild.id}/members/${owner.id}`], ['DELETE', `${GUILDS}/${guild.id}/members/${owner.id}`],
    ['GET', APPLICATIONS], ['POST', APPLICATIONS], ['GET', `${APPLICATIONS}/1`], ['PATCH', `${APPLICATIONS}/1`], ['DELETE', `${APPLICATIONS}/1`], ['GET', '/api/admin/audit-log'],
  ];
  for (const [method, path] of ways) {
    const json = method === 'GET' ? undefined : {};
    refused(await world.request(path, { method, json }), 401, 'UNAUTHORIZED');
    refused(await mine(method, path, json), 401, 'UNAUTHORIZED');
    refused(await world.request(path, { method, json, headers: bearer(access_token) }), 403, 'MISSING_OAUTH_SCOPE');
    refused(await world.request(path, { method, json, headers: bot(made.token) }), 401, 'INVALID_TOKEN');
    for (const around of method !== 'GET' ? [] : [`/${path}`, `${path}/`, path.replace('/api/', '/api//'), path.replace('admin', 'ADMIN'), path.replace('admin', '%61dmin'), path.replace('/admin', '/x/..;/admin')]) {
      assert.equal((await world.request(around.replace(/^\/\//, '/.//'), { method, json, headers: bearer(access_token) })).status, 404, around);
    }
  }
  assert.equal((await admin('GET', `${USERS}/${owner.id}`)).status, 200);
});

// --- users -----------------------------------------------------------------------------------------

test('a user from creation to deletion', async () => {
  const { id, created_at, ...made } = ok(await admin('POST', USERS, { username: 'Ada.L', email: 'Ada@Example.com', password: 'long enough', verified: true, avatar: 'a_1', public_flags: 4294967295, discriminator: '0007' }));
  assert.deepEqual(made, { username: 'Ada.L', email: 'Ada@Example.com', verified: true, admin: false, avatar: 'a_1', public_flags: 4294967295, discriminator: '0007', suspended: false });
  const shown = { id, created_at, ...made };
  for (const change of [{}, { username: 'ada' }, { email: 'ada@example.org' }, { verified: false }, { admin: true }, { avatar: null }, { public_flags: 0 }, { discriminator: '9999' }]) {
    Object.assign(shown, change, change.email && { verified: false });
    assert.deepEqual(ok(await admin('PATCH', `${USERS}/${id}`, change)), shown);
  }
  const unknown = await admin('PATCH', `${USERS}/${id}`, { password_hash: 'x', verfied: true });
  assert.deepEqual([unknown.status, unknown.json.errors.map(({ path }) => path)], [400, ['password_hash', 'verfied']]);
  assert.deepEqual(ok(await admin('GET', `${USERS}/${id}`)), shown);
  const login = async (name, password) => {
    const visitor = new Browser(world);
    await visitor.submit(await visitor.open('/login'), { login: name, password });
    return visitor.cookies.has('fluxer_session');
  };
  assert.deepEqual([await login('ADA', 'long enough'), await login('ada@EXAMPLE.org', 'long enough'), await login('Ada.L', 'long enough')], [true, true, false]);
  ok(await admin('PATCH', `${USERS}/${id}`, { password: 'another one' }));
  assert.deepEqual([await login('ada', 'long enough'), await login('ada', 'another one')], [false, true]);
  const gone = await admin('DELETE', `${USERS}/${id}`);
  assert.deepEqual([gone.status, gone.text, await login('ada', 'another one')], [204, '', false]);
  for (const method of ['GET', 'PATCH', 'DELETE']) refused(await admin(method, `${USERS}/${id}`, method === 'PATCH' ? {} : undefined), 404, 'UNKNOWN_USER');
  for (const wrong of [...NO_IDS, '999999999999999999', `${BigInt(id) + 1n}`]) refused(await admin('GET', `${USERS}/${wrong}`), 404, 'UNKNOWN_USER');
});

test('names and addresses are one person’s, whatever their case', async () => {
  const make = (username, email) => admin('POST', USERS, { username, email, password: 'long enough' });
  faulted(await make(owner.username.toUpperCase(), 'new@example.com'), 'username');
  faulted(await make('new-name', owner.email.toUpperCase()), 'email');
  faulted(await make(owner.username, owner.email), 'username', 'email');
  const { id } = ok(await make('new-name', 'new@example.com'));
  faulted(await admin('PATCH', `${USERS}/${id}`, { username: owner.username }), 'username');
  faulted(await admin('PATCH', `${USERS}/${id}`, { email: owner.email }), 'email');
  ok(await admin('PATCH', `${USERS}/${id}`, { username: 'NEW-NAME' }));
});

test('every mistake in a user is named at once', async () => {
  const wrong = { username: 'x y', email: 'nobody', password: 'short', verified: 'yes', admin: 1, avatar: '../x', public_flags: -1, discriminator: '1' };
  faulted(await admin('POST', USERS, wrong), ...Object.keys(wrong));
  faulted(await admin('PATCH', `${USERS}/${owner.id}`, wrong), ...Object.keys(wrong));
  faulted(await admin('POST', USERS, {}), 'username', 'email', 'password');
  for (const [name, values] of Object.entries({
    username: ['', 'a'.repeat(33), 'аlice', 'a\0', '<b>', 'a@b', 5, null], email: ['@', 'a@', 'a@b@c', 'a b@c', 'a@b\n', `a@${'b'.repeat(253)}`, null], password: ['1234567', 'x'.repeat(1_025), null],
    public_flags: [4_294_967_296, 1.5, '1', 1e300], discriminator: ['00001', '000x', '１２３４', 7], avatar: ['', 'a/b', 'x'.repeat(65)],
  })) {
    for (const value of values) faulted(await admin('POST', USERS, { username: 'fine', email: 'fine@example.com', password: 'long enough', [name]: value }), name);
  }
});

test('changes of a user at once lose none', async () => {
  const headers = { ...bearer(world.adminToken), 'content-type': 'application/json' };
  for (let round = 0; round < 5; round += 1) {
    const { id } = await world.user({ admin: true });
    const change = { admin: false, verified: false, public_flags: 7, avatar: `i${round}`, discriminator: '7777' };
    const answers = await atOnce(world, Object.entries(change).map(([name, value]) => ({ path: `${USERS}/${id}`, method: 'PATCH', body: JSON.stringify({ [name]: value }), headers })));
    assert.deepEqual(statuses(answers), { 200: 5 });
    const now = ok(await admin('GET', `${USERS}/${id}`));
    assert.deepEqual(Object.fromEntries(Object.keys(change).map((name) => [name, now[name]])), change);
  }
});

test('a deleted user takes along what is theirs', async () => {
  const user = await world.user();
  const theirs = await world.login(user);
  const made = await world.application('confidential', { owner_id: user.id, bot: true });
  const home = ok(await admin('POST', GUILDS, { name: 'Home', owner_id: user.id }));
  ok(await admin('PUT', `${USERS}/${user.id}/connections/github/1`, { name: 'x' }));
  await theirs.submit(await theirs.open(`/oauth2/authorize?client_id=${made.id}&scope=bot&guild_id=${home.id}`), { decision: 'approve' });
  assert.equal(ok(await admin('GET', `${GUILDS}/${home.id}/members`)).length, 2);
  assert.equal((await admin('DELETE', `${USERS}/${user.id}`)).status, 204);
  assert.equal((await theirs.ask('/api/oauth2/session')).status, 401);
  assert.deepEqual([ok(await admin('GET', `${GUILDS}/${home.id}`)).owner_id, ok(await admin('GET', `${GUILDS}/${home.id}/members`))], [null, []]);
  refused(await admin('GET', `${APPLICATIONS}/${made.id}`), 404, 'UNKNOWN_APPLICATION');
  assert.equal((await world.request('/api/users/@me', { headers: bot(made.bot.token) })).status, 401);
});

// --- guilds, members, connections, applications ----------------------------------------------------

test('guilds and their members', async () => {
  const made = ok(await admin('POST', GUILDS, { name: 'Home', owner_id: owner.id, icon: 'a_1' }));
  const path = `${GUILDS}/${made.id}`;
  assert.deepEqual(made, { id: made.id, name: 'Home', icon: 'a_1', owner_id: owner.id, created_at: made.created_at });
  assert.deepEqual([ok(await admin('GET', path)), ok(await admin('GET', `${path}/members`))], [made, [{ id: owner.id, bot: false, permissions: '69815829414805503' }]]);
  const user = await world.user();
  const member = `${path}/members/${user.id}`;
  for (const permissions of BITS) {
    assert.deepEqual(ok(await admin('PUT', member, { permissions })), { id: user.id, bot: false, permissions });
    assert.equal(ok(await admin('GET', `${path}/members`)).find(({ id }) => id === user.id).permissions, permissions);
  }
  for (const permissions of [...NO_BITS, '', 8, 8.5, true, ['8'], { 8: 8 }]) faulted(await admin('PUT', member, { permissions }), 'permissions');
  assert.equal(ok(await admin('PUT', member, {})).permissions, '8933636165185', 'what every member may');
  faulted(await admin('DELETE', `${path}/members/${owner.id}`), 'user_id');
  assert.equal((await admin('DELETE', member)).status, 204);
  refused(await admin('DELETE', member), 404, 'UNKNOWN_MEMBER');
  for (const id of [...NO_IDS.slice(0, -1), '999999999999999999']) {
    refused(await admin('PUT', `${path}/members/${id}`, {}), 404, 'UNKNOWN_USER');
    refused(await admin('DELETE', `${path}/members/${id}`), 404, 'UNKNOWN_MEMBER');
    refused(await admin('PUT', `${GUILDS}/${id}/members/${user.id}`, {}), 404, 'UNKNOWN_GUILD');
  }
  for (const name of NAMES) assert.equal((await admin('DELETE', `${GUILDS}/${ok(await admin('POST', GUILDS, { name, owner_id: owner.id })).id}`)).status, 204);
  for (const name of Object.values(NO_NAMES)) faulted(await admin('POST', GUILDS, { name, owner_id: owner.id }), 'name');
  faulted(await admin('POST', GUILDS, { icon: '!' }), 'name', 'owner_id', 'icon');
  for (const owner_id of ['999999999999999999', '0', 'x', 5, null]) faulted(await admin('POST', GUILDS, { name: 'x', owner_id }), 'owner_id');
  assert.equal((await admin('DELETE', path)).status, 204);
  refused(await admin('GET', path), 404, 'UNKNOWN_GUILD');
});

test('connections', async () => {
  const path = (type, id) => `${USERS}/${owner.id}/connections/${type}/${id}`;
  for (const [type, id, sent] of [['github', '1', '1'], ['bsky', 'did:plc:x', 'did%3Aplc%3Ax'], ['domain', 'a.example/x', 'a.example%2Fx'], ['x-1_2', "'--", "'--"], ['github', 'a+b', 'a+b'], ['github', '%', '%25']]) {
    const connection = { type, id, name: '<b>', verified: false };
    assert.deepEqual(ok(await admin('PUT', path(type, sent), { name: '<b>' })), connection);
    assert.deepEqual(ok(await admin('PUT', path(type, sent), { name: 'x', verified: true })), { ...connection, name: 'x', verified: true });
    assert.equal((await admin('DELETE', path(type, sent))).status, 204);
    refused(await admin('DELETE', path(type, sent)), 404, 'UNKNOWN_CONNECTION');
  }
  faulted(await admin('PUT', path('Git%20Hub', '%00'), { verified: 1 }), 'type', 'connection_id', 'name', 'verified');
  for (const [type, id] of [['GITHUB', '1'], ['x'.repeat(33), '1'], ['%ff', '1']]) faulted(await admin('PUT', path(type, id), { name: 'x' }), 'type');
  for (const id of ['%20', '%ff', '%f0%9f%98%80', 'x'.repeat(101)]) faulted(await admin('PUT', path('github', id), { name: 'x' }), 'connection_id');
  for (const name of Object.values(NO_NAMES)) faulted(await admin('PUT', path('github', '1'), { name }), 'name');
  refused(await admin('PUT', `${USERS}/999999999999999999/connections/github/1`, { name: 'x' }), 404, 'UNKNOWN_USER');
});

test('applications, trust and owners', async () => {
  const made = ok(await admin('POST', APPLICATIONS, { name: 'Theirs', owner_id: owner.id, trusted: true, bot: true }));
  const path = `${APPLICATIONS}/${made.id}`;
  assert.deepEqual([made.owner_id, made.trusted, made.bot.id, made.redirect_uris, made.type], [owner.id, true, made.id, [], 'confidential']);
  const changed = ok(await admin('PATCH', path, { trusted: false, flags: 4294967295, name: 'Renamed' }));
  assert.deepEqual([changed.trusted, changed.flags, changed.name], [false, 4294967295, 'Renamed']);
  assert.deepEqual(ok(await admin('GET', path)), changed);
  const nobodys = ok(await admin('POST', APPLICATIONS, { name: 'Nobody’s', redirect_uris: null }));
  assert.deepEqual([nobodys.owner_id, nobodys.redirect_uris], [null, []]);
  faulted(await admin('PATCH', path, { trusted: 'yes', flags: -1, name: null, redirect_uris: ['x'] }), 'trusted', 'flags', 'name', 'redirect_uris.0');
  for (const owner_id of ['999999999999999999', 'x', 5]) faulted(await admin('POST', APPLICATIONS, { name: 'x', owner_id }), 'owner_id');
  assert.equal((await admin('DELETE', path)).status, 204);
  for (const id of [made.id, '1', ...NO_IDS]) refused(await admin('GET', `${APPLICATIONS}/${id}`), 404, 'UNKNOWN_APPLICATION');
});

test('lists: every entry once, page by page', async () => {
  for (const path of [USERS, GUILDS, APPLICATIONS, `${GUILDS}/${guild.id}/members`]) {
    for (let made = 0; made < 3 && path.endsWith('members'); made += 1) ok(await admin('PUT', `${path}/${(await world.user()).id}`, {}));
    for (let made = 0; made < 3 && path === GUILDS; made += 1) ok(await admin('POST', path, { name: 'One more', owner_id: owner.id }));
    const all = ok(await admin('GET', path)).map(({ id }) => id);
    assert.deepEqual(all, [...all].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)), 'oldest first');
    const walked = [];
    for (let page; page?.length !== 0; walked.push(...page)) page = ok(await admin('GET', `${path}?limit=2${walked.length ? `&after=${walked.at(-1)}` : ''}`)).map(({ id }) => id);
    assert.ok(all.length > 2);
    assert.deepEqual(walked, all, path);
    for (const [query, ...paths] of [['limit=0', 'limit'], ['limit=101', 'limit'], ['limit=-1&after=0', 'limit', 'after'], ['after=x', 'after'], ['after=1&after=2', 'after']]) faulted(await admin('GET', `${path}?${query}`), ...paths);
  }
});

// --- the audit log ---------------------------------------------------------------------------------

/** What was logged on somebody, newest first; the log comes after the answer. */
async function logged(target, count) {
  for (let waited = 0; ; waited += 1) {
    const entries = ok(await admin('GET', '/api/admin/audit-log')).filter(({ target_id }) => target_id === target);
    if (entries.length >= count || waited > 400) return entries;
    await sleep(25);
  }
}

test('what is done is logged: what, by whom, on whom, from where, when', async () => {
  const headers = { 'cf-connecting-ip': '198.51.100.7' };
  const staff = await world.user({ admin: true });
  const trusted = await world.application('confidential', { trusted: true });
  const { access_token } = await world.tokens(await world.login(staff), trusted, { scope: 'identify admin' });
  const asStaff = asking(world, { ...bearer(access_token), ...headers });
  const { id } = ok(await asStaff('POST', USERS, { username: 'logged', email: 'logged@example.com', password: 'the first password' }));
  ok(await asStaff('PATCH', `${USERS}/${id}`, { password: 'the second password', verified: true }));
  const visitor = new Browser(world, headers);
  await visitor.submit(await visitor.open('/login'), { login: 'logged', password: 'a wrong password' });
  await visitor.submit(await visitor.open('/login'), { login: 'logged', password: 'the second password' });
  await visitor.submit(await visitor.open('/logout'), {});
  const entries = (await logged(id, 5)).reverse();
  assert.deepEqual(entries.map(({ action, actor_id }) => [action, actor_id]), [['user.created', staff.id], ['user.updated', staff.id], ['user.login_failed', null], ['user.login', id], ['user.logout', id]]);
  for (const entry of entries) {
    assert.deepEqual(Object.keys(entry).sort(), ['action', 'actor_id', 'address', 'application_id', 'created_at', 'details', 'device', 'id', 'target_id']);
    assert.equal(entry.address, '198.51.100.7');
    assert.ok(Math.abs(Date.parse(entry.created_at) - Date.now()) < 60_000);
  }
  assert.deepEqual(entries[1].details.fields.sort(), ['password', 'verified']);
  const machine = ok(await admin('POST', USERS, { username: 'machine', email: 'machine@example.com', password: 'long enough' }));
  assert.deepEqual((await logged(machine.id, 1)).map(({ action, actor_id }) => [action, actor_id]), [['user.created', '1']], 'an application on its own behalf');
});

test('every kind of deed has its entry', async () => {
  const mine = await session(browser);
  const done = [];
  const expect = (target, ...actions) => done.push([target, actions]);
  const home = ok(await admin('POST', GUILDS, { name: 'Logged', owner_id: owner.id }));
  const user = await world.user();
  ok(await admin('PUT', `${GUILDS}/${home.id}/members/${user.id}`, { permissions: '8' }));
  await admin('DELETE', `${GUILDS}/${home.id}/members/${user.id}`);
  ok(await admin('PUT', `${USERS}/${user.id}/connections/github/1`, { name: 'x' }));
  await admin('DELETE', `${USERS}/${user.id}/connections/github/1`);
  const made = ok(await mine('POST', '/api/oauth2/applications', { name: 'Logged', redirect_uris: ['https://app.example/callback'] }));
  const path = `/api/oauth2/applications/${made.id}`;
  ok(await mine('POST', `${path}/bot`));
  const { token } = ok(await mine('POST', `${path}/bot/reset-token`, { password: owner.password }));
  const { client_secret } = ok(await mine('POST', `${path}/client-secret/reset`, { password: owner.password }));
  ok(await mine('PATCH', path, { name: 'Renamed', bot_public: false }));
  await browser.submit(await browser.open(`/oauth2/authorize?client_id=${made.id}&scope=bot&permissions=1024&guild_id=${home.id}`), { decision: 'approve' });
  await mine('DELETE', path, { password: owner.password });
  await admin('DELETE', `${GUILDS}/${home.id}`);
  expect(home.id, 'guild.created', 'member.set', 'member.removed', 'bot.added', 'guild.deleted');
  expect(user.id, 'user.created', 'connection.set', 'connection.removed');
  expect(made.id, 'application.created', 'bot.created', 'bot.token_reset', 'application.secret_reset', 'application.updated', 'application.deleted');
  for (const [target, actions] of done) {
    const entries = (await logged(target, actions.length)).reverse();
    assert.deepEqual(entries.map(({ action }) => action).sort(), actions.sort());
    const text = JSON.stringify(entries);
    for (const secret of [token.split('.')[1], client_secret, owner.password, user.password]) assert.ok(!text.includes(secret));
    const details = Object.fromEntries(entries.map(({ action, details }) => [action, details]));
    if (target === made.id) assert.deepEqual(details['application.updated'].fields, ['name', 'bot_public']);
    if (target === home.id) assert.deepEqual([details['member.set'], details['bot.added']], [{ user_id: user.id, permissions: '8' }, { permissions: '1024' }]);
  }
});

test('the log is read backwards, page by page', async () => {
  const all = ok(await admin('GET', '/api/admin/audit-log?limit=100')).map(({ id }) => id);
  assert.deepEqual(all, [...all].sort((a, b) => (BigInt(a) > BigInt(b) ? -1 : 1)), 'newest first');
  const walked = [];
  while (walked.length < 30) walked.push(...ok(await admin('GET', `/api/admin/audit-log?limit=7${walked.length ? `&before=${walked.at(-1)}` : ''}`)).map(({ id }) => id));
  assert.deepEqual(walked.slice(0, 28), all.slice(0, 28));
  for (const [query, ...paths] of [['limit=0', 'limit'], ['limit=101&before=x', 'limit', 'before'], ['before=0', 'before'], ['before=9223372036854775808', 'before']]) faulted(await admin('GET', `/api/admin/audit-log?${query}`), ...paths);
  assert.deepEqual(ok(await admin('GET', '/api/admin/audit-log?before=1')), []);
});

test('once a day, what was kept long enough goes', async () => {
  const DAY = 86_400_000;
  const id = (daysAgo) => (((BigInt(Date.now() - daysAgo * DAY) - 1_420_070_400_000n) << 22n) | 0x3fffffn).toString();
  const [old, older, kept] = [id(90.01), id(4_000), id(89.99)];
  const insert = database.prepare("INSERT INTO audit_log (id, action, address) VALUES (CAST(? AS INTEGER), 'user.login', 'x')");
  await database.batch([old, older, kept].map((id) => insert.bind(id)));
  const many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) INSERT INTO audit_log (id, action, address) SELECT i, 'user.login', 'x' FROM n";
  await database.prepare(many).run();
  const session = "INSERT INTO sessions (id_hash, user_id, authenticated_at, expires_at) VALUES (?, ?, 0, ?)";
  await database.batch([database.prepare(session).bind('expired', owner.id, Date.now() - 1_000), database.prepare(session).bind('standing', owner.id, Date.now() + DAY)]);
  const rows = async (sql) => (await database.prepare(sql).all()).results.map(({ found }) => found);
  const before = (await rows(`SELECT CAST(id AS TEXT) AS found FROM audit_log WHERE id >= ${kept}`)).length;
  assert.ok(!ok(await admin('GET', `/api/admin/audit-log?before=${kept}`)).length, 'what is to go is not shown before it went');

  const worker = await world.mf.getWorker();
  assert.equal((await worker.scheduled({ cron: '*/10 * * * *' })).outcome, 'ok');
  assert.deepEqual(await rows(`SELECT CAST(id AS TEXT) AS found FROM audit_log WHERE id < ${kept}`), []);
  assert.equal((await rows(`SELECT CAST(id AS TEXT) AS found FROM audit_log WHERE id >= ${kept}`)).length, before);
  assert.deepEqual(await rows("SELECT id_hash AS found FROM sessions WHERE id_hash IN ('expired', 'standing')"), ['standing']);
  assert.equal((await browser.ask('/api/oauth2/session')).status, 200);
  assert.equal((await worker.scheduled({ cron: '*/10 * * * *' })).outcome, 'ok', 'with nothing to do');
});

test('nothing of all this was a fault', () => assert.deepEqual(world.logged, []));
