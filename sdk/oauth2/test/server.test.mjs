// The package against the built server, where the server's side of the bargain matters.

import assert from 'node:assert/strict';
import { hkdfSync } from 'node:crypto';
import { after, before, test } from 'node:test';

import {
  AccessDeniedError, ApiError, InvalidClientError, InvalidGrantError, InvalidScopeError, InvalidTokenError, MissingOAuthScopeError, RateLimitedError, fromResponse,
} from '@fluxer/errors';
import {
  authorizeUrl, clientCredentials, createSession, discover, dpopThumbprint, exchangeCode, generateDpopKey, generatePkce, generateState, introspect, par, parseCallback, refresh, revoke, verifyAccessToken, verifyIdToken, verifyToken, verifyTokenWithKey,
} from '@fluxer/oauth2';

import { World } from '../../../tests/worker/harness.mjs';

let world, user, browser;
before(async () => {
  world = await World.start();
  user = await world.user();
  browser = await world.login(user);
});
after(() => world?.stop());

/** A new application's configuration. */
async function client(type = 'confidential', more = {}) {
  const { id, secret, redirectUri } = await world.application(type);
  return { ...(await discover(world.origin)), clientId: id, redirectUri, scope: 'identify email', ...(secret && { clientSecret: secret }), ...more };
}

/** Goes through the browser; `decision` is the button there. */
async function visit(config, { decision = 'approve', pkce, prompt, scope } = {}) {
  const state = generateState();
  const page = await browser.open(authorizeUrl(config, state, { ...(pkce && { pkce }), ...(prompt && { prompt }), ...(scope && { scope }) }));
  const left = page.landed ? page : await browser.submit(page, { decision });
  return { callback: left.location, state };
}

async function logIn(config, options = {}) {
  const pkce = await generatePkce();
  const { callback, state } = await visit(config, { ...options, pkce });
  const { code } = parseCallback(config, callback, state);
  return { code, tokens: await exchangeCode(config, { code, codeVerifier: pkce.codeVerifier }) };
}

test('a client that signs pushes its request, and all its requests are signed', async () => {
  const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  const settings = { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [{ kty, crv, x, y }] }, require_pushed_authorization_requests: true };
  const { id, redirectUri } = await world.application('confidential', settings);
  const config = { ...(await discover(world.origin)), clientId: id, redirectUri, scope: 'identify', privateKeyJwt: { privateKey } };
  const [state, pkce] = [generateState(), await generatePkce()];
  const page = await browser.open(await par(config, state, { pkce }));
  const left = page.landed ? page : await browser.submit(page, { decision: 'approve' });
  const { code } = parseCallback(config, left.location, state);
  const tokens = await exchangeCode(config, { code, codeVerifier: pkce.codeVerifier });
  const next = await refresh(config, tokens.refreshToken);
  assert.equal((await introspect(config, next.accessToken)).active, true);
  await revoke(config, next.accessToken);
  assert.deepEqual(await introspect(config, next.accessToken), { active: false });
});

/** A `fetch` that counts, and of which `lose` loses answers: the server has acted by then. */
function network(lose = () => false) {
  const requests = [];
  return {
    requests,
    fetch: async (url, init) => {
      requests.push(url);
      const response = await fetch(url, init);
      if (lose(requests.length, url)) throw new TypeError('connection reset');
      return response;
    },
  };
}

for (const [what, type, more] of [['Basic', 'confidential', {}], ['the secret in the body', 'confidential', { clientAuth: 'body' }], ['no secret', 'public', {}]]) {
  test(`all requests of a client, with ${what}`, async () => {
    const config = await client(type, more);
    const { tokens } = await logIn(config);
    assert.equal(tokens.expiresIn, 604_800);
    assert.equal(tokens.scope, 'identify email');
    const next = await refresh(config, tokens.refreshToken, { scope: 'identify' });
    assert.equal(next.scope, 'identify');
    assert.notEqual(next.refreshToken, tokens.refreshToken);
    const said = await introspect(config, next.accessToken);
    assert.deepEqual([said.active, said.subject, said.clientId, said.scope, said.issuer], [true, user.id, config.clientId, 'identify', world.origin]);
    await revoke(config, next.refreshToken);
    assert.deepEqual(await introspect(config, next.accessToken), { active: false });
  });
}

