// The contract, over HTTP and nothing else: main flow, errors, headers, bodies, and what storage never sees.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Browser, World, basic } from './harness.mjs';

let world, user, browser, web, app;
before(async () => {
  world = await World.start();
  user = await world.user();
  browser = await world.login(user);
  web = await world.application('confidential');
  app = await world.application('public');
});
after(() => world?.stop());

// --- the main flow ---------------------------------------------------------------------------------

for (const path of ['/api/oauth2/token', '/oauth2/token']) {
  for (const [encoding, send] of [['a form', (form) => ({ form })], ['JSON', (json) => ({ json })]]) {
    test(`from a login to a resource, with ${encoding} to ${path}`, async () => {
      const fresh = new Browser(world);
      const request = web.authorizationRequest({ scope: 'email identify', path: path.replace('/api', '').replace('token', 'authorize') });
      let page = await fresh.open(request.url);
      assert.equal(page.html.querySelector('h1').text, 'Log in to Fluxer');
      page = await fresh.submit(page, { login: user.username.toUpperCase(), password: user.password });
      if (page.status === 200) page = await fresh.submit(page, { decision: 'approve' });

      assert.equal(page.status, 303);
      assert.deepEqual([...page.landed.keys()].sort(), ['code', 'iss', 'state']);
      assert.deepEqual([page.landed.get('state'), page.landed.get('iss')], [request.state, world.origin]);
      const code = page.landed.get('code');
      const answer = await world.request(path, send(web.exchange({ code })));
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.header('cache-control'), 'no-store');
      const { access_token, refresh_token, ...rest } = answer.json;
      assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 604_800, scope: 'identify email' });
      const me = (await world.me(access_token)).json;
      assert.deepEqual(Object.keys(me).sort(), ['avatar', 'discriminator', 'email', 'id', 'public_flags', 'username', 'verified']);
      assert.deepEqual([me.id, me.email, me.verified], [user.id, user.email, true]);
      const refreshed = await world.request(path, send(web.refresh(refresh_token, { scope: 'identify' })));
      assert.equal(refreshed.json.scope, 'identify');
      assert.equal((await world.me(refreshed.json.access_token)).json.email, undefined);
      assert.equal((await world.refresh(web, refreshed.json.refresh_token)).json.scope, 'identify email', 'the family keeps its scope');
    });
  }
}

test('GET /api/oauth2/@me tells of the authorization, userinfo of its user', async () => {
  const { access_token } = await world.tokens(browser, web, { scope: 'identify' });
  const headers = { authorization: `Bearer ${access_token}` };
  const about = (await world.request('/api/oauth2/@me', { headers })).json;
  assert.deepEqual([about.application.id, about.scopes, about.user.id], [web.id, ['identify'], user.id]);
  assert.ok(Date.parse(about.expires) > Date.now());
  assert.equal((await world.request('/oauth2/userinfo', { headers })).json.sub, user.id);
});

test('ids above 2^53 come back as they are, as strings', async () => {
  assert.match(user.id, /^\d{17,20}$/);
  assert.ok(BigInt(user.id) > 2n ** 53n);
  assert.equal((await world.admin('GET', `/users/${user.id}`)).id, user.id);
  for (const off of [-1n, 1n]) {
    const near = await world.admin('GET', `/users/${BigInt(user.id) + off}`).catch((error) => error);
    assert.match(String(near), /404/, 'a neighbour is another user');
  }
});

test('a user may untick what was asked; identify stays', async () => {
  const client = await world.application('confidential');
  const page = await browser.open(client.authorizationRequest({ scope: 'identify email guilds' }).url);
  const landed = await browser.submit(page, { decision: 'approve', scope: ['guilds'] });
  const answer = await world.exchange(client, { code: landed.landed.get('code') });
  assert.equal(answer.json.scope, 'identify guilds');
});

test('a confidential client is remembered, a public one asked each time', async () => {
  await world.tokens(browser, web);
  const asked = async (client, more) => (await browser.open(client.authorizationRequest(more).url)).status === 200;
  assert.equal(await asked(web, { scope: 'identify' }), false);
  assert.equal(await asked(web, { scope: 'identify connections' }), true, 'more than before');
  assert.equal(await asked(web, { prompt: 'consent' }), true);
  await world.tokens(browser, app);
  assert.equal(await asked(app), true);
});

