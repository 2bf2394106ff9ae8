// Client: better-auth (generic OAuth)
// Ecosystem: JavaScript
// Version: npm:better-auth
// Setting: none
// Proves: login, refresh, revocation, denial, limited answer, outage
//
// better-auth's generic OAuth in a small express application, by the metadata and by endpoints that are
// named; its HTTP client encodes the @ of /users/@me.

import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';
import { genericOAuth } from 'better-auth/plugins';
import express from 'express';

import { Reported, application, is, journey, said, serve, world } from './journey.mjs';

for (const [name, endpoints] of [
  ['by the metadata', () => ({ discoveryUrl: world.at('/.well-known/oauth-authorization-server') })],
  ['endpoints named, client_secret_basic', () => ({
    authorizationUrl: world.at('/oauth2/authorize'), tokenUrl: world.at('/api/oauth2/token'), userInfoUrl: world.at('/api/users/@me'), authentication: 'basic',
  })],
]) {
  journey(`better-auth, ${name}`, {
    async client(t) {
      const site = express();
      const origin = await serve(t, site);
      const app = await application('confidential', { redirect_uris: [`${origin}/api/auth/callback/fluxer`] });
      const database = { user: [], session: [], account: [], verification: [] };
      const auth = betterAuth({
        baseURL: origin, secret: 'of the session, and long enough to be one', database: memoryAdapter(database), logger: { disabled: true },
        plugins: [genericOAuth({ config: [{
          providerId: 'fluxer', clientId: app.id, clientSecret: app.secret, scopes: ['identify', 'email'], ...endpoints(),
          mapProfileToUser: ({ username, email, verified }) => ({ name: username, email, emailVerified: verified }),
        }] })],
      });
      site.get('/login', async (request, response) => {
        const answer = await auth.api.signInSocial({ body: { provider: 'fluxer', callbackURL: '/in', errorCallbackURL: '/failed' }, asResponse: true });
        response.setHeader('set-cookie', answer.headers.getSetCookie());
        response.redirect((await answer.json()).url);
      });
      site.get('/in', (request, response) => response.json(database.account.at(-1)));
      site.get('/failed', (request, response) => response.status(500).json(request.query));
      site.all('/api/auth/{*rest}', toNodeHandler(auth));

      const plain = ({ accessToken, refreshToken }) => ({ access_token: accessToken, refresh_token: refreshToken });
      const provider = async () => (await auth.$context).socialProviders.find(({ id }) => id === 'fluxer');
      return {
        application: app, // it does not revoke
        enter: (browser) => browser.open(`${origin}/login`),
        callback: (page) => plain(said(page)),
        me: () => ({ id: database.account.at(-1).accountId, email: database.user.at(-1).email }),
        refresh: async (token) => plain(await (await provider()).refreshAccessToken(token)),
      };
    },
    denied: is(Reported, { error: 'access_denied', error_description: 'The user denied access' }),
    badCode: is(Reported, { error: 'invalid_code' }), // its own word for it
    ended: ({ error }) => error === 'invalid_grant',
  });
}