for (const nonces of ['off', 'on']) {
  test(`a key binds code, tokens and refreshes, with nonces ${nonces}`, async () => {
    const theirs = nonces === 'off' ? undefined : await World.start({ settings: { DPOP_NONCES: nonces } });
    try {
      const at = theirs ?? world;
      const surfer = theirs ? await theirs.login(await theirs.user()) : browser;
      const { id, redirectUri } = await at.application('public', { dpop_bound_access_tokens: true });
      const config = { ...(await discover(at.origin)), clientId: id, redirectUri, scope: 'identify', dpop: await generateDpopKey() };
      const [state, pkce] = [generateState(), await generatePkce()];
      const page = await surfer.open(authorizeUrl(config, state, { pkce, dpopJkt: await dpopThumbprint(config.dpop) }));
      const { location } = await surfer.submit(page, { decision: 'approve' });
      const { code } = parseCallback(config, location, state);
      const asking = { code, codeVerifier: pkce.codeVerifier };
      await assert.rejects(exchangeCode({ ...config, dpop: await generateDpopKey() }, asking), InvalidGrantError);
      const session = createSession(config, { tokens: await exchangeCode(config, asking) });
      assert.ok((await session.getJson('/api/users/@me?x=1')).id);
      const before = session.tokens();
      await session.refresh();
      assert.ok((await session.getJson(`${at.origin}/v1/users/@me`)).id);
      const { accessToken, refreshToken, tokenType } = session.tokens();
      assert.equal(tokenType, 'DPoP');
      assert.notEqual(accessToken, before.accessToken);
      const said = await introspect(config, accessToken);
      assert.deepEqual([said.tokenType, said.thumbprint], ['DPoP', await dpopThumbprint(config.dpop)]);
      assert.equal((await at.me(accessToken)).status, 401);
      await assert.rejects(refresh({ ...config, dpop: await generateDpopKey() }, refreshToken), InvalidGrantError);
      await assert.rejects(verifyToken({ ...config }, accessToken), InvalidTokenError);
      const thumbprint = await dpopThumbprint(config.dpop);
      assert.ok((await verifyToken(config, accessToken, { thumbprint })).subject);
      await session.revoke();
    } finally {
      await theirs?.stop();
    }
  });
}

test('a denial is AccessDeniedError', async () => {
  const config = await client();
  const { callback, state } = await visit(config, { decision: 'deny' });
  assert.throws(() => parseCallback(config, callback, state), (error) => error instanceof AccessDeniedError && error.description === 'The user denied access');
});

test('what the server refuses comes as its class', async () => {
  const config = await client();
  const { code } = await logIn(config);
  await assert.rejects(exchangeCode(config, { code }), (error) => error instanceof InvalidGrantError && error.description === 'Invalid authorization code' && error.status === 400);
  await assert.rejects(exchangeCode({ ...config, clientSecret: 'a wrong one' }, { code }), (error) => error instanceof InvalidClientError && error.status === 401);
  const { callback, state } = await visit(config, { scope: 'identify nonsense' });
  assert.throws(() => parseCallback(config, callback, state), InvalidScopeError);
});

test('a callback from elsewhere is refused though its state is right', async () => {
  const config = await client();
  const { callback, state } = await visit(config);
  const url = new URL(callback);
  url.searchParams.set('iss', 'https://evil.example');
  assert.throws(() => parseCallback(config, url, state), { name: 'IssuerMismatchError' });
  assert.throws(() => parseCallback(config, callback, generateState()), { name: 'StateMismatchError' });
  assert.ok(parseCallback(config, callback, state).code);
});

test('fifty callers at once are one refresh', async () => {
  const { fetch, requests } = network();
  const config = await client('confidential', { fetch });
  const { tokens } = await logIn(config);
  const session = createSession(config, { tokens: { ...tokens, expiresAt: 0 } });
  const before = requests.length;
  const given = await Promise.all(Array.from({ length: 50 }, () => session.accessToken()));
  assert.equal(new Set(given).size, 1);
  assert.equal(requests.length, before + 1);
});