test('state comes back byte for byte', async () => {
  for (const state of ['a b', 'a+b', '%2B', '&=#?/', '"\'<script>', '😀é', 'x'.repeat(2_048)]) {
    const { page } = await world.authorize(browser, web, { state });
    assert.equal(page.landed.get('state'), state);
  }
  const { code } = await world.authorize(browser, web, {});
  assert.ok(code);
  const stateless = new URLSearchParams({ response_type: 'code', client_id: web.id, redirect_uri: web.redirectUri });
  assert.equal((await browser.open(`/oauth2/authorize?${stateless}`)).landed.has('state'), false);
});

// --- the authorization endpoint says no ------------------------------------------------------------

const PAGE_ERRORS = {
  'no client': { client_id: '' },
  'an unknown client': { client_id: '9007199254740993' },
  'no redirect URI': { redirect_uri: '' },
  'an unregistered redirect URI': { redirect_uri: 'https://evil.example/callback' },
  'another path': { redirect_uri: 'https://app.example/callback/' },
  'another case': { redirect_uri: 'https://APP.example/callback' },
  'another query': { redirect_uri: 'https://app.example/callback?x' },
};
for (const [name, change] of Object.entries(PAGE_ERRORS)) {
  test(`${name} ends on a page, logged in or not, silent or not`, async () => {
    for (const who of [browser, new Browser(world)]) {
      for (const more of [{}, { prompt: 'none' }, { scope: 'wrong' }]) {
        const page = await who.ask(web.authorizationRequest({ ...more, ...change }).url);
        assert.deepEqual([page.status, page.location], [400, undefined]);
        assert.match(page.header('content-type'), /^text\/html/);
        assert.ok(!page.text.includes('evil.example'));
      }
    }
  });
}

test('a client or a redirect URI sent twice ends on a page', async () => {
  for (const twice of [`client_id=${web.id}`, `redirect_uri=${encodeURIComponent(web.redirectUri)}`]) {
    const page = await browser.ask(`${web.authorizationRequest().url}&${twice}`);
    assert.deepEqual([page.status, page.location], [400, undefined]);
  }
});

const REDIRECTED = [
  ['unsupported_response_type', { response_type: 'token' }],
  ['unsupported_response_type', { response_type: 'code token' }],
  ['invalid_scope', { scope: 'identify everything' }],
  ['invalid_scope', { scope: 'Identify' }],
  ['invalid_scope', { scope: 'identify\temail' }],
  ['invalid_scope', { scope: 'admin' }],
  ['invalid_request', { prompt: 'none login' }],
  ['invalid_request', { code_challenge: 'x'.repeat(43), code_challenge_method: 'plain' }],
  ['invalid_request', { code_challenge: 'short', code_challenge_method: 'S256' }],
  ['invalid_request', { response_mode: 'fragment' }],
  ['request_uri_not_supported', { request_uri: 'http://127.0.0.1:9/x' }],
  ['consent_required', { prompt: 'none', scope: 'identify email guilds connections' }],
];
for (const [error, change] of REDIRECTED) {
  test(`${JSON.stringify(change)} is redirected as ${error}, once the user is known`, async () => {
    const request = web.authorizationRequest(change);
    const page = await browser.ask(request.url);
    assert.equal(page.status, 303);
    assert.ok(page.location.startsWith(`${web.redirectUri}?`));
    assert.deepEqual([...page.landed.keys()].sort(), ['error', 'error_description', 'iss', 'state']);
    assert.deepEqual([page.landed.get('error'), page.landed.get('state'), page.landed.get('iss')], [error, request.state, world.origin]);
    if (change.prompt?.startsWith('none')) return;
    // RFC 9700 §4.11.2: no open redirector for those who are not logged in.
    assert.match((await new Browser(world).ask(request.url)).location, /^\/login\?/);
  });
}

test('prompt=none without a session is login_required', async () => {
  const page = await new Browser(world).ask(web.authorizationRequest({ prompt: 'none' }).url);
  assert.equal(page.landed.get('error'), 'login_required');
});

test('a public client needs PKCE', async () => {
  const page = await browser.ask(app.authorizationRequest({ pkce: false }).url);
  assert.equal(page.landed.get('error'), 'invalid_request');
});

test('a denial is exactly that', async () => {
  const request = app.authorizationRequest();
  const page = await browser.submit(await browser.open(request.url), { decision: 'deny' });
  const query = `error=access_denied&error_description=The+user+denied+access&state=${request.state}&iss=${encodeURIComponent(world.origin)}`;
  assert.equal(page.location, `${app.redirectUri}?${query}`);
});

