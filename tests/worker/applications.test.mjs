// What owners do with their applications, and what everybody else may not.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { World, atOnce, basic, statuses, times } from './harness.mjs';
import { NAMES, NO_IDS, NO_NAMES, administration, bearer, bot, faulted, refused, session } from './platform.mjs';

const PATH = '/api/oauth2/applications';
let world, admin, owner, other, browser, mine, theirs;
before(async () => {
  world = await World.start();
  admin = await administration(world);
  [owner, other] = [await world.user(), await world.user()];
  [browser, theirs] = [await world.login(owner), await session(await world.login(other))];
  mine = await session(browser);
});
after(() => world?.stop());

const create = async (fields = {}, who = mine) => {
  const answer = await who('POST', PATH, { name: 'One', ...fields });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
};
const remove = (id) => mine('DELETE', `${PATH}/${id}`, { password: owner.password });
/** Whether a secret is an application's. */
const accepts = async ({ id }, secret) => (await world.post('/api/oauth2/token', { grant_type: 'client_credentials' }, { headers: { authorization: basic(id, secret) } })).status !== 401;

test('an application from creation to deletion', async () => {
  const { client_secret, created_at, ...made } = await create({ name: 'Mine', description: 'For me.\nAnd you.', icon: 'a_1', redirect_uris: ['https://b.example/', 'https://a.example/'] });
  assert.deepEqual(made, {
    id: made.id, name: 'Mine', icon: 'a_1', description: 'For me.\nAnd you.', owner_id: owner.id, type: 'confidential', redirect_uris: ['https://b.example/', 'https://a.example/'],
    trusted: false, introspects: false, bot_public: true, bot_require_code_grant: false, bot: null, flags: 0,
    suspended: false, id_token_signed_response_alg: 'RS256', post_logout_redirect_uris: [],
    token_endpoint_auth_method: 'client_secret_basic', jwks: null, jwks_uri: null,
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials', 'urn:ietf:params:oauth:grant-type:device_code'], profile: 'default',
    dpop_bound_access_tokens: false, require_pushed_authorization_requests: false,
    event_webhook_url: null, all_or_nothing: [],
  });
  assert.ok(Math.abs(Date.parse(created_at) - Date.now()) < 60_000);
  const shown = { ...made, created_at };
  const path = `${PATH}/${made.id}`;
  assert.deepEqual((await mine('GET', path)).json, shown);
  assert.deepEqual((await mine('GET', `${PATH}/@me`)).json, [shown]);
  assert.deepEqual((await mine('GET', `/oauth2/applications/${made.id}`)).json, shown);
  assert.deepEqual((await mine('PATCH', path, {})).json, shown, 'nothing is nothing');
  for (const change of [{ name: 'Other' }, { description: '' }, { icon: null }, { redirect_uris: null }, { redirect_uris: ['http://localhost/'] }, { bot_public: false }, { bot_require_code_grant: true }]) {
    Object.assign(shown, change.redirect_uris === null ? { redirect_uris: [] } : change);
    assert.deepEqual((await mine('PATCH', path, change)).json, shown, JSON.stringify(change));
  }
  assert.deepEqual((await mine('PATCH', path, { description: null, type: 'confidential' })).json, shown);
  const about = (await world.request(`${path}/public`)).json;
  assert.deepEqual(about, { id: made.id, name: 'Other', icon: null, description: '', scopes: [], bot_public: false, bot_require_code_grant: true, bot: null });
  assert.equal(await accepts(made, client_secret), true);
  const deleted = await remove(made.id);
  assert.deepEqual([deleted.status, deleted.text, await accepts(made, client_secret)], [204, '', false]);
  for (const answer of [await mine('GET', path), await remove(made.id), await world.request(`${path}/public`)]) refused(answer, 404, 'UNKNOWN_APPLICATION');
});

