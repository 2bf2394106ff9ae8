// Client: MCP's TypeScript SDK
// Ecosystem: JavaScript
// Version: npm:@modelcontextprotocol/client
// Setting: the server's `DYNAMIC_REGISTRATION` or `CLIENT_METADATA_DOCUMENTS`, or a client that was registered by hand
// Proves: login, refresh, revocation, denial, limited answer, outage
// Denial: access_denied
// Limited: temporarily_unavailable
// Outage: temporarily_unavailable
// Note: Without its setting it says `Incompatible auth server: does not support dynamic client registration`. A denial of a client
//   that registered itself, and that nobody has approved yet, comes back by a link that its user follows.
//
// An MCP client, by the TypeScript SDK, and ../../examples/mcp-server: from a 401 to a tool call, without
// anybody having registered the client.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';

import { Storage } from '../worker/harness.mjs';
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

  /** The user is the one who is logged in in this browser. */
  constructor(of = browser) {
    this.browser = of;
  }

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
  async visit(decision = 'approve') {
    const page = await this.browser.open(this.visits.at(-1).href);
    const { location, html } = page.location ? page : await this.browser.submit(page, { decision });
    // Of a client that registered itself and that nobody has approved yet, a denial stays on a page, with a link.
    return new URL(location ?? html.querySelector('a.button').getAttribute('href')).searchParams;
  }
}

/** Does something with a new connection; where the user has to be asked, asks and does it again. */
async function connected(provider, act, decision) {
  for (let asked = 0; ; asked += 1) {
    const transport = new StreamableHTTPClientTransport(new URL(resource), { authProvider: provider });
    const client = new Client({ name: 'test', version: '1.0.0' });
    try {
      await client.connect(transport);
      return await act(client);
    } catch (error) {
      if (!(error instanceof UnauthorizedError) || asked === 2) throw error;
      await transport.finishAuth(await provider.visit(decision));
    } finally {
      await client.close();
    }
  }
}

// Both wait until the server has heard of a revocation, each with a user, and so with notes, of their own.
describe('a whole life', { concurrency: true }, () => {
  test('a client registers itself, asks the user, calls a tool, steps up, refreshes, and is shut out by a revocation', async () => {
    const provider = new Provider(await world.login(await world.user()));
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
    const provider = new Provider(await world.login(await world.user()));
    provider.registered = { client_id };
    await wholeLife(provider);
    assert.equal(provider.registered.client_id, client_id, 'and it registered nothing');
  });
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

test('where nobody registers itself and no document describes a client, it says so', async (t) => {
  const before = { browser, resource };
  const closed = await start();
  ({ browser, resource } = closed);
  t.after(() => {
    ({ browser, resource } = before);
    return closed.stop();
  });
  await assert.rejects(connected(new Provider(), () => {}), { message: /Incompatible auth server: does not support dynamic client registration/ });
});

test('a denial is told', async () => {
  await assert.rejects(connected(new Provider(), () => {}, 'deny'), { code: 'access_denied' });
});

test('a limited answer and an outage are told, and the same refresh token is good afterwards', async (t) => {
  const storage = new Storage();
  const before = { browser, resource };
  const ill = await start({ DYNAMIC_REGISTRATION: 'open', RATE_LIMIT_TOKEN: '1/600' }, storage);
  ({ browser, resource } = ill);
  t.after(() => {
    ({ browser, resource } = before);
    return ill.stop();
  });
  const provider = new Provider();
  const act = () => connected(provider, (client) => client.listTools());
  await act();
  const { refresh_token } = provider.kept;
  const refused = async () => {
    provider.kept = { ...provider.kept, access_token: `${provider.kept.access_token.slice(0, -6)}AAAAAA` };
    await assert.rejects(act, { code: 'temporarily_unavailable' });
    assert.equal(provider.kept.refresh_token, refresh_token);
  };
  const later = () => { storage.clock += 601_000; };
  await refused();
  later();
  storage.mood = (step) => step.part === 'ledger' && { before: 'down' };
  await refused();
  later();
  storage.mood = () => undefined;
  await act();
  assert.equal(provider.visits.length, 1, 'and the user was asked once');
});
