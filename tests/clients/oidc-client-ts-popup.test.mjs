// Client: oidc-client-ts, in a popup
// Ecosystem: JavaScript
// Version: npm:oidc-client-ts
// Setting: none
// Proves: login, refresh, revocation, denial, limited answer, outage
// Limited: temporarily_unavailable
// Outage: temporarily_unavailable
// Note: Where the user closes the popup, the page waits for ever unless it says `popupAbortOnClose`.
//
// oidc-client-ts in a real Chromium, where a page opens a window for the user to log in: the page reads
// `closed` of that window all the time, and its callback speaks to the page through `opener`.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { launch, logIn, visit } from '../browser/harness.mjs';
import { Storage, World } from '../worker/harness.mjs';

const UMD = join(createRequire(import.meta.url).resolve('oidc-client-ts'), '../../browser/oidc-client-ts.min.js');

/** The pages of an application without a server: its own one, and its callback. */
const page = (script) => `<!doctype html><title>Chess Club</title><script src="/oidc-client-ts.js"></script>
<script>const { UserManager } = oidc; const { origin } = location;</script><script>${script}</script><button onclick="login()">Log in</button>`;
const settings = (authority, client_id) => `
// snippet
const manager = new UserManager({
  authority: '${authority}',
  client_id: '${client_id}',
  redirect_uri: origin + '/callback',
  scope: 'openid identify email',
  loadUserInfo: true, // the e-mail address is there, and not in the ID token
});
// end of snippet
`;
const LOGIN = `
  window.login = () => { window.outcome = manager.signinPopup({ popupAbortOnClose: true }).then((tokens) => ({ tokens: { ...tokens } }), (error) => ({ error: error.error ?? error.message })); };
`;
const CALLBACK = 'manager.signinPopupCallback();';

const storage = new Storage();
/** Until the next request for tokens is no longer limited. */
const later = () => { storage.clock += 601_000; };

let world, user, browser, site, origin, client;
before(async () => {
  site = createServer((request, response) => {
    const [path] = request.url.split('?');
    const script = { '/': LOGIN, '/callback': CALLBACK }[path];
    if (path === '/oidc-client-ts.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(UMD));
    else if (script) response.writeHead(200, { 'content-type': 'text/html' }).end(page(settings(world.origin, client.id) + script));
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  [world, browser] = await Promise.all([World.start({ storage, settings: { RATE_LIMIT_TOKEN: '1/600' } }), launch(), once(site, 'listening')]);
  user = await world.user();
  origin = `http://localhost:${site.address().port}`; // another site than the server's
  client = await world.application('public', { redirect_uris: [`${origin}/callback`] });
});
beforeEach(later);
after(async () => {
  await browser?.close();
  site?.closeAllConnections();
  site?.close();
  await world?.stop();
});

/** The application's page, and the window that it opened, where the user has logged in. */
async function opened() {
  const tab = await visit(browser);
  await tab.page.goto(origin);
  const [popup] = await Promise.all([tab.page.waitForEvent('popup'), tab.page.getByRole('button', { name: 'Log in' }).click()]);
  await logIn(popup, user.email, user.password);
  await popup.getByRole('button', { name: 'Authorize' }).waitFor();
  return { ...tab, popup };
}

const outcome = (page) => page.evaluate(() => window.outcome);

/** The page whose user has said yes in its popup. */
async function loggedIn() {
  const { popup, ...tab } = await opened();
  await Promise.all([popup.waitForEvent('close'), popup.getByRole('button', { name: 'Authorize' }).click()]);
  return { ...tab, ...await outcome(tab.page) };
}

/** What a refresh gives the page: tokens, or what it is told instead. */
const refresh = (page) => page.evaluate(() => manager.signinSilent().then((tokens) => ({ ...tokens }), ({ error }) => ({ error })));

test('a user logs in in a popup; the page refreshes and revokes', async () => {
  const { page, tokens, error, close } = await loggedIn();
  assert.equal(error, undefined);
  assert.deepEqual([tokens.profile.sub, tokens.profile.email], [user.id, user.email]);

  later();
  const next = await refresh(page);
  assert.notEqual(next.access_token, tokens.access_token);
  assert.equal((await world.me(next.access_token)).status, 200);
  await page.evaluate(() => manager.revokeTokens());
  assert.equal((await world.me(next.access_token)).status, 401);
  await close();
});

test('the page hears of a limited answer and of an outage, and its refresh token is good afterwards', async (t) => {
  const up = () => { storage.mood = () => undefined; };
  t.after(up);
  const { page, close } = await loggedIn();
  assert.deepEqual(await refresh(page), { error: 'temporarily_unavailable' });

  later();
  storage.mood = (step) => step.part === 'ledger' && { before: 'down' };
  assert.deepEqual(await refresh(page), { error: 'temporarily_unavailable' });

  later();
  up();
  assert.equal((await world.me((await refresh(page)).access_token)).status, 200);
  await close();
});

test('a denial closes the popup, and the page hears of it', async () => {
  const { page, popup, close } = await opened();
  await Promise.all([popup.waitForEvent('close'), popup.getByRole('button', { name: 'Deny' }).click()]);
  assert.deepEqual(await outcome(page), { error: 'access_denied' });
  await close();
});

test('the page waits for as long as the popup is open, and no longer', async () => {
  const { page, popup, close } = await opened();
  const waiting = await page.evaluate(() => Promise.race([window.outcome, new Promise((done) => { setTimeout(done, 1_500, 'waiting'); })]));
  assert.equal(waiting, 'waiting');
  await popup.close();
  assert.deepEqual(await outcome(page), { error: 'Popup closed by user' });
  await close();
});
