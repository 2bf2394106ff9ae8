// Tokens that are bound to a key: proofs read by jose, nonces, clocks that are wrong, and the other side:
// proofs that an API of one's own is sent.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { FluxerError, InvalidGrantError, InvalidResponseError, InvalidTokenError, OAuthError } from '@fluxer/errors';
import { InvalidDpopProofError, authorizeUrl, clientCredentials, createSession, dpopThumbprint, exchangeCode, generateDpopKey, refresh, revoke, verifyAccessToken, verifyDpopProof } from '@fluxer/oauth2';
import { EmbeddedJWK, SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair, jwtVerify } from 'jose';

import { CLIENT, FakeClock, FakeServer, json, start, tokensAnswer, unavailable } from './fakes.mjs';
import { ISSUER, KeyServer, RESOURCE, accessToken } from './signing.mjs';

const dpop = await generateDpopKey();
const hash = (text) => createHash('sha256').update(text).digest('base64url');
const bound = (number, more) => tokensAnswer(number, { token_type: 'DPoP', ...more });
const useNonce = (nonce) => json(400, { error: 'use_dpop_nonce', error_description: 'nonce' }, { 'dpop-nonce': nonce });

/** What a request proved, by a library that shares nothing with the package. */
async function proved({ headers }, at = new FakeClock().time) {
  const { payload, protectedHeader } = await jwtVerify(headers.get('dpop'), EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256'], currentDate: new Date(at) });
  assert.deepEqual(Object.keys(protectedHeader.jwk).sort(), ['crv', 'kty', 'x', 'y']);
  return { ...payload, thumbprint: await calculateJwkThumbprint(protectedHeader.jwk) };
}

test('a key stays where it was made, and has the thumbprint of RFC 7638', async () => {
  assert.equal(dpop.privateKey.extractable, false);
  await assert.rejects(crypto.subtle.exportKey('jwk', dpop.privateKey));
  assert.equal(await dpopThumbprint(dpop), await calculateJwkThumbprint(await exportJWK(dpop.publicKey)));
  const url = new URL(authorizeUrl(CLIENT, 'state', { dpopJkt: await dpopThumbprint(dpop) }));
  assert.equal(url.searchParams.get('dpop_jkt'), await dpopThumbprint(dpop));
});

test('each request for tokens has a proof of its own, and no other request has one', async () => {
  const [server, clock] = [new FakeServer(bound(1), bound(2), bound(3), json(200, {})), new FakeClock()];
  const config = server.client(clock, { dpop });
  const tokens = await exchangeCode(config, { code: 'c' });
  assert.equal(tokens.tokenType, 'DPoP');
  await refresh(config, tokens.refreshToken);
  await clientCredentials({ ...config, clientSecret: 'a secret' });
  await revoke(config, tokens.refreshToken);
  const [first, second, third, last] = server.requests;
  const proofs = await Promise.all([first, second, third].map((request) => proved(request)));
  for (const { htm, htu, iat, jti, ath, nonce, thumbprint } of proofs) {
    assert.deepEqual([htm, htu, iat, ath, nonce], ['POST', CLIENT.tokenEndpoint, Math.floor(clock.time / 1000), undefined, undefined]);
    assert.match(jti, /^[\w-]{22}$/);
    assert.equal(thumbprint, await dpopThumbprint(dpop));
  }
  assert.equal(new Set(proofs.map(({ jti }) => jti)).size, 3);
  assert.equal(last.headers.get('dpop'), null);
});

test('what is sent again has a new proof', async () => {
  const [server, clock] = [new FakeServer(unavailable(), unavailable(), bound(1)), new FakeClock()];
  await clock.run(refresh(server.client(clock, { dpop }), 'refresh-0'));
  const proofs = await Promise.all(server.requests.map((request) => proved(request, clock.time)));
  assert.equal(new Set(proofs.map(({ jti }) => jti)).size, 3);
});

test('a token that is not bound is refused, and so is one that is where none was asked for', async () => {
  const clock = new FakeClock();
  const loose = new FakeServer(tokensAnswer(1));
  await assert.rejects(refresh(loose.client(clock, { dpop }), 'r'), (error) => error instanceof InvalidResponseError && /not DPoP/.test(error.message));
  const tight = new FakeServer(bound(1));
  await assert.rejects(refresh(tight.client(clock), 'r'), (error) => error instanceof InvalidResponseError && /not Bearer/.test(error.message));
});

test('a session presents its token with a proof for each request', async () => {
  const { session, server } = start([json(200, 7), json(200, 8)], { config: { dpop }, tokens: { tokenType: 'DPoP' } });
  await session.fetch('/x?secret=1#y');
  await session.fetch('/x', { method: 'post', body: 'b' });
  const [first, second] = await Promise.all(server.requests.map((request) => proved(request)));
  assert.equal(server.requests[0].headers.get('authorization'), 'DPoP access-0');
  assert.deepEqual([first.htm, first.htu, first.ath], ['GET', 'https://fluxer.app/x', hash('access-0')]);
  assert.equal(second.htm, 'POST');
  assert.notEqual(first.jti, second.jti);
});

test('tokens from before there was a key are sent as they are until they are refreshed', async () => {
  const { session, server, saved } = start([json(200, 7), bound(1), json(200, 8)], { config: { dpop } });
  await session.fetch('/x');
  await session.refresh();
  await session.fetch('/x');
  assert.deepEqual(server.requests.map(({ headers }) => headers.get('authorization')), ['Bearer access-0', server.requests[1].headers.get('authorization'), 'DPoP access-1']);
  assert.deepEqual(server.requests.map(({ headers }) => headers.has('dpop')), [false, true, true]);
  assert.deepEqual(saved, ['access-1']);
});

test('tokens without their key are a mistake that comes to light at once', () => {
  assert.throws(() => start([], { tokens: { tokenType: 'DPoP' } }), { name: 'TypeError', message: 'dpop is missing: the tokens are bound to a key' });
});

// Nonces.

test('a nonce that the server wants is sent, and kept for the next requests', async () => {
  const key = await generateDpopKey();
  const [server, clock] = [new FakeServer(useNonce('n1'), bound(1, {}), bound(2)), new FakeClock()];
  const config = server.client(clock, { dpop: key });
  await refresh(config, 'r');
  await refresh(config, 'r');
  const nonces = (await Promise.all(server.requests.map((request) => proved(request)))).map(({ nonce }) => nonce);
  assert.deepEqual(nonces, [undefined, 'n1', 'n1']);
});

test('a code is sent again with the nonce, and is still sent once where anything else is wrong', async () => {
  const key = await generateDpopKey();
  const [server, clock] = [new FakeServer(useNonce('n1'), bound(1)), new FakeClock()];
  assert.equal((await exchangeCode(server.client(clock, { dpop: key }), { code: 'c' })).accessToken, 'access-1');
  const refused = new FakeServer(json(400, { error: 'invalid_grant', error_description: 'no' }, { 'dpop-nonce': 'n2' }));
  await assert.rejects(exchangeCode(refused.client(clock, { dpop: key }), { code: 'c' }), InvalidGrantError);
  assert.equal(refused.requests.length, 1);
});

test('a server that wants another nonce each time is asked twice', async () => {
  const key = await generateDpopKey();
  const [server, clock] = [new FakeServer(useNonce('n1'), useNonce('n2')), new FakeClock()];
  await assert.rejects(refresh(server.client(clock, { dpop: key }), 'r'), (error) => error instanceof OAuthError && error.code === 'use_dpop_nonce');
  assert.equal(server.requests.length, 2);
});

test('a resource says it in its challenge; each origin has its own nonce, and a new one may come with any answer', async () => {
  const key = await generateDpopKey();
  const wants = json(401, { code: 'USE_DPOP_NONCE', message: 'nonce' }, { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'r1' });
  const other = 'https://api.example';
  const { session, server } = start([wants, json(200, 1, { 'dpop-nonce': 'r2' }), json(200, 2), json(200, 3)], {
    config: { dpop: key }, tokens: { tokenType: 'DPoP' }, resourceOrigins: [other],
  });
  await session.fetch('/x');
  await session.fetch('/x');
  await session.fetch(`${other}/x`);
  const nonces = (await Promise.all(server.requests.map((request) => proved(request)))).map(({ nonce }) => nonce);
  assert.deepEqual(nonces, [undefined, 'r1', 'r2', undefined]);
});

test('a body that comes in pieces is not sent again for a nonce', async () => {
  const key = await generateDpopKey();
  const wants = json(401, { code: 'USE_DPOP_NONCE', message: 'nonce' }, { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'r1' });
  const { session, server } = start([wants], { config: { dpop: key }, tokens: { tokenType: 'DPoP' } });
  await assert.rejects(session.fetch('/x', { method: 'POST', body: new ReadableStream(), duplex: 'half' }), FluxerError);
  assert.equal(server.requests.length, 1);
});

// Clocks.

test('a clock that is wrong costs one request, wherever the server tells the time', async () => {
  const key = await generateDpopKey();
  const [server, clock] = [new FakeServer(), new FakeClock()];
  const date = new Date(clock.time + 3_600_000).toUTCString();
  server.answers.push(json(400, { error: 'invalid_dpop_proof', error_description: 'iat' }, { date }), bound(1), bound(2));
  const config = server.client(clock, { dpop: key });
  await refresh(config, 'r');
  await refresh(config, 'r');
  const later = Date.parse(date);
  const times = await Promise.all(server.requests.map(async (request, index) => (await proved(request, index ? later : clock.time)).iat * 1000));
  assert.deepEqual(times.map((time) => Math.abs(time - later) < 5_000), [false, true, true]);
});

test('an answer out of a cache, whose date is old, is no clock', async () => {
  const key = await generateDpopKey();
  const cached = (clock) => json(200, 1, { date: new Date(clock - 3_600_000).toUTCString() });
  const { session, server, clock } = start([cached(new FakeClock().time), json(200, 2)], { config: { dpop: key }, tokens: { tokenType: 'DPoP' } });
  await session.fetch('/x');
  await session.fetch('/x', { method: 'POST', body: new ReadableStream(), duplex: 'half' });
  for (const request of server.requests) assert.equal((await proved(request)).iat, Math.floor(clock.time / 1000));
});

// The other side.

const [P256, ED25519] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('EdDSA')]);
const REQUEST = { method: 'GET', url: 'https://api.yourapp.com/orders?limit=1', accessToken: 'a.b.c' };

