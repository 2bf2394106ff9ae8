// Client: openid-client
// Ecosystem: JavaScript
// Version: npm:openid-client
// Setting: none
// Proves: login, refresh, revocation, denial

import * as openid from 'openid-client';

import { application, is, journey, world } from './journey.mjs';

for (const [name, type, authentication] of [
  ['public', 'public', () => openid.None()],
  ['client_secret_basic', 'confidential', ({ secret }) => openid.ClientSecretBasic(secret)],
  ['client_secret_post, its default', 'confidential', () => undefined],
]) {
  journey(`openid-client, ${name}`, {
    async client() {
      const app = await application(type);
      // snippet
      const config = await openid.discovery(new URL(world.origin), app.id, app.secret, authentication(app), {
        algorithm: 'oauth2', execute: [openid.allowInsecureRequests], // loopback has no TLS
      });
      const [state, verifier] = [openid.randomState(), openid.randomPKCECodeVerifier()];
      return {
        async enter(browser) {
          return browser.open(openid.buildAuthorizationUrl(config, {
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