test('a refresh whose answer is lost succeeds all the same', async () => {
  const config = await client();
  const { tokens } = await logIn(config);
  const { fetch, requests } = network((count) => count <= 2);
  const session = createSession({ ...config, fetch }, { tokens: { ...tokens, expiresAt: 0 } });
  const token = await session.accessToken();
  assert.equal(requests.length, 3);
  assert.equal((await introspect(config, token)).active, true);
  await session.refresh();
  assert.equal((await introspect(config, await session.accessToken())).active, true, 'the login has survived');
});

test('a session that another has left behind goes on with what is stored; without that, it ends the login', async () => {
  for (const shares of [true, false]) {
    const config = await client();
    const { tokens } = await logIn(config);
    let stored = tokens;
    const storage = { onTokens: (tokens) => { stored = tokens; }, ...(shares && { loadTokens: () => stored }) };
    const behind = createSession(config, { tokens: { ...tokens, expiresAt: 0 }, ...storage });
    const ahead = createSession(config, { tokens, ...storage });
    await ahead.refresh();
    await ahead.refresh(); // now the first refresh token is not forgiven any more
    if (shares) assert.equal((await behind.getJson('/api/users/@me')).id, user.id);
    else await assert.rejects(behind.getJson('/api/users/@me'), InvalidGrantError);
    assert.equal((await introspect(config, stored.accessToken)).active, shares);
  }
});

test('a login that was revoked elsewhere ends the session at its next request', async () => {
  const config = await client();
  const { tokens } = await logIn(config);
  const ends = [];
  const session = createSession(config, { tokens, onEnd: (reason) => void ends.push(reason) });
  assert.equal((await session.getJson('/api/users/@me')).id, user.id);
  await revoke(config, tokens.refreshToken);
  await assert.rejects(session.fetch('/api/users/@me'), InvalidGrantError);
  assert.equal(ends.length, 1);
});

test('an access token that no longer works is replaced', async () => {
  const config = await client();
  const { tokens } = await logIn(config);
  const accessToken = `${tokens.accessToken.slice(0, -8)}AAAAAAAA`;
  const session = createSession(config, { tokens: { ...tokens, accessToken } });
  assert.equal((await session.getJson('/api/users/@me')).id, user.id);
});

test('a missing scope says which', async () => {
  const config = await client('confidential', { scope: 'email' });
  const { tokens } = await logIn(config);
  const session = createSession(config, { tokens });
  for (const [path, scope] of [['/api/users/@me', 'identify'], ['/api/users/@me/guilds', 'guilds'], ['/api/users/@me/connections', 'connections']]) {
    await assert.rejects(session.fetch(path), (error) => error instanceof MissingOAuthScopeError && error.requiredScope === scope && error.status === 403, path);
  }
});