test('a public application has no secret, and its own redirect URIs', async () => {
  const made = await create({ type: 'public', redirect_uris: ['com.example.app:/cb', 'http://[::1]/cb'] });
  assert.deepEqual([made.type, 'client_secret' in made], ['public', false]);
  faulted(await mine('POST', `${PATH}/${made.id}/client-secret/reset`, { password: owner.password }), 'type');
  faulted(await mine('PATCH', `${PATH}/${made.id}`, { type: 'confidential' }), 'type');
  await remove(made.id);
});

test('what an owner cannot give themselves is refused by name', async () => {
  const more = { trusted: true, flags: 7, owner_id: other.id, id: '1', client_secret: 'mine', secret_hash: 'x', created_at: '2015-01-01', scopes: ['admin'], bot_token_hash: 'x', disabled: true };
  faulted(await mine('POST', PATH, { name: 'Mine', ...more }), ...Object.keys(more));
  const made = await create({});
  faulted(await mine('PATCH', `${PATH}/${made.id}`, more), ...Object.keys(more));
  const shown = (await mine('GET', `${PATH}/${made.id}`)).json;
  assert.deepEqual([shown.trusted, shown.flags, shown.owner_id, shown.bot], [false, 0, owner.id, null]);
  assert.deepEqual((await mine('PATCH', `${PATH}/${made.id}`, shown)).json, shown, 'what is shown may be sent back');
  assert.equal(await accepts(made, 'mine'), false);
  await remove(made.id);
});

// --- who -------------------------------------------------------------------------------------------

test('other people’s applications', async () => {
  const made = await create({ bot: true });
  const path = `${PATH}/${made.id}`;
  const ways = [['GET', ''], ['PATCH', '', { name: 'Theirs' }], ['DELETE', '', { password: other.password }], ['POST', '/client-secret/reset', { password: other.password }], ['POST', '/bot', {}], ['POST', '/bot/reset-token', { password: other.password }]];
  const { access_token } = await world.tokens(browser, await world.application('confidential'), { scope: 'identify email guilds connections' });
  for (const [method, rest, json] of ways) {
    refused(await theirs(method, path + rest, json), 403, 'ACCESS_DENIED');
    refused(await world.request(path + rest, { method, json }), 401, 'UNAUTHORIZED');
    refused(await world.request(path + rest, { method, json, headers: bearer(access_token) }), 403, 'MISSING_OAUTH_SCOPE');
    refused(await world.request(path + rest, { method, json, headers: bot(made.bot.token) }), 401, 'INVALID_TOKEN');
    refused(await world.request(path + rest, { method, json, headers: bearer(access_token), cookie: browser.cookie }), 403, 'MISSING_OAUTH_SCOPE');
    const near = ['999999999999999999', `${BigInt(made.id) - 1n}`, `${BigInt(made.id) + 1n}`, '1'];
    for (const id of method === 'GET' ? [...near, ...NO_IDS] : near) refused(await mine(method, `${PATH}/${id}${rest}`, json), 404, 'UNKNOWN_APPLICATION');
    if (method !== 'GET') {
      const { csrf_token } = (await (await world.login(owner)).ask('/api/oauth2/session')).json;
      for (const headers of [{}, { 'x-csrf-token': '' }, { 'x-csrf-token': csrf_token }, { 'x-csrf-token': 'x' }]) refused(await browser.ask(path + rest, { method, json, headers }), 403, 'INVALID_CSRF_TOKEN');
    }
  }
  assert.deepEqual((await theirs('GET', `${PATH}/@me`)).json, []);
  const { client_secret, ...shown } = made;
  delete shown.bot.token;
  assert.deepEqual([(await mine('GET', path)).json, await accepts(made, client_secret)], [shown, true], 'nothing has changed');
  await remove(made.id);
});

