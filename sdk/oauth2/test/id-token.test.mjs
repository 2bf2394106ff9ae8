// ID tokens, made by jose: what is accepted, and what is not (OpenID Connect Core §3.1.3.7).

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NetworkError } from '@fluxer/errors';
import { InvalidIdTokenError, authorizeUrl, endSessionUrl, exchangeCode, generatePkce, verifyIdToken } from '@fluxer/oauth2';

import { CLIENT, FakeClock, FakeServer, broken, tokensAnswer } from './fakes.mjs';
import { EC, ISSUER, KeyServer, OTHER_EC, RSA, halfHash, idToken, key, signed } from './signing.mjs';

const START = new FakeClock().time;
const JWKS = '/.well-known/jwks.json';

const verify = (token, options, server = new KeyServer()) => verifyIdToken(server.config, token, options);
const refused = (about) => (error) => error instanceof InvalidIdTokenError && error.code === 'INVALID_ID_TOKEN' && error.message.includes(about);

for (const by of [RSA, EC]) {
  test(`an ID token that is signed with ${by.alg}`, async () => {
    const token = await verify(await idToken({ nonce: 'n', at_hash: halfHash('access-1') }, by), { nonce: 'n', accessToken: 'access-1', maxAge: 60 });
    const { claims, ...said } = token;
    assert.deepEqual(said, {
      issuer: ISSUER, subject: '7', issuedAt: START, expiresAt: START + 3_600_000, authTime: START - 60_000, amr: ['pwd'], nonce: 'n', sessionId: 'session-1',
    });
    assert.equal(claims.aud, CLIENT.clientId);
  });
}

test('what is not said is not there', async () => {
  const { authTime, amr, nonce, sessionId } = await verify(await idToken({ auth_time: undefined, amr: undefined, sid: undefined }));
  assert.deepEqual([authTime, amr, nonce, sessionId], [undefined, [], undefined, undefined]);
});

for (const [about, claims, options] of [
  ['iss', { iss: 'https://evil.example' }], ['iss', { iss: undefined }],
  ['aud', { aud: '43' }], ['aud', { aud: undefined }], ['aud', { aud: ['43', '44'] }],
  ['azp', { aud: [CLIENT.clientId, '43'] }], ['azp', { aud: [CLIENT.clientId, '43'], azp: '43' }], ['azp', { azp: '43' }],
  ['sub', { sub: undefined }], ['sub', { sub: '' }], ['exp', { exp: undefined }], ['iat', { iat: undefined }],
  ['expired', { exp: START / 1000 }],
  ['nonce', { nonce: 'another' }, { nonce: 'n' }], ['nonce', {}, { nonce: 'n' }],
  ['at_hash', { at_hash: halfHash('another') }, { accessToken: 'access-1' }],
  ['too old', { auth_time: START / 1000 - 61 }, { maxAge: 60 }], ['too old', { auth_time: undefined }, { maxAge: 60 }], ['too old', {}, { maxAge: 0 }],
]) {
  test(`an ID token with ${JSON.stringify(claims)} is refused${options ? ` for ${JSON.stringify(options)}` : ''}`, async () => {
    await assert.rejects(verify(await idToken(claims), options), refused(about));
  });
}

test('no ID token is none', async () => assert.rejects(verify(undefined), refused('no ID token')));

test('several audiences are fine where this application is the authorized party', async () => {
  assert.equal((await verify(await idToken({ aud: [CLIENT.clientId, '43'], azp: CLIENT.clientId }))).subject, '7');
});

for (const [what, token] of [
  ['another key, under a known kid', () => idToken({}, { ...OTHER_EC, kid: EC.kid })],
  ['a key that nobody published', () => idToken({}, OTHER_EC)],
  ['no kid', () => idToken({}, EC, { kid: undefined })],
  ['the key of another algorithm', () => idToken({}, EC, { kid: RSA.kid })],
  ['an algorithm that is not the key\'s', async () => `${Buffer.from(JSON.stringify({ alg: 'RS256', kid: EC.kid })).toString('base64url')}.${(await idToken()).split('.').slice(1).join('.')}`],
  ['the type of an access token', () => signed(EC, 'at+jwt', { iss: ISSUER, sub: '7', aud: CLIENT.clientId, exp: START / 1000 + 60, iat: START / 1000 })],
  ['the type of a list of revoked tokens', () => idToken({}, EC, { typ: 'application/revoked+JWT' })],
  ['nothing in it', async () => 'x'],
  ['no signature', async () => `${(await idToken()).split('.').slice(0, 2).join('.')}.`],
  ['other claims than were signed', async () => { const [head, , signature] = (await idToken()).split('.'); return [head, (await idToken({ sub: '8' })).split('.')[1], signature].join('.'); }],
]) {
  test(`an ID token with ${what} is refused`, async () => {
    await assert.rejects(verify(await token()), refused('not signed'));
  });
}

