// All of it at once, by other people's clients: an application with `profile: fapi2` signs, pushes its request with a
// proof, and has tokens that are bound to its key, at a server that wants nonces; and so does a device.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';

import { World } from '../worker/harness.mjs';
import { signing } from './journey.mjs';

const { keys, settings } = await signing();
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

let world, user, browser;
before(async () => {
  world = await World.start({ settings: { DPOP_NONCES: 'on' } });
  user = await world.user();
  browser = await world.login(user);
});
after(() => world?.stop());

const LIBRARIES = {
  async 'openid-client'({ id }) {
    const config = await openid.discovery(new URL(world.origin), id, undefined, openid.PrivateKeyJwt(keys.privateKey), {
      algorithm: 'oauth2', execute: [openid.allowInsecureRequests], // loopback has no TLS
    });
    const DPoP = { DPoP: openid.getDPoPHandle(config, await openid.randomDPoPKeyPair()) };
    let device;
    return {
      push: (parameters) => openid.buildAuthorizationUrlWithPAR(config, parameters, DPoP),
      exchange: (url, state, pkceCodeVerifier) => openid.authorizationCodeGrant(config, url, { pkceCodeVerifier, expectedState: state }, undefined, DPoP),
      refresh: (token) => openid.refreshTokenGrant(config, token, undefined, DPoP),
      me: async (token) => (await openid.fetchProtectedResource(config, token, new URL('/api/users/@me', world.origin), 'GET', undefined, undefined, DPoP)).json(),
      device: async () => (device = await openid.initiateDeviceAuthorization(config, { scope: 'identify' })).user_code,
      poll: () => openid.pollDeviceAuthorizationGrant(config, device, undefined, DPoP),
    };
  },
  async oauth4webapi({ id, redirectUri }) {
    const insecure = { [oauth.allowInsecureRequests]: true };
    const [client, signs, issuer] = [{ client_id: id }, oauth.PrivateKeyJwt(keys.privateKey), new URL(world.origin)];
    const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }));
    const options = { DPoP: oauth.DPoP(client, await oauth.generateKeyPair('ES256')), ...insecure };
    /** As its documentation says: once more where the server wants its nonce. */
    const twice = (ask) => ask().catch((error) => (oauth.isDPoPNonceError(error) ? ask() : Promise.reject(error)));
    let device;
    return {
      async push(parameters) {
        const { request_uri } = await twice(async () => oauth.processPushedAuthorizationResponse(server, client, await oauth.pushedAuthorizationRequest(server, client, signs, { ...parameters, response_type: 'code' }, options)));
        return new URL(`${server.authorization_endpoint}?${new URLSearchParams({ client_id: id, request_uri })}`);
      },
      exchange(url, state, verifier) {
        const parameters = oauth.validateAuthResponse(server, client, url, state);
        return twice(async () => oauth.processAuthorizationCodeResponse(server, client, await oauth.authorizationCodeGrantRequest(server, client, signs, parameters, redirectUri, verifier, options)));
      },
      refresh: (token) => twice(async () => oauth.processRefreshTokenResponse(server, client, await oauth.refreshTokenGrantRequest(server, client, signs, token, options))),
      me: (token) => twice(async () => (await oauth.protectedResourceRequest(token, 'GET', new URL('/api/users/@me', world.origin), undefined, undefined, options)).json()),
      async device() {
        device = await oauth.processDeviceAuthorizationResponse(server, client, await oauth.deviceAuthorizationRequest(server, client, signs, { scope: 'identify' }, insecure));
        return device.user_code;
      },
      poll: () => twice(async () => oauth.processDeviceCodeResponse(server, client, await oauth.deviceCodeGrantRequest(server, client, signs, device.device_code, options))),
    };
  },
};

/** Tokens that are bound, work with their key, and without it do not. */
async function areBound(client, { token_type, access_token }) {
  assert.equal(token_type, 'dpop'); // both write it so
  assert.equal((await client.me(access_token)).id, user.id);
  assert.equal((await world.me(access_token)).status, 401);
}

for (const [name, make] of Object.entries(LIBRARIES)) {
  test(`${name}, profile fapi2: PAR, private_key_jwt and DPoP with nonces`, async () => {
    const app = await world.application('confidential', { ...settings, profile: 'fapi2' });
    const client = await make(app);
    const [state, verifier] = [oauth.generateRandomState(), oauth.generateRandomCodeVerifier()];
    const url = await client.push({
      client_id: app.id, redirect_uri: app.redirectUri, scope: 'identify', state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    });
    assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri']);
    const page = await browser.submit(await browser.open(url.href), { decision: 'approve' });
    const granted = await client.exchange(new URL(page.location), state, verifier);
    await areBound(client, granted);
    await areBound(client, await client.refresh(granted.refresh_token));
  });

  test(`${name}, a device that signs: private_key_jwt and DPoP with nonces`, async () => {
    const app = await world.application('confidential', { ...settings, grant_types: [DEVICE, 'refresh_token'], dpop_bound_access_tokens: true, require_pushed_authorization_requests: false });
    const client = await make(app);
    await world.answerDevice(browser, await client.device());
    const granted = await client.poll();
    await areBound(client, granted);
    await areBound(client, await client.refresh(granted.refresh_token));
  });
}
