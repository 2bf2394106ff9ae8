// What each scope, each kind of token and each session opens, and nothing else.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { World } from './harness.mjs';
import { BITS, bearer, bot, refused } from './platform.mjs';

let world, user, staff, browser, office, app, trusted, guild;
before(async () => {
  world = await World.start();
  user = await world.user({ avatar: 'a_0123456789', public_flags: 3, discriminator: '0042', verified: false });
  staff = await world.user({ admin: true });
  [browser, office] = [await world.login(user), await world.login(staff)];
  app = await world.application('confidential', { bot: true });
  trusted = await world.application('confidential', { trusted: true, bot: true });
  guild = await world.admin('POST', '/guilds', { name: 'A guild', owner_id: user.id, icon: 'a_1' });
  for (const [type, id, name, verified] of [['github', '42', 'octo', true], ['bsky', 'did:plc:x', 'x.example', false]]) {
    await world.admin('PUT', `/users/${user.id}/connections/${type}/${encodeURIComponent(id)}`, { name, verified });
  }
});
after(() => world?.stop());

const get = (path, headers) => world.request(path, { headers });
const me = (token) => get('/api/users/@me', bearer(token));
const granted = async (scope, client = app, who = browser) => (await world.tokens(who, client, { scope })).access_token;
const OPENS = {
  '/api/users/@me': 'identify', '/api/oauth2/userinfo': 'identify', '/api/users/@me/guilds': 'guilds',
  '/api/users/@me/connections': 'connections', '/api/admin/users': 'admin', '/api/admin/audit-log': 'admin', '/api/oauth2/applications/@me': 'admin',
};

for (const scope of ['identify', 'email', 'guilds', 'connections', 'admin']) {
  test(`${scope} opens what it names, alone`, async () => {
    const token = await (scope === 'admin' ? granted(scope, trusted, office) : granted(scope));
    for (const [path, wanted] of Object.entries(OPENS)) {
      const answer = await get(path, bearer(token));
      if (wanted === scope) {
        assert.equal(answer.status, 200, `${path}: ${answer.text}`);
      } else {
        refused(answer, 403, 'MISSING_OAUTH_SCOPE');
        assert.equal(answer.json.message, 'Missing required OAuth2 scope');
        assert.equal(answer.header('www-authenticate'), world.challenge(`error="insufficient_scope", scope="${wanted}", `));
      }
    }
    const about = (await get('/api/oauth2/@me', bearer(token))).json;
    assert.deepEqual([about.scopes, 'user' in about], [[scope], scope === 'identify']);
  });
}

test('what the scopes show, to the letter', async () => {
  const token = await granted('connections guilds email identify');
  const identity = { id: user.id, username: user.username, avatar: 'a_0123456789', discriminator: '0042', public_flags: 3 };
  const mail = { email: user.email, verified: false };
  assert.deepEqual((await me(token)).json, { ...identity, ...mail });
  const { updated_at: updatedAt, ...shown } = (await get('/oauth2/userinfo', bearer(token))).json;
  assert.ok(Math.abs(updatedAt - Date.now() / 1000) < 600, 'seconds');
  assert.deepEqual(shown, { ...identity, ...mail, sub: user.id, preferred_username: user.username, name: user.username, email_verified: false });
  assert.deepEqual((await me(await granted('identify'))).json, identity);
  assert.deepEqual((await get('/api/users/@me/guilds', bearer(token))).json, [{ id: guild.id, name: 'A guild', icon: 'a_1', owner: true, permissions: '69815829414805503' }]);
  assert.deepEqual((await get('/api/users/@me/connections', bearer(token))).json, [
    { type: 'bsky', id: 'did:plc:x', name: 'x.example', verified: false }, { type: 'github', id: '42', name: 'octo', verified: true },
  ]);
  const { application, scopes } = (await get('/api/oauth2/@me', bearer(token))).json;
  assert.deepEqual([application.id, scopes], [app.id, ['identify', 'email', 'guilds', 'connections']]);
});

test('scopes are answered in their order, identify without being asked, no other', async () => {
  for (const [asked, scope] of [['connections guilds email identify', 'identify email guilds connections'], ['guilds guilds', 'guilds'], [undefined, 'identify'], ['', 'identify']]) {
    assert.equal((await world.tokens(browser, app, asked === undefined ? {} : { scope: asked })).scope, scope);
  }
  for (const scope of ['applications.commands', 'address', 'identify,email', 'Guilds', 'identify\tguilds', 'identify\u00a0guilds', 'identify 😀', '"identify"']) {
    const page = await browser.ask(app.authorizationRequest({ scope }).url);
    assert.deepEqual([page.landed?.get('error'), page.landed?.get('iss')], ['invalid_scope', world.origin], scope);
  }
});

