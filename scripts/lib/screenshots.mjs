// Pictures of the pages: see scripts/screenshots.

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { launch } from '../../tests/browser/harness.mjs';
import { Tab, stage } from '../../tests/browser/scenes.mjs';

const FOLDER = resolve(import.meta.dirname, '../../screenshots');
const WIDTHS = [320, 768, 1280];

const wanted = process.argv.slice(2);
mkdirSync(FOLDER, { recursive: true });
const [browser, { scenes, stop }] = await Promise.all([launch(), stage()]);
try {
  const unknown = wanted.filter((name) => !scenes.some((scene) => scene.name === name));
  if (unknown.length) throw new Error(`no scene is called ${unknown}: see tests/browser/scenes.mjs`);
  const tab = new Tab(browser, { reducedMotion: 'reduce' });
  for (const scene of scenes.filter(({ name }) => !wanted.length || wanted.includes(name))) {
    const { page } = await scene.open(tab);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 800 });
        await page.screenshot({ path: join(FOLDER, `${scene.name}-${width}-${colorScheme}.png`), fullPage: true });
      }
    }
    console.log(scene.name);
  }
} finally {
  await browser.close();
  await stop();
}
