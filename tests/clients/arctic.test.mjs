// Client: arctic
// Ecosystem: JavaScript
// Version: npm:arctic
// Setting: none
// Proves: login, refresh, revocation, denial, limited answer, outage

import * as arctic from 'arctic';

import { application, is, journey, world } from './journey.mjs';

const plain = (tokens) => ({ access_token: tokens.accessToken(), refresh_token: tokens.refreshToken() });

for (const type of ['public', 'confidential']) {
  journey(`arctic, ${type}`, {
    async client() {
      const app = await application(type);
      const client = new arctic.OAuth2Client(app.id, app.secret ?? null, app.redirectUri);
      const [state, verifier] = [arctic.generateState(), arctic.generateCodeVerifier()];
      const [token, revoke] = [world.at('/api/oauth2/token'), world.at('/api/oauth2/revoke')];
      return {
        enter: (browser) => browser.open(client.createAuthorizationURLWithPKCE(
          world.at('/oauth2/authorize'), state, arctic.CodeChallengeMethod.S256, verifier, ['identify', 'email'])),
        callback: async ({ callback }) => plain(await client.validateAuthorizationCode(token, callback.searchParams.get('code'), verifier)),
        refresh: async (refreshToken) => plain(await client.refreshAccessToken(token, refreshToken, [])),
        revoke: (it) => client.revokeToken(revoke, it),
      };
    },
    badCode: is(arctic.OAuth2RequestError, { code: 'invalid_grant' }),
  });
}
