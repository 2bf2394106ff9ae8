// Every page in every state: small, still, accessible, used with the keyboard, with script and without.

import { everyScene, lookedAt } from './every-page.mjs';

const [PHONE, DESKTOP] = [320, 1280];

await everyScene(async (scene, { tab, plain }) => {
  const { opened, moved } = await still(scene, tab);
  const { page, said, answer } = opened;
  const scripted = scene.takesSteps || (await page.evaluate(() => document.scripts.length > 0));
  // What has no script is the same without: it is looked at in all four ways at once.
  const looks = scripted ? [[PHONE, 'dark'], [DESKTOP, 'light']] : [[PHONE, 'dark'], [DESKTOP, 'light'], [PHONE, 'light'], [DESKTOP, 'dark']];
  const wrong = [...(await answered(page, answer)), moved, ...(await tabs(page)), ...(await lookedAt(opened, looks)), ...said()];
  const before = said().length;
  wrong.push(...(await injected(page, () => said().slice(before))));
  if (scripted) {
    const opened = await scene.open(plain);
    const found = [...opened.said(), ...(await lookedAt(opened, [[PHONE, 'light'], [DESKTOP, 'dark']]))];
    wrong.push(...found.map((line) => `without script: ${line}`));
  }
  return wrong;
});

/** One answer below 30 KB, one stylesheet that is kept, icons of our own, no frame around it. */
async function answered(page, answer) {
  const headers = answer.headers();
  const bytes = (await answer.body()).length;
  const loaded = await page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => !name.startsWith(`${location.origin}/icons/`)).map(({ name }) => name.replace(/.*\//, '').replace(/\..{12}\./, '.')).sort().join());
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

/** A scene, and whether something moves once it is there. */
async function still(scene, tab) {
  for (let opening = 1; ; opening += 1) {
    const opened = await scene.open(tab);
    const { sum, what, inPieces } = await moves(opened.page);
    // What is rounded to pixels twice is a hundred-thousandth; a line of text that jumps, a thousand times as much.
    const moved = sum > 0.001 && `moves by ${sum}: ${what}`;
    // What a busy browser has painted before all of it had arrived says nothing of the page: it is opened again.
    if (!moved || !inPieces || opening === 10) return { opened, moved };
  }
}

/** What has moved, and whether it was painted before it had been read to its end. */
function moves(page) {
  return page.evaluate(() => new Promise((resolve) => {
    const found = { sum: 0, what: [] };
    const add = ({ value, sources }) => {
      found.sum += value;
      found.what.push(...sources.map(({ node }) => node?.nodeName));
    };
    new PerformanceObserver((list) => list.getEntries().forEach(add)).observe({ type: 'layout-shift', buffered: true });
    setTimeout(() => {
      const [painted] = performance.getEntriesByName('first-paint');
      const [{ domInteractive }] = performance.getEntriesByType('navigation');
      resolve({ ...found, inPieces: painted?.startTime < domInteractive });
    }, 50);
  }));
}

/** Every control is reached by Tab, and seen to have the focus. */
async function tabs(page) {
  const reachable = await page.evaluate(() => {
    // From the beginning, wherever the focus was.
    const start = Object.assign(document.createElement('span'), { tabIndex: -1 });
    document.body.prepend(start);
    start.focus();
    start.remove();
    const [reached, wrong, groups] = [new Set(), [], new Set()];
    const look = () => {
      const it = document.activeElement;
      // After the last comes the browser itself, or where it has nothing to focus, the first.
      if (!it || it === document.body || reached.has(it)) return;
      reached.add(it);
      const { outlineStyle, outlineWidth } = getComputedStyle(it);
      const { width, height, top, left } = it.getBoundingClientRect();
      const isSeen = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && width > 0 && height > 0 && top >= 0 && left >= 0;
      if (!isSeen) wrong.push(`the focus on ${it.tagName} ${it.name ?? it.textContent.trim()} cannot be seen`);
    };
    // The key comes up where the focus went.
    globalThis.addEventListener('keyup', look);
    globalThis.tabbed = () => ({ reached: reached.size, wrong });
    return [...document.querySelectorAll('a[href], button, input, select, textarea, summary')].filter((it) => {
      const isFirstOfGroup = it.type !== 'radio' || (!groups.has(it.name) && groups.add(it.name));
      return it.checkVisibility({ visibilityProperty: true }) && !it.disabled && isFirstOfGroup;
    }).map(({ type }) => type);
  });
  // Day, month and year of a date are each a stop, and so is its calendar.
  const stops = reachable.length + 3 * reachable.filter((type) => type === 'date').length;
  for (let pressed = 0; pressed <= stops; pressed += 1) await page.keyboard.press('Tab');
  const { reached, wrong } = await page.evaluate(() => globalThis.tabbed());
  return [...wrong, reached !== reachable.length && `${reached} of ${reachable.length} controls were reached`];
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
  const count = () => said().filter((line) => /Content Security Policy/.test(line)).length;
  // The browser tells us from another process.
  for (let waited = 0; waited < 10_000 && count() < 4; waited += 50) await page.waitForTimeout(50);
  const refused = count();
  return [...done, refused < 4 && `only ${refused} were reported`];
}
