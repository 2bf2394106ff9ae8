// Access tokens for one's own resource server, made by jose (RFC 9068 §4), and what was revoked.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { HttpError, InvalidResponseError, InvalidTokenError, MissingOAuthScopeError, NetworkError } from '@fluxer/errors';
import { verifyAccessToken } from '@fluxer/oauth2';

import { FakeClock, broken } from './fakes.mjs';
import { EC, ISSUER, KeyServer, OTHER_EC, RESOURCE, RSA, accessToken, idToken, key, revokedList } from './signing.mjs';

const START = new FakeClock().time;
const [JWKS, REVOKED] = ['/.well-known/jwks.json', '/.well-known/revoked'];

const verify = (token, options = {}, server = new KeyServer()) => verifyAccessToken(server.config, token, { audience: RESOURCE, ...options });
/** A token that outlives the times of these tests. */
const lasting = (claims = {}) => accessToken({ exp: START / 1000 + 86_400, ...claims });
const answers = (make) => async () => new Response(await make());

for (const by of [RSA, EC]) {
  test(`a token that is signed with ${by.alg}`, async () => {
    assert.deepEqual(await verify(await accessToken({}, by)), { subject: '7', clientId: '42', scopes: ['orders:read', 'orders:write'], expiresAt: START + 600_000 });
  });
}

test('an issuer and an audience are all that there is to set', async () => {
  const server = new KeyServer();
  await verifyAccessToken({ issuer: ISSUER, fetch: server.fetch, clock: server.clock }, await accessToken(), { audience: RESOURCE });
  assert.deepEqual(server.asked, [JWKS, REVOKED]);
  await assert.rejects(verify(await accessToken(), { audience: undefined }), { name: 'TypeError', message: 'audience is missing' });
  await assert.rejects(verifyAccessToken({}, await accessToken(), { audience: RESOURCE }), { name: 'TypeError', message: 'issuer is missing' });
});

for (const [what, token] of [
  ['another issuer', () => accessToken({ iss: 'https://evil.example' })],
  ['another audience', () => accessToken({ aud: 'https://other.example/' })],
  ['an audience that only begins the same', () => accessToken({ aud: RESOURCE.slice(0, -1) })],
  ['no audience', () => accessToken({ aud: undefined })],
  ['an expiry of this very moment', () => accessToken({ exp: START / 1000 })],
  ['no expiry', () => accessToken({ exp: undefined })],
  ['a time that is still to come', () => accessToken({ nbf: START / 1000 + 1 })],
  ['no subject', () => accessToken({ sub: undefined })],
  ['no client', () => accessToken({ client_id: undefined })],
  ['no login', () => accessToken({ fam: undefined })],
  ['the type of an ID token', () => accessToken({}, EC, { typ: 'JWT' })],
  ['no type', () => accessToken({}, EC, { typ: undefined })],
  ['a key that nobody published', () => accessToken({}, OTHER_EC)],
  ['a key that it is bound to, and no proof', () => accessToken({ cnf: { jkt: 'a-thumbprint' } })],
  ['a binding of another kind', () => accessToken({ cnf: { 'x5t#S256': 'a' } })],
  ['nothing in it', async () => ''],
]) {
  test(`a token with ${what} is invalid`, async () => assert.rejects(verify(await token()), InvalidTokenError));
}

test('an ID token opens nothing', async () => assert.rejects(verify(await idToken({ aud: RESOURCE, client_id: '42', fam: 'f' })), InvalidTokenError));

test('a list of audiences, and the type in full', async () => {
  assert.equal((await verify(await accessToken({ aud: ['https://other.example/', RESOURCE] }, EC, { typ: 'application/at+jwt' }))).subject, '7');
});

test('a bound token is good with its own key', async () => {
  const token = await accessToken({ cnf: { jkt: 'a-thumbprint' } });
  assert.equal((await verify(token, { thumbprint: 'a-thumbprint' })).subject, '7');
  await assert.rejects(verify(token, { thumbprint: 'another' }), InvalidTokenError);
  await assert.rejects(verify(await accessToken(), { thumbprint: 'a-thumbprint' }), InvalidTokenError, 'one that is not bound is no DPoP token');
});

test('scopes that are required, one or several', async () => {
  await verify(await accessToken(), { scope: 'orders:read' });
  await verify(await accessToken(), { scope: ['orders:read', 'orders:write'] });
  await assert.rejects(verify(await accessToken(), { scope: ['orders:read', 'orders:delete'] }), (error) => error instanceof MissingOAuthScopeError && error.requiredScope === 'orders:delete');
});

test('a key that is new is found, and its tokens accepted', async () => {
  const server = new KeyServer();
  await verify(await accessToken(), {}, server);
  const fresh = await key('ES256');
  server.keys.push(fresh.jwk);
  server.clock.time += 30_000;
  assert.equal((await verify(await accessToken({}, fresh), {}, server)).subject, '7');
});

// What was revoked.

