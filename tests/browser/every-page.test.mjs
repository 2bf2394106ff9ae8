// What holds on every page, in every state: see scenes.mjs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

import { launch } from './harness.mjs';
import { stage } from './scenes.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const EVIL = `"><img src=x onerror="document.title='pwned'"></title></textarea><script>document.title='pwned'</script>'`;
const LONG = { timeout: 900_000 };

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
      for (const line of (await look(opened)).filter(Boolean)) wrong.push(`${scene.name}: ${line}`);
    } finally {
      await opened.close();
    }
  }
  assert.deepEqual(wrong, []);
}

/** What axe finds, and what sticks out, at a width and in a scheme. */
async function inLook(page, width, colorScheme) {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await page.setViewportSize({ width, height: 800 });
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  const wrong = [sideways > 0 && `${sideways}px too wide`, ...(await violations(page))];
  return wrong.filter(Boolean).map((line) => `${width}px, ${colorScheme}: ${line}`);
}

/** What axe finds. It is evaluated by the debugger, which no policy of a page binds. */
async function violations(page) {
  const options = { rules: { 'target-size': { enabled: true } }, resultTypes: ['violations'] };
  const { passes, violations } = await page.evaluate((options) => globalThis.axe.run(document, options), options);
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`));
  return [...found, passes.length < 15 && `only ${passes.length} rules looked at it`];
}

/** One answer below 30 KB, one stylesheet that is kept, no frame around it. */
async function answered(page, answer) {
  const headers = answer.headers();
  const bytes = (await answer.body()).length;
  const loaded = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name.replace(/.*\//, '').replace(/\..{12}\./, '.')).sort().join());
  const style = await page.request.get(new URL(await page.locator('link[rel=stylesheet]').getAttribute('href'), page.url()).href);
  return [
    bytes >= 30_000 && `${bytes} bytes`,
    !['style.css', 'page.js,style.css'].includes(loaded) && `loads ${loaded}`,
    !/immutable/.test(style.headers()['cache-control']) && 'its stylesheet is not kept',
    !/frame-ancestors 'none'/.test(headers['content-security-policy']) && 'can be framed',
    headers['x-frame-options'] !== 'DENY' && 'can be framed by old browsers',
    headers['cache-control'] !== 'no-store' && 'is kept',
  ];
}

/** Nothing moves once it is there. */
async function moves(page) {
  const moved = await page.evaluate(() => new Promise((resolve) => {
    let sum = 0;
    new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (sum += value))).observe({ type: 'layout-shift', buffered: true });
    setTimeout(() => resolve(sum), 50);
  }));
  return moved > 0 && `moves by ${moved}`;
}

/** Every control is reached by Tab, and seen to have the focus. */
async function tabs(page) {
  const wrong = [];
  const reachable = await page.evaluate(() => {
    // From the beginning, wherever the focus was.
    const start = Object.assign(document.createElement('span'), { tabIndex: -1 });
    document.body.prepend(start);
    start.focus();
    start.remove();
    const groups = new Set();
    return [...document.querySelectorAll('a[href], button, input, select, textarea, summary')].filter((it) => {
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
      const isSeen = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && width > 0 && height > 0 && top >= 0 && left >= 0;
      return { isSeen, name: `${it.tagName} ${it.name ?? it.textContent.trim()}` };
    });
    if (!at) break;
    if (!at.isSeen) wrong.push(`the focus on ${at.name} cannot be seen`);
  }
  return [...wrong, seen !== reachable && `${seen} of ${reachable} controls were reached`];
}

/** No script of anybody else's runs, and no style is taken. */
async function injected(page, said) {
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
  const refused = said().filter((line) => /Content Security Policy/.test(line)).length;
  return [...done, refused < 4 && `only ${refused} were reported`];
}

test('every page is small, still, accessible, used with the keyboard, and runs nothing of anybody else', LONG, async () => {
  await everywhere(ordinary, async ({ page, said, answer }) => {
    const wrong = [...said(), ...(await answered(page, answer)), await moves(page)];
    await page.evaluate(AXE);
    for (const look of [[320, 'dark'], [1280, 'light']]) wrong.push(...(await inLook(page, ...look)));
    wrong.push(...(await tabs(page)));
    const before = said().length;
    return [...wrong, ...(await injected(page, () => said().slice(before)))];
  });
});

test('every page is accessible without script', LONG, async () => {
  await everywhere(ordinary, async ({ page, said }) => {
    const wrong = said();
    await page.evaluate(AXE);
    for (const look of [[320, 'light'], [1280, 'dark']]) wrong.push(...(await inLook(page, ...look)));
    return wrong;
  }, { script: false });
});

test('what strangers say stays text on every page', LONG, async () => {
  let shown = 0;
  await everywhere(hostile, async ({ page, said }) => {
    await page.waitForTimeout(20);
    const found = await page.evaluate((evil) => ({
      title: document.title,
      markup: document.querySelectorAll('main img, main script, [onerror], title ~ title').length,
      shown: document.body.textContent.includes(evil) || [...document.querySelectorAll('input, textarea')].some((field) => field.value.includes(evil)),
    }), EVIL.slice(0, 100));
    shown += found.shown;
    return [...said(), found.title === 'pwned' && 'ran it', found.markup && `${found.markup} elements of theirs`];
  });
  assert.ok(shown > 20, `${shown} pages show it at all`);
});
