// Server metadata (RFC 8414).

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { HttpError, InvalidResponseError } from '@fluxer/errors';
import { discover } from '@fluxer/oauth2';

import { FakeClock, FakeServer, broken, json } from './fakes.mjs';

const ISSUER = 'https://fluxer.app';
const document = (more = {}) => json(200, {
  issuer: ISSUER, authorization_endpoint: `${ISSUER}/oauth2/authorize`, token_endpoint: `${ISSUER}/oauth2/token`,
  revocation_endpoint: `${ISSUER}/oauth2/revoke`, introspection_endpoint: `${ISSUER}/oauth2/introspect`, ...more,
});

function find(issuer, answers, more = {}) {
  const [server, clock] = [new FakeServer(...answers), new FakeClock()];
  return { server, found: clock.run(discover(issuer, { fetch: server.fetch, clock, ...more })) };
}

test('the endpoints of an issuer', async () => {
  const { server, found } = find(ISSUER, [document()]);
  assert.deepEqual(await found, {
    issuer: ISSUER, authorizeEndpoint: `${ISSUER}/oauth2/authorize`, tokenEndpoint: `${ISSUER}/oauth2/token`,
    revocationEndpoint: `${ISSUER}/oauth2/revoke`, introspectionEndpoint: `${ISSUER}/oauth2/introspect`,
  });
  assert.deepEqual(server.requests.map(({ method, url, redirect }) => [method, url, redirect]), [['GET', `${ISSUER}/.well-known/oauth-authorization-server`, 'manual']]);
});

test('what OpenID Connect adds is found where the server has it', async () => {
  const openid = { jwks_uri: `${ISSUER}/.well-known/jwks.json`, end_session_endpoint: `${ISSUER}/oauth2/logout` };
  const { jwksUri, endSessionEndpoint } = await find(ISSUER, [document(openid)]).found;
  assert.deepEqual({ jwks_uri: jwksUri, end_session_endpoint: endSessionEndpoint }, openid);
  for (const name of Object.keys(openid)) {
    for (const value of [7, 'http://fluxer.app/x']) await assert.rejects(find(ISSUER, [document({ [name]: value })]).found, (error) => error instanceof InvalidResponseError && error.message.includes(name));
  }
});

test('the path of an issuer follows the well-known one (RFC 8414 §3.1)', async () => {
  const issuer = `${ISSUER}/tenant`;
  const { server, found } = find(issuer, [document({ issuer })]);
  await found;
  assert.equal(server.requests[0].url, `${ISSUER}/.well-known/oauth-authorization-server/tenant`);
});

for (const said of ['https://evil.example', `${ISSUER}/`, 'https://FLUXER.app', undefined, [ISSUER]]) {
  test(`a document of ${JSON.stringify(said)} is another issuer's (RFC 8414 §3.3)`, async () => {
    await assert.rejects(find(ISSUER, [document({ issuer: said })]).found, InvalidResponseError);
  });
}

for (const name of ['authorization_endpoint', 'token_endpoint', 'revocation_endpoint', 'introspection_endpoint']) {
  test(`a document without a usable ${name} is refused`, async () => {
    for (const value of [undefined, 7, '', '/oauth2', 'http://fluxer.app/oauth2']) {
      await assert.rejects(find(ISSUER, [document({ [name]: value })]).found, (error) => error instanceof InvalidResponseError && error.message.includes(name));
    }
  });
}

test('failures that may pass are tried again, others are thrown', async () => {
  const { server, found } = find(ISSUER, [broken, new Response('', { status: 503 }), document()]);
  await found;
  assert.equal(server.requests.length, 3);
  await assert.rejects(find(ISSUER, [new Response('', { status: 404 })]).found, HttpError);
  await assert.rejects(find(ISSUER, [new Response(null, { status: 301, headers: { location: 'https://evil.example' } })]).found, HttpError);
  await assert.rejects(find(ISSUER, [new Response('<html>')]).found, InvalidResponseError);
});

test('an issuer is https, but on this machine', async () => {
  await assert.rejects(find('http://fluxer.app', []).found, { name: 'TypeError', message: /^issuer must be https/ });
  await assert.rejects(find('fluxer.app', []).found, { name: 'TypeError' });
  const issuer = 'http://worker:8787';
  const names = ['authorization_endpoint', 'token_endpoint', 'revocation_endpoint', 'introspection_endpoint'];
  const answer = document({ issuer, ...Object.fromEntries(names.map((name) => [name, `${issuer}/${name}`])) });
  assert.equal((await find(issuer, [answer], { allowHttp: true }).found).tokenEndpoint, `${issuer}/token_endpoint`);
});

test('an abort ends it', async () => {
  await assert.rejects(find(ISSUER, [document()], { signal: AbortSignal.abort() }).found, { name: 'AbortError' });
});
