// Client: simple-oauth2
// Ecosystem: JavaScript
// Version: npm:simple-oauth2
// Setting: none
// Proves: login, refresh, revocation, denial, limited answer, outage

import { randomBytes } from 'node:crypto';

import { AuthorizationCode } from 'simple-oauth2';

import { application, journey, world } from './journey.mjs';

/** Its errors are of @hapi/boom, with what the server said in `data`. */
const saying = (expected) => (error) => {
  const { isBoom, output: { statusCode }, data: { payload: { error: code } } } = error;
  return isBoom && statusCode === 400 && code === expected;
};

for (const authorizationMethod of ['header', 'body']) {
  for (const bodyFormat of ['form', 'json']) {
    journey(`simple-oauth2, credentials in the ${authorizationMethod}, body as ${bodyFormat}`, {
      async client() {
        const app = await application('confidential');
        const client = new AuthorizationCode({
          client: { id: app.id, secret: app.secret },
          auth: { tokenHost: world.origin, tokenPath: '/api/oauth2/token', authorizePath: '/oauth2/authorize', revokePath: '/api/oauth2/revoke' },
          options: { authorizationMethod, bodyFormat },
        });
        const redirect_uri = app.redirectUri;
        const state = randomBytes(16).toString('hex');
        const made = (refresh_token) => client.createToken({ refresh_token });
        return {
          enter: (browser) => browser.open(client.authorizeURL({ redirect_uri, scope: ['identify', 'email'], state })),
          callback: async ({ callback }) => (await client.getToken({ code: callback.searchParams.get('code'), redirect_uri })).token,
          refresh: async (token) => (await made(token).refresh()).token,
          revoke: (token) => made(token).revoke('refresh_token'),
        };
      },
      pkce: false, // it knows none
      badCode: saying('invalid_grant'),
    });
  }
}
