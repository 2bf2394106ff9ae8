// Every page where strangers chose the names.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { everywhere } from './every-page.mjs';

const EVIL = `"><img src=x onerror="document.title='pwned'"></title></textarea><script>document.title='pwned'</script>'`;

test('what strangers say stays text on every page', async () => {
  const cut = EVIL.slice(0, 100);
  let shown = 0;
  await everywhere(async ({ page, said }) => {
    await page.waitForTimeout(20);
    const found = await page.evaluate((evil) => ({
      title: document.title,
      markup: document.querySelectorAll('main img, main script, [onerror], title ~ title').length,
      shown: document.body.textContent.includes(evil) || [...document.querySelectorAll('input, textarea')].some((field) => field.value.includes(evil)),
    }), cut);
    shown += found.shown;
    return [...said(), found.title === 'pwned' && 'ran it', found.markup && `${found.markup} elements of theirs`];
  }, { names: { app: cut, description: EVIL, guild: cut, account: cut, agent: `${EVIL} Firefox/1 Windows` } });
  assert.ok(shown > 20, `${shown} pages show it at all`);
});