test('a loopback redirect URI of a public client matches on any port', async () => {
  for (const port of ['1', '51234', '65535']) {
    const redirectUri = `http://127.0.0.1:${port}/callback`;
    const { page } = await world.authorize(browser, app, { redirectUri });
    assert.ok(page.location.startsWith(`${redirectUri}?`));
  }
  for (const redirectUri of ['http://localhost/callback', 'http://127.0.0.1:0/callback', 'http://127.0.0.1:65536/callback', 'http://127.0.0.1:080/callback']) {
    assert.equal((await browser.ask(app.authorizationRequest({ redirectUri }).url)).status, 400, redirectUri);
  }
});

// --- forms -----------------------------------------------------------------------------------------

test('a form is good for what it showed, in the browser it was shown to', async () => {
  const shown = await browser.open(app.authorizationRequest().url);
  const { action, form } = browser.fill(shown, { decision: 'approve' });
  const other = await world.login(await world.user());
  const changed = (name, value) => action.replace(new RegExp(`${name}=[^&]*`), `${name}=${value}`);
  const without = new URLSearchParams([...form].filter(([name]) => name !== 'csrf_token'));
  for (const [who, to, sent, headers] of [
    [other, action, form],
    [browser, changed('state', 'other'), form],
    [browser, changed('code_challenge', 'A'.repeat(43)), form],
    [browser, `${action}&scope=identify+email`, form],
    [browser, action, without],
    [browser, action, form, { origin: 'https://evil.example' }],
    [browser, action, form, { 'sec-fetch-site': 'cross-site', origin: 'null' }],
  ]) {
    const page = await who.ask(to, { form: sent, headers });
    assert.deepEqual([page.status, page.location], [403, undefined], to);
  }
  assert.ok((await browser.ask(action, { form })).landed.has('code'), 'the form itself is still good');
});

test('a login needs our form, and renews the session', async () => {
  const victim = new Browser(world);
  const page = await victim.open('/login');
  const fields = { login: user.email, password: user.password };
  const { form } = victim.fill(page, fields);
  assert.equal((await new Browser(world).ask('/login', { form })).status, 403, 'without the cookie of the form');

  await victim.submit(page, fields);
  const first = victim.cookie;
  await victim.submit(await victim.open(web.authorizationRequest({ prompt: 'login' }).url), fields);
  assert.notEqual(victim.cookie, first);
  const session = (cookie) => world.request('/api/oauth2/session', { cookie });
  assert.deepEqual([(await session(first)).status, (await session(victim.cookie)).status], [401, 200]);

  const last = victim.cookie;
  await victim.submit(await victim.open('/logout'), {});
  assert.equal((await session(last)).status, 401);
});

