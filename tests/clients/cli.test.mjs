// ../../examples/cli: logs in both ways, keeps its tokens to itself, refreshes and revokes them.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

import { World } from '../worker/harness.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const GRANTS = ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'];

let world, user, browser, client, folder, tokens;
before(async () => {
  world = await World.start();
  user = await world.user();
  browser = await world.login(user);
  client = await world.application('public', { grant_types: GRANTS });
  folder = mkdtempSync(join(ROOT, 'sdk/.application-')); // where our packages are found as if they were installed
  for (const file of ['fluxer.ts', 'token-file.ts']) copyFileSync(join(ROOT, 'examples/cli', file), join(folder, file));
  tokens = join(folder, 'config/fluxer-cli/tokens.json');
});
after(async () => {
  await world?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the tool; `on` sees what it has said so far, whenever it says something. */
async function fluxer(args, on = () => undefined, env = {}) {
  const { HOME } = process.env;
  // No program that opens browsers is on the PATH.
  const variables = { HOME, PATH: folder, XDG_CONFIG_HOME: join(folder, 'config'), ISSUER: world.origin, CLIENT_ID: client.id, ...env };
  const child = spawn(process.execPath, ['--no-warnings', 'fluxer.ts', ...args], { cwd: folder, env: variables });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { said += data; on(said, child); });
  const [code] = await once(child, 'close');
  return { code, said };
}

/** Runs something once, when what was said first matches. */
function when(pattern, run) {
  let done;
  return (said, child) => {
    const found = said.match(pattern);
    if (found && !done) done = run(found, child);
  };
}

const stored = () => JSON.parse(readFileSync(tokens, 'utf8')).tokens;
const mode = (path) => (statSync(path).mode & 0o777).toString(8);

const byDevice = (decision) => fluxer(['login', '--device'], when(/code ([A-Z-]{9})\n/, ([, code]) => world.answerDevice(browser, code, decision)));

test('it logs in on another device, and its tokens are its user’s alone', async () => {
  const { code, said } = await byDevice('approve');
  assert.match(said, new RegExp(`Logged in as ${user.username} \\(${user.id}\\)`));
  assert.deepEqual([code, mode(tokens), mode(join(tokens, '..'))], [0, '600', '700']);
  for (const secret of [stored().accessToken, stored().refreshToken]) assert.ok(!said.includes(secret));
});

test('it says so where the user says no', async () => {
  const before = readFileSync(tokens, 'utf8');
  assert.deepEqual((({ code, said }) => [code, said.split('\n').at(-2)])(await byDevice('deny')), [1, 'You said no']);
  assert.equal(readFileSync(tokens, 'utf8'), before);
});

test('it logs in by the browser of this machine', async () => {
  rmSync(tokens);
  const { code, said } = await fluxer(['login'], when(/^(http\S+)\n/m, async ([, url]) => {
    const page = await browser.submit(await browser.open(url), { decision: 'approve' });
    const { origin } = new URL(page.location);
    assert.equal((await fetch(`${origin}/favicon.ico`)).status, 404);
    assert.match(await (await fetch(page.location)).text(), /close this page/);
  }));
  assert.match(said, new RegExp(`Logged in as ${user.username}`));
  assert.deepEqual([code, mode(tokens)], [0, '600']);
});

test('it refreshes tokens that have expired, and keeps the new ones as safely', async () => {
  const old = stored();
  writeFileSync(tokens, JSON.stringify({ issuer: world.origin, clientId: client.id, tokens: { ...old, expiresAt: Date.now() - 1_000 } }));
  chmodSync(tokens, 0o644); // as somebody may have copied it
  const { code, said } = await fluxer(['whoami']);
  assert.deepEqual([code, said], [0, `Logged in as ${user.username} (${user.id})\n`]);
  assert.notEqual(stored().refreshToken, old.refreshToken);
  assert.equal(mode(tokens), '600');
});

test('it shows its tokens to no other server and as no other application', async () => {
  const other = await fluxer(['whoami'], undefined, { CLIENT_ID: '12' });
  assert.deepEqual(other, { code: 1, said: 'Nobody is logged in: fluxer login\n' });
});

test('it stops waiting when it is interrupted', async () => {
  const { code, said } = await fluxer(['login', '--device'], when(/code [A-Z-]{9}\n/, (_, child) => child.kill('SIGINT')));
  assert.deepEqual([code, said.split('\n').at(-2)], [1, 'Interrupted']);
});

test('it gives its tokens back', async () => {
  const { accessToken } = stored();
  assert.deepEqual(await fluxer(['logout']), { code: 0, said: 'Logged out\n' });
  assert.throws(stored, { code: 'ENOENT' });
  assert.equal((await world.me(accessToken)).status, 401);
  assert.deepEqual(await fluxer(['whoami']), { code: 1, said: 'Nobody is logged in: fluxer login\n' });
});

test('it says how it is used', async () => {
  for (const args of [[], ['unknown'], ['whoami', '--device']]) {
    const { code, said } = await fluxer(args);
    assert.equal(code, 2);
    assert.match(said, /^usage: fluxer login/);
  }
});
