// @cloudflare/workers-oauth-provider: what it is asked.

import { bundle } from '../bundle.mjs';
import { freePort, workerd } from '../processes.mjs';
import { bearer } from '../visitor.mjs';

const REDIRECT_URI = 'https://app.example/callback';

export class WorkersOAuthProvider {
  name = 'workers-oauth-provider';

  async start(storage) {
    const port = await freePort();
    this.server = await workerd(this.name, { port, storage, vars: { ORIGIN: `http://127.0.0.1:${port}` }, modules: bundle('contenders/workers-oauth-provider.worker.mjs'), kv: ['OAUTH_KV'] });
    this.users = 0;
  }

  async setUp(visitor) {
    const { clientId, clientSecret } = await visitor.json('GET', `/create-client?redirect_uri=${encodeURIComponent(REDIRECT_URI)}`);
    const query = new URLSearchParams({ response_type: 'code', client_id: clientId, redirect_uri: REDIRECT_URI, scope: 'identify email', state: 'a-state-of-the-client', ...visitor.pkce });
    visitor.authorize = `/authorize?${query}`;
    visitor.with = (parameters) => ({ client_id: clientId, client_secret: clientSecret, ...parameters });
    visitor.tokens = await this.login.run(visitor);
  }

  token(visitor, parameters) {
    return visitor.json('POST', '/oauth/token', { form: visitor.with(parameters) });
  }

  approve = {
    // A user it has not seen: one that it has would cost it the revocation of what they had before.
    run: async (visitor) => {
      this.users += 1;
      return (await visitor.redirected('POST', visitor.authorize, { headers: { 'x-user': `user${this.users}` } })).get('code');
    },
  };

  exchange = {
    prepare: this.approve.run,
    run: (visitor, code) => this.token(visitor, { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier: visitor.verifier }),
  };

  login = { run: async (visitor) => this.exchange.run(visitor, await this.approve.run(visitor)) };

  // Every login here is a user's first.
  first_login = this.login;

  refresh = {
    run: async (visitor) => {
      visitor.tokens = await this.token(visitor, { grant_type: 'refresh_token', refresh_token: visitor.tokens.refresh_token });
    },
  };

  // It has no objects to be in memory or not.
  refresh_cold = this.refresh;

  me = { run: (visitor) => visitor.json('GET', '/api/users/@me', { headers: bearer(visitor.tokens.access_token) }) };

  metadata = { run: (visitor) => visitor.json('GET', '/.well-known/oauth-authorization-server') };
}
