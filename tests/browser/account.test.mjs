// The pages of an account, in Chromium: what was authorized, the applications of a developer, and
// administration; in both languages, with and without script.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { World } from '../worker/harness.mjs';
import { launch, logIn, screenshots, visit } from './harness.mjs';

let world, browser, user, staff;
before(async () => {
  [world, browser] = await Promise.all([World.start(), launch()]);
  [user, staff] = [await world.user(), await world.user({ admin: true })];
});
after(async () => {
  await browser?.close();
  await world?.stop();
});

for (const [name, options] of [['', {}], [' without script', { javaScriptEnabled: false }]]) {
  test(`a developer makes an application, gives it a bot and deletes it${name}`, async () => {
    const { page, heard, close } = await visit(browser, options);
    await page.goto(`${world.origin}/developers`);
    await logIn(page, user.email, user.password);
    await page.getByRole('heading', { name: 'Your applications' }).waitFor();
    await page.getByLabel('Name', { exact: true }).fill('<b>Chess</b>');
    await page.getByLabel('Redirect URIs').fill('https://chess.example/cb\nhttp://evil.example/cb');
    await screenshots(page, `developers${name.replaceAll(' ', '-')}`);
    await page.getByRole('button', { name: 'Create application' }).click();
    await page.getByText('must use https').waitFor();
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), '<b>Chess</b>', 'what was typed is kept');
    await page.getByLabel('Redirect URIs').fill('https://chess.example/cb');
    await page.getByRole('button', { name: 'Create application' }).click();
    const secret = await page.locator('#client-secret').textContent();
    assert.match(secret, /^[\w-]{43}$/);
    assert.ok(!page.url().includes(secret));
    await screenshots(page, `developers-created${name.replaceAll(' ', '-')}`);
    await page.getByRole('link', { name: 'Go to the application' }).click();
    await page.getByRole('heading', { name: '<b>Chess</b>', level: 1 }).waitFor();
    assert.ok(!(await page.content()).includes(secret), 'a secret is shown once');
    await page.getByRole('button', { name: 'Add a bot' }).click();
    const token = await page.locator('#bot-token').textContent();
    const bot = await world.request('/api/users/@me', { headers: { authorization: `Bot ${token}` } });
    assert.equal(bot.json.bot, true);
    await screenshots(page, `developers-application${name.replaceAll(' ', '-')}`);
    await page.getByLabel('To confirm, type its name').fill('<b>Chess</b>');
    await page.locator('#delete-password').fill(user.password);
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await page.getByText('The application was deleted').waitFor();
    assert.deepEqual(heard.filter((it) => !/status of 400/.test(it)), []);
    await close();
  });
}

test('a user sees what they authorized, and takes it back at once', async () => {
  const mine = await world.login(user);
  const client = await world.application('confidential', { name: 'Web Shop', description: 'Sells things.' });
  const granted = await world.tokens(mine, client, { scope: 'identify email' });
  const { page, heard, close } = await visit(browser);
  await page.goto(`${world.origin}/settings/authorizations`);
  await logIn(page, user.email, user.password);
  await page.getByRole('heading', { name: 'Web Shop' }).waitFor();
  await page.getByText('See your e-mail address').waitFor();
  await screenshots(page, 'settings');
  await page.getByRole('button', { name: 'Revoke the application' }).click();
  await page.getByRole('status').waitFor();
  assert.equal((await world.me(granted.access_token)).status, 401);
  await screenshots(page, 'settings-empty');
  assert.deepEqual(heard, []);
  await close();
});

test('administrators find people and see what was done; others are told it is not for them', async () => {
  const { page, heard, close } = await visit(browser);
  await page.goto(`${world.origin}/admin`);
  await logIn(page, staff.email, staff.password);
  await page.getByRole('heading', { name: 'Administration', level: 1 }).waitFor();
  for (const [path, name] of [['/admin', 'admin'], ['/admin/users', 'admin-users'], [`/admin/users/${user.id}`, 'admin-user'], ['/admin/applications', 'admin-applications'], ['/admin/audit-log', 'admin-audit-log']]) {
    assert.equal((await page.goto(world.origin + path)).status(), 200, path);
    await screenshots(page, name);
  }
  await page.locator('main li').getByText('Logged in').first().waitFor();
  assert.deepEqual(heard, []);
  const theirs = await world.login(user);
  assert.equal((await theirs.open('/admin/audit-log')).status, 403);
  await close();
});

test('the pages speak the language of the browser, and the one that is chosen', async () => {
  for (const javaScriptEnabled of [true, false]) {
    const { page, heard, close } = await visit(browser, { locale: 'de-AT', javaScriptEnabled });
    await page.goto(`${world.origin}/login`);
    await page.getByRole('button', { name: 'Anmelden' }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    await screenshots(page, 'login-de');
    await page.getByLabel('Sprache').selectOption('English');
    await page.getByRole('button', { name: 'Ändern' }).click();
    await page.getByRole('button', { name: 'Log in' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/login');
    assert.deepEqual(heard, []);
    await close();
  }
});

test("an operator's name, colours and logo are on every page", async () => {
  const logo = 'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 1 1%22/%3E';
  const branded = await World.start({ settings: { BRAND_NAME: 'Acme & Söhne', BRAND_LOGO: logo, THEME: '--accent: rgb(0, 100, 50)' } });
  try {
    const { page, heard, close } = await visit(browser, { colorScheme: 'light' });
    await page.goto(`${branded.origin}/login`);
    assert.equal(await page.title(), 'Log in · Acme & Söhne');
    assert.equal(await page.locator('.wordmark img').count(), 1);
    const colour = await page.locator('button.primary').evaluate((button) => getComputedStyle(button).backgroundColor);
    assert.equal(colour, 'rgb(0, 100, 50)');
    assert.deepEqual(heard, []);
    await close();
  } finally {
    await branded.stop();
  }
});
