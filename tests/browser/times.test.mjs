// Times as the page's script tells them, in the reader's language and zone: the script alone, on a page of its own.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { launch } from './harness.mjs';

const SCRIPT = readFileSync(new URL('../../src/page/page.js', import.meta.url), 'utf8');
const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

/** What stands on a page of this language at instants so many seconds from now. */
async function told(language, seconds, shows = '') {
  const page = await browser.newPage({ timezoneId: 'America/New_York' });
  const times = seconds.map((it) => `<time ${shows} datetime="${new Date(Date.now() + it * 1000).toISOString()}">the server's</time>`);
  await page.setContent(`<!doctype html><html lang="${language}">${times.join('')}</html>`);
  await page.addScriptTag({ content: SCRIPT });
  const texts = await page.locator('time').allTextContents();
  await page.close();
  return texts;
}

test('what is ahead is told as what is past is, and what is near as the server told it', async () => {
  const instants = [3 * HOUR + MINUTE, MINUTE + 30, 2 * DAY + HOUR, 30, -30, -3 * HOUR - MINUTE];
  assert.deepEqual(await told('en', instants), ['in 3 hours', 'in 1 minute', 'in 2 days', "the server's", "the server's", '3 hours ago']);
  assert.deepEqual(await told('de', instants), ['in 3 Stunden', 'in 1 Minute', 'in 2 Tagen', "the server's", "the server's", 'vor 3 Stunden']);
});

test('what is a week away is told as an instant, and a clock stays a clock', async () => {
  for (const [text] of [await told('en', [8 * DAY]), await told('en', [-8 * DAY])]) assert.match(text, /^\w+ \d{1,2}, \d{4} at \d{1,2}:\d\d/);
  assert.deepEqual(await told('en', [3 * HOUR], 'data-shows="clock"'), ["the server's"]);
});
