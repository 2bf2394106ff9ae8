// The whole applications of the README, pasted into a file and run: each logs a user in at the built
// server.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';

import { build } from 'esbuild';
import { Miniflare, convertV4MiniflareOptions } from 'miniflare';

import { World } from '../../tests/worker/harness.mjs';
import { programs } from './examples.mjs';

const SDK = resolve(import.meta.dirname, '..');
const [server, worker] = programs('oauth2');
const tool = (name) => join(SDK, 'node_modules/.bin', name);

let world, user, browser, folder;
before(async () => {
  world = await World.start();
  user = await world.user();
  browser = await world.login(user);
  folder = mkdtempSync(join(SDK, '.application-')); // where the packages are found
  writeFileSync(join(folder, 'app.mjs'), server);
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await world?.stop();
});

/** A user comes, says yes or no, and comes back; `visit` is a request to the application. */
async function logIn(visit, decision, cookies = (cookie) => cookie) {
  const left = await visit('/');
  assert.equal(left.status, 303);
  const asked = await browser.open(left.headers.get('location'));
  const page = asked.landed ? asked : await browser.submit(asked, { decision }); // a second time nobody is asked
  const back = new URL(page.location);
  const [cookie] = left.headers.getSetCookie()[0].split(';');
  const answer = await visit(back.pathname + back.search, { headers: { cookie: cookies(cookie) } });
  return [answer.status, await answer.text()];
}

async function works(visit) {
  assert.deepEqual(await logIn(visit, 'deny'), [400, 'access_denied: The user denied access']);
  assert.deepEqual(await logIn(visit, 'approve'), [200, `Hello, ${user.username}!`]);
  const [status, text] = await logIn(visit, 'approve', () => 'login=another.browser');
  assert.deepEqual([status, text.startsWith('The state of the callback is not the one that was sent')], [400, true]);
  assert.equal((await visit('/elsewhere')).status, 404);
}

async function freePort() {
  const listening = createServer().listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address();
  await new Promise((resolve) => listening.close(resolve));
  return port;
}

for (const [name, program, ...args] of [
  ['Node', process.execPath],
  ['Deno', tool('deno'), 'run', '--quiet', '--no-remote', '--allow-net', '--allow-env', '--node-modules-dir=manual'],
  ['Bun', tool('bun')],
]) {
  test(`the application runs in ${name}`, async (t) => {
    const port = await freePort();
    const site = `http://localhost:${port}`;
    const { id, secret } = await world.application('confidential', { redirect_uris: [`${site}/callback`] });
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, CLIENT_ID: id, CLIENT_SECRET: secret, FLUXER: world.origin, PORT: port };
    const child = spawn(program, [...args, join(folder, 'app.mjs')], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), once(child, 'exit')]);
    assert.equal(line, site);
    await works((path, init) => fetch(site + path, { ...init, redirect: 'manual' }));
  });
}

test('the Worker runs', async (t) => {
  const site = 'https://app.example';
  const { id, secret } = await world.application('confidential', { redirect_uris: [`${site}/callback`] });
  const { outputFiles: [{ text: script }] } = await build({ stdin: { contents: worker, resolveDir: SDK }, bundle: true, format: 'esm', write: false });
  const mf = new Miniflare(convertV4MiniflareOptions({
    modules: true, script, compatibilityDate: '2025-01-01', bindings: { CLIENT_ID: id, CLIENT_SECRET: secret, FLUXER: world.origin },
  }));
  t.after(() => mf.dispose());
  await works((path, init) => mf.dispatchFetch(site + path, { ...init, redirect: 'manual' }));
});
