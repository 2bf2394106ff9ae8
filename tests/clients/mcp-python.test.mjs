// MCP's Python SDK and ../../examples/mcp-server: from a 401 to a tool call, a step-up of scope, a refresh and
// a revocation, by registration and by document. See ../strangers/mcp-python.py for the rest of it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { start } from './mcp-world.mjs';
import { Process } from './parts.mjs';

const HERE = import.meta.dirname;
const REDIRECT_URI = 'http://localhost:3030/callback';

let here;
before(async () => {
  here = await start({ DYNAMIC_REGISTRATION: 'open', CLIENT_METADATA_DOCUMENTS: 'on' });
});
after(() => here?.stop());

async function wholeLife(t, id) {
  const { world, resource } = here;
  const browser = await world.login(await world.user()); // each user has notes of their own
  const env = { PATH: process.env.PATH, CLIENT: JSON.stringify({ id, issuer: world.origin, resource, redirect_uri: REDIRECT_URI }) };
  const program = spawn(join(HERE, 'python/venv/bin/python'), [join(HERE, 'python/mcp_session.py')], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => program.kill('SIGKILL'));
  const client = new Process(program);
  const visits = [];
  const call = async (asked) => {
    let answer = await client.send(asked);
    while (answer.visit) {
      visits.push(new URL(answer.visit).searchParams);
      const page = await browser.open(answer.visit);
      const { location } = page.landed ? page : await browser.submit(page, { decision: 'approve' });
      answer = await client.send(location);
    }
    return answer;
  };

  await call({ tool: 'list_notes' });
  assert.deepEqual([visits.length, visits[0].get('resource'), visits[0].get('scope').split(' ')[0]], [1, resource, 'notes:read']);
  const added = await call({ tool: 'add_note', arguments: { text: 'Feed the owl' } });
  assert.deepEqual(added.said, ['Added']);
  assert.equal(visits.length, 2, 'for a scope more');
  assert.ok(visits[1].get('scope').split(' ').includes('notes:write'));
  const refreshed = await call({ tool: 'list_notes', expired: true });
  assert.match(refreshed.said[0], /Feed the owl$/);
  assert.notEqual(refreshed.refresh, added.refresh);
  assert.equal(visits.length, 2, 'the user was not asked');

  const { secret } = refreshed;
  const revoked = await world.post('/api/oauth2/revoke', { client_id: refreshed.id, ...(secret && { client_secret: secret }), token: refreshed.refresh });
  assert.equal(revoked.status, 200, revoked.text);
  for (const began = Date.now(); visits.length === 2; await new Promise((done) => setTimeout(done, 1_000))) {
    assert.ok(Date.now() - began < 31_000);
    await call({ tool: 'list_notes' });
  }
  return refreshed.id;
}

// Both wait until the server has heard of a revocation.
describe('a whole life', { concurrency: true }, () => {
  test('a client that registers itself', async (t) => {
    assert.match(await wholeLife(t, null), /^\d+$/);
  });

  test('a client that a document describes', async (t) => {
    const served = createServer((request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))).listen(0, '127.0.0.1');
    await once(served, 'listening');
    t.after(() => served.close());
    const client_id = `http://127.0.0.1:${served.address().port}/client.json`;
    const document = { client_id, client_name: 'Python', redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' };
    assert.equal(await wholeLife(t, client_id), client_id);
  });
});