test('a wrong password and an unknown user are answered alike', async () => {
  const attempt = async (login, password) => {
    const visitor = new Browser(world);
    const page = await visitor.submit(await visitor.open('/login'), { login, password });
    return [page.status, page.text.replace(/value="[^"]*"/g, '')];
  };
  const wrong = await attempt(user.email, 'not the password');
  assert.equal(wrong[0], 403);
  assert.deepEqual(await attempt('nobody@example.com', 'not the password'), wrong);
});

test('session cookies are HttpOnly and Lax', async () => {
  const visitor = new Browser(world);
  const { action, form } = visitor.fill(await visitor.open('/login'), { login: user.email, password: user.password });
  const answer = await world.request(action, { form, cookie: visitor.cookie });
  const cookie = answer.headers.getSetCookie().find((it) => it.startsWith('fluxer_session='));
  assert.match(cookie, /; Path=\/; Max-Age=1209600; HttpOnly; SameSite=Lax$/);
});

// --- the token endpoint says no --------------------------------------------------------------------

const code = async (client = web, more) => (await world.authorize(browser, client, more)).code;
const TOKEN_ERRORS = [
  ['no grant type', 400, 'invalid_request', () => web.with({})],
  ['an unknown grant type', 400, 'unsupported_grant_type', () => web.with({ grant_type: 'password' })],
  ['no code', 400, 'invalid_request', () => web.with({ grant_type: 'authorization_code' })],
  ['an unknown code', 400, 'invalid_grant', () => web.exchange({ code: 'A'.repeat(75) })],
  ['a code that KV would choke on', 400, 'invalid_grant', () => web.exchange({ code: '..' })],
  ['a code of 600 bytes', 400, 'invalid_grant', () => web.exchange({ code: 'x'.repeat(600) })],
  ['a NUL', 400, 'invalid_grant', () => web.exchange({ code: '\0' })],
  ['the code of another client', 400, 'invalid_grant', async () => web.exchange({ code: await code(await world.application('confidential')) })],
  ['another redirect URI', 400, 'invalid_grant', async () => web.exchange({ code: await code(), redirectUri: 'https://app.example/other' })],
  ['a verifier nobody asked for', 400, 'invalid_grant', async () => web.exchange({ code: await code(), verifier: 'v'.repeat(43) })],
  ['a missing verifier', 400, 'invalid_grant', async () => app.exchange({ code: await code(app) })],
  ['a wrong verifier', 400, 'invalid_grant', async () => app.exchange({ code: await code(app), verifier: 'v'.repeat(43) })],
  ['an unknown refresh token', 400, 'invalid_grant', () => web.refresh('x')],
  ['a refresh token of another client', 400, 'invalid_grant', async () => web.refresh((await world.tokens(browser, app)).refresh_token)],
  ['more scope than was granted', 400, 'invalid_scope', async () => web.refresh((await world.tokens(browser, web)).refresh_token, { scope: 'identify connections' })],
  ['client credentials of a public client', 400, 'unauthorized_client', () => app.with({ grant_type: 'client_credentials' })],
  ['client credentials with a scope of users', 400, 'invalid_scope', () => web.with({ grant_type: 'client_credentials', scope: 'identify' })],
  ['admin for an application that is not trusted', 400, 'invalid_scope', () => web.with({ grant_type: 'client_credentials', scope: 'admin' })],
  ['an unknown client', 401, 'invalid_client', () => ({ ...web.refresh('x'), client_id: '42' })],
  ['a client id that is none', 401, 'invalid_client', () => ({ ...web.refresh('x'), client_id: 'x' })],
  ['a wrong secret', 401, 'invalid_client', () => ({ ...web.refresh('x'), client_secret: 'wrong' })],
  ['no secret', 401, 'invalid_client', () => ({ grant_type: 'refresh_token', refresh_token: 'x', client_id: web.id })],
  ['a secret where there is none', 401, 'invalid_client', () => ({ ...app.refresh('x'), client_secret: 'any' })],
];
for (const [name, status, error, params] of TOKEN_ERRORS) {
  test(`${name} is ${error}`, async () => {
    const form = await params();
    for (const send of [{ form }, { json: form }]) {
      const answer = await world.request('/api/oauth2/token', send);
      assert.deepEqual([answer.status, answer.json.error], [status, error], answer.text);
      assert.deepEqual(Object.keys(answer.json), ['error', 'error_description']);
      assert.equal(answer.header('cache-control'), 'no-store');
    }
  });
}

test('a bad code is answered to the letter', async () => {
  const answer = await world.exchange(web, { code: 'nonsense' });
  assert.equal(answer.text, '{"error":"invalid_grant","error_description":"Invalid authorization code"}');
});

test('a slip does not burn a code, ten do', async () => {
  const [once, often] = [await world.authorize(browser, app), await world.authorize(browser, app)];
  const wrong = (grant) => world.exchange(app, { ...grant, verifier: 'v'.repeat(43) });
  assert.equal((await wrong(once)).status, 400);
  assert.equal((await world.exchange(app, once)).status, 200);
  for (let slips = 0; slips < 10; slips += 1) await wrong(often);
  assert.equal((await world.exchange(app, often)).json.error, 'invalid_grant');
});

test('a failed refresh costs nothing', async () => {
  const { refresh_token } = await world.tokens(browser, web);
  for (const more of [{ scope: 'wrong' }, { scope: 'admin' }, { client_secret: 'wrong' }, { client_id: app.id }]) {
    assert.notEqual((await world.refresh(web, refresh_token, more)).status, 200);
  }
  assert.equal((await world.refresh(web, refresh_token)).status, 200);
});

test('client authentication: one way, with the challenge of the way that was tried', async () => {
  const form = { grant_type: 'refresh_token', refresh_token: 'x' };
  const ask = (authorization, more = {}) => world.post('/oauth2/token', { ...form, ...more }, { headers: { authorization } });
  for (const [authorization, more, status, error] of [
    [basic(web.id, web.secret), {}, 400, 'invalid_grant'],
    [basic(web.id, web.secret), { client_id: web.id }, 400, 'invalid_grant'],
    [basic(web.id, web.secret), { client_secret: web.secret }, 400, 'invalid_request'],
    [basic(web.id, web.secret), { client_id: app.id }, 400, 'invalid_request'],
    [basic(web.id, 'wrong'), {}, 401, 'invalid_client'],
    [basic('42', 'wrong'), {}, 401, 'invalid_client'],
    ['Basic !', {}, 401, 'invalid_client'],
    ['Basic', {}, 401, 'invalid_client'],
  ]) {
    const answer = await ask(authorization, more);
    assert.deepEqual([answer.status, answer.json.error], [status, error], `${authorization} ${JSON.stringify(more)}`);
    assert.equal(/^Basic /.test(answer.header('www-authenticate') ?? ''), status === 401);
  }
  const inBody = await world.post('/oauth2/token', { ...web.refresh('x'), client_secret: 'wrong' });
  assert.equal(inBody.header('www-authenticate'), undefined);
});

test('a parameter sent twice is refused, in a body and not in a query', async () => {
  const form = new URLSearchParams(web.refresh('x'));
  form.append('refresh_token', 'y');
  assert.equal((await world.post('/oauth2/token', form)).json.error, 'invalid_request');
  const inQuery = await world.post(`/oauth2/token?${new URLSearchParams(web.refresh('x'))}`, { grant_type: 'refresh_token' });
  assert.equal(inQuery.json.error, 'invalid_client', 'a query is no credential');
});

// --- revocation and introspection ------------------------------------------------------------------

for (const which of ['access_token', 'refresh_token']) {
  test(`revoking the ${which} ends this login and no other, at once`, async () => {
    const [one, other] = [await world.tokens(browser, web), await world.tokens(browser, web)];
    for (const path of ['/api/oauth2/revoke', '/oauth2/revoke', '/api/oauth2/token/revoke']) {
      const answer = await world.post(path, web.with({ token: one[which], token_type_hint: 'nonsense' }));
      assert.deepEqual([answer.status, answer.text], [200, '']);
    }
    assert.equal((await world.me(one.access_token)).status, 401);
    assert.equal((await world.refresh(web, one.refresh_token)).json.error, 'invalid_grant');
    for (const token of Object.values(one).slice(0, 1)) assert.deepEqual((await world.introspect(web, token)).json, { active: false });
    assert.equal((await world.me(other.access_token)).status, 200);
  });
}

test('what is no token of this client is answered 200 and left alone', async () => {
  const { access_token, refresh_token } = await world.tokens(browser, web);
  for (const token of [access_token, refresh_token, 'nonsense', 'x'.repeat(600), '..', '\0']) {
    const answer = await world.revoke(app, token);
    assert.deepEqual([answer.status, answer.text], [200, ''], token);
  }
  assert.equal((await world.me(access_token)).status, 200);
  assert.deepEqual((await world.introspect(app, access_token)).json, { active: false });
});

test('introspection tells a token’s own client, and a trusted application, what it is worth', async () => {
  const { access_token, refresh_token } = await world.tokens(browser, web, { scope: 'identify' });
  const told = (await world.introspect(web, access_token)).json;
  assert.deepEqual(Object.keys(told).sort(), ['active', 'aud', 'client_id', 'exp', 'iat', 'iss', 'scope', 'sub', 'token_type', 'username']);
  assert.deepEqual([told.active, told.sub, told.client_id, told.scope], [true, user.id, web.id, 'identify']);
  const trusted = await world.application('confidential', { trusted: true });
  assert.equal((await world.introspect(trusted, access_token)).json.active, true);
  assert.deepEqual((await world.introspect(trusted, refresh_token)).json, { active: false });
  assert.equal((await world.introspect(web, refresh_token)).json.active, true);
  assert.deepEqual((await world.introspect(web, access_token.slice(0, -1))).json, { active: false });
  assert.equal((await world.post('/oauth2/introspect', { token: access_token })).status, 401);
});

test('the token of client credentials can be revoked', async () => {
  const granted = (await world.post('/oauth2/token', web.with({ grant_type: 'client_credentials' }))).json;
  assert.equal(granted.refresh_token, undefined);
  assert.equal(await world.active(web, granted.access_token), true);
  await world.revoke(web, granted.access_token);
  assert.equal(await world.active(web, granted.access_token), false);
});

// --- resources and what a user has authorized ------------------------------------------------------

test('a resource is refused with the challenge that says why', async () => {
  const { access_token } = await world.tokens(browser, await world.application('confidential'), { scope: 'email' });
  for (const [authorization, status, code, challenge] of [
    [undefined, 401, 'UNAUTHORIZED', ''],
    ['Basic eDp5', 401, 'UNAUTHORIZED', ''],
    ['Bearer nonsense', 401, 'INVALID_TOKEN', 'error="invalid_token", '],
    [`Bearer ${access_token}`, 403, 'MISSING_OAUTH_SCOPE', 'error="insufficient_scope", scope="identify", '],
  ]) {
    const answer = await world.request('/api/users/@me', { headers: authorization ? { authorization } : {} });
    assert.deepEqual([answer.status, answer.json.code, answer.header('www-authenticate')], [status, code, world.challenge(challenge)]);
  }
  assert.equal((await world.request(`/api/users/@me?access_token=${access_token}`)).status, 401);
  assert.equal((await world.request('/api/users/@me', { cookie: browser.cookie })).status, 401, 'a session is no token');
});

test('a user sees what they authorized, and takes it back', async () => {
  const client = await world.application('confidential');
  const granted = [await world.tokens(browser, client), await world.tokens(browser, client)];
  const { csrf_token } = (await browser.ask('/api/oauth2/session')).json;
  const path = `/api/oauth2/@me/authorizations/${client.id}`;
  assert.ok((await browser.ask('/api/oauth2/@me/authorizations')).json.some(({ application }) => application.id === client.id));
  assert.equal((await browser.ask(path)).json.devices.length, 2);
  assert.equal((await browser.ask(path, { method: 'DELETE' })).status, 403, 'without the token');
  assert.equal((await browser.ask(path, { method: 'DELETE', headers: { 'x-csrf-token': csrf_token } })).status, 204);
  for (const { access_token, refresh_token } of granted) {
    assert.equal((await world.me(access_token)).status, 401);
    assert.equal((await world.refresh(client, refresh_token)).status, 400);
  }
  assert.equal((await browser.ask(path)).status, 404);
  assert.equal((await browser.open(client.authorizationRequest().url)).status, 200, 'and is asked again');
});

for (const [name, change] of [
  ['deleting the user', (it) => world.admin('DELETE', `/users/${it.user.id}`)],
  ['a new password', (it) => world.admin('PATCH', `/users/${it.user.id}`, { password: 'quite another one' })],
  ['the administrator', (it) => world.admin('DELETE', `/users/${it.user.id}/authorizations`)],
]) {
  test(`${name} ends what was authorized`, async () => {
    const it = { user: await world.user() };
    const theirs = await world.login(it.user);
    const { access_token, refresh_token } = await world.tokens(theirs, web);
    const unused = await world.authorize(theirs, web);
    await change(it);
    assert.equal((await world.me(access_token)).status, 401);
    assert.equal((await world.refresh(web, refresh_token)).json.error, 'invalid_grant');
    assert.equal((await world.exchange(web, unused)).json.error, 'invalid_grant');
  });
}
// --- monitors, metadata, CORS, headers -------------------------------------------------------------

test('healthz says that every part answers', async () => {
  const answer = await world.request('/healthz');
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json, { records: 'ok', ledger: 'ok', limiter: 'ok', directory: 'ok', migrations: 'ok' });
});

