// The package as it is published, in Node, Deno, Bun and a Worker, against the built server.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { build } from 'esbuild';
import { Miniflare, convertV4MiniflareOptions } from 'miniflare';

import { World } from '../../../tests/worker/harness.mjs';
import * as scenario from './scenario.mjs';

const SDK = resolve(import.meta.dirname, '../..');
const CLI = join(import.meta.dirname, 'scenario.cli.mjs');
const tool = (name) => join(SDK, 'node_modules/.bin', name);

let world, user, browser;
before(async () => {
  world = await World.start();
  user = await world.user();
  browser = await world.login(user);
});
after(() => world?.stop());

/** The scenario, whose two steps are taken by `take`. */
async function play(take, type = 'confidential') {
  const { id, secret, redirectUri } = await world.application(type);
  const left = await take('leave', { issuer: world.origin, clientId: id, redirectUri, scope: 'identify email', ...(secret && { clientSecret: secret }) });
  const page = await browser.submit(await browser.open(left.url), { decision: 'approve' });
  assert.deepEqual(await take('arrive', { ...left, callback: page.location }), scenario.expected(user));
}

const command = (program, ...args) => async (step, argument) => {
  const { stdout } = await promisify(execFile)(program, [...args, CLI, step, JSON.stringify(argument)], { cwd: SDK });
  return JSON.parse(stdout);
};

for (const [name, ...how] of [
  ['Node', process.execPath],
  ['Deno', tool('deno'), 'run', '--quiet', '--no-remote', '--allow-net=127.0.0.1', '--node-modules-dir=manual'],
  ['Bun', tool('bun')],
]) {
  test(`in ${name}`, () => play(command(...how)));
  test(`in ${name}, as a public client`, () => play(command(...how), 'public'));
}

test('in a Worker', async () => {
  const contents = `
    import * as scenario from './scenario.mjs';
    export default {
      async fetch(request) {
        const [step, argument] = await request.json();
        return Response.json(await scenario[step](argument));
      },
    };`;
  const bundle = await build({ stdin: { contents, resolveDir: import.meta.dirname }, bundle: true, format: 'esm', write: false });
  const mf = new Miniflare(convertV4MiniflareOptions({ modules: true, script: bundle.outputFiles[0].text, compatibilityDate: '2025-01-01' }));
  try {
    await play(async (...call) => (await mf.dispatchFetch('http://worker/', { method: 'POST', body: JSON.stringify(call) })).json());
  } finally {
    await mf.dispose();
  }
});
