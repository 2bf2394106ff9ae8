// People at our pages, in Chromium: logging in, consenting, refusing, with and without script and mouse.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { World } from '../worker/harness.mjs';
import { fits, launch, listen, logIn, visit } from './harness.mjs';

let world, browser, user, app, web, site;
before(async () => {
  [world, browser, site] = await Promise.all([World.start(), launch(), listen()]);
  user = await world.user();
  app = await world.application('public', { name: 'Chess Club', description: 'Plays chess with you.' });
  web = await world.application('confidential', { name: 'Web Shop', redirect_uris: [site.callback] });
});
after(async () => {
  await browser?.close();
  site?.close();
  await world?.stop();
});

/** A request whose answer lands on the application's server. */
function ask(client, more = {}) {
  site.arrived.length = 0;
  const request = client.authorizationRequest({ redirectUri: site.callback, scope: 'identify email', ...more });
  return { ...request, url: world.origin + request.url };
}

/** What the application got. */
async function landed(page) {
  await page.waitForURL(`${site.origin}/**`);
  assert.equal(site.arrived.length, 1);
  const [{ path, method, query, headers }] = site.arrived;
  assert.deepEqual([path, method, headers.referer], ['/callback', 'GET', undefined]);
  return query;
}

async function codeLanded(page, client, request) {
  const query = await landed(page);
  assert.deepEqual([...query.keys()].sort(), ['code', 'iss', 'state']);
  assert.deepEqual([query.get('state'), query.get('iss')], [request.state, world.origin]);
  const { access_token } = (await world.exchange(client, { ...request, code: query.get('code') })).json;
  return (await world.me(access_token)).json;
}

for (const [name, options] of [['', {}], [' without script', { javaScriptEnabled: false }], [' in the dark', { colorScheme: 'dark' }]]) {
  test(`a wrong password, the right one, and yes${name}`, async () => {
    const { page, heard, close } = await visit(browser, options);
    const fit = (it) => fits(page, `${it}${name.replaceAll(' ', '-')}`);
    const request = ask(app);
    await page.goto(request.url);
    assert.equal(await page.title(), 'Log in · Fluxer');
    await fit('login');

    await logIn(page, user.email, 'not the password');
    await page.getByRole('alert').waitFor();
    assert.equal(await page.getByLabel('User name or e-mail').inputValue(), user.email, 'what was typed is kept');
    assert.equal(await page.getByLabel('Password').inputValue(), '', 'and the password is not');
    await fit('login-wrong');

    await logIn(page, user.email, user.password);
    await page.getByRole('heading', { name: 'Chess Club wants to access your account' }).waitFor();
    assert.ok(await page.getByText(user.email).isVisible(), 'the data it will see');
    assert.ok(await page.getByText(new URL(site.origin).host).isVisible(), 'where it leads');
    await fit('consent');
    await page.getByRole('button', { name: 'Authorize' }).click();
    assert.equal((await codeLanded(page, app, request)).id, user.id);
    // Chromium reports the 403 of the wrong password itself.
    assert.deepEqual(heard.filter((line) => !line.includes('status of 403')), []);
    await close();
  });
}

test('no', async () => {
  const { page, heard, close } = await visit(browser);
  const request = ask(app);
  await page.goto(request.url);
  await logIn(page, user.username, user.password);
  await page.getByRole('button', { name: 'Deny' }).click();
  const query = await landed(page);
  assert.deepEqual(Object.fromEntries(query), {
    error: 'access_denied', error_description: 'The user denied access', state: request.state, iss: world.origin,
  });
  assert.deepEqual(heard, []);
  await close();
});

test('what is unticked is not granted', async () => {
  const { page, close } = await visit(browser);
  const request = ask(app);
  await page.goto(request.url);
  await logIn(page, user.username, user.password);
  assert.ok(await page.getByRole('checkbox', { name: /user name/ }).isDisabled());
  await page.getByRole('checkbox', { name: /e-mail/ }).uncheck();
  await page.getByRole('button', { name: 'Authorize' }).click();
  assert.equal((await codeLanded(page, app, request)).email, undefined);
  await close();
});

test('another account', async () => {
  const other = await world.user();
  const { page, heard, close } = await visit(browser);
  const request = ask(app);
  await page.goto(request.url);
  await logIn(page, user.username, user.password);
  await page.getByRole('button', { name: 'Switch account' }).click();
  await logIn(page, other.username, other.password);
  await page.getByText(other.email).waitFor();
  await page.getByRole('button', { name: 'Authorize' }).click();
  assert.equal((await codeLanded(page, app, request)).id, other.id);
  assert.deepEqual(heard, []);
  await close();
});

test('with the keyboard alone', async () => {
  const { page, heard, close } = await visit(browser);
  const request = ask(app);
  await page.goto(request.url);
  await page.locator('#login:focus').waitFor(); // what is typed before the page takes its autofocus is lost
  await page.keyboard.type(user.username);
  await page.keyboard.press('Tab');
  await page.keyboard.type(user.password);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Authorize' }).waitFor();
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
  for (let tabs = 0; (await focused()) !== 'Authorize'; tabs += 1) {
    assert.ok(tabs < 10, `${await focused()} has the focus after ${tabs} tabs`);
    await page.keyboard.press('Tab');
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.notEqual(outline, 'none', `the focus on ${await focused()} can be seen`);
  }
  await page.keyboard.press('Enter');
  assert.equal((await codeLanded(page, app, request)).id, user.id);
  assert.deepEqual(heard, []);
  await close();
});

test('Enter in the consent form grants nothing', async () => {
  const { page, close } = await visit(browser);
  await page.goto(ask(app).url);
  await logIn(page, user.username, user.password);
  await page.getByRole('checkbox', { name: /e-mail/ }).press('Enter');
  assert.equal((await landed(page)).get('error'), 'access_denied');
  await close();
});

test('who was remembered goes straight through', async () => {
  const { page, heard, close } = await visit(browser);
  const first = ask(web);
  await page.goto(first.url);
  await logIn(page, user.username, user.password);
  await page.getByRole('button', { name: 'Authorize' }).click();
  await codeLanded(page, web, first);
  const second = ask(web);
  await page.goto(second.url);
  await codeLanded(page, web, second);
  // And from the login form: its policy lets the answer of the login end at the application.
  await page.context().clearCookies();
  const third = ask(web);
  await page.goto(third.url);
  await logIn(page, user.username, user.password);
  await codeLanded(page, web, third);
  assert.deepEqual(heard, []);
  await close();
});

test('a link that does not work says so, and leads nowhere', async () => {
  const { page, close } = await visit(browser);
  await page.goto(`${world.origin}${app.authorizationRequest({ redirectUri: 'https://evil.example/' }).url}`);
  assert.ok(await page.getByRole('heading', { name: 'This link does not work' }).isVisible());
  assert.equal(await page.getByRole('link').count(), 0);
  await fits(page, 'error');
  await close();
});

test('logging out asks first', async () => {
  const { page, heard, close } = await visit(browser);
  await page.goto(`${world.origin}/login`);
  await logIn(page, user.username, user.password);
  await page.getByRole('link', { name: 'Log out' }).click();
  await fits(page, 'logout');
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'You are logged out' }).waitFor();
  await fits(page, 'logged-out');
  assert.deepEqual(heard, []);
  await close();
});
