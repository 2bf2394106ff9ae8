// Client: oauth4webapi
// Ecosystem: JavaScript
// Version: npm:oauth4webapi
// Setting: none
// Proves: login, refresh, revocation, denial, limited answer, outage, private_key_jwt, PAR, DPoP, device grant
//
// DPoP is driven in dpop.test.mjs, the device grant in device.test.mjs, all of it at once in fapi.test.mjs.

import * as oauth from 'oauth4webapi';

import { application, is, journey, signing, world } from './journey.mjs';

const insecure = { [oauth.allowInsecureRequests]: true }; // loopback has no TLS

const { keys, settings } = await signing();

for (const [name, type, authentication, fields] of [
  ['public', 'public', () => oauth.None()],
  ['client_secret_basic', 'confidential', ({ secret }) => oauth.ClientSecretBasic(secret)],
  ['client_secret_post', 'confidential', ({ secret }) => oauth.ClientSecretPost(secret)],
  ['private_key_jwt and PAR', 'confidential', () => oauth.PrivateKeyJwt(keys.privateKey), settings],
]) {
  const pushes = fields !== undefined;
  journey(`oauth4webapi, ${name}`, {
    ...(pushes && { state: false, pkce: false }), // they are not in the URL
    async client() {
      const app = await application(type, fields);
      const [client, secret] = [{ client_id: app.id }, authentication(app)];
      const issuer = new URL(world.origin);
      const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }));
      const [state, verifier] = [oauth.generateRandomState(), oauth.generateRandomCodeVerifier()];
      const push = async (parameters) => {
        const response = await oauth.pushedAuthorizationRequest(server, client, secret, parameters, insecure);
        const { request_uri } = await oauth.processPushedAuthorizationResponse(server, client, response);
        return new URLSearchParams({ client_id: app.id, request_uri });
      };
      return {
        async enter(browser) {
          const url = new URL(server.authorization_endpoint);
          const parameters = new URLSearchParams({
            response_type: 'code', client_id: app.id, redirect_uri: app.redirectUri, scope: 'identify email', state,
            code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
          });
          url.search = pushes ? await push(parameters) : parameters;
          return browser.open(url);
        },
        async callback({ callback }) {
          const parameters = oauth.validateAuthResponse(server, client, callback, state);
          const response = await oauth.authorizationCodeGrantRequest(server, client, secret, parameters, app.redirectUri, verifier, insecure);
          return oauth.processAuthorizationCodeResponse(server, client, response);
        },
        async me(token) {
          return (await oauth.protectedResourceRequest(token, 'GET', new URL(world.at('/api/users/@me')), undefined, undefined, insecure)).json();
        },
        async refresh(token) {
          return oauth.processRefreshTokenResponse(server, client, await oauth.refreshTokenGrantRequest(server, client, secret, token, insecure));
        },
        async revoke(token) {
          return oauth.processRevocationResponse(await oauth.revocationRequest(server, client, secret, token, insecure));
        },
      };
    },
    denied: is(oauth.AuthorizationResponseError, { error: 'access_denied', error_description: 'The user denied access' }),
    badCode: is(oauth.ResponseBodyError, { error: 'invalid_grant', error_description: 'Invalid authorization code' }),
    ended: is(oauth.ResponseBodyError, { error: 'invalid_grant', status: 400 }),
  });
}
