// Client: oauth2
// Ecosystem: Rust
// Version: cargo:oauth2
// Setting: none
// Proves: login, refresh, revocation, denial, limited answer, outage, device grant
// Snippet: rust/src/main.rs
//
// The crate `oauth2`: see rust/src/main.rs. It leaves reading the callback to the application, and
// asks for no resources. Its device grant is driven in device.test.mjs.

import { join } from 'node:path';

import { Child, HERE, Reported, application, is, journey } from './journey.mjs';

for (const [name, type, in_body] of [
  ['public', 'public', false],
  ['credentials in the header', 'confidential', false],
  ['credentials in the body', 'confidential', true],
]) {
  journey(`oauth2 (Rust), ${name}`, {
    async client(t) {
      const { id, secret, redirectUri } = await application(type);
      const child = new Child(t, join(HERE, 'rust/target/debug/rust-client'), [], { id, secret, redirect_uri: redirectUri, in_body });
      const { me, ...client } = child.client();
      return client;
    },
    badCode: is(Reported, { type: 'ServerResponse', error: 'invalid_grant', description: 'Invalid authorization code' }),
    ended: is(Reported, { type: 'ServerResponse', error: 'invalid_grant' }),
  });
}