test('what the API refuses comes as its class, read from the answer itself', async () => {
  const guild = await world.admin('POST', '/guilds', { name: 'A guild', owner_id: user.id });
  const stranger = await world.application('confidential', { bot: true });
  const mine = await world.application('confidential', { owner_id: user.id });
  const { tokens: { accessToken } } = await logIn(await client());
  const ask = (path, headers, body) => fetch(world.origin + path, {
    ...(body && { method: 'POST', body: JSON.stringify(body) }), headers: { 'content-type': 'application/json', ...headers },
  });
  const [bot, bearer, page] = [{ authorization: `Bot ${stranger.bot.token}` }, { authorization: `Bearer ${accessToken}` }, { cookie: browser.cookie }];
  const form = { ...page, 'x-csrf-token': (await (await ask('/api/oauth2/session', page)).json()).csrf_token };
  const reset = `/api/oauth2/applications/${mine.id}/client-secret/reset`;
  for (const [response, kind, status, code, message, more = {}] of [
    [await ask('/api/users/@me'), ApiError, 401, 'UNAUTHORIZED', 'Unauthorized'],
    [await ask('/api/users/@me', { authorization: 'Bot forged' }), InvalidTokenError, 401, 'INVALID_TOKEN', 'Invalid token'],
    [await ask('/api/users/@me/guilds', bearer), MissingOAuthScopeError, 403, 'MISSING_OAUTH_SCOPE', 'Missing required OAuth2 scope: guilds', { requiredScope: 'guilds' }],
    [await ask('/api/guilds/1', bot), ApiError, 404, 'UNKNOWN_GUILD', 'Unknown Guild'],
    [await ask(`/api/guilds/${guild.id}`, bot), ApiError, 403, 'MISSING_ACCESS', 'Missing Access'],
    [await ask('/api/oauth2/applications/2/public'), ApiError, 404, 'UNKNOWN_APPLICATION', 'Unknown application'],
    [await ask(reset, page, {}), ApiError, 403, 'INVALID_CSRF_TOKEN', 'X-CSRF-Token must be the csrf_token of GET /api/oauth2/session'],
    [await ask(reset, form, {}), ApiError, 403, 'SUDO_MODE_REQUIRED', "Send the account's password in the body to confirm this action"],
    [await ask(reset, form, { password: 'a wrong one' }), ApiError, 400, 'INVALID_FORM_BODY', 'Input Validation Error', { errors: [{ path: 'password', message: 'Invalid password' }] }],
  ]) {
    const error = await fromResponse(response);
    assert.equal(error.constructor, kind, code);
    assert.deepEqual([error.status, error.code, error.message], [status, code, message]);
    for (const [name, value] of Object.entries({ errors: [], ...more })) assert.deepEqual(error[name], value);
  }
  const refused = await fromResponse(await ask('/api/oauth2/applications', form, { name: '', redirect_uris: ['https://app.example/', 'ftp://app.example/'] }));
  assert.deepEqual([refused.code, refused.errors.map(({ path }) => path)], ['INVALID_FORM_BODY', ['name', 'redirect_uris.1']]);
});

test('verifyToken accepts the application\'s own access tokens and nothing else', async () => {
  const [config, other] = [await client(), await client()];
  const { tokens } = await logIn(config);
  const { subject, scopes } = await verifyToken(config, tokens.accessToken, { scope: 'email' });
  assert.deepEqual([subject, scopes], [user.id, ['identify', 'email']]);
  await assert.rejects(verifyToken(config, tokens.accessToken, { scope: 'guilds' }), MissingOAuthScopeError);
  await assert.rejects(verifyToken(config, tokens.refreshToken), InvalidTokenError);
  await assert.rejects(verifyToken(other, tokens.accessToken), InvalidTokenError);
  await revoke(config, tokens.accessToken);
  await assert.rejects(verifyToken(config, tokens.accessToken), InvalidTokenError);
});

test('verifyTokenWithKey accepts what the server signs, and does not see revocations', async () => {
  const config = await client();
  const { tokens } = await logIn(config);
  const key = new Uint8Array(hkdfSync('sha256', Buffer.from(world.settings.SIGNING_KEYS, 'base64url'), '', 'access', 32));
  const expected = await verifyToken(config, tokens.accessToken);
  await revoke(config, tokens.accessToken);
  assert.deepEqual(await verifyTokenWithKey(config, tokens.accessToken, { key }), expected);
  await assert.rejects(verifyTokenWithKey(config, tokens.refreshToken, { key }), InvalidTokenError);
});

test('client credentials', async () => {
  const config = { ...(await discover(world.origin)), clientId: '1', clientSecret: world.settings.ADMIN_CLIENT_SECRET };
  const tokens = await clientCredentials(config, { scope: 'admin' });
  assert.equal(tokens.scope, 'admin');
  assert.ok(!('refreshToken' in tokens));
  await assert.rejects(clientCredentials(await client(), { scope: 'admin' }), InvalidScopeError);
});