test('an ID token that is signed with a shared secret, or not at all, is refused', async () => {
  const { SignJWT, UnsecuredJWT } = await import('jose');
  const claims = { iss: ISSUER, sub: '7', aud: CLIENT.clientId, exp: START / 1000 + 60, iat: START / 1000 };
  const secret = Buffer.from(JSON.stringify(RSA.jwk)); // the public key as a secret: the classic confusion
  await assert.rejects(verify(await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: RSA.kid }).sign(secret)), refused('not signed'));
  await assert.rejects(verify(new UnsecuredJWT(claims).encode()), refused('not signed'));
});

test('an extension that must be understood is not (RFC 7515 §4.1.11)', async () => {
  const [, claims, signature] = (await idToken()).split('.');
  const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid: EC.kid, crit: ['exp'] })).toString('base64url');
  await assert.rejects(verify([header, claims, signature].join('.')), refused('not signed'));
});

// Keys.

test('keys are asked for once, by however many at a time, and again after five minutes', async () => {
  const server = new KeyServer();
  const token = await idToken({ exp: START / 1000 + 86_400 });
  await Promise.all(Array.from({ length: 20 }, () => verify(token, {}, server)));
  server.clock.time += 299_999;
  await verify(token, {}, server);
  assert.equal(server.count(JWKS), 1);
  server.clock.time += 1;
  await verify(token, {}, server);
  assert.equal(server.count(JWKS), 2);
});

test('a kid that is unknown is looked for again, but only every 30 seconds', async () => {
  const server = new KeyServer();
  const fresh = await key('ES256');
  const token = await idToken({}, fresh);
  await verify(await idToken(), {}, server);
  await assert.rejects(verify(token, {}, server), refused('not signed'));
  server.keys.push(fresh.jwk);
  server.clock.time += 29_999;
  for (let forged = 0; forged < 50; forged += 1) await assert.rejects(verify(token, {}, server), refused('not signed'));
  assert.equal(server.count(JWKS), 1, 'forged kids cost the server nothing');
  server.clock.time += 1;
  await Promise.all([verify(token, {}, server), verify(token, {}, server)]);
  assert.equal(server.count(JWKS), 2);
});

test('keys that cannot be had are no verdict; known keys serve an hour of outage', async () => {
  const server = new KeyServer();
  server.instead[JWKS] = broken;
  const token = await idToken({ exp: START / 1000 + 86_400 });
  await assert.rejects(verify(token, {}, server), NetworkError);
  await assert.rejects(verify(token, {}, server), NetworkError);
  assert.equal(server.count(JWKS), 1, 'it is left alone for five seconds');
  server.clock.time += 5_000;
  delete server.instead[JWKS];
  await verify(token, {}, server);
  server.instead[JWKS] = broken;
  server.clock.time += 3_599_999;
  await verify(token, {}, server);
  await assert.rejects(verify(await idToken({}, OTHER_EC), {}, server), NetworkError, 'it may be a new key');
  server.clock.time += 5_001;
  await assert.rejects(verify(token, {}, server), NetworkError);
});

test('a server that hangs holds up nobody who has keys', async () => {
  const server = new KeyServer();
  const token = await idToken({ exp: START / 1000 + 86_400 });
  await verify(token, {}, server);
  server.clock.time += 300_000;
  server.instead[JWKS] = () => new Promise(() => {});
  await server.clock.run(verify(token, {}, server));
  assert.equal(server.clock.waited[0], 2_000);
  await verify(token, {}, server);
});

test('keys of unknown kinds are no hindrance', async () => {
  const server = new KeyServer();
  server.keys = [null, 7, {}, { kid: 'a', kty: 'OKP', crv: 'Ed25519', x: 'x' }, { kid: 'b', kty: 'EC', crv: 'P-521', x: 'x', y: 'y' }, { ...EC.jwk, use: 'enc', kid: 'c' }, { ...EC.jwk, alg: undefined }];
  assert.equal((await verify(await idToken(), {}, server)).subject, '7');
});

test('an abort ends the waiting', async () => {
  await assert.rejects(verify(await idToken(), { signal: AbortSignal.abort(new Error('left')) }), { message: 'left' });
});

test('the settings must say whose tokens, and for whom', async () => {
  const token = await idToken();
  const { config } = new KeyServer();
  await assert.rejects(verifyIdToken({ ...config, clientId: '' }, token), { name: 'TypeError', message: 'clientId is missing' });
  await assert.rejects(verifyIdToken({ ...config, issuer: undefined }, token), { name: 'TypeError', message: 'issuer is missing' });
  await assert.rejects(verifyIdToken({ ...config, jwksUri: 'http://fluxer.app/keys' }, token), { name: 'TypeError' });
});

