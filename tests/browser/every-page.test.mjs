// What holds on every page, in every state: see scenes.mjs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';

import { launch } from './harness.mjs';
import { stage } from './scenes.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const EVIL = `"><img src=x onerror="document.title='pwned'"></title></textarea><script>document.title='pwned'</script>'`;
const WIDTHS = [320, 1280];

let browser, ordinary, hostile;
before(async () => {
  browser = await launch();
  ordinary = await stage();
  hostile = await stage({ app: EVIL.slice(0, 100), description: EVIL, guild: EVIL.slice(0, 100), account: EVIL.slice(0, 100), agent: `${EVIL} Firefox/1 Windows` });
});
after(async () => {
  await browser?.close();
  await ordinary?.stop();
  await hostile?.stop();
});

/** Does the same on every page; all that is wrong anywhere is told at once. */
async function everywhere({ scenes }, look, options) {
  const wrong = [];
  for (const scene of scenes) {
    const opened = await scene.open(browser, options);
    try {
      for (const line of [await look(opened, scene), ...opened.said()].flat().filter(Boolean)) wrong.push(`${scene.name}: ${line}`);
    } finally {
      await opened.close();
    }
  }
  assert.deepEqual(wrong, []);
}

/** At both widths, light and dark. */
async function inAllLooks(page, look) {
  const wrong = [];
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      for (const line of await look()) wrong.push(`${colorScheme}, ${width}px: ${line}`);
    }
  }
  return wrong;
}

/** What axe finds. It is evaluated by the debugger, which no policy of a page binds. */
async function violations(page) {
  const options = { rules: { 'target-size': { enabled: true } }, resultTypes: ['violations'] };
  const { violations } = await page.evaluate((options) => globalThis.axe.run(document, options), options);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`));
}

describe('every page', () => {
  test('is accessible, and nothing sticks out of it, at both widths and in both schemes', async () => {
    await everywhere(ordinary, async ({ page }) => {
      await page.evaluate(AXE);
      return inAllLooks(page, async () => {
        const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        return [sideways > 0 && `${sideways}px too wide`, ...(await violations(page))].filter(Boolean);
      });
    });
  });

  test('is accessible without script', async () => {
    await everywhere(ordinary, async ({ page }) => {
      await page.evaluate(AXE);
      await page.setViewportSize({ width: 320, height: 800 });
      return violations(page);
    }, { javaScriptEnabled: false });
  });

  test('is one small answer and one stylesheet that is kept, in no frame, and nothing on it moves', async () => {
    await everywhere(ordinary, async ({ page, answer }) => {
      const headers = answer.headers();
      const bytes = (await answer.body()).length;
      const loaded = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name.replace(/.*\//, '').replace(/\..{12}\./, '.')).sort().join());
      const shifted = await page.evaluate(() => new Promise((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (sum += value))).observe({ type: 'layout-shift', buffered: true });
        setTimeout(() => resolve(sum), 100);
      }));
      const style = await page.request.get(new URL(await page.locator('link[rel=stylesheet]').getAttribute('href'), page.url()).href);
      return [
        bytes >= 30_000 && `${bytes} bytes`,
        !['style.css', 'page.js,style.css'].includes(loaded) && `loads ${loaded}`,
        shifted > 0 && `moves by ${shifted}`,
        !/immutable/.test(style.headers()['cache-control']) && 'its stylesheet is not kept',
        !/frame-ancestors 'none'/.test(headers['content-security-policy']) && 'can be framed',
        headers['x-frame-options'] !== 'DENY' && 'can be framed by old browsers',
        headers['cache-control'] !== 'no-store' && 'is kept',
      ];
    });
  });

  test('runs no inline script, and takes no inline style', async () => {
    await everywhere(ordinary, async ({ page, said }) => {
      const done = await page.evaluate(async () => {
        const add = (name, set) => document.body.appendChild(Object.assign(document.createElement(name), set));
        add('script', { textContent: 'window.pwned = "a script"' });
        add('img', { src: 'data:,' }).setAttribute('onerror', 'window.pwned = "a handler"');
        add('a', { href: 'javascript:window.pwned="a link"' }).click();
        add('style', { textContent: 'body { position: fixed }' });
        document.body.setAttribute('style', 'position: fixed');
        await new Promise((resolve) => setTimeout(resolve, 50));
        return [window.pwned && `runs ${window.pwned}`, getComputedStyle(document.body).position === 'fixed' && 'takes a style'];
      });
      const refused = said().splice(0).filter((line) => /Content Security Policy/.test(line)).length;
      return [...done, refused < 4 && `${refused} were reported`];
    });
  });

  test('can be used with the keyboard, and shows where it is', async () => {
    await everywhere(ordinary, async ({ page }) => {
      const wrong = [];
      await page.evaluate(() => document.activeElement?.blur());
      const reachable = await page.evaluate(() => {
        const controls = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')];
        const groups = new Set();
        return controls.filter((it) => {
          const isFirstOfGroup = it.type !== 'radio' || (!groups.has(it.name) && groups.add(it.name));
          return it.checkVisibility({ visibilityProperty: true }) && !it.disabled && isFirstOfGroup;
        }).length;
      });
      let seen = 0;
      for (; seen <= reachable; seen += 1) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate(() => {
          const it = document.activeElement;
          if (!it || it === document.body) return undefined;
          const { outlineStyle, outlineWidth } = getComputedStyle(it);
          const { width, height, top, left } = it.getBoundingClientRect();
          return { name: `${it.tagName} ${it.textContent.trim().slice(0, 30)}`, outlined: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2, there: width > 0 && height > 0 && top >= 0 && left >= 0 };
        });
        if (!at) break;
        if (!at.outlined || !at.there) wrong.push(`the focus on ${at.name} cannot be seen`);
      }
      if (seen !== reachable) wrong.push(`${seen} of ${reachable} controls were reached`);
      return wrong;
    });
  });

  test('shows what strangers say as text', async () => {
    let shown = 0;
    await everywhere(hostile, async ({ page }) => {
      await page.waitForTimeout(20);
      const found = await page.evaluate((evil) => ({
        title: document.title,
        markup: document.querySelectorAll('main img, main script, [onerror], title ~ title').length,
        shown: document.body.textContent.includes(evil) || [...document.querySelectorAll('input, textarea')].some((field) => field.value.includes(evil)),
      }), EVIL.slice(0, 100));
      shown += found.shown;
      return [found.title === 'pwned' && 'ran it', found.markup && `${found.markup} elements of theirs`];
    });
    assert.ok(shown > 20, `${shown} pages show it at all`);
  });
});