test('an administrator’s token does all of it, without a password', async () => {
  const made = await create();
  const path = `${PATH}/${made.id}`;
  assert.equal((await admin('GET', path)).json.owner_id, owner.id);
  assert.equal((await admin('PATCH', path, { name: 'Renamed' })).json.name, 'Renamed');
  assert.equal((await admin('POST', `${path}/bot`)).status, 200);
  assert.equal((await admin('POST', `${path}/bot/reset-token`)).status, 200);
  assert.equal(await accepts(made, (await admin('POST', `${path}/client-secret/reset`)).json.client_secret), true);
  refused(await admin('GET', `${PATH}/@me`), 403, 'ACCESS_DENIED'); // an application on its own behalf owns none
  refused(await admin('POST', PATH, { name: 'x' }), 403, 'ACCESS_DENIED');
  assert.equal((await admin('DELETE', path)).status, 204);
});

// --- the password again ----------------------------------------------------------------------------

test('resets and deletion want the password, and the old secret dies at once', async () => {
  const made = await create({ bot: true });
  const path = `${PATH}/${made.id}`;
  const works = async (token) => (await world.request('/api/users/@me', { headers: bot(token) })).status === 200;
  for (const [method, rest] of [['POST', '/client-secret/reset'], ['POST', '/bot/reset-token'], ['DELETE', '']]) {
    for (const json of [undefined, {}, { pass: 'x' }]) refused(await mine(method, path + rest, json), 403, 'SUDO_MODE_REQUIRED');
    for (const password of ['wrong', null, ...(method === 'DELETE' ? ['', ' ', other.password, `${owner.password} `, 'x'.repeat(32_768), '\0', 5, [owner.password]] : [])]) faulted(await mine(method, path + rest, { password }), 'password');
    refused(await browser.ask(path + rest, { method, form: { password: owner.password }, headers: { 'x-csrf-token': (await browser.ask('/api/oauth2/session')).json.csrf_token } }), 415, 'UNSUPPORTED_MEDIA_TYPE');
  }
  assert.deepEqual([await accepts(made, made.client_secret), await works(made.bot.token)], [true, true]);
  const { client_secret, ...shown } = (await mine('POST', `${path}/client-secret/reset`, { password: owner.password })).json;
  assert.deepEqual([await accepts(made, made.client_secret), await accepts(made, client_secret), shown.id], [false, true, made.id]);
  assert.equal((await mine('POST', `${path}/bot/reset-token`, { password: owner.password })).status, 200);
  assert.equal(await works(made.bot.token), false);
  for (const answer of [await mine('GET', path), await mine('GET', `${PATH}/@me`), await mine('PATCH', path, {})]) assert.ok(!/"(client_secret|token)"/.test(answer.text));
  await remove(made.id);
});

test('passwords cannot be tried out there', async () => {
  const limited = await World.start({ settings: { RATE_LIMIT_LOGIN: '5/60' } });
  try {
    const user = await limited.user();
    const ask = await session(await limited.login(user));
    const { id } = (await ask('POST', PATH, { name: 'One' })).json;
    const reset = (password) => ask('POST', `${PATH}/${id}/client-secret/reset`, { password });
    for (let round = 0; round < 4; round += 1) assert.equal((await reset(user.password)).status, 200, 'the right one costs nothing');
    const tried = [];
    for (let round = 0; round < 7; round += 1) tried.push(await reset('wrong'));
    assert.deepEqual(statuses(tried), { 400: 5, 429: 2 });
    const last = await reset(user.password);
    refused(last, 429, 'RATE_LIMITED');
    assert.ok(last.json.retry_after > 0 && last.json.retry_after <= 60);
  } finally {
    await limited.stop();
  }
});

// --- bodies ----------------------------------------------------------------------------------------

