// Client: requests-oauthlib; Authlib; requests_oauth2client
// Ecosystem: Python
// Version: pip:requests-oauthlib; pip:authlib; pip:requests-oauth2client
// Setting: none; none; none
// Proves: login, refresh, revocation, denial, limited answer, outage
// Snippet: python/requests_oauthlib_client.py

import { join } from 'node:path';

import { Child, HERE, Reported, Surfer, application, is, journey, said, world } from './journey.mjs';

const PYTHON = join(HERE, 'python/venv/bin/python');
const start = (t, script, settings) => new Child(t, PYTHON, [join(HERE, 'python', script)], settings);
const settings = ({ id, secret, redirectUri }) => ({ id, secret, redirect_uri: redirectUri });

for (const [name, type, in_body] of [
  ['public', 'public', true],
  ['credentials in the header', 'confidential', false],
  ['credentials in the body', 'confidential', true],
]) {
  journey(`requests-oauthlib, ${name}`, {
    client: async (t) => start(t, 'requests_oauthlib_client.py', { ...settings(await application(type)), in_body }).client(),
    denied: is(Reported, { type: 'AccessDeniedError', error: 'access_denied', description: 'The user denied access' }),
    badCode: is(Reported, { type: 'InvalidGrantError', error: 'invalid_grant', description: 'Invalid authorization code' }),
    ended: is(Reported, { type: 'InvalidGrantError', error: 'invalid_grant' }),
  });
}

for (const [type, authentication] of [['public', 'none'], ['confidential', 'client_secret_basic'], ['confidential', 'client_secret_post']]) {
  journey(`Authlib's session, ${authentication}`, {
    // It reads codes only: a denial is for the application to see before it asks for tokens.
    client: async (t) => start(t, 'authlib_session.py', { ...settings(await application(type)), authentication }).client(),
    badCode: is(Reported, { type: 'OAuthError', error: 'invalid_grant', description: 'Invalid authorization code' }),
    ended: is(Reported, { type: 'OAuthError', error: 'invalid_grant' }),
  });
}

for (const [type, authentication] of [['public', 'none'], ['confidential', 'client_secret_basic']]) {
  journey(`requests_oauth2client, ${authentication}`, {
    client: async (t) => start(t, 'requests_oauth2client_session.py', settings(await application(type))).client(),
    denied: is(Reported, { type: 'AuthorizationResponseError', error: 'access_denied', description: 'The user denied access' }),
    badCode: is(Reported, { type: 'InvalidGrant', description: 'Invalid authorization code' }),
    ended: is(Reported, { type: 'InvalidGrant' }),
  });
}

journey("Authlib's Flask client", {
  async client(t) {
    const child = start(t, 'authlib_flask.py');
    const { origin } = await child.line();
    const app = await application('confidential', { redirect_uris: [`${origin}/callback`] });
    await child.send({ id: app.id, secret: app.secret });
    const ask = async (path, token) => said(await new Surfer(world.server).open(`${origin}${path}?${new URLSearchParams({ token })}`));
    return {
      application: app, // the integration does not revoke
      enter: (browser) => browser.open(`${origin}/login`),
      callback: said,
      me: (token) => ask('/me', token),
      refresh: (token) => ask('/refresh', token),
    };
  },
  denied: is(Reported, { type: 'OAuthError', error: 'access_denied', description: 'The user denied access' }),
  badCode: is(Reported, { type: 'OAuthError', error: 'invalid_grant', description: 'Invalid authorization code' }),
  ended: is(Reported, { type: 'OAuthError', error: 'invalid_grant' }),
});
