// Other people's clients: two OAuth libraries and a JOSE library that are not ours.

import assert from 'node:assert/strict';
import { hkdfSync } from 'node:crypto';
import { after, before, test } from 'node:test';

import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import { AuthorizationCode, ClientCredentials } from 'simple-oauth2';

import { World } from './harness.mjs';

const WEEK = 604_800;
const insecure = { [oauth.allowInsecureRequests]: true }; // the issuer is on loopback, without TLS

let world, user, browser;
before(async () => {
  world = await World.start();
  user = await world.user();
  browser = await world.login(user);
});
after(() => world?.stop());

async function discover() {
  const issuer = new URL(world.origin);
  const response = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
  return oauth.processDiscoveryResponse(issuer, response);
}

/** The way from the authorization URL to the callback, through the browser. */
async function callback(url) {
  let page = await browser.open(url);
  if (page.status === 200) page = await browser.submit(page, { decision: 'approve' });
  return new URL(page.location);
}

for (const [name, type, authentication, pkce] of [
  ['a public client with PKCE', 'public', () => oauth.None(), true],
  ['client_secret_basic with PKCE', 'confidential', ({ secret }) => oauth.ClientSecretBasic(secret), true],
  ['client_secret_basic', 'confidential', ({ secret }) => oauth.ClientSecretBasic(secret), false],
  ['client_secret_post', 'confidential', ({ secret }) => oauth.ClientSecretPost(secret), false],
]) {
  test(`oauth4webapi, ${name}: code, refresh, introspection, revocation`, async () => {
    const application = await world.application(type);
    const [server, client, secret] = [await discover(), { client_id: application.id }, authentication(application)];
    const verifier = pkce ? oauth.generateRandomCodeVerifier() : oauth.nopkce;
    const state = oauth.generateRandomState();
    const challenge = pkce ? { code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' } : {};
    const url = new URL(server.authorization_endpoint);
    url.search = new URLSearchParams({
      response_type: 'code', client_id: application.id, redirect_uri: application.redirectUri, scope: 'identify email', state, ...challenge,
    });

    // Checks state and, since the metadata promises it, iss (RFC 9207).
    const parameters = oauth.validateAuthResponse(server, client, await callback(url), state);
    const granted = await oauth.processAuthorizationCodeResponse(server, client,
      await oauth.authorizationCodeGrantRequest(server, client, secret, parameters, application.redirectUri, verifier, insecure));
    assert.equal(granted.scope, 'identify email');
    assert.equal(granted.expires_in, WEEK);

    const refreshed = await oauth.processRefreshTokenResponse(server, client,
      await oauth.refreshTokenGrantRequest(server, client, secret, granted.refresh_token, insecure));
    assert.notEqual(refreshed.refresh_token, granted.refresh_token);

    const me = await oauth.protectedResourceRequest(refreshed.access_token, 'GET', new URL('/api/users/@me', world.origin), undefined, undefined, insecure);
    assert.equal((await me.json()).email, user.email);

    const introspect = async (token) => oauth.processIntrospectionResponse(server, client, await oauth.introspectionRequest(server, client, secret, token, insecure));
    const active = await introspect(refreshed.access_token);
    assert.deepEqual(
      { active: active.active, sub: active.sub, client_id: active.client_id, scope: active.scope, iss: active.iss },
      { active: true, sub: user.id, client_id: application.id, scope: 'identify email', iss: world.origin },
    );
    await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, secret, refreshed.refresh_token, insecure));
    assert.deepEqual(await introspect(refreshed.access_token), { active: false });
  });
}

test('oauth4webapi sees a denial as such', async () => {
  const application = await world.application('confidential');
  const request = application.authorizationRequest();
  const page = await browser.submit(await browser.open(request.url), { decision: 'deny' });
  const server = await discover();
  assert.throws(() => oauth.validateAuthResponse(server, { client_id: application.id }, page.landed, request.state),
    { error: 'access_denied', error_description: 'The user denied access' });
});

test('oauth4webapi, client credentials', async () => {
  const server = await discover();
  const client = { client_id: '1' };
  const response = await oauth.clientCredentialsGrantRequest(server, client, oauth.ClientSecretBasic(world.settings.ADMIN_CLIENT_SECRET), { scope: 'admin' }, insecure);
  const granted = await oauth.processClientCredentialsResponse(server, client, response);
  assert.equal(granted.scope, 'admin');
  assert.equal(granted.refresh_token, undefined);
});

