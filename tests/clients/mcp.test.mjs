// Client: MCP's TypeScript SDK
// Ecosystem: JavaScript
// Version: npm:@modelcontextprotocol/client
// Setting: the server's `DYNAMIC_REGISTRATION`, or a client that was registered by hand
// Proves: login, refresh
//
// An MCP client, by the TypeScript SDK, and ../../examples/mcp-server: from a 401 to a tool call, without
// anybody having registered the client.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';

import { World } from '../worker/harness.mjs';

const HERE = import.meta.dirname;
const REDIRECT_URI = 'http://localhost/callback';

let world, user, browser, folder, server, resource;
before(async () => {
  const [port] = await freePorts(1);
  resource = `http://127.0.0.1:${port}/mcp`;
  world = await World.start({ settings: { DYNAMIC_REGISTRATION: 'open' } });
  user = await world.user();
  browser = await world.login(user);
  await world.admin('POST', '/resources', {
    identifier: resource, name: 'Notes', scopes: [{ name: 'notes:read', description: 'Read your notes' }, { name: 'notes:write', description: 'Write notes for you' }],
  });
  folder = mkdtempSync(join(HERE, '.mcp-server-')); // where both the SDK's packages and ours are found
  cpSync(resolve(HERE, '../../examples/mcp-server/server.ts'), join(folder, 'server.ts'));
  symlinkSync(resolve(HERE, '../../sdk/node_modules'), join(folder, 'node_modules'));
  const { PATH, HOME } = process.env;
  server = spawn(process.execPath, [join(folder, 'server.ts')], { env: { PATH, HOME, ISSUER: world.origin, RESOURCE: resource, PORT: port }, stdio: ['ignore', 'pipe', 'inherit'] });
  await Promise.race([once(server.stdout, 'data'), once(server, 'exit')]);
});
after(async () => {
  server?.kill('SIGKILL');
  if (folder) rmSync(folder, { recursive: true, force: true });
  await world?.stop();
});

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((each) => once(each, 'listening')));
  const ports = servers.map((each) => each.address().port);
  await Promise.all(servers.map((each) => new Promise((done) => each.close(done))));
  return ports;
}

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
  const list = async (client) => (await client.callTool({ name: 'list_notes', arguments: {} })).content[0].text;
  assert.equal(await connected(provider, list), '');
  const [first] = provider.visits;
  assert.equal(first.origin, world.origin);
  assert.deepEqual([first.searchParams.get('resource'), first.searchParams.get('scope')], [resource, 'notes:read']);
  assert.ok(provider.registered.client_id);

  // `add_note` needs a scope more, for which the user is asked.
  await connected(provider, (client) => client.callTool({ name: 'add_note', arguments: { text: 'Feed the owl' } }));
  assert.equal(provider.visits.length, 2);
  assert.ok(provider.visits[1].searchParams.get('scope').split(' ').includes('notes:write'));
  assert.equal(await connected(provider, list), 'Feed the owl');

  // A token that is refused is refreshed, and the user not asked.
  const { access_token: before } = provider.kept;
  provider.kept = { ...provider.kept, access_token: `${before.slice(0, -6)}AAAAAA` };
  assert.equal(await connected(provider, list), 'Feed the owl');
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
});
