// What Chromium makes of our Content-Security-Policy and cookies.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { World } from '../worker/harness.mjs';
import { WITHIN, launch, listen, logIn, visit } from './harness.mjs';

let world, browser, user;
before(async () => {
  [world, browser] = await Promise.all([World.start(), launch()]);
  user = await world.user();
});
after(async () => {
  await browser?.close();
  await world?.stop();
});

// Chromium applies `form-action` to every redirect after a form was sent, those of the application
// included: its callback may well go on to another origin, and would be stuck on our page, its code spent.
for (const [name, remembered] of [['a consent', false], ['a login with a remembered consent', true]]) {
  test(`after ${name} the callback may go on to another origin`, async () => {
    const home = await listen('localhost');
    const site = await listen('127.0.0.1', { next: `${home.origin}/home` });
    const client = await world.application('confidential', { redirect_uris: [site.callback] });
    if (remembered) await world.authorize(await world.login(user), client);
    const { page, heard, close } = await visit(browser);
    try {
      await page.goto(world.origin + client.authorizationRequest().url);
      await logIn(page, user.username, user.password);
      if (!remembered) await page.getByRole('button', { name: 'Authorize' }).click();
      await page.waitForURL(`${home.origin}/home`, { timeout: WITHIN }).catch(() => assert.fail(`stuck on ${page.url()}: ${heard}`));
      assert.deepEqual([site.arrived.length, home.arrived.length], [1, 1]);
      assert.deepEqual(heard, []);
    } finally {
      await close();
      site.close();
      home.close();
    }
  });
}

test('the callback may go on to the scheme of an application', async () => {
  const site = await listen('127.0.0.1', { next: 'claude://login?done' });
  const client = await world.application('public', { redirect_uris: [site.callback] });
  const { page, heard, close } = await visit(browser);
  try {
    await page.goto(world.origin + client.authorizationRequest().url);
    await logIn(page, user.username, user.password);
    await page.getByRole('button', { name: 'Authorize' }).click();
    for (let waited = 0; waited < 100 && !site.arrived.length; waited += 1) await page.waitForTimeout(50);
    await page.waitForTimeout(500);
    assert.equal(site.arrived.length, 1);
    assert.ok(!heard.some((line) => /Content Security Policy|form-action/.test(line)), heard.join());
  } finally {
    await close();
    site.close();
  }
});

test('a popup is seen by the page that opened it, and speaks to it at the end', async () => {
  const site = await listen('localhost');
  const client = await world.application('public', { redirect_uris: [site.callback] });
  const { page, close } = await visit(browser);
  try {
    await page.goto(`${site.origin}/home`);
    const [popup] = await Promise.all([
      page.waitForEvent('popup'),
      page.evaluate((url) => { globalThis.opened = window.open(url, 'login', 'popup'); }, world.origin + client.authorizationRequest().url),
    ]);
    const isOpen = () => page.evaluate(() => !globalThis.opened.closed);
    await logIn(popup, user.username, user.password);
    await popup.getByRole('button', { name: 'Authorize' }).waitFor();
    assert.ok(await isOpen(), 'on the consent page');
    await popup.getByRole('button', { name: 'Authorize' }).click();
    await popup.waitForURL(`${site.callback}?*`, { timeout: WITHIN });
    assert.ok(await popup.evaluate(() => window.opener !== null), 'its opener');
    assert.ok(await isOpen());
  } finally {
    await close();
    site.close();
  }
});

test('a private-use scheme is not held back by the policy', async () => {
  const client = await world.application('public', { redirect_uris: ['com.example.app:/callback'] });
  const { page, heard, close } = await visit(browser);
  await page.goto(world.origin + client.authorizationRequest().url);
  await logIn(page, user.username, user.password);
  const left = page.waitForEvent('requestfailed', (request) => request.url().startsWith('com.example.app:/callback?code='));
  await page.getByRole('button', { name: 'Authorize' }).click();
  await left;
  await page.waitForTimeout(200);
  assert.ok(!heard.some((line) => /Content Security Policy/.test(line)), heard.join());
  await close();
});

test('nobody frames our pages, posts to them from elsewhere, or reads their cookies', async () => {
  const evil = await listen('localhost'); // another site, so SameSite counts
  const { page, close } = await visit(browser);
  try {
    await page.goto(`${world.origin}/login`);
    await logIn(page, user.username, user.password);
    await page.getByText('You are logged in').waitFor();
    assert.equal(await page.evaluate(() => document.cookie), '');

    await page.goto(evil.origin);
    await page.setContent(`<iframe src="${world.origin}/login"></iframe>`);
    await page.waitForTimeout(500);
    const [, frame] = page.frames();
    assert.equal(await frame.getByRole('heading').filter({ hasText: /log/i }).count(), 0);

    await page.goto(evil.origin);
    await page.setContent(`<form method="post" action="${world.origin}/logout"><button>Win</button></form>`);
    const [answer] = await Promise.all([page.waitForResponse((response) => response.request().method() === 'POST'), page.getByRole('button').click()]);
    assert.equal(answer.status(), 403);
    await page.goto(`${world.origin}/login`);
    assert.ok(await page.getByText('You are logged in').isVisible());
  } finally {
    await close();
    evil.close();
  }
});
