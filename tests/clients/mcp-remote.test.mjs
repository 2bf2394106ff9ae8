// Client: mcp-remote
// Ecosystem: JavaScript
// Version: npm:mcp-remote
// Setting: the server's `DYNAMIC_REGISTRATION`
// Proves: login, refresh, revocation, denial, limited answer, outage
// Denial: Authorization failed: access_denied
// Limited: temporarily_unavailable
// Outage: temporarily_unavailable
// Note: A denial it prints, and the program that speaks stdio waits on. A refresh that is refused for now ends it; its refresh
//   token is good at the next start.
//
// mcp-remote, which lets a desktop program that speaks stdio use an MCP server elsewhere: it registers
// itself, prints a URL where no browser opens, and listens on a port of its own.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

import { Storage } from '../worker/harness.mjs';
import { start } from './mcp-world.mjs';

const PROGRAM = resolve(import.meta.dirname, 'node_modules/.bin/mcp-remote');

let here, folder, storage;
before(async () => {
  storage = new Storage();
  here = await start({ DYNAMIC_REGISTRATION: 'open', RATE_LIMIT_TOKEN: '1/600' }, storage);
});
after(() => here?.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-remote-'));
  later();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Until the next request for tokens is no longer limited. */
const later = () => { storage.clock += 601_000; };

/** A browser at the program's callback. Where its tokens were refused, it prints the URL before it listens. */
async function arrive(callback, tries = 100) {
  await fetch(callback).catch(async (error) => {
    if (!tries) throw error;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    return arrive(callback, tries - 1);
  });
}

/** Connects, and calls a tool; how often the user was asked. Where it fails, the error is what the program said. */
async function notes(decision = 'approve') {
  const { world, browser, resource } = here;
  const env = { PATH: process.env.PATH, HOME: folder, MCP_REMOTE_CONFIG_DIR: folder };
  const transport = new StdioClientTransport({ command: process.execPath, args: [PROGRAM, resource, '--allow-http'], env, stderr: 'pipe' });
  const client = new Client({ name: 'test', version: '1.0.0' });
  let [said, asked] = ['', 0];
  transport.stderr.on('data', async (data) => {
    said += data;
    if (said.includes('Authorization failed')) await client.close();
    const [url] = new RegExp(`${world.origin}/oauth2/authorize\\S+`).exec(said) ?? [];
    if (!url || asked) return;
    asked += 1;
    const page = await browser.open(url);
    const { location, html } = page.landed ? page : await browser.submit(page, { decision });
    // Of a client that registered itself and that nobody has approved yet, a denial stays on a page, with a link.
    await arrive(location ?? html.querySelector('a.button').getAttribute('href'));
  });
  try {
    await client.connect(transport, { timeout: 30_000 });
    const { content } = await client.callTool({ name: 'list_notes', arguments: {} });
    return { text: content[0].text, asked };
  } catch (error) {
    throw new Error(said, { cause: error });
  } finally {
    await client.close();
  }
}

/** The file of this name in which the program keeps something. */
const fileOf = (end) => join(folder, readdirSync(folder, { recursive: true }).find((name) => name.endsWith(end)));
const kept = (end) => JSON.parse(readFileSync(fileOf(end)));

/** Spoils the access token that the program keeps; gives its refresh token. */
function spoil() {
  const tokens = kept('tokens.json');
  writeFileSync(fileOf('tokens.json'), JSON.stringify({ ...tokens, access_token: `${tokens.access_token.slice(0, -6)}AAAAAA` }));
  return tokens.refresh_token;
}

test('a program that speaks stdio reaches the server, and the user is asked once', async () => {
  assert.deepEqual(await notes(), { text: '', asked: 1 });
  assert.deepEqual(await notes(), { text: '', asked: 0 }, 'its tokens are kept');

  // A token that is refused is refreshed.
  const before = spoil();
  later();
  assert.deepEqual(await notes(), { text: '', asked: 0 });
  assert.notEqual(spoil(), before);
});

test('after a revocation, its user is asked again', async (t) => {
  t.after(() => { storage.mood = () => undefined; });
  storage.mood = ({ part }) => part.startsWith('limiter') && { before: 'down' }; // nobody is limited then
  await notes();
  const token = spoil();
  const { client_id, client_secret } = kept('client_info.json');
  const revoked = await here.world.post('/api/oauth2/revoke', { client_id, ...(client_secret && { client_secret }), token });
  assert.equal(revoked.status, 200, revoked.text);
  assert.deepEqual(await notes(), { text: '', asked: 1 });
});

test('a denial is told', async () => {
  await assert.rejects(notes('deny'), /Authorization failed: access_denied/);
});

test('a limited answer and an outage are told, and the same refresh token is good afterwards', async (t) => {
  t.after(() => { storage.mood = () => undefined; });
  await notes();
  const before = spoil();
  await assert.rejects(notes(), /temporarily_unavailable/);
  assert.equal(spoil(), before);

  later();
  storage.mood = (step) => step.part === 'ledger' && { before: 'down' };
  await assert.rejects(notes(), /temporarily_unavailable/);
  assert.equal(spoil(), before);

  later();
  storage.mood = () => undefined;
  assert.deepEqual(await notes(), { text: '', asked: 0 });
});
