// Client: MCP's TypeScript SDK
// Ecosystem: JavaScript
// Version: npm:@modelcontextprotocol/client
// Setting: the server's `DYNAMIC_REGISTRATION` or `CLIENT_METADATA_DOCUMENTS`, or a client that was registered by hand
// Proves: login, refresh
//
// An MCP client, by the TypeScript SDK, and ../../examples/mcp-server: from a 401 to a tool call, without
// anybody having registered the client.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';

import { start } from './mcp-world.mjs';

const REDIRECT_URI = 'http://localhost/callback';

let here, world, browser, resource;
before(async () => {
  here = await start({ DYNAMIC_REGISTRATION: 'open', CLIENT_METADATA_DOCUMENTS: 'on' });
  ({ world, browser, resource } = here);
});
after(() => here?.stop());

/** What the SDK asks an application to keep, and the browser that it sends away. */
class Provider {
  redirectUrl = REDIRECT_URI;
  clientMetadata = { client_name: 'A client that nobody registered', redirect_uris: [REDIRECT_URI] };
  /** Where the user was sent. */
  visits = [];

  clientInformation = () => this.registered;
  saveClientInformation = (registered) => { this.registered = registered; };
  tokens = () => this.kept;
  saveTokens = (tokens) => { this.kept = tokens; };
  discoveryState = () => this.discovered;
  saveDiscoveryState = (discovered) => { this.discovered = discovered; };
  invalidateCredentials = (what) => {
    if (['all', 'tokens'].includes(what)) this.kept = undefined;
    if (['all', 'client'].includes(what)) this.registered = undefined;
  };
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier) => { this.verifier = verifier; };
  state = () => 'a-state-of-the-client';
  redirectToAuthorization = (url) => void this.visits.push(url);

  /** What the user's browser brings back from its last visit. */
  async visit() {
    const page = await browser.open(this.visits.at(-1).href);
    const { landed } = page.landed ? page : await browser.submit(page, { decision: 'approve' });
    return landed;
  }
}

/** Does something with a new connection; where the user has to be asked, asks and does it again. */
async function connected(provider, act) {
  for (let asked = 0; ; asked += 1) {
    const transport = new StreamableHTTPClientTransport(new URL(resource), { authProvider: provider });
    const client = new Client({ name: 'test', version: '1.0.0' });
    try {
      await client.connect(transport);
      return await act(client);
    } catch (error) {
      if (!(error instanceof UnauthorizedError) || asked === 2) throw error;
      await transport.finishAuth(await provider.visit());
    } finally {
      await client.close();
    }
  }
}

test('a client registers itself, asks the user, calls a tool, steps up, refreshes, and is shut out by a revocation', async () => {
  const provider = new Provider();
  await wholeLife(provider);
  assert.ok(!provider.registered.client_id.includes(':'));
});

test('so does one that a document describes', async (t) => {
  const served = createServer((request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))).listen(0, '127.0.0.1');
  await once(served, 'listening');
  t.after(() => served.close());
  const client_id = `http://127.0.0.1:${served.address().port}/client.json`;
  const document = { ...new Provider().clientMetadata, client_id, token_endpoint_auth_method: 'none' };
  // The SDK takes a URL from its application only where that is https; as a `client_id` it takes any.
  const provider = new Provider();
  provider.registered = { client_id };
  await wholeLife(provider);
  assert.equal(provider.registered.client_id, client_id, 'and it registered nothing');
});

/** From a 401 to a tool call, and all that comes after. */
async function wholeLife(provider) {
  const list = async (client) => (await client.callTool({ name: 'list_notes', arguments: {} })).content[0].text;
  const known = await connected(provider, list);
  const [first] = provider.visits;
  assert.equal(first.origin, world.origin);
  assert.deepEqual([first.searchParams.get('resource'), first.searchParams.get('scope')], [resource, 'notes:read']);
  assert.ok(provider.registered.client_id);

  // `add_note` needs a scope more, for which the user is asked.
  await connected(provider, (client) => client.callTool({ name: 'add_note', arguments: { text: 'Feed the owl' } }));
  assert.equal(provider.visits.length, 2);
  assert.ok(provider.visits[1].searchParams.get('scope').split(' ').includes('notes:write'));
  const noted = await connected(provider, list);
  assert.equal(noted, `${known}\nFeed the owl`.trim());

  // A token that is refused is refreshed, and the user not asked.
  const { access_token: before } = provider.kept;
  provider.kept = { ...provider.kept, access_token: `${before.slice(0, -6)}AAAAAA` };
  assert.equal(await connected(provider, list), noted);
  assert.equal(provider.visits.length, 2);
  assert.notEqual(provider.kept.access_token, before);

  // Who logged it out is asked again: the server there hears of it within half a minute.
  const { client_id, client_secret } = provider.registered;
  const revoked = await world.post('/api/oauth2/revoke', { client_id, ...(client_secret && { client_secret }), token: provider.kept.refresh_token });
  assert.equal(revoked.status, 200, revoked.text);
  for (const began = Date.now(); provider.visits.length === 2; await new Promise((done) => setTimeout(done, 1_000))) {
    assert.ok(Date.now() - began < 31_000);
    await connected(provider, list);
  }
  assert.equal(provider.registered.client_id, client_id, 'its registration is as good as before');
}