const URIS = {
  any: [
    'https://app.example', 'https://app.example/', 'https://app.example:8443/cb?foo=bar&baz', 'https://localhost:3000/callback', 'http://localhost', 'http://127.0.0.1:8080/cb', 'http://[::1]/cb',
    'http://dev.localhost/cb', 'https://xn--bcher-kva.example/cb', 'https://app.example/%0d%0ax', 'https://app.example/%23', 'https://APP.example/', `https://app.example/${'x'.repeat(492)}`,
  ],
  publicOnly: ['com.example.app:/cb', 'com.example.app:/cb?x=1'],
  none: [
    '', ' ', '/cb', 'cb', '//app.example/cb', '?x', '*', 'null', 'https://', 'https:///cb', 'https:/app.example/cb', 'https:app.example/cb', 'https:\\\\app.example\\cb', 'https://?x', 'https://:443/',
    'javascript:alert(1)//', 'JaVaScRiPt:alert(1)', ' javascript:alert(1)', 'java\tscript:alert(1)', 'javascript://app.example/%0aalert(1)', 'data:text/html,x', 'vbscript:x', 'file:///etc/passwd', 'blob:https://app.example/x', 'about:blank', 'intent:x', 'ftp://app.example/', 'ws://app.example/', 'myapp:/cb', 'HTTPS://app.example/', 'Http://localhost/',
    'http://app.example/cb', 'http://localhost.evil.example/', 'http://testlocalhost/', 'http://127.1/', 'http://0.0.0.0/', 'http://127.0.0.1.evil.example/', 'http://2130706433/', 'http://[::ffff:127.0.0.1]/',
    'https://app.example/#', 'https://app.example/cb#x', 'https://u@app.example/', 'https://u:p@app.example/', 'https://app.example@evil.example/', 'https://@app.example/', 'https://app.example\\@evil.example/', 'https://*.app.example/', 'https://app.example/*', 'https://app.example:/', 'https://app.example:65536/', 'https://app.example:x/', 'https://app.example:-1/', 'https://app.example:80:90/', 'https://[::1/', 'https://[x]/', 'https://app%2eexample/', 'https://app.example;x/',
    'https://bücher.example/', 'https://app。example/', 'https://аpp.example/', 'https://app.example/\u200b', 'https://app.example/ cb', 'https://app.example/\tcb', 'https://app.example/\r\nx', 'https://app.example/cb\n', 'https://app.example/\0',
    'https://app.example/?code=1', 'https://app.example/?a=b&state=1', 'https://app.example/?%63ode=1', 'https://app.example/?iss', 'https://app.example/?error=x', `https://app.example/${'x'.repeat(493)}`,
  ],
};

test('redirect URIs, at registration', async () => {
  const made = { public: await create({ type: 'public' }), confidential: await create() };
  for (const [type, { id }] of Object.entries(made)) {
    const register = (redirect_uris) => mine('PATCH', `${PATH}/${id}`, { redirect_uris });
    const good = [...URIS.any, ...(type === 'public' ? URIS.publicOnly : [])];
    const bad = [...URIS.none, ...(type === 'public' ? [] : URIS.publicOnly)];
    for (let from = 0; from < good.length; from += 10) {
      const ten = good.slice(from, from + 10);
      assert.deepEqual((await register(ten)).json.redirect_uris, ten, 'as they were sent');
    }
    for (let from = 0; from < bad.length; from += 9) {
      const nine = bad.slice(from, from + 9);
      faulted(await register(['https://app.example/good', ...nine]), ...nine.map((_, index) => `redirect_uris.${index + 1}`));
    }
    for (const redirect_uris of [Array(11).fill('https://app.example/'), 'https://app.example/', { 0: 'https://app.example/' }, [null], [['https://app.example/']], 5]) faulted(await register(redirect_uris), 'redirect_uris');
    assert.deepEqual((await mine('GET', `${PATH}/${id}`)).json.redirect_uris, good.slice(10), 'what was refused changed nothing');
    await remove(id);
  }
});