test('the metadata document says what the server does', async () => {
  const answer = await world.request('/.well-known/oauth-authorization-server', { headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' } });
  assert.match(answer.header('cache-control'), /^public, max-age=\d+$/);
  const document = answer.json;
  assert.equal(document.issuer, world.origin);
  assert.deepEqual(document.code_challenge_methods_supported, ['S256']);
  assert.deepEqual(document.response_types_supported, ['code']);
  assert.deepEqual(document.scopes_supported, ['identify', 'email', 'guilds', 'connections', 'openid', 'profile', 'offline_access']);
  assert.equal(document.authorization_response_iss_parameter_supported, true);
  for (const name of ['authorization', 'token', 'revocation', 'introspection']) {
    const url = new URL(document[`${name}_endpoint`]);
    assert.equal(url.origin, world.origin);
    assert.notEqual((await world.request(url.pathname, { method: name === 'authorization' ? 'GET' : 'POST' })).status, 404);
  }
});

test('scripts of any origin may use the API, those of none the pages', async () => {
  const headers = { origin: 'https://app.example' };
  for (const [method, path] of [
    ['POST', '/api/oauth2/token'], ['POST', '/oauth2/revoke'], ['POST', '/oauth2/introspect'],
    ['GET', '/.well-known/oauth-authorization-server'], ['GET', '/api/users/@me'], ['GET', '/api/oauth2/@me'],
  ]) {
    const answer = await world.request(path, { method, headers });
    assert.equal(answer.header('access-control-allow-origin'), '*', path);
    assert.equal(answer.header('access-control-allow-credentials'), undefined);
    const preflight = await world.request(path, { method: 'OPTIONS', headers: { ...headers, 'access-control-request-method': method, 'access-control-request-headers': 'authorization' } });
    assert.equal(preflight.status, 204);
    assert.match(preflight.header('access-control-allow-methods'), new RegExp(method));
    assert.match(preflight.header('access-control-allow-headers'), /Authorization/);
  }
  for (const path of ['/oauth2/authorize', '/login', '/logout', '/api/oauth2/session', '/api/oauth2/@me/authorizations', '/api/admin/users']) {
    for (const method of ['GET', 'OPTIONS']) {
      assert.equal((await world.request(path, { method, headers })).header('access-control-allow-origin'), undefined, path);
    }
  }
});

test('every answer is kept out of caches, frames and referrers', async () => {
  for (const path of ['/login', '/logout', '/oauth2/authorize', '/nothing', '/api/users/@me', '/healthz']) {
    const answer = await world.request(path);
    assert.equal(answer.header('cache-control'), 'no-store', path);
    assert.equal(answer.header('x-content-type-options'), 'nosniff');
    assert.equal(answer.header('referrer-policy'), 'no-referrer');
    if (!/html/.test(answer.header('content-type'))) continue;
    assert.equal(answer.header('x-frame-options'), 'DENY');
    assert.match(answer.header('content-security-policy'), /default-src 'none'.*frame-ancestors 'none'/);
  }
});

test('unknown paths are 404, other methods 405 with Allow', async () => {
  for (const path of ['/', '/oauth2/authorize/', '/OAUTH2/authorize', '/oauth2/authorize;x', '/oauth2%2fauthorize', '/oauth2/authorize/x.css', '/api/admin']) {
    assert.equal((await browser.ask(path)).status, 404, path);
  }
  for (const [path, allow] of [['/oauth2/token', 'POST'], ['/oauth2/authorize', 'GET, HEAD, POST'], ['/api/users/@me', 'GET, HEAD']]) {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'PROPFIND', 'SEARCH']) {
      const answer = await world.request(path, { method });
      assert.deepEqual([answer.status, answer.header('allow')], [405, allow]);
    }
  }
});

