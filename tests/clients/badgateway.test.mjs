// Client: @badgateway/oauth2-client
// Ecosystem: JavaScript
// Version: npm:@badgateway/oauth2-client
// Setting: none
// Proves: login, refresh, revocation, denial, limited answer, outage
//
// @badgateway/oauth2-client, which finds the endpoints by itself, parses every answer that calls itself
// JSON, a revocation's too, and sends a secret by Basic without encoding it unless told otherwise.

import { OAuth2Client, OAuth2Error, OAuth2Fetch, generateCodeVerifier } from '@badgateway/oauth2-client';

import { application, is, journey, world } from './journey.mjs';

const plain = ({ accessToken, refreshToken }) => ({ access_token: accessToken, refresh_token: refreshToken });
const held = (tokens) => ({ accessToken: '', refreshToken: null, expiresAt: null, ...tokens });

for (const [name, type, authenticationMethod] of [
  ['public', 'public'],
  ['its default', 'confidential'],
  ['client_secret_basic', 'confidential', 'client_secret_basic'],
  ['client_secret_post', 'confidential', 'client_secret_post'],
]) {
  journey(`@badgateway/oauth2-client, ${name}`, {
    async client() {
      const { id: clientId, secret: clientSecret, redirectUri } = await application(type);
      const client = new OAuth2Client({ server: world.origin, clientId, clientSecret, authenticationMethod });
      const asked = { redirectUri, state: 'a state', codeVerifier: await generateCodeVerifier() };
      return {
        enter: async (browser) => browser.open(await client.authorizationCode.getAuthorizeUri({ ...asked, scope: ['identify', 'email'] })),
        callback: async ({ callback }) => plain(await client.authorizationCode.getTokenFromCodeRedirect(callback, asked)),
        me: async (accessToken) => {
          const authorized = new OAuth2Fetch({ client, getNewToken: () => held({ accessToken }) });
          return (await authorized.fetch(world.at('/api/users/@me'))).json();
        },
        refresh: async (refreshToken) => plain(await client.refreshToken(held({ refreshToken }))),
        revoke: (refreshToken) => client.revoke(held({ refreshToken }), 'refresh_token'),
      };
    },
    denied: is(OAuth2Error, { oauth2Code: 'access_denied', message: 'The user denied access' }),
    badCode: is(OAuth2Error, { oauth2Code: 'invalid_grant' }),
  });
}
