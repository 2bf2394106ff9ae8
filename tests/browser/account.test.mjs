// The pages of an account, in Chromium: what was authorized, the applications of a developer, and
// administration; in both languages, with and without script.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { World } from '../worker/harness.mjs';
import { fits, launch, logIn, visit } from './harness.mjs';

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
    const uris = page.getByLabel('Redirect URIs');
    const create = page.getByRole('button', { name: 'Create application' });
    if (options.javaScriptEnabled !== false) {
      await uris.fill('https://chess.example/cb\nhttp://evil.example/cb');
      await create.click();
      assert.match(await uris.evaluate((field) => field.validationMessage), /^http:\/\/evil\.example\/cb: One on each line/);
      for (const fine of ['http://localhost:3000/cb', 'http://app.localhost/cb', 'http://[::1]/cb', 'http://127.0.0.1/cb', 'com.example.app:/cb', 'https://x.example']) {
        await uris.fill(fine);
        await uris.blur();
        assert.equal(await uris.evaluate((field) => field.validationMessage), '', fine);
      }
    }
    await uris.fill('https://chess.example/cb\nhttps://me@chess.example/cb');
    await fits(page, `developers${name.replaceAll(' ', '-')}`);
    await create.click();
    await page.getByText('https://me@chess.example/cb: must').waitFor();
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), '<b>Chess</b>', 'what was typed is kept');
    await uris.fill('https://chess.example/cb');
    await create.click();
    const secret = await page.locator('#client-secret').textContent();
    assert.match(secret, /^flx_cs_[\w-]{43}\w{6}$/);
    assert.ok(!page.url().includes(secret));
    await fits(page, `developers-created${name.replaceAll(' ', '-')}`);
    await page.getByRole('link', { name: 'Go to the application' }).click();
    await page.getByRole('heading', { name: '<b>Chess</b>', level: 1 }).waitFor();
    assert.ok(!(await page.content()).includes(secret), 'a secret is shown once');
    await page.getByRole('button', { name: 'Add a bot' }).click();
    const token = await page.locator('#bot-token').textContent();
    const bot = await world.request('/api/users/@me', { headers: { authorization: `Bot ${token}` } });
    assert.equal(bot.json.bot, true);
    await fits(page, `developers-application${name.replaceAll(' ', '-')}`);
    await page.getByLabel('To confirm, type its name').fill('<b>Chess</b>');
    await page.locator('#delete-password').fill(user.password);
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await page.getByText('The application was deleted').waitFor();
    assert.deepEqual(heard.filter((it) => !/status of 400/.test(it)), []);
    await close();
  });
}

test('with script the link is built while boxes are ticked, and copied; a wait counts down', async () => {
  const owner = await world.user();
  const client = await world.application('confidential', { name: 'Chess', owner_id: owner.id, bot: true, redirect_uris: ['https://first.example/cb', 'https://second.example/cb'] });
  const { page, heard, close } = await visit(browser, { permissions: ['clipboard-read', 'clipboard-write'] });
  await page.goto(`${world.origin}/developers/${client.id}`);
  await logIn(page, owner.email, owner.password);
  const url = page.locator('#url');
  const permissions = page.getByRole('group', { name: 'What the bot may do' });
  assert.ok(!(await permissions.isVisible()), 'without a bot there is nothing to permit');
  await page.getByRole('checkbox', { name: 'email' }).check();
  await page.getByLabel('Redirect URI', { exact: true }).selectOption({ label: 'https://second.example/cb' });
  await page.getByText('redirect_uri=https%3A%2F%2Fsecond.example%2Fcb&scope=identify+email&state').waitFor();
  await page.getByRole('checkbox', { name: 'bot Add its bot' }).check();
  await permissions.getByRole('checkbox', { name: 'SEND_MESSAGES', exact: false }).check();
  await page.getByText('scope=identify+email+bot&permissions=2048&state').waitFor();
  assert.equal(await page.locator('output').textContent(), '2048');
  await page.locator('[data-copy=url]').click();
  await page.locator('[data-copy=url]', { hasText: 'Copied' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await url.textContent());
  await page.reload(); // the address has the choice
  assert.match(await url.textContent(), /second\.example.*permissions=2048/);
  // A choice that the next one overtakes is no longer asked about.
  const overtaken = (complaint) => complaint.startsWith(`${world.origin}/developers/${client.id}?`) && complaint.endsWith('net::ERR_ABORTED');
  assert.deepEqual(heard.filter((complaint) => !overtaken(complaint)), []);
  await close();

  const limited = await World.start({ settings: { RATE_LIMIT_LOGIN: '1/90' } });
  try {
    const person = await limited.user();
    const { cookies } = await limited.login(person);
    const app = await limited.application('confidential', { owner_id: person.id });
    const waiting = await visit(browser);
    const session = { name: 'fluxer_session', value: cookies.get('fluxer_session'), url: limited.origin };
    await waiting.page.context().addCookies([session]);
    for (let wrong = 0; wrong < 2; wrong += 1) {
      await waiting.page.goto(`${limited.origin}/developers/${app.id}`);
      const reset = waiting.page.locator('details', { has: waiting.page.locator('#secret-password') });
      await reset.locator('summary').click();
      await reset.locator('#secret-password').fill('x');
      await waiting.page.getByRole('button', { name: 'Reset secret' }).click();
      await waiting.page.getByRole('alert').waitFor();
    }
    const left = waiting.page.locator('[data-seconds]');
    const before = Number(await left.textContent());
    await waiting.page.waitForFunction((before) => Number(document.querySelector('[data-seconds]').textContent) < before, before);
    await waiting.close();
  } finally {
    await limited.stop();
  }
});

test('a user sees what they authorized, and takes it back at once', async () => {
  const mine = await world.login(user);
  const client = await world.application('confidential', { name: 'Web Shop', description: 'Sells things.' });
  const granted = await world.tokens(mine, client, { scope: 'identify email' });
  const { page, heard, close } = await visit(browser);
  await page.goto(`${world.origin}/settings/authorizations`);
  await logIn(page, user.email, user.password);
  await page.getByRole('heading', { name: 'Web Shop' }).waitFor();
  await page.getByText('See your e-mail address').waitFor();
  await fits(page, 'settings');
  await page.getByRole('button', { name: 'Revoke the application' }).click();
  await page.getByRole('status').waitFor();
  assert.equal((await world.me(granted.access_token)).status, 401);
  await fits(page, 'settings-empty');
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
    await fits(page, name);
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
    await fits(page, 'login-de');
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

test('a broken theme breaks nothing but itself, and what is more than a theme is refused', async () => {
  for (const THEME of ['--accent: "rgb(0, 0, 0', '--accent: rgb((0', "--accent: '", '--radius']) {
    const themed = await World.start({ settings: { THEME } });
    try {
      const { page, close } = await visit(browser);
      const { status } = await themed.request('/login');
      if (status === 503) continue; // it is named in the log, and not served with
      await page.goto(`${themed.origin}/login`);
      const card = await page.locator('.card').evaluate((card) => [getComputedStyle(card).display, getComputedStyle(card).borderStyle]);
      assert.deepEqual(card, ['grid', 'solid'], THEME);
      await close();
    } finally {
      await themed.stop();
    }
  }
  // Which these are, the configuration's own tests say.
  const refused = await World.start({ settings: { THEME: '--a: red } body { display: none' } });
  try {
    assert.equal((await refused.request('/login')).status, 503);
  } finally {
    await refused.stop();
  }
});