test('names are shown, never run', async () => {
  const evil = `"><img src=x onerror=1></title><script>1</script>`;
  const client = await world.application('public', { name: evil, description: evil });
  const page = await browser.open(client.authorizationRequest({ state: evil }).url);
  assert.equal(page.status, 200);
  assert.equal(page.html.querySelectorAll('script, img').length, 0);
  assert.ok(!page.text.includes('<script'));
});

// --- bodies ----------------------------------------------------------------------------------------

/** Sends raw bytes, some of them late, and reads to the end. */
function raw(parts) {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = net.connect(world.port, '127.0.0.1', async () => {
      for (const [bytes, wait = 0] of parts) {
        if (wait) await sleep(wait);
        if (!socket.writable) return;
        socket.write(bytes);
      }
    });
    socket.setTimeout(60_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (data) => (text += data)).on('error', (error) => (text ? resolve(text) : reject(error))).on('close', () => resolve(text));
  });
}
const head = (...headers) => `POST /oauth2/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n${headers.map((it) => `${it}\r\n`).join('')}\r\n`;
const status = (text) => Number(text.match(/^HTTP\/1\.1 (\d+)/)?.[1]);

test('a body over 64 KiB is 413, however it comes', async () => {
  const long = 'x'.repeat(65_537);
  for (const path of ['/oauth2/token', '/oauth2/revoke', '/oauth2/introspect', '/api/admin/users', '/login']) {
    assert.equal((await world.request(path, { method: 'POST', body: long, headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status, 413, path);
  }
  assert.equal(status(await raw([[head(`Content-Length: ${20 * 1024 * 1024}`)], ['x'.repeat(1_000)], ['x'.repeat(1_000), 100]])), 413, 'declared, and sent slowly');
  const chunk = `${(16_384).toString(16)}\r\n${'x'.repeat(16_384)}\r\n`;
  assert.equal(status(await raw([[head('Transfer-Encoding: chunked')], ...Array(5).fill([chunk, 20]), ['0\r\n\r\n']])), 413, 'undeclared');
  const most = new URLSearchParams({ ...web.refresh('x'), padding: '' }).toString();
  assert.equal((await world.post('/oauth2/token', { ...web.refresh('x'), padding: 'x'.repeat(65_536 - most.length) })).json.error, 'invalid_grant', '64 KiB are fine');
});

test('a body that comes slowly or in chunks is read', async () => {
  const body = new URLSearchParams(web.refresh('x')).toString();
  const half = body.length >> 1;
  const slow = await raw([[head(`Content-Length: ${body.length}`)], [body.slice(0, half), 100], [body.slice(half), 300]]);
  assert.match(slow, /^HTTP\/1\.1 400[\s\S]*invalid_grant/);
  const chunks = [...body].map((byte) => `1\r\n${byte}\r\n`).join('');
  assert.match(await raw([[head('Transfer-Encoding: chunked')], [`${chunks}0\r\n\r\n`]]), /^HTTP\/1\.1 400[\s\S]*invalid_grant/);
});

test('a broken body is a client’s mistake, not a fault of ours', async () => {
  const answer = status(await raw([[head('Transfer-Encoding: chunked')], ['zz\r\nnot a chunk\r\n']]));
  assert.ok(answer >= 400 && answer < 500, String(answer));
  for (const [type, body] of [
    ['application/x-www-form-urlencoded', '%'], ['application/x-www-form-urlencoded', 'a=%ff%fe'], ['application/x-www-form-urlencoded', '&&&='],
    ['application/json', '{'], ['application/json', '[]'], ['application/json', '{"grant_type":1}'], ['application/json', '"\\ud800"'],
    ['text/plain', 'grant_type=x'], ['multipart/form-data', 'x'], ['application/x-www-form-urlencoded; charset=utf-16', 'grant_type=x'],
  ]) {
    for (const path of ['/oauth2/token', '/oauth2/revoke', '/oauth2/introspect']) {
      const refused = await world.request(path, { method: 'POST', body, headers: { 'content-type': type } });
      assert.ok([400, 401].includes(refused.status), `${path} ${type} ${body}: ${refused.status}`);
      assert.ok(refused.json.error);
    }
  }
  const packed = await world.request('/oauth2/token', { method: 'POST', body: 'x', headers: { 'content-encoding': 'gzip', 'content-type': 'application/x-www-form-urlencoded' } });
  assert.equal(packed.status, 415);
});

test('a broken body does not take the next request with it', async () => {
  await Promise.all(Array.from({ length: 20 }, () => raw([[head('Transfer-Encoding: chunked')], ['zz\r\n']])));
  assert.equal((await world.request('/healthz')).status, 200);
});

// --- secrets ---------------------------------------------------------------------------------------

/** Every file of KV, D1 and the Durable Objects, logs of the databases included. */
function stored() {
  return readdirSync(world.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
}

test('no code, token, secret, password or cookie is ever stored or logged', async () => {
  const person = await world.user();
  const theirs = await world.login(person);
  const secrets = { password: person.password, session: theirs.cookies.get('fluxer_session'), form: (await theirs.ask('/api/oauth2/session')).json.csrf_token };
  for (const client of [web, app]) {
    const grant = await world.authorize(theirs, client);
    const granted = (await world.exchange(client, grant)).json;
    const refreshed = (await world.refresh(client, granted.refresh_token)).json;
    await world.revoke(client, refreshed.access_token);
    const { code, verifier } = grant;
    Object.entries({ code, verifier, secret: client.secret, access: granted.access_token, refresh: granted.refresh_token, next: refreshed.refresh_token })
      .forEach(([name, value]) => value && (secrets[`${client.type} ${name}`] = value));
  }
  await sleep(200); // the log comes after the answer
  Object.assign(secrets, { 'signing keys': world.settings.SIGNING_KEYS, 'admin secret': world.settings.ADMIN_CLIENT_SECRET, 'admin token': world.adminToken });
  const files = stored();
  const has = (text) => files.some((file) => file.includes(text));
  const hash = (secret) => createHash('sha256').update(secret).digest('base64url');
  // The search can fail: what is stored, it finds, in each of the three.
  assert.ok(has(person.email), 'D1');
  assert.ok(has(`code:${hash(secrets['confidential code'])}`), 'KV');
  assert.ok(has(web.redirectUri) && has(hash(secrets.session)), 'a ledger and a session');
  const { keys } = await (await world.mf.getKVNamespace('RECORDS')).list();
  assert.ok(keys.length > 0 && keys.every(({ name, expiration }) => /^(code:[\w-]{43}|refresh:[\w-]{22})$/.test(name) && expiration), 'only hashes and ids, each with an end');

  for (const [name, secret] of Object.entries(secrets)) {
    assert.ok(!has(secret), `${name} is stored`);
    const signature = secret.split('.')[2];
    assert.ok(!signature || !has(signature), `the signature of ${name} is stored`);
    assert.ok(!world.logged.some((line) => line.includes(secret)), `${name} is logged`);
  }
});

test('nothing of all this was a panic, or a fault', async () => {
  await sleep(200); // the log comes after the answer
  assert.deepEqual(world.logged, []);
});
