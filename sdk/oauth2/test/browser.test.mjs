// The package in Chromium: a single-page application that logs its user in, across origins.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { build } from 'esbuild';

import { launch, listen, logIn, visit } from '../../../tests/browser/harness.mjs';
import { World } from '../../../tests/worker/harness.mjs';
import { expected } from './scenario.mjs';

let world, chromium, application, script;
before(async () => {
  [world, chromium, application] = await Promise.all([World.start(), launch(), listen()]);
  const contents = "import * as scenario from './scenario.mjs'; globalThis.scenario = scenario;";
  const bundle = await build({ stdin: { contents, resolveDir: import.meta.dirname }, bundle: true, minify: true, write: false });
  script = { content: bundle.outputFiles[0].text };
});
after(async () => {
  await chromium?.close();
  application?.close();
  await world?.stop();
});

test('a single-page application logs a user in', async () => {
  const user = await world.user();
  const { id: clientId, redirectUri } = await world.application('public', { redirect_uris: [application.callback] });
  const { page, heard, close } = await visit(chromium);
  try {
    await page.goto(application.origin);
    await page.addScriptTag(script);
    await page.evaluate(async (client) => {
      const left = await globalThis.scenario.leave(client);
      sessionStorage.setItem('left', JSON.stringify(left));
      location.assign(left.url);
    }, { issuer: world.origin, clientId, redirectUri, scope: 'identify email' });
    await logIn(page, user.email, user.password);
    await page.getByRole('button', { name: 'Authorize' }).click();
    await page.waitForURL(`${application.callback}?*`);
    await page.addScriptTag(script);
    const arrived = await page.evaluate(() => globalThis.scenario.arrive({ ...JSON.parse(sessionStorage.getItem('left')), callback: location.href }));
    assert.deepEqual(arrived, expected(user));
    assert.deepEqual(heard.filter((line) => !line.includes('status of 400')), [], 'the scenario sends a code twice, and nothing else goes wrong');
  } finally {
    await close();
  }
});
