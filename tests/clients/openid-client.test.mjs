// Client: openid-client
// Ecosystem: JavaScript
// Version: npm:openid-client
// Setting: none
// Proves: login, refresh, revocation, denial, limited answer, outage, private_key_jwt, PAR, DPoP, device grant
//
// DPoP is driven in dpop.test.mjs, the device grant in device.test.mjs, all of it at once in fapi.test.mjs.

import * as openid from 'openid-client';

import { application, is, journey, signing, world } from './journey.mjs';

const { keys, settings } = await signing();

for (const [name, type, authentication, fields] of [
  ['public', 'public', () => openid.None()],
  ['client_secret_basic', 'confidential', ({ secret }) => openid.ClientSecretBasic(secret)],
  ['client_secret_post, its default', 'confidential', () => undefined],
  ['private_key_jwt and PAR', 'confidential', () => openid.PrivateKeyJwt(keys.privateKey), settings],
]) {
  const pushes = fields !== undefined;
  journey(`openid-client, ${name}`, {
    ...(pushes && { state: false, pkce: false }), // they are not in the URL
    async client() {
      const app = await application(type, fields);
      // snippet
      const config = await openid.discovery(new URL(world.origin), app.id, app.secret, authentication(app), {
        algorithm: 'oauth2', execute: [openid.allowInsecureRequests], // loopback has no TLS
      });
      const [state, verifier] = [openid.randomState(), openid.randomPKCECodeVerifier()];
      return {
        async enter(browser) {
          const build = pushes ? openid.buildAuthorizationUrlWithPAR : openid.buildAuthorizationUrl;
          return browser.open(await build(config, {
            redirect_uri: app.redirectUri, scope: 'identify email', state,
            code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
          }));
        },
        callback: ({ callback }) => openid.authorizationCodeGrant(config, callback, { pkceCodeVerifier: verifier, expectedState: state }),
        me: async (token) => (await openid.fetchProtectedResource(config, token, new URL(world.at('/api/users/@me')), 'GET')).json(),
        refresh: (token) => openid.refreshTokenGrant(config, token),
        revoke: (token) => openid.tokenRevocation(config, token),
      // end of snippet
      };
    },
    denied: is(openid.AuthorizationResponseError, { error: 'access_denied', error_description: 'The user denied access' }),
    badCode: is(openid.ResponseBodyError, { error: 'invalid_grant', error_description: 'Invalid authorization code' }),
    ended: is(openid.ResponseBodyError, { error: 'invalid_grant', status: 400 }),
  });
}
