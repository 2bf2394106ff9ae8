// Clients that sign, and requests that are pushed.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { InvalidResponseError, InvalidScopeError } from '@fluxer/errors';
import { authorizeUrl, clientCredentials, dpopThumbprint, exchangeCode, generateDpopKey, generatePkce, par, refresh } from '@fluxer/oauth2';
import { generateKeyPair, jwtVerify } from 'jose';

import { CLIENT, FakeClock, FakeServer, json, tokensAnswer, unavailable } from './fakes.mjs';

const PAR = 'https://fluxer.test/api/oauth2/par';
const URI = 'urn:ietf:params:oauth:request_uri:x';
const pushed = () => json(201, { request_uri: URI, expires_in: 90 });

const form = ({ body }) => new URLSearchParams(body);

/** What a request was signed with, by a library that shares nothing with the package. */
async function signed(request, key, clock) {
  const sent = form(request);
  assert.equal(sent.get('client_assertion_type'), 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
  assert.equal(request.headers.get('authorization'), null);
  return jwtVerify(sent.get('client_assertion'), key, { currentDate: new Date(clock.time) });
}

for (const alg of ['ES256', 'EdDSA', 'PS256', 'RS256']) {
  test(`a client signs with ${alg} in place of a secret`, async () => {
    const { privateKey, publicKey } = await generateKeyPair(alg);
    const [server, clock] = [new FakeServer(tokensAnswer(1)), new FakeClock()];
    await refresh(server.client(clock, { clientSecret: undefined, privateKeyJwt: { privateKey, kid: 'a' }, issuer: 'https://fluxer.test' }), 'refresh-0');
    const { payload, protectedHeader } = await signed(server.requests[0], publicKey, clock);
    assert.deepEqual(protectedHeader, { alg, kid: 'a' });
    const { jti, iat, ...claims } = payload;
    assert.deepEqual(claims, { iss: CLIENT.clientId, sub: CLIENT.clientId, aud: 'https://fluxer.test', exp: iat + 60 });
    assert.match(jti, /^[\w-]{22}$/);
  });
}

test('what is sent again is signed again: an assertion is good once', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const useNonce = json(400, { error: 'use_dpop_nonce', error_description: 'nonce' }, { 'dpop-nonce': 'n' });
  const [server, clock] = [new FakeServer(unavailable(), useNonce, tokensAnswer(1, { token_type: 'DPoP' })), new FakeClock()];
  await clock.run(refresh(server.client(clock, { clientSecret: undefined, privateKeyJwt: { privateKey }, dpop: await generateDpopKey() }), 'refresh-0'));
  const ids = await Promise.all(server.requests.map(async (request) => (await signed(request, publicKey, clock)).payload.jti));
  assert.equal(new Set(ids).size, 3);
});

test('a key is as good as a secret, and both are one too many', async () => {
  const { privateKey } = await generateKeyPair('ES256');
  const [server, clock] = [new FakeServer(tokensAnswer(1)), new FakeClock()];
  const config = server.client(clock, { clientSecret: undefined, privateKeyJwt: { privateKey } });
  await clientCredentials(config, { scope: 'bot' });
  await assert.rejects(refresh({ ...config, clientSecret: 'a secret' }, 'refresh-0'), TypeError);
  const hmac = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  await assert.rejects(refresh({ ...config, privateKeyJwt: { privateKey: hmac } }, 'refresh-0'), TypeError);
  for (const algorithm of [{ name: 'ECDSA', namedCurve: 'P-384' }, { name: 'RSA-PSS', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-512' }]) {
    const other = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
    await assert.rejects(refresh({ ...config, privateKeyJwt: other }, 'refresh-0'), { name: 'TypeError', message: /ECDSA P-256/ });
  }
  assert.equal(server.requests.length, 1, 'nothing was sent that the server would refuse');
  await assert.rejects(exchangeCode({ ...config, clientId: '' }, { code: 'c' }), TypeError);
});

test('a request that is pushed says all that its URL would have said, and its URL nothing', async () => {
  const [server, clock, pkce] = [new FakeServer(pushed()), new FakeClock(), await generatePkce()];
  const config = server.client(clock, { pushedAuthorizationRequestEndpoint: PAR, scope: 'openid' });
  const options = { pkce, prompt: 'consent', maxAge: 60 };
  const url = new URL(await par(config, 'state', options));
  assert.deepEqual(Object.fromEntries(url.searchParams), { client_id: CLIENT.clientId, request_uri: URI });
  assert.equal(url.origin + url.pathname, CLIENT.authorizeEndpoint);
  const said = new URL(authorizeUrl(config, 'state', options)).searchParams;
  const sent = form(server.requests[0]);
  for (const [name, value] of said) if (name !== 'client_id') assert.equal(sent.get(name), value, name);
});

test('a request is pushed again after a failure that may pass: nobody has seen its name', async () => {
  const [server, clock] = [new FakeServer(unavailable(), pushed()), new FakeClock()];
  const url = await clock.run(par(server.client(clock, { pushedAuthorizationRequestEndpoint: PAR }), 'state'));
  assert.equal(new URL(url).searchParams.get('request_uri'), URI);
  assert.equal(server.requests.length, 2);
});

test('a code is bound to the key that the configuration has, or to the one that the call names', async () => {
  const [server, clock, dpop] = [new FakeServer(pushed(), pushed(), pushed()), new FakeClock(), await generateDpopKey()];
  const config = server.client(clock, { pushedAuthorizationRequestEndpoint: PAR });
  await par({ ...config, dpop }, 'state');
  await par({ ...config, dpop }, 'state', { dpopJkt: 'another' });
  await par(config, 'state');
  assert.deepEqual(server.requests.map((request) => form(request).get('dpop_jkt')), [await dpopThumbprint(dpop), 'another', null]);
});

test('what is wrong with a request is told where it is pushed', async () => {
  const answers = [json(400, { error: 'invalid_scope', error_description: 'scope' }), json(201, {})];
  const [server, clock] = [new FakeServer(...answers), new FakeClock()];
  const config = server.client(clock, { pushedAuthorizationRequestEndpoint: PAR });
  await assert.rejects(par(config, 'state'), InvalidScopeError);
  await assert.rejects(par(config, 'state'), InvalidResponseError);
  await assert.rejects(par({ ...config, pushedAuthorizationRequestEndpoint: undefined }, 'state'), TypeError);
});