async function proofOf({ header = {}, claims = {}, by = P256, signedBy = by } = {}) {
  const jwk = await exportJWK(by.publicKey);
  const now = Math.floor(new FakeClock().time / 1000);
  const defined = (object) => JSON.parse(JSON.stringify(object));
  const said = { jti: 'j', htm: 'GET', htu: 'https://api.yourapp.com/orders', iat: now, ath: hash(REQUEST.accessToken), ...claims };
  return new SignJWT(defined(said)).setProtectedHeader(defined({ typ: 'dpop+jwt', alg: signedBy === P256 ? 'ES256' : 'EdDSA', jwk, ...header })).sign(signedBy.privateKey);
}

const verify = (proof, request = REQUEST) => verifyDpopProof(proof, request, { clock: new FakeClock() });

test('a proof is verified by either algorithm, whatever its URL\'s spelling', async () => {
  for (const by of [P256, ED25519]) {
    assert.equal(await verify(await proofOf({ by })), await calculateJwkThumbprint(await exportJWK(by.publicKey)));
  }
  await verify(await proofOf({ claims: { htu: 'HTTPS://API.yourapp.com:443/orders#x', more: 1 }, header: { kid: 'k' } }));
});

for (const [what, made] of [
  ['nothing', () => undefined],
  ['no JWT', () => 'x'],
  ['two proofs', async () => `${await proofOf()}, ${await proofOf()}`],
  ['64 KiB', () => proofOf({ claims: { more: 'x'.repeat(65_536) } })],
  ['another type', () => proofOf({ header: { typ: 'JWT' } })],
  ['a key of another kind', () => proofOf({ by: ED25519, signedBy: P256, header: { alg: 'ES256' } })],
  ['no key', () => proofOf({ header: { jwk: undefined } })],
  ['another method', () => proofOf({ claims: { htm: 'POST' } })],
  ['another path', () => proofOf({ claims: { htu: 'https://api.yourapp.com/other' } })],
  ['another host', () => proofOf({ claims: { htu: 'https://evil.example/orders' } })],
  ['a URL that is none', () => proofOf({ claims: { htu: '/orders' } })],
  ['a time long ago', () => proofOf({ claims: { iat: 1 } })],
  ['a time that is text', () => proofOf({ claims: { iat: String(Math.floor(new FakeClock().time / 1000)) } })],
  ['no time', () => proofOf({ claims: { iat: undefined } })],
  ['an id that is empty', () => proofOf({ claims: { jti: '' } })],
  ['no id', () => proofOf({ claims: { jti: undefined } })],
  ['another token', () => proofOf({ claims: { ath: hash('x') } })],
  ['no token', () => proofOf({ claims: { ath: undefined } })],
]) {
  test(`a proof with ${what} is invalid`, async () => assert.rejects(async () => verify(await made()), InvalidDpopProofError));
}

test('a proof that is signed with another key than its own is invalid', async () => {
  const other = await generateKeyPair('ES256');
  const jwk = await exportJWK(other.publicKey);
  await assert.rejects(verify(await proofOf({ header: { jwk } })), /signature/);
});

test('proof and token belong together', async () => {
  const server = new KeyServer();
  const token = await accessToken({ cnf: { jkt: await calculateJwkThumbprint(await exportJWK(P256.publicKey)) } });
  const request = { ...REQUEST, accessToken: token };
  const claims = { ath: hash(token) };
  const check = async (proof) => verifyAccessToken({ ...server.config, issuer: ISSUER }, token, { audience: RESOURCE, thumbprint: await verify(proof, request) });
  assert.equal((await check(await proofOf({ claims }))).subject, '7');
  await assert.rejects(async () => check(await proofOf({ claims, by: ED25519 })), InvalidTokenError);
});
