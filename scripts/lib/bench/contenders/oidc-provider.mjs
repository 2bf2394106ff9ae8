// oidc-provider: what it is asked. The user has a session and has consented, so an authorization is one
// request. Tokens are asked for without `openid`, which would add an ID token signed with RSA to every
// answer, but for those that read /me, which wants it.

import { join } from 'node:path';

import { HERE, ROOT, freePort, start } from '../processes.mjs';
import { bearer } from '../visitor.mjs';

const REDIRECT_URI = 'https://app.example/callback';
const SECRET = 'a-secret-of-the-bench';

export class OidcProvider {
  name = 'oidc-provider';

  async start(storage, visitors) {
    const port = await freePort();
    const script = join(HERE, 'contenders/oidc-provider.server.mjs');
    this.server = await start(join(ROOT, 'node_modules/.bin/node'), [script, port, visitors, REDIRECT_URI, SECRET], { port, path: '/.well-known/openid-configuration', env: { NODE_ENV: 'production' } });
  }

  async setUp(visitor) {
    const client = { client_id: `client${visitor.index}`, client_secret: SECRET };
    const query = (scope) => `/auth?${new URLSearchParams({ response_type: 'code', client_id: client.client_id, redirect_uri: REDIRECT_URI, scope, state: 'a-state-of-the-client', ...visitor.pkce })}`;
    visitor.authorize = query('profile email');
    visitor.with = (parameters) => ({ ...client, ...parameters });
    await this.logIn(visitor);
    visitor.tokens = await this.login.run(visitor);
    const code = (await visitor.redirected('GET', query('openid profile email'), { headers: visitor.headers, expect: 303 })).get('code');
    visitor.reads = (await this.exchange.run(visitor, code)).access_token;
  }

  /** To the interaction and back, for the cookie of the session. */
  async logIn(visitor) {
    const cookies = new Map();
    for (let path = visitor.authorize; path.startsWith('/'); ) {
      const { headers } = await visitor.ask('GET', path, { headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') }, expect: 303 });
      for (const cookie of [headers['set-cookie'] ?? []].flat()) cookies.set(...cookie.split(';')[0].split(/=(.*)/s).slice(0, 2));
      path = headers.location.replace(/^http:\/\/127\.0\.0\.1:\d+/, '');
    }
    visitor.headers = { cookie: [...cookies].filter(([name]) => name.startsWith('_session')).map((pair) => pair.join('=')).join('; ') };
  }

  token(visitor, parameters) {
    return visitor.json('POST', '/token', { form: visitor.with(parameters) });
  }

  approve = { run: async (visitor) => (await visitor.redirected('GET', visitor.authorize, { headers: visitor.headers, expect: 303 })).get('code') };

  exchange = {
    prepare: this.approve.run,
    run: (visitor, code) => this.token(visitor, { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier: visitor.verifier }),
  };

  login = { run: async (visitor) => this.exchange.run(visitor, await this.approve.run(visitor)) };

  refresh = {
    run: async (visitor) => {
      visitor.tokens = await this.token(visitor, { grant_type: 'refresh_token', refresh_token: visitor.tokens.refresh_token });
    },
  };

  client_credentials = { run: (visitor) => this.token(visitor, { grant_type: 'client_credentials' }) };

  me = { run: (visitor) => visitor.json('GET', '/me', { headers: bearer(visitor.reads) }) };

  introspect = {
    run: async (visitor) => {
      const { active } = await visitor.json('POST', '/token/introspection', { form: visitor.with({ token: visitor.tokens.access_token }) });
      if (!active) throw new Error('a token that works is not active');
    },
  };

  metadata = { run: (visitor) => visitor.json('GET', '/.well-known/openid-configuration') };
}