test('names: text is text, and hides nothing', async () => {
  const { id } = await create();
  for (const name of NAMES) assert.equal((await mine('PATCH', `${PATH}/${id}`, { name, description: name })).json.name, name);
  for (const [what, name] of Object.entries(NO_NAMES)) {
    faulted(await mine('PATCH', `${PATH}/${id}`, { name }), 'name');
    faulted(await mine('POST', PATH, { name }), 'name');
    if (!['nothing', 'a space', 'spaces around it', 'a line break', '101 characters'].includes(what)) faulted(await mine('PATCH', `${PATH}/${id}`, { description: name }), 'description');
  }
  faulted(await mine('PATCH', `${PATH}/${id}`, { name: null }), 'name');
  faulted(await mine('PATCH', `${PATH}/${id}`, { description: 'x'.repeat(401) }), 'description');
  assert.equal((await mine('GET', `${PATH}/${id}`)).json.name, NAMES.at(-1));
  await remove(id);
});

test('every mistake is named at once', async () => {
  faulted(await mine('POST', PATH, { name: '', type: 'secret', description: '\0', icon: '../x', redirect_uris: ['https://ok.example/', 'x', 'javascript:1'], bot_public: 'yes', bot_require_code_grant: 1, bot: {} }),
    'name', 'type', 'description', 'icon', 'redirect_uris.1', 'redirect_uris.2', 'bot_public', 'bot_require_code_grant', 'bot');
  faulted(await mine('POST', PATH, {}), 'name');
  const { id } = await create();
  faulted(await mine('PATCH', `${PATH}/${id}`, { name: 'Fine', type: 'public', icon: 'x y', bot_public: 'true', redirect_uris: ['x'] }), 'type', 'icon', 'bot_public', 'redirect_uris.0');
  assert.equal((await mine('GET', `${PATH}/${id}`)).json.name, 'One', 'all or nothing');
  await remove(id);
});

test('bodies that are no object of fields', async () => {
  const { csrf_token } = (await browser.ask('/api/oauth2/session')).json;
  const send = (body, type = 'application/json', more = {}) => browser.ask(PATH, { method: 'POST', body, headers: { 'x-csrf-token': csrf_token, ...(type && { 'content-type': type }), ...more } });
  for (const body of ['', '[]', 'null', '5', '"x"', '{', '{"name":"x"', '{"name":"x"}x', "{'name':'x'}", '{"name":"\\ud800"}', Buffer.from('{"name":"\xff"}', 'latin1'), '\ufeff{"name":"x"}', '{"name":NaN}', '{"a":'.repeat(8_000), '['.repeat(60_000), `{"name":${'['.repeat(20_000)}${']'.repeat(20_000)}}`]) {
    faulted(await send(body), 'body');
  }
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/json', 'application/json5', 'x', '']) refused(await send('{"name":"x"}', type), 415, 'UNSUPPORTED_MEDIA_TYPE');
  refused(await send('{"name":"x"}', undefined, { 'content-encoding': 'gzip' }), 415, 'INVALID_REQUEST');
  const many = (count) => JSON.stringify({ name: 'x', ...Object.fromEntries(times(count, (index) => [index.toString(36), 0])) });
  refused(await send(many(10_000)), 413, 'INVALID_REQUEST');
  const unknown = await send(many(7_000));
  assert.equal(unknown.status, 400);
  assert.ok(unknown.json.errors.length <= 20, 'no answer is much longer than its question');
  faulted(await send('{"__proto__":{"trusted":true},"constructor":1,"name":"x"}'), '__proto__', 'constructor');
  for (const [body, type] of [['{"name":"x"}', 'application/json; charset=utf-8'], ['{"name":"x"}', 'APPLICATION/JSON']]) {
    const made = await send(body, type);
    assert.deepEqual([made.status, made.json.trusted], [200, false], made.text);
    await remove(made.json.id);
  }
});

// --- many ------------------------------------------------------------------------------------------

