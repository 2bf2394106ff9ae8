// Client: mcp-remote
// Ecosystem: JavaScript
// Version: npm:mcp-remote
// Setting: the server's `DYNAMIC_REGISTRATION`
// Proves: login, refresh
//
// mcp-remote, which lets a desktop program that speaks stdio use an MCP server elsewhere: it registers
// itself, prints a URL where no browser opens, and listens on a port of its own.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

import { start } from './mcp-world.mjs';

const PROGRAM = resolve(import.meta.dirname, 'node_modules/.bin/mcp-remote');

let here, folder;
before(async () => {
  here = await start({ DYNAMIC_REGISTRATION: 'open' });
  folder = mkdtempSync(join(tmpdir(), 'mcp-remote-'));
});
after(async () => {
  if (folder) rmSync(folder, { recursive: true });
  await here?.stop();
});

/** Connects, and calls a tool; how often the user was asked. */
async function notes() {
  const { world, browser, resource } = here;
  const env = { PATH: process.env.PATH, HOME: folder, MCP_REMOTE_CONFIG_DIR: folder };
  const transport = new StdioClientTransport({ command: process.execPath, args: [PROGRAM, resource, '--allow-http'], env, stderr: 'pipe' });
  let [said, asked] = ['', 0];
  transport.stderr.on('data', async (data) => {
    said += data;
    const [url] = new RegExp(`${world.origin}/oauth2/authorize\\S+`).exec(said) ?? [];
    if (!url || asked) return;
    asked += 1;
    const page = await browser.open(url);
    const { location } = page.landed ? page : await browser.submit(page, { decision: 'approve' });
    await fetch(location);
  });
  const client = new Client({ name: 'test', version: '1.0.0' });
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

test('a program that speaks stdio reaches the server, and the user is asked once', async () => {
  assert.deepEqual(await notes(), { text: '', asked: 1 });
  assert.deepEqual(await notes(), { text: '', asked: 0 }, 'its tokens are kept');

  // A token that is refused is refreshed.
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('tokens.json'));
  const [file] = files.map((name) => join(folder, name));
  const kept = JSON.parse(readFileSync(file));
  writeFileSync(file, JSON.stringify({ ...kept, access_token: `${kept.access_token.slice(0, -6)}AAAAAA` }));
  assert.deepEqual(await notes(), { text: '', asked: 0 });
  assert.notEqual(JSON.parse(readFileSync(file)).refresh_token, kept.refresh_token);
});
