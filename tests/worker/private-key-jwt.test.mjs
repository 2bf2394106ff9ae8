// Clients that sign, on the built Worker: signatures by the runtime's WebCrypto, keys in D1 and at URLs,
// and races for one `jti`.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { Signer } from './signer.mjs';
import { World, atOnce, statuses, times } from './harness.mjs';

const TOKEN = '/api/oauth2/token';
const OWN = { grant_type: 'client_credentials' };

let world;
before(async () => {
  world = await World.start();
});
after(() => world?.stop());

const registered = (fields) => world.application('confidential', { token_endpoint_auth_method: 'private_key_jwt', ...fields });
const ask = async (signer, client, claims, header) => world.post(TOKEN, await signer.authenticated(world, client, OWN, claims, header));

test('each algorithm is verified by WebCrypto, with the keys that D1 keeps', async () => {
  for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA']) {
    const signer = await Signer.of(alg);
    const client = await registered({ jwks: { keys: [signer.jwk] } });
    assert.equal(client.secret, undefined);
    const answer = await ask(signer, client);
    assert.equal(answer.status, 200, `${alg}: ${answer.text}`);
    const other = await Signer.of(alg);
    const forged = await ask(other, client);
    assert.deepEqual([forged.status, forged.json.error], [401, 'invalid_client'], alg);
  }
});

test('settings are kept, and a secret in place of keys', async () => {
  const signer = await Signer.of('ES256');
  const settings = {
    token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [signer.jwk] }, grant_types: ['authorization_code', 'client_credentials'],
    dpop_bound_access_tokens: true, require_pushed_authorization_requests: true, profile: 'fapi2', id_token_signed_response_alg: 'ES256',
    event_webhook_url: 'https://app.example/events', all_or_nothing: ['identify'], post_logout_redirect_uris: ['https://app.example/out'],
  };
  const client = await world.application('confidential', settings);
  const read = () => world.admin('GET', `/applications/${client.id}`);
  for (const [name, value] of Object.entries(settings)) assert.deepEqual((await read())[name], value, name);
  await world.admin('PATCH', `/applications/${client.id}`, { profile: 'default', jwks: null, jwks_uri: 'https://app.example/jwks.json', grant_types: null, all_or_nothing: [], event_webhook_url: null });
  const changed = await read();
  assert.deepEqual([changed.jwks, changed.jwks_uri, changed.profile, changed.event_webhook_url, changed.all_or_nothing], [null, 'https://app.example/jwks.json', 'default', null, []]);

  const plain = await world.application('confidential', { token_endpoint_auth_method: 'client_secret_post' });
  assert.equal((await world.post(TOKEN, plain.with(OWN))).status, 200);
  await world.admin('PATCH', `/applications/${plain.id}`, { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [signer.jwk] } });
  assert.equal((await world.post(TOKEN, plain.with(OWN))).status, 401, 'the secret went');
  assert.equal((await ask(signer, plain)).status, 200);
});

test('a hundred uses of one assertion at once: one is the first', async () => {
  const signer = await Signer.of('ES256');
  const client = await registered({ jwks: { keys: [signer.jwk] } });
  for (let round = 0; round < 3; round += 1) {
    const form = await signer.authenticated(world, client, OWN);
    const answers = await atOnce(world, times(100, () => ({ path: TOKEN, form })));
    assert.deepEqual(statuses(answers), { 200: 1, 401: 99 });
  }
});

test('keys at a URL are fetched once by fifty requests, and once more for another kid', async (t) => {
  let keys = [], fetches = 0;
  const server = http.createServer((_, response) => {
    fetches += 1;
    setTimeout(() => response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys })), 200);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const [first, second] = [await Signer.of('ES256', 'first'), await Signer.of('RS256', 'second')];
  keys = [first.jwk];
  const client = await registered({ jwks_uri: `http://127.0.0.1:${server.address().port}/jwks.json` });
  const forms = await Promise.all(times(50, () => first.authenticated(world, client, OWN)));
  const answers = await atOnce(world, forms.map((form) => ({ path: TOKEN, form })));
  assert.deepEqual(statuses(answers), { 200: 50 });
  assert.equal(fetches, 1);
  keys = [second.jwk];
  assert.equal((await ask(second, client)).status, 200);
  assert.equal(fetches, 2);
  assert.equal((await ask(first, client)).status, 401);
  server.closeAllConnections();
  await once(server.close(), 'close');
  assert.equal((await ask(second, client)).status, 200, 'the last good copy');
  assert.equal((await ask(first, client)).status, 503, 'no verdict');
});
