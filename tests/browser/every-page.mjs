// What tests that walk every page share: see scenes.mjs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { launch } from './harness.mjs';
import { stage } from './scenes.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** So many pages at once. */
const AT_ONCE = 3;

/** Does the same on every page; all that is wrong anywhere is told at once. */
export async function everywhere(look, { names, ...options } = {}) {
  const [browser, { scenes, stop }] = await Promise.all([launch(), stage(names)]);
  const wrong = [];
  const rest = scenes.values();
  const walk = async () => {
    for (const scene of rest) {
      const opened = await scene.open(browser, options);
      for (const line of (await look(opened)).filter(Boolean)) wrong.push(`${scene.name}: ${line}`);
      await opened.close();
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, walk));
  } finally {
    await browser.close();
    await stop();
  }
  assert.deepEqual(wrong, []);
}

/** What depends on the width or the scheme; the rest is looked at once. */
const OF_LOOKS = ['color-contrast', 'target-size', 'scrollable-region-focusable', 'link-in-text-block'];

/** What axe finds, and what sticks out, at widths and in schemes. */
export async function lookedAt(page, looks) {
  await page.evaluate(AXE);
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
  const { passes, violations } = await page.evaluate((options) => globalThis.axe.run(document, options), options);
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`));
  return [...found, passes.length < (only ? 1 : 15) && `only ${passes.length} rules looked at it`];
}
