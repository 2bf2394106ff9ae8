// Tokens that are bound to a key (DPoP), by other people's clients: with a server that wants nonces, and with
// one that does not.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';

import { World } from '../worker/harness.mjs';
import { is } from './journey.mjs';

/** Both libraries as one: a client of an application, and a key of its own. */
const LIBRARIES = {
  async 'openid-client'(world, app, algorithm) {
    const config = await openid.discovery(new URL(world.origin), app.id, app.secret, app.secret ? openid.ClientSecretBasic(app.secret) : openid.None(), {
      algorithm: 'oauth2', execute: [openid.allowInsecureRequests], // loopback has no TLS
    });
    const handle = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair(algorithm));
    const DPoP = { DPoP: handle };
    return {
      jkt: () => handle.calculateThumbprint(),
      exchange: ({ url, state, verifier }) => openid.authorizationCodeGrant(config, url, { pkceCodeVerifier: verifier, expectedState: state }, undefined, DPoP),
      refresh: (token, options = DPoP) => openid.refreshTokenGrant(config, token, undefined, options),
      credentials: () => openid.clientCredentialsGrant(config, undefined, DPoP),
      me: async (token) => (await openid.fetchProtectedResource(config, token, new URL('/api/users/@me?x=1', world.origin), 'GET', undefined, undefined, DPoP)).json(),
      introspect: (token) => openid.tokenIntrospection(config, token),
      refused: is(openid.ResponseBodyError, { error: 'invalid_grant', status: 400 }),
    };
  },
  async oauth4webapi(world, app, algorithm) {
    const insecure = { [oauth.allowInsecureRequests]: true };
    const [client, secret, issuer] = [{ client_id: app.id }, app.secret ? oauth.ClientSecretBasic(app.secret) : oauth.None(), new URL(world.origin)];
    const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }));
    const handle = oauth.DPoP(client, await oauth.generateKeyPair(algorithm));
    const options = { DPoP: handle, ...insecure };
    /** As its documentation says: once more where the server wants its nonce. */
    const twice = (ask) => ask().catch((error) => (oauth.isDPoPNonceError(error) ? ask() : Promise.reject(error)));
    return {
      jkt: () => handle.calculateThumbprint(),
      exchange({ url, state, verifier }) {
        const parameters = oauth.validateAuthResponse(server, client, url, state);
        return twice(async () => oauth.processAuthorizationCodeResponse(server, client, await oauth.authorizationCodeGrantRequest(server, client, secret, parameters, app.redirectUri, verifier, options)));
      },
      refresh: (token, given = options) => twice(async () => oauth.processRefreshTokenResponse(server, client, await oauth.refreshTokenGrantRequest(server, client, secret, token, { ...given, ...insecure }))),
      credentials: () => twice(async () => oauth.processClientCredentialsResponse(server, client, await oauth.clientCredentialsGrantRequest(server, client, secret, {}, options))),
      me: (token) => twice(async () => (await oauth.protectedResourceRequest(token, 'GET', new URL('/api/users/@me?x=1', world.origin), undefined, undefined, options)).json()),
      introspect: async (token) => oauth.processIntrospectionResponse(server, client, await oauth.introspectionRequest(server, client, secret, token, insecure)),
      refused: is(oauth.ResponseBodyError, { error: 'invalid_grant', status: 400 }),
    };
  },
};

for (const nonces of ['off', 'on']) {
  describe(`DPOP_NONCES=${nonces}`, () => {
    let world, user, browser;
    before(async () => {
      world = await World.start({ settings: { DPOP_NONCES: nonces } });
      user = await world.user();
      browser = await world.login(user);
    });
    after(() => world?.stop());

    for (const [name, make] of Object.entries(LIBRARIES)) {
      for (const [type, algorithm] of [['public', 'ES256'], ['confidential', 'ES256'], ['public', 'Ed25519']]) {
        test(`${name}, ${type}, ${algorithm}`, async () => {
          const app = await world.application(type);
          const client = await make(world, app, algorithm);
          const dpop_jkt = await client.jkt();
          const { state, verifier, page } = await world.authorize(browser, app, { pkce: true, dpop_jkt });
          const granted = await client.exchange({ url: new URL(page.location), state, verifier });
          assert.equal(granted.token_type, 'dpop'); // both write it so
          assert.equal((await client.me(granted.access_token)).id, user.id);
          const said = await client.introspect(granted.access_token);
          assert.deepEqual([said.token_type, said.cnf], ['DPoP', { jkt: dpop_jkt }]);
          assert.equal((await world.me(granted.access_token)).status, 401);
          if (type === 'public') await assert.rejects(client.refresh(granted.refresh_token, {}), client.refused);
          const next = await client.refresh(granted.refresh_token);
          assert.equal((await client.me(next.access_token)).id, user.id);
          assert.equal((await client.me(granted.access_token)).id, user.id);
          if (type === 'confidential') assert.equal((await client.credentials()).token_type, 'dpop');
        });
      }
    }
  });
}
