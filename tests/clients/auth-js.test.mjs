// Client: Auth.js (express)
// Ecosystem: JavaScript
// Version: npm:@auth/express
// Setting: `issuer` of the provider is the server's; without it: `unexpected "iss" (issuer) response parameter value`
// Proves: login, refresh, revocation, denial, limited answer, outage
//
// Auth.js in a small express application: a provider of one's own, and its Discord provider on
// endpoints that are not Discord's. `issuer` is where it takes what RFC 9207 has it compare `iss`
// with. It does not revoke; refreshing is the application's, in the callback its guide names.

import { ExpressAuth } from '@auth/express';
import Discord from '@auth/express/providers/discord';
import express from 'express';

import { application, journey, serve, world } from './journey.mjs';

const endpoints = () => ({
  issuer: world.origin,
  authorization: { url: world.at('/oauth2/authorize'), params: { scope: 'identify email' } },
  token: world.at('/api/oauth2/token'),
  userinfo: world.at('/api/users/@me'),
});

const own = (more) => ({
  id: 'fluxer', name: 'Fluxer', type: 'oauth', checks: ['pkce', 'state'], ...endpoints(),
  profile: ({ id, username, email }) => ({ id, name: username, email }), ...more,
});
const discord = (more) => Discord({ ...endpoints(), ...more });

/** The tokens of a refresh, as Auth.js's guide has an application do it. */
async function refreshed({ id, secret }, refresh_token) {
  const response = await fetch(world.at('/api/oauth2/token'), {
    method: 'POST', body: new URLSearchParams({ client_id: id, client_secret: secret, grant_type: 'refresh_token', refresh_token }),
  });
  const tokens = await response.json();
  if (!response.ok) throw tokens;
  return tokens;
}

for (const [name, provider, state] of [
  ["a provider of one's own", own, true],
  ["a provider of one's own, client_secret_post", (more) => own({ ...more, client: { token_endpoint_auth_method: 'client_secret_post' } }), true],
  ['its Discord provider', discord, false], // with the checks that are its default: PKCE alone
]) {
  journey(`Auth.js, ${name}`, {
    async client(t) {
      const site = express();
      const origin = await serve(t, site);
      const { id } = provider();
      const app = await application('confidential', { redirect_uris: [`${origin}/auth/callback/${id}`] });
      const errors = [];
      const told = {};
      const keep = (token, { access_token, refresh_token, error }) => ({ ...token, tokens: { access_token, refresh_token, error } });
      site.use('/auth', ExpressAuth({
        secret: 'of the session', trustHost: true,
        providers: [provider({ clientId: app.id, clientSecret: app.secret })],
        // What the server said about a failed authorization, Auth.js tells to `debug` only.
        logger: { error: (error) => errors.push(error), debug: (about, details) => Object.assign(told, details) },
        callbacks: {
          async jwt({ token, account, profile, trigger }) {
            if (account) return keep({ ...token, profile }, account);
            if (trigger === 'update') return keep(token, await refreshed(app, token.tokens.refresh_token).catch((error) => ({ ...token.tokens, ...error })));
            return token;
          },
          session: ({ session, token }) => ({ ...session, tokens: token.tokens, profile: token.profile }),
        },
      }));
      site.get('/', (request, response) => response.send('home'));

      let session;
      const csrf = async () => (await session.open(`${origin}/auth/csrf`)).json.csrfToken;
      return {
        application: app,
        async enter(browser) {
          session = browser;
          return browser.submit(await browser.open(`${origin}/auth/signin`), { csrfToken: await csrf() });
        },
        async callback() {
          if (errors.length) throw Object.assign(errors[0], { told });
          return (await session.open(`${origin}/auth/session`)).json.tokens;
        },
        me: async () => (await session.open(`${origin}/auth/session`)).json.profile,
        async refresh() {
          const { tokens } = (await session.open(`${origin}/auth/session`, { method: 'POST', json: { csrfToken: await csrf(), data: {} } })).json;
          if (tokens.error) throw tokens;
          return tokens;
        },
      };
    },
    state,
    denied: ({ type, told }) => type === 'OAuthCallbackError' && told.error === 'access_denied' && told.error_description === 'The user denied access',
    badCode: ({ type, cause: { err } }) => type === 'CallbackRouteError' && err.name === 'ResponseBodyError' && err.error === 'invalid_grant',
    ended: { error: 'invalid_grant' },
  });
}
