// Client: oidc-client-ts
// Ecosystem: JavaScript
// Version: npm:oidc-client-ts
// Setting: none
// Proves: login, refresh, revocation, denial, limited answer, outage
//
// oidc-client-ts, for single-page applications; it is told where the metadata is, and believes no answer
// of another content type than JSON.

import { ErrorResponse, InMemoryWebStorage, OidcClient, WebStorageStateStore } from 'oidc-client-ts';

import { application, is, journey, world } from './journey.mjs';

for (const type of ['public', 'confidential']) {
  journey(`oidc-client-ts, ${type}`, {
    async client() {
      const { id, secret, redirectUri } = await application(type);
      const client = new OidcClient({
        authority: world.origin, metadataUrl: world.at('/.well-known/oauth-authorization-server'),
        client_id: id, client_secret: secret, redirect_uri: redirectUri, scope: 'identify email',
        stateStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
      });
      return {
        enter: async (browser) => browser.open((await client.createSigninRequest({})).url),
        callback: ({ callback }) => client.processSigninResponse(callback.href),
        refresh: (refresh_token) => client.useRefreshToken({ state: { refresh_token, scope: 'identify email', profile: {} } }),
        revoke: (token) => client.revokeToken(token, 'refresh_token'),
      };
    },
    denied: is(ErrorResponse, { error: 'access_denied', error_description: 'The user denied access' }),
    badCode: is(ErrorResponse, { error: 'invalid_grant', error_description: 'Invalid authorization code' }),
    ended: is(ErrorResponse, { error: 'invalid_grant' }),
  });
}