test('a list is paged, and nonsense is not a page', async () => {
  const ids = [];
  for (let made = 0; made < 5; made += 1) ids.push((await create()).id);
  const page = async (query) => (await mine('GET', `${PATH}/@me?${query}`)).json.map(({ id }) => id);
  assert.deepEqual([await page(''), await page('limit=2'), await page(`limit=2&after=${ids[1]}`), await page(`after=${ids[4]}`), await page('limit=&after=')], [ids, ids.slice(0, 2), ids.slice(2, 4), [], ids]);
  for (const [query, ...paths] of [
    ['limit=0', 'limit'], ['limit=101', 'limit'], ['limit=-1', 'limit'], ['limit=1e1', 'limit'], ['limit=1.5', 'limit'], ['limit=18446744073709551617', 'limit'], ['limit=1&limit=2', 'limit'], ['limit=%00', 'limit'],
    ['after=0', 'after'], ['after=-1', 'after'], ['after=x', 'after'], ['after=9223372036854775808', 'after'], ["after=1'--", 'after'], ['limit=x&after=y', 'limit', 'after'], ['%', 'query'],
  ]) faulted(await mine('GET', `${PATH}/@me?${query}`), ...paths);
  for (const id of ids) await remove(id);
});

test('thirty creations at once beside twenty-four leave twenty-five', async () => {
  const user = await world.user();
  const who = await world.login(user);
  const ask = await session(who);
  for (let made = 0; made < 24; made += 1) await create({}, ask);
  const headers = { cookie: who.cookie, 'x-csrf-token': (await who.ask('/api/oauth2/session')).json.csrf_token, 'content-type': 'application/json' };
  const answers = await atOnce(world, times(30, () => ({ path: PATH, body: '{"name":"One more"}', headers })));
  assert.deepEqual(statuses(answers), { 200: 1, 400: 29 });
  for (const answer of answers) if (answer.status === 400) refused(answer, 400, 'MAX_APPLICATIONS');
  const owned = (await ask('GET', `${PATH}/@me`)).json;
  assert.equal(owned.length, 25);
  assert.equal((await ask('DELETE', `${PATH}/${owned[0].id}`, { password: user.password })).status, 204);
  await create({}, ask);
  refused(await ask('POST', PATH, { name: 'x' }), 400, 'MAX_APPLICATIONS');
});

test('changes of different fields at once lose none', async () => {
  const { id } = await create();
  const headers = { authorization: `Bearer ${world.adminToken}`, 'content-type': 'application/json' };
  for (let round = 0; round < 6; round += 1) {
    const change = { name: `Name ${round}`, description: `About ${round}`, icon: round % 2 ? null : `i${round}`, redirect_uris: [`https://app.example/${round}`], bot_public: round % 2 > 0, bot_require_code_grant: round % 2 === 0, trusted: round % 2 > 0, flags: round };
    const answers = await atOnce(world, Object.entries(change).map(([name, value]) => ({ path: `/api/admin/applications/${id}`, method: 'PATCH', body: JSON.stringify({ [name]: value }), headers })));
    assert.deepEqual(statuses(answers), { 200: 8 });
    const now = (await mine('GET', `${PATH}/${id}`)).json;
    assert.deepEqual(Object.fromEntries(Object.keys(change).map((name) => [name, now[name]])), change);
  }
  const answers = await atOnce(world, times(20, () => ({ path: `${PATH}/${id}/bot`, body: '{}', headers })));
  assert.deepEqual(statuses(answers), { 200: 1, 400: 19 }, 'one bot, one token');
  const { bot: made } = answers.find(({ status }) => status === 200).json;
  assert.equal((await world.request('/api/users/@me', { headers: bot(made.token) })).status, 200);
  const resets = await atOnce(world, times(20, () => ({ path: `${PATH}/${id}/client-secret/reset`, body: '{}', headers })));
  const accepted = await Promise.all(resets.map(({ json }) => accepts({ id }, json.client_secret)));
  assert.equal(accepted.filter(Boolean).length, 1, 'one secret');
  await remove(id);
});

test('nothing of all this was a fault', () => assert.deepEqual(world.logged, []));