for (const authorizationMethod of ['header', 'body']) {
  for (const bodyFormat of ['form', 'json']) {
    test(`simple-oauth2, credentials in the ${authorizationMethod}, body as ${bodyFormat}`, async () => {
      const application = await world.application('confidential');
      const client = new AuthorizationCode({
        client: { id: application.id, secret: application.secret },
        auth: { tokenHost: world.origin, tokenPath: '/api/oauth2/token', authorizePath: '/oauth2/authorize', revokePath: '/api/oauth2/token/revoke' },
        options: { authorizationMethod, bodyFormat },
      });
      const redirect_uri = application.redirectUri;
      const landed = await callback(client.authorizeURL({ redirect_uri, scope: ['identify', 'email'], state: 'x y' }));
      assert.equal(landed.searchParams.get('state'), 'x y');
      const granted = await client.getToken({ code: landed.searchParams.get('code'), redirect_uri });
      const refreshed = await granted.refresh();
      assert.equal((await world.me(refreshed.token.access_token)).status, 200);
      await refreshed.revoke('refresh_token');
      assert.equal((await world.me(refreshed.token.access_token)).status, 401);
    });
  }
}

test('simple-oauth2, client credentials', async () => {
  const client = new ClientCredentials({
    client: { id: '1', secret: world.settings.ADMIN_CLIENT_SECRET }, auth: { tokenHost: world.origin, tokenPath: '/oauth2/token' },
  });
  const { token } = await client.getToken({ scope: 'admin' });
  assert.equal(token.scope, 'admin');
});

test('jose verifies our access tokens, and with the access key only', async () => {
  const application = await world.application('public');
  const { access_token, refresh_token } = await world.tokens(browser, application, { scope: 'email identify' });
  const root = Buffer.from(world.settings.SIGNING_KEYS, 'base64url');
  const key = (purpose) => new Uint8Array(hkdfSync('sha256', root, '', purpose, 32));

  const verified = await jose.jwtVerify(access_token, key('access'), { algorithms: ['HS256'], issuer: world.origin, audience: world.origin, typ: 'JWT' });
  const { header, payload } = { header: verified.protectedHeader, payload: verified.payload };
  assert.equal(header.kid, Buffer.from(key('kid')).subarray(0, 6).toString('base64url'));
  assert.equal(payload.exp - payload.iat, WEEK);
  assert.ok(Math.abs(payload.iat - Date.now() / 1000) < 60);
  assert.deepEqual(
    { sub: payload.sub, client_id: payload.client_id, scopes: payload.scope.split(' ') },
    { sub: user.id, client_id: application.id, scopes: ['identify', 'email'] },
  );
  for (const claim of ['jti', 'fam']) assert.match(payload[claim], /^[\w-]{22}$/);

  // A token of one purpose is nothing in place of another.
  for (const [token, purpose] of [[access_token, 'refresh'], [access_token, 'form'], [refresh_token, 'access']]) {
    await assert.rejects(jose.jwtVerify(token, key(purpose)), jose.errors.JWSSignatureVerificationFailed);
  }
  assert.equal((await world.me(refresh_token)).status, 401);
  assert.equal((await world.refresh(application, access_token)).json.error, 'invalid_grant');
});

test('tokens that jose signs with what an attacker may know are refused', async () => {
  const application = await world.application('confidential');
  const { access_token } = await world.tokens(browser, application);
  const [header, payload] = [jose.decodeProtectedHeader(access_token), jose.decodeJwt(access_token)];
  const root = Buffer.from(world.settings.SIGNING_KEYS, 'base64url');
  const right = new Uint8Array(hkdfSync('sha256', root, '', 'access', 32));
  const sign = (claims, head, key) => new jose.SignJWT({ ...payload, ...claims }).setProtectedHeader({ ...header, ...head }).sign(key);
  const bytes = (text) => new TextEncoder().encode(text);
  const now = Math.floor(Date.now() / 1000);

  assert.equal((await world.me(await sign({}, {}, right))).status, 200, 'the control: the same claims under the right key');
  const forgeries = {
    'the client secret as key': sign({}, {}, bytes(application.secret)),
    'the root as key': sign({}, {}, root),
    'a weak key': sign({}, {}, bytes('secret')),
    'no kid': sign({}, { kid: undefined }, right),
    'an unknown kid': sign({}, { kid: '../../dev/null' }, right),
    'another algorithm': sign({}, { alg: 'HS512' }, Buffer.concat([right, right])),
    'no signature': new jose.UnsecuredJWT(payload).encode(),
    'expired': sign({ exp: now - 1 }, {}, right),
    'no expiry': sign({ exp: undefined }, {}, right),
    'another issuer': sign({ iss: `${world.origin}/` }, {}, right),
    'another audience': sign({ aud: application.id }, {}, right),
    'a family that never was': sign({ fam: 'A'.repeat(22) }, {}, right),
    'a user in place of another': sign({ sub: String(BigInt(user.id) + 1n) }, {}, right),
  };
  for (const [name, token] of Object.entries(forgeries)) {
    const answer = await world.me(await token);
    assert.deepEqual([answer.status, answer.json.code], [401, 'INVALID_TOKEN'], name);
    assert.deepEqual((await world.introspect(application, await token)).json, { active: false }, name);
  }
});
