// @openauthjs/openauth: what it is asked. It has no introspection, and its access tokens are checked by
// who gets them, from its published keys: there is no resource of its own to ask for.

import { bundle } from '../bundle.mjs';
import { workerd } from '../processes.mjs';

const REDIRECT_URI = 'https://app.example/callback';

export class OpenAuth {
  name = 'openauth';

  async start(storage) {
    this.server = await workerd(this.name, { storage, flags: ['nodejs_compat'], modules: bundle('contenders/openauth.worker.mjs'), kv: ['AUTH'] });
    this.users = 0;
  }

  async setUp(visitor) {
    const client_id = `client${visitor.index}`;
    const query = new URLSearchParams({ response_type: 'code', client_id, redirect_uri: REDIRECT_URI, state: 'a-state-of-the-client', ...visitor.pkce });
    visitor.with = (parameters) => ({ client_id, ...parameters });
    // What it makes of the request it keeps in a cookie, until the provider knows the user.
    const { headers } = await visitor.ask('GET', `/authorize?${query}`, { expect: 302 });
    visitor.cookie = headers['set-cookie'].toString().split(';')[0];
    visitor.tokens = await this.login.run(visitor);
  }

  token(visitor, parameters) {
    return visitor.json('POST', '/token', { form: visitor.with(parameters) });
  }

  approve = {
    run: async (visitor) => {
      this.users += 1;
      const headers = { cookie: visitor.cookie, 'x-user': `user${this.users}` };
      return (await visitor.redirected('GET', '/header/authorize', { headers })).get('code');
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

  client_credentials = { run: (visitor) => this.token(visitor, { grant_type: 'client_credentials', provider: 'header', client_secret: 'a-secret-of-the-bench' }) };

  metadata = { run: (visitor) => visitor.json('GET', '/.well-known/oauth-authorization-server') };
}