// The nonce, from the authorize URL to the tokens.

const OPENID = { ...CLIENT, issuer: ISSUER, scope: 'openid identify' };
const nonceOf = (url) => new URL(url).searchParams.get('nonce');

test('with openid an authorize URL has a nonce, and without it none', async () => {
  const pkce = await generatePkce();
  assert.equal(nonceOf(authorizeUrl(OPENID, 'state', { pkce })), pkce.codeChallenge);
  assert.equal(nonceOf(authorizeUrl(OPENID, 'state')), 'state');
  assert.equal(nonceOf(authorizeUrl(OPENID, 'state', { pkce, nonce: 'mine' })), 'mine');
  assert.equal(nonceOf(authorizeUrl(CLIENT, 'state', { pkce, scope: 'identify openid' })), pkce.codeChallenge);
  for (const scope of ['identify', 'openidentify', '']) assert.equal(nonceOf(authorizeUrl(CLIENT, 'state', { pkce, scope })), null);
});

test('what OpenID Connect adds to an authorize URL', () => {
  const url = new URL(authorizeUrl(OPENID, 's', { maxAge: 0, loginHint: 'ada', idTokenHint: 'i', uiLocales: 'de en', prompt: 'login consent', resource: 'https://api.example' }));
  const { max_age, login_hint, id_token_hint, ui_locales, prompt, resource } = Object.fromEntries(url.searchParams);
  assert.deepEqual([max_age, login_hint, id_token_hint, ui_locales, prompt, resource], ['0', 'ada', 'i', 'de en', 'login consent', 'https://api.example']);
});

/** Exchanges a code for tokens with an ID token that says so. */
async function exchange(claims, options = {}, config = OPENID) {
  const id_token = typeof claims === 'string' ? claims : await idToken(claims);
  const [server, clock] = [new FakeServer(tokensAnswer(1, { id_token })), new FakeClock()];
  return { id_token, server, tokens: await exchangeCode(server.client(clock, config), { code: 'c', ...options }) };
}

test('the ID token comes with the tokens, its nonce checked, whatever it was', async () => {
  const pkce = await generatePkce();
  const at_hash = halfHash('access-1');
  for (const [nonce, options] of [[pkce.codeChallenge, { codeVerifier: pkce.codeVerifier }], ['state', { state: 'state' }], ['mine', { codeVerifier: pkce.codeVerifier, nonce: 'mine' }]]) {
    const { tokens, id_token, server } = await exchange({ nonce, at_hash }, options);
    assert.equal(tokens.idToken, id_token);
    assert.equal(server.requests.length, 1, 'no key is asked for: what has been spent must not be lost for one');
    assert.ok(!('nonce' in server.requests[0].form) && !('state' in server.requests[0].form));
    await assert.rejects(exchange({ nonce: 'another' }, options), refused('nonce'));
    await assert.rejects(exchange({}, options), refused('nonce'));
  }
  assert.ok((await exchange({}, { codeVerifier: pkce.codeVerifier, nonce: null })).tokens.idToken, 'null says that none was sent');
});

test('an ID token of another server, application or access token ends the exchange', async () => {
  for (const [about, claims] of [['iss', { iss: 'https://evil.example' }], ['aud', { aud: '43' }], ['at_hash', { at_hash: halfHash('another') }]]) await assert.rejects(exchange(claims), refused(about));
  await assert.rejects(exchange('no-jwt'), refused('none'));
});

test('a local clock that is wrong is no reason to refuse a login that just happened', async () => {
  assert.ok((await exchange({ exp: START / 1000 - 86_400 })).tokens.idToken);
});

test('an answer without an ID token has none', async () => {
  const server = new FakeServer(tokensAnswer(1), tokensAnswer(2, { id_token: null }));
  const config = server.client(new FakeClock(), OPENID);
  for (const code of ['a', 'b']) assert.ok(!('idToken' in (await exchangeCode(config, { code }))));
});

// Logout.

test('a user is logged out at the server, and comes back', () => {
  const config = { ...OPENID, endSessionEndpoint: `${ISSUER}/oauth2/logout` };
  assert.equal(
    endSessionUrl(config, { idToken: 'a.b.c', postLogoutRedirectUri: 'https://yourapp.com/', state: 's' }),
    `${ISSUER}/oauth2/logout?id_token_hint=a.b.c&client_id=42&post_logout_redirect_uri=https%3A%2F%2Fyourapp.com%2F&state=s`,
  );
  assert.equal(endSessionUrl(config), `${ISSUER}/oauth2/logout?client_id=42`);
  assert.throws(() => endSessionUrl(OPENID), { name: 'TypeError', message: 'endSessionEndpoint is missing: set it, or take it from discover()' });
});
