// MCP's own suite for authorization servers, in the mode that has one: metadata, and a code by a public
// client. The suite prints a URL for a person to open; the browser here is that person.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

import { World } from '../worker/harness.mjs';
import { freePort } from './mcp-world.mjs';

const SUITE = resolve(import.meta.dirname, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');

let world, folder;
before(async () => {
  world = await World.start({ settings: { CLIENT_METADATA_DOCUMENTS: 'on' } });
  folder = mkdtempSync(join(tmpdir(), 'mcp-conformance-'));
});
after(async () => {
  if (folder) rmSync(folder, { recursive: true });
  await world?.stop();
});

test('every check of the suite for authorization servers', async (t) => {
  const port = await freePort();
  const client = await world.application('public', { redirect_uris: [`http://127.0.0.1:${port}/callback`] });
  const browser = await world.login(await world.user());
  const args = ['authorization', '--url', world.origin, '--client-id', client.id, '-p', String(port), '-o', folder];
  const suite = spawn(process.execPath, [SUITE, ...args], { env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => suite.kill('SIGKILL'));
  let said = '';
  const ended = once(suite, 'exit');
  let opened;
  for (const output of [suite.stdout, suite.stderr]) output.on('data', (data) => {
    said += data;
    const [url] = /http:\/\/\S+\/oauth2\/authorize\S+/.exec(said) ?? [];
    if (url && !opened) opened = browser.open(url).then((page) => browser.submit(page, { decision: 'approve' })).then(({ location }) => fetch(location));
  });
  const [status] = await ended;
  await opened;
  assert.equal(status, 0, said);
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('checks.json'));
  const checks = files.flatMap((name) => JSON.parse(readFileSync(join(folder, name))));
  assert.equal(files.length, 2, said);
  assert.deepEqual(checks.filter(({ status }) => status !== 'SUCCESS'), [], 'no warning either');
});