test('a rate limit is waited out, for as long as the server says', async () => {
  const limited = await World.start({ settings: { RATE_LIMIT_TOKEN: '2/2' } });
  try {
    const config = { ...(await discover(limited.origin)), clientId: '1', clientSecret: limited.settings.ADMIN_CLIENT_SECRET };
    const credentials = (more = {}) => clientCredentials({ ...config, ...more }, { scope: 'admin' });
    await Promise.all([credentials(), credentials()]);
    await assert.rejects(credentials({ retries: 0 }), (error) => error instanceof RateLimitedError && error.retryAfter > 0 && error.retryAfter <= 2);
    const form = { grant_type: 'client_credentials', scope: 'admin', client_id: config.clientId, client_secret: config.clientSecret };
    const error = await fromResponse(await fetch(config.tokenEndpoint, { method: 'POST', body: new URLSearchParams(form) }));
    assert.ok(error instanceof RateLimitedError && error.retryAfter > 0 && error.retryAfter <= 2);
    assert.deepEqual([error.status, error.code, error.global, error.temporary], [429, 'RATE_LIMITED', false, true]);
    assert.equal((await credentials()).scope, 'admin');
  } finally {
    await limited.stop();
  }
});

test('an ID token comes with the code and with each refresh, and is verified by the keys that the server publishes', async () => {
  const config = await client('confidential', { scope: 'openid identify' });
  const pkce = await generatePkce();
  const { callback, state } = await visit(config, { pkce });
  const { code } = parseCallback(config, callback, state);
  const tokens = await exchangeCode(config, { code, codeVerifier: pkce.codeVerifier });
  const { nonce, ...first } = await verifyIdToken(config, tokens.idToken, { nonce: pkce.codeChallenge, accessToken: tokens.accessToken, maxAge: 600 });
  assert.deepEqual([first.subject, first.issuer, nonce], [user.id, world.origin, pkce.codeChallenge]);
  const next = await refresh(config, tokens.refreshToken);
  const again = await verifyIdToken(config, next.idToken, { accessToken: next.accessToken });
  assert.deepEqual([again.subject, again.authTime, again.nonce], [user.id, first.authTime, undefined]);
  const other = await client('confidential', { scope: 'openid' });
  await assert.rejects(verifyIdToken(other, tokens.idToken), { name: 'InvalidIdTokenError' });
  await assert.rejects(verifyToken(config, tokens.idToken), InvalidTokenError);
});

test('an ID token of another login is refused', async () => {
  const config = await client('confidential', { scope: 'openid identify' });
  const { callback, state } = await visit(config);
  const { code } = parseCallback(config, callback, state);
  await assert.rejects(exchangeCode(config, { code, state: 'another' }), { name: 'InvalidIdTokenError', message: 'The ID token has the wrong nonce' });
});

test('a token for another resource server is verified there, until its login is revoked', async () => {
  const resource = `https://orders-${generateState().slice(0, 8).toLowerCase().replaceAll('_', '-')}.example/`;
  await world.admin('POST', '/resources', { identifier: resource, name: 'Orders', scopes: [{ name: 'orders:read', description: 'See your orders' }] });
  const config = await client();
  const [state, pkce] = [generateState(), await generatePkce()];
  const page = await browser.open(authorizeUrl(config, state, { pkce, scope: 'orders:read', resource }));
  const { location } = await browser.submit(page, { decision: 'approve' });
  const { code } = parseCallback(config, location, state);
  const tokens = await exchangeCode(config, { code, codeVerifier: pkce.codeVerifier, resource });
  const verifier = { issuer: world.origin, fetch: (...args) => fetch(...args) };
  const { subject, clientId, scopes } = await verifyAccessToken(verifier, tokens.accessToken, { audience: resource, scope: 'orders:read' });
  assert.deepEqual([subject, clientId, scopes], [user.id, config.clientId, ['orders:read']]);
  await assert.rejects(verifyAccessToken(verifier, tokens.accessToken, { audience: 'https://other.example/' }), InvalidTokenError);
  await revoke(config, tokens.refreshToken);
  const later = { ...verifier, fetch: (...args) => fetch(...args) }; // one that has not asked yet
  await assert.rejects(verifyAccessToken(later, tokens.accessToken, { audience: resource }), InvalidTokenError);
});