test('a login that was revoked is refused within 31 seconds, also where a cache on the way keeps the list for 15', async () => {
  const token = await lasting();
  for (let offset = 0; offset < 15_000; offset += 500) {
    const server = new KeyServer();
    let kept;
    server.instead[REVOKED] = async () => {
      if (!kept || server.clock.time - kept.at >= 15_000) kept = { at: server.clock.time, list: await revokedList(server.families, { at: server.clock.time / 1000 }) };
      return new Response(kept.list);
    };
    await verify(token, {}, server);
    server.clock.time += offset;
    server.families = ['family-1'];
    const revokedAt = server.clock.time;
    let late = 0;
    for (;; server.clock.time += 250) {
      const refused = await verify(token, {}, server).then(() => false, (error) => error instanceof InvalidTokenError);
      if (refused) break;
      late = server.clock.time - revokedAt;
    }
    assert.ok(late < 31_000, `after ${late} ms`);
  }
});

test('only that login is revoked, and the list is asked for every 15 seconds, not for each token', async () => {
  const server = new KeyServer();
  server.families = ['family-1', 'family-2'];
  const other = await lasting({ fam: 'family-3' });
  await assert.rejects(verify(await lasting(), {}, server), InvalidTokenError);
  await Promise.all(Array.from({ length: 20 }, () => verify(other, {}, server)));
  server.clock.time += 14_999;
  await verify(other, {}, server);
  assert.equal(server.count(REVOKED), 1);
  server.clock.time += 1;
  await Promise.all(Array.from({ length: 20 }, () => verify(other, {}, server)));
  assert.equal(server.count(REVOKED), 2);
});

test('an older list does not bring back who was revoked', async () => {
  const server = new KeyServer();
  const old = await revokedList([], { at: START / 1000 });
  server.clock.time += 10_000;
  server.families = ['family-1'];
  const token = await lasting();
  await assert.rejects(verify(token, {}, server), InvalidTokenError);
  server.instead[REVOKED] = answers(() => old);
  server.clock.time += 15_000;
  await assert.rejects(verify(token, {}, server), InvalidTokenError);
});

test('without a current list no token is accepted, by an error that is no verdict on it', async () => {
  const server = new KeyServer();
  const token = await lasting();
  await verify(token, {}, server);
  server.instead[REVOKED] = broken;
  server.clock.time += 44_999;
  await verify(token, {}, server); // the last one is still valid
  assert.equal(server.count(REVOKED), 2);
  await verify(token, {}, server);
  assert.equal(server.count(REVOKED), 2, 'it is left alone for five seconds');
  server.clock.time += 1;
  await assert.rejects(verify(token, {}, server), (error) => error instanceof NetworkError && error.temporary);
  server.clock.time += 5_000;
  delete server.instead[REVOKED];
  await verify(token, {}, server);
});

test('where the list cannot be had, `preferred` does without, but not against what it knows', async () => {
  const server = new KeyServer();
  server.instead[REVOKED] = () => new Response('', { status: 404 });
  const token = await lasting();
  await assert.rejects(verify(token, {}, server), HttpError);
  assert.equal((await verify(token, { revocations: 'preferred' }, server)).subject, '7');
  delete server.instead[REVOKED];
  server.families = ['family-1'];
  server.clock.time += 5_000;
  await assert.rejects(verify(token, { revocations: 'preferred' }, server), InvalidTokenError);
});

test('`none` never asks', async () => {
  const server = new KeyServer();
  server.families = ['family-1'];
  assert.equal((await verify(await lasting(), { revocations: 'none' }, server)).subject, '7');
  assert.deepEqual(server.asked, [JWKS]);
});

for (const [what, list] of [
  ['of another issuer', () => revokedList([], { claims: { iss: 'https://evil.example' } })],
  ['of another type', () => revokedList([], { header: { typ: 'JWT' } })],
  ['without families', () => revokedList(undefined)],
  ['without an end', () => revokedList([], { claims: { exp: undefined } })],
  ['that nobody signed', () => revokedList([], { by: { ...OTHER_EC, kid: EC.kid } })],
  ['that is a page', async () => '<html>'],
  ['that has ended', () => revokedList([], { at: START / 1000 - 60 })],
]) {
  test(`a list ${what} is none`, async () => {
    const server = new KeyServer();
    server.instead[REVOKED] = answers(list);
    await assert.rejects(verify(await lasting(), {}, server), InvalidResponseError);
  });
}

test('what hangs is given up in time, and an abort ends the waiting of one', async () => {
  const server = new KeyServer();
  server.instead[REVOKED] = () => new Promise(() => {});
  const token = await lasting();
  const controller = new AbortController();
  const both = [verify(token, {}, server), verify(token, { signal: controller.signal }, server)];
  const outcomes = Promise.allSettled(both);
  setImmediate(() => controller.abort(new Error('left')));
  const [first, second] = await server.clock.run(outcomes);
  assert.ok(first.reason instanceof NetworkError);
  assert.equal(second.reason.message, 'left');
});
