// What an access token says, and whether to believe it.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';

import { InvalidTokenError, MissingOAuthScopeError, NetworkError } from '@fluxer/errors';
import { hasScope, verifyToken, verifyTokenWithKey } from '@fluxer/oauth2';

import { CLIENT, FakeClock, FakeServer, broken, json } from './fakes.mjs';

const ISSUER = 'https://fluxer.app';
const KEY = new Uint8Array(32).fill(7);
const clock = new FakeClock();
const NOW = clock.time / 1000;
const CLAIMS = { iss: ISSUER, aud: ISSUER, sub: '7', client_id: '42', scope: 'identify email', exp: NOW + 60, iat: NOW, jti: 'a', fam: 'b' };

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function signed(claims = {}, { header = { alg: 'HS256', typ: 'JWT' }, key = KEY, hash = 'sha256' } = {}) {
  const text = `${part(header)}.${part({ ...CLAIMS, ...claims })}`;
  return `${text}.${createHmac(hash, key).update(text).digest('base64url')}`;
}

test('hasScope reads the claim as the documentation does, word by word', () => {
  const token = signed({ scope: 'identify guilds' });
  assert.equal(hasScope(token, 'guilds'), true);
  assert.equal(hasScope(token, 'identify'), true);
  for (const scope of ['email', 'guild', 'guilds.join', '', 'identify guilds']) assert.equal(hasScope(token, scope), false, scope);
});

test('hasScope believes what is not signed: it decides nothing for others', () => {
  assert.equal(hasScope(signed({}, { key: 'somebody else\'s' }), 'email'), true);
});

test('hasScope of what is no such token is false', () => {
  for (const token of ['', 'opaque', 'a.b', 'a.b.c', `${part({})}.${part([])}.x`, `${part({})}.${part({ scope: ['email'] })}.x`, `${part({})}.e30=.x`, `${part({})}.${part(null)}.x`, undefined]) {
    assert.equal(hasScope(token, 'email'), false, String(token));
  }
});

test('hasScope reads claims that are not ASCII', () => {
  assert.equal(hasScope(signed({ name: 'Zoë 🦊', scope: 'email' }), 'email'), true);
});

// With a key.

const withKey = (token, options = {}) => verifyTokenWithKey({ issuer: ISSUER, clock }, token, { key: KEY, ...options });

test('a token that is signed, ours and current', async () => {
  assert.deepEqual(await withKey(signed()), { subject: '7', clientId: '42', scopes: ['identify', 'email'], expiresAt: (NOW + 60) * 1000 });
});

const parts = signed().split('.');
for (const [what, token] of [
  ['another key', signed({}, { key: 'x'.repeat(32) })],
  ['another algorithm', signed({}, { header: { alg: 'HS512' }, hash: 'sha512' })],
  ['another algorithm in its header', signed({}, { header: { alg: 'RS256' } })],
  ['no algorithm', `${part({ alg: 'none' })}.${parts[1]}.`],
  ['no signature', `${parts[0]}.${parts[1]}.`],
  ['a signature that is no base64url', `${parts[0]}.${parts[1]}.ab==`],
  ['a signature of an impossible length', `${parts[0]}.${parts[1]}.a`],
  ['other claims than were signed', `${parts[0]}.${part({ ...CLAIMS, sub: '8' })}.${parts[2]}`],
  ['a part too many', `${signed()}.x`],
  ['another issuer', signed({ iss: 'https://evil.example' })],
  ['another audience', signed({ aud: 'https://api.example' })],
  ['no audience', signed({ aud: undefined })],
  ['an expiry of this very moment', signed({ exp: NOW })],
  ['no expiry', signed({ exp: undefined })],
  ['an expiry that is no number', signed({ exp: '9999999999' })],
  ['no subject', signed({ sub: undefined })],
  ['no client', signed({ client_id: undefined })],
  ['nothing in it', ''],
]) {
  test(`a token with ${what} is invalid`, async () => {
    await assert.rejects(withKey(token), (error) => error instanceof InvalidTokenError && (token === '' || !error.message.includes(token)));
  });
}

test('an audience of one\'s own', async () => {
  const audience = 'https://api.example';
  assert.equal((await withKey(signed({ aud: audience }), { audience })).subject, '7');
  await assert.rejects(withKey(signed(), { audience }), InvalidTokenError);
});

test('scopes that are required, one or several', async () => {
  assert.ok(await withKey(signed(), { scope: 'email' }));
  assert.ok(await withKey(signed(), { scope: ['email', 'identify'] }));
  await assert.rejects(withKey(signed(), { scope: ['email', 'guilds'] }), (error) => error instanceof MissingOAuthScopeError && error.requiredScope === 'guilds');
});

test('a short key and a missing issuer are mistakes in the settings', async () => {
  await assert.rejects(withKey(signed(), { key: KEY.slice(1) }), { name: 'TypeError', message: 'key must be at least 32 bytes' });
  await assert.rejects(verifyTokenWithKey({ clock }, signed(), { key: KEY }), { name: 'TypeError', message: 'issuer is missing' });
});

// By introspection.

const ACTIVE = { active: true, sub: '7', client_id: '42', scope: 'identify email', token_type: 'Bearer', exp: NOW + 60, iat: NOW, iss: ISSUER, aud: ISSUER };

function ask(answer, options, more = {}) {
  const [server, clock] = [new FakeServer(...[answer].flat()), new FakeClock()];
  return clock.run(verifyToken(server.client(clock, { issuer: ISSUER, ...more }), 'the-token', options));
}

test('a token that the server says is active', async () => {
  assert.deepEqual(await ask(json(200, ACTIVE)), { subject: '7', clientId: '42', scopes: ['identify', 'email'], expiresAt: (NOW + 60) * 1000 });
  assert.ok(await ask(json(200, { ...ACTIVE, iss: undefined, aud: undefined })), 'RFC 7662 makes them optional');
  assert.ok(await ask(json(200, ACTIVE), {}, { issuer: undefined }));
});

for (const [what, body] of [
  ['that is not active', { active: false }],
  ['of another issuer', { ...ACTIVE, iss: 'https://evil.example' }],
  ['for another audience', { ...ACTIVE, aud: 'https://evil.example' }],
  ['that is a refresh token', { ...ACTIVE, token_type: 'refresh_token' }],
]) {
  test(`a token ${what} is invalid`, async () => {
    await assert.rejects(ask(json(200, body)), InvalidTokenError);
  });
}

test('a scope that the token lacks is a missing scope', async () => {
  assert.ok(await ask(json(200, ACTIVE), { scope: 'email' }));
  await assert.rejects(ask(json(200, ACTIVE), { scope: 'guilds' }), MissingOAuthScopeError);
});

test('a server that cannot be asked is no verdict on the token', async () => {
  await assert.rejects(ask([broken, broken, broken]), NetworkError);
});

test('the asking application authenticates', async () => {
  const server = new FakeServer(json(200, ACTIVE));
  await verifyToken(server.client(new FakeClock()), 'the-token');
  const [{ url, form, headers }] = server.requests;
  assert.equal(url, CLIENT.introspectionEndpoint);
  assert.deepEqual(form, { token: 'the-token', token_type_hint: 'access_token' });
  assert.ok(headers.get('authorization').startsWith('Basic '));
});