test('permissions above 2^53 are themselves, as strings', async () => {
  const token = await granted('guilds', app, office);
  for (const permissions of BITS) {
    await world.admin('PUT', `/guilds/${guild.id}/members/${staff.id}`, { permissions });
    const [{ owner, permissions: shown }] = (await get('/api/users/@me/guilds', bearer(token))).json;
    assert.deepEqual([owner, shown], [false, permissions]);
  }
  await world.admin('DELETE', `/guilds/${guild.id}/members/${staff.id}`);
  assert.deepEqual((await get('/api/users/@me/guilds', bearer(token))).json, []);
});

test('tokens, sessions and bots are not each other', async () => {
  const token = await granted('identify guilds connections');
  const machine = async (client, scope) => (await world.post('/api/oauth2/token', client.with({ grant_type: 'client_credentials', scope }))).json.access_token;
  const [forBot, forAdmin] = [await machine(app, 'bot'), await machine(trusted, 'admin')];
  const BOT_OPENS = { '/api/users/@me': 200, '/api/users/@me/guilds': 200, '/api/applications/@me': 200, [`/api/guilds/${guild.id}`]: 403 };
  for (const path of [...Object.keys(OPENS), '/api/oauth2/@me', ...Object.keys(BOT_OPENS)]) {
    const asBot = await get(path, bot(app.bot.token));
    assert.equal(asBot.status, BOT_OPENS[path] ?? 401, `${path} for a bot`);
    for (const headers of [bot(token), bot(forBot), bearer(app.bot.token), { cookie: `fluxer_session=${token}` }, bearer(browser.cookies.get('fluxer_session')), { authorization: `bot${app.bot.token}` }, { authorization: app.bot.token }, bearer(''), bot('  ')]) {
      assert.equal((await get(path, headers)).status, 401, `${path} ${JSON.stringify(headers)}`);
    }
    for (const headers of [bearer(forBot), bearer(forAdmin)]) {
      const is = (await get(path, headers)).status;
      const may = path === '/api/oauth2/@me' || (path.startsWith('/api/admin') && headers.authorization.includes(forAdmin));
      assert.ok(may ? is === 200 : is === 401 || is === 403, `${path}: ${is} for client credentials`);
    }
  }
  for (const path of [`/api/guilds/${guild.id}`, '/api/applications/@me']) refused(await get(path, bearer(token)), 401, 'INVALID_TOKEN');
  assert.equal((await browser.ask('/api/oauth2/session')).status, 200);
  assert.equal((await get('/api/oauth2/session', bearer(token))).status, 401, 'a token is no session');
  for (const scheme of ['bearer', 'BEARER']) assert.equal((await get('/api/users/@me', { authorization: `${scheme} ${token}` })).status, 200);
});

test('admin is for trusted applications, administrators, and as long as they are', async () => {
  const error = async (who, client) => (await who.ask(client.authorizationRequest({ scope: 'identify admin' }).url)).landed?.get('error');
  assert.equal(await error(office, app), 'invalid_scope');
  assert.equal(await error(browser, trusted), 'invalid_scope');
  const token = await granted('identify admin', trusted, office);
  assert.equal((await office.ask(trusted.authorizationRequest({ scope: 'identify admin' }).url)).status, 200, 'and is asked about every time');
  const administers = async () => (await get('/api/admin/users', bearer(token))).status;
  for (const [path, change] of [[`/users/${staff.id}`, 'admin'], [`/applications/${trusted.id}`, 'trusted']]) {
    assert.equal(await administers(), 200);
    await world.admin('PATCH', path, { [change]: false });
    refused(await get('/api/admin/users', bearer(token)), 403, 'ACCESS_DENIED');
    assert.equal((await me(token)).status, 200, 'the rest of the token still works');
    await world.admin('PATCH', path, { [change]: true });
  }
  assert.equal(await administers(), 200);
});

test('no token, a bad one, and one whose time is over, everywhere', async () => {
  const dead = await granted('identify guilds connections');
  await world.revoke(app, dead);
  for (const path of [...Object.keys(OPENS).slice(0, 6), '/api/oauth2/@me', `/api/guilds/${guild.id}`, '/api/applications/@me', '/api/admin/users', '/api/admin/guilds', '/api/admin/applications']) {
    const none = await get(path);
    refused(none, 401, 'UNAUTHORIZED');
    assert.match(none.header('www-authenticate'), /^Bearer resource_metadata="http:\/\/[^"]+\/\.well-known\/oauth-protected-resource", DPoP algs="ES256 EdDSA"$/);
    for (const token of [dead, 'x', dead.slice(0, -2), `${dead}A`, app.secret]) {
      const bad = await get(path, bearer(token));
      // What a scope does not open is refused before anybody asks whether the token lives.
      if (token === dead && path.startsWith('/api/admin/')) {
        refused(bad, 403, 'MISSING_OAUTH_SCOPE');
        continue;
      }
      refused(bad, 401, 'INVALID_TOKEN');
      assert.equal(bad.header('www-authenticate'), world.challenge('error="invalid_token", '));
    }
  }
});

test('nothing of all this was a fault', () => assert.deepEqual(world.logged, []));
