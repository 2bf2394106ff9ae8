// Every page where strangers chose the names.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { everyScene } from './every-page.mjs';

const EVIL = `"><img src=x onerror="document.title='pwned'"></title></textarea><script>document.title='pwned'</script>'`;
const CUT = EVIL.slice(0, 100);

let shown = 0;
await everyScene(async (scene, { tab }) => {
  const { page, said } = await scene.open(tab);
  await page.waitForTimeout(20);
  const found = await page.evaluate((evil) => ({
    title: document.title,
    markup: document.querySelectorAll('main img:not([src^="/icons/"]), main script, [onerror], title ~ title').length,
    shown: document.body.textContent.includes(evil) || [...document.querySelectorAll('input, textarea')].some((field) => field.value.includes(evil)),
  }), CUT);
  shown += found.shown;
  return [...said(), found.title === 'pwned' && 'ran it', found.markup && `${found.markup} elements of theirs`];
}, { names: { app: CUT, description: EVIL, guild: CUT, account: CUT, agent: `${EVIL} Firefox/1 Windows` } });

test('enough of them show it at all', () => assert.ok(shown > 20, `${shown} pages`));
