// What tests that walk every page share: see scenes.mjs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, describe, test } from 'node:test';

import { launch } from './harness.mjs';
import { Tab, stage } from './scenes.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** So many pages at once. */
const AT_ONCE = 3;

/**
 * A test for every scene. `look` says what is wrong; it is given a tab of a browser, and one that runs no
 * script.
 */
export async function everyScene(look, { names } = {}) {
  const [browser, { scenes, stop }] = await Promise.all([launch(), stage(names)]);
  const pairs = Array.from({ length: AT_ONCE }, () => ({ tab: new Tab(browser), plain: new Tab(browser, { script: false }) }));
  after(async () => {
    await browser.close();
    await stop();
  });
  describe('every page', { concurrency: AT_ONCE }, () => {
    for (const scene of scenes) {
      test(scene.name, async () => {
        const pair = pairs.pop();
        try {
          assert.deepEqual((await look(scene, pair)).filter(Boolean), []);
        } finally {
          pairs.push(pair);
        }
      });
    }
  });
}

/** What depends on the width or the scheme; the rest is looked at once. */
const OF_LOOKS = ['color-contrast', 'target-size', 'scrollable-region-focusable', 'link-in-text-block'];

/** What axe finds, and what sticks out, at widths and in schemes. */
export async function lookedAt({ page, run }, looks) {
  await run(AXE);
  const wrong = [];
  for (const [index, [width, colorScheme]] of looks.entries()) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 800 });
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    const found = [sideways > 0 && `${sideways}px too wide`, ...(await violations(page, index > 0 && OF_LOOKS))];
    wrong.push(...found.filter(Boolean).map((line) => `${width}px, ${colorScheme}: ${line}`));
  }
  return wrong;
}

/** What axe finds. It is evaluated by the debugger, which no policy of a page binds. */
async function violations(page, only) {
  const options = { rules: { 'target-size': { enabled: true } }, resultTypes: ['violations'], ...(only && { runOnly: only }) };
  const { passes, found } = await page.evaluate(async (options) => {
    const { passes, violations } = await globalThis.axe.run(document, options);
    const found = violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`));
    return { passes: passes.length, found };
  }, options);
  return [...found, passes < (only ? 1 : 15) && `only ${passes} rules looked at it`];
}
