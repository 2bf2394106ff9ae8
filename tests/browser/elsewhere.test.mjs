// Users who log in at their own platform, in Chromium: examples/platform, the built Worker, and browsers between them.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startBeside } from '../support/platform.mjs';
import { launch, listen, visit } from './harness.mjs';

let beside, world, browser, site, client;
before(async () => {
  [beside, browser, site] = await Promise.all([startBeside({ settings: (origin) => ({ AUTHORIZATION_EVENTS_URL: `${origin}/authorization-events` }) }), launch(), listen()]);
  ({ world } = beside);
  client = await world.application('confidential', { name: 'Chess Club', redirect_uris: [site.callback] });
});
after(async () => {
  await browser?.close();
  site?.close();
  await beside?.stop();
});

const ask = (more = {}) => {
  const request = client.authorizationRequest({ redirectUri: site.callback, scope: 'identify email', ...more });
  return { ...request, url: world.origin + request.url };
};

/** Through the platform's own login page. */
async function logIn(page, name) {
  await page.waitForURL(`${beside.origin}/login?**`);
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(`${name}-password`);
  await page.getByRole('button', { name: 'Log in' }).click();
}

const landed = async (page) => {
  await page.waitForURL(`${site.origin}/**`);
  return new URL(page.url()).searchParams;
};

async function approve(page) {
  await page.waitForURL(`${world.origin}/oauth2/authorize?**`);
  await page.getByRole('button', { name: 'Authorize' }).click();
  return landed(page);
}

const session = async (page) => (await page.context().cookies(world.origin)).find(({ name }) => name === 'fluxer_session')?.value;

/** Who the server knows the browser as. */
async function known(page) {
  const answer = await page.context().request.get(`${world.origin}/api/oauth2/session`);
  return answer.ok() ? (await answer.json()).user.username : undefined;
}

for (const [name, options] of [['', {}], [' without script', { javaScriptEnabled: false }]]) {
  test(`a user logs in at the platform, says yes here, and takes it back; the platform hears of both${name}`, async () => {
    const { page, heard, close } = await visit(browser, options);
    const request = ask({ login_hint: 'demo', prompt: 'consent' });
    await page.goto(request.url);
    assert.ok(await page.getByText('to continue to Chess Club').isVisible());
    assert.equal(await page.getByLabel('Name').inputValue(), 'demo');
    await logIn(page, 'demo');
    const query = await approve(page);
    assert.deepEqual([query.get('state'), query.get('iss')], [request.state, world.origin]);
    const { access_token } = (await world.exchange(client, { ...request, code: query.get('code') })).json;
    assert.equal((await world.me(access_token)).json.email, 'demo@example.com');

    await page.goto(`${world.origin}/settings`);
    assert.ok(await page.getByText('here and where you log in').isVisible());
    assert.equal(await page.getByText(/change your password/).count(), 0, 'there is none here');
    await page.goto(`${world.origin}/settings/authorizations`);
    await page.getByRole('button', { name: 'Revoke the application' }).click();
    await page.waitForLoadState();
    assert.equal((await world.me(access_token)).status, 401);
    const heardOf = page.getByText(`application_deauthorized (${client.id})`).first();
    for (let tries = 0; tries < 50 && !(await heardOf.isVisible()); tries += 1) await page.goto(`${beside.origin}/account`);
    assert.ok(await heardOf.isVisible());
    assert.ok(await page.getByText(`application_authorized (${client.id})`).first().isVisible());
    assert.deepEqual(heard.filter((line) => !line.includes('favicon')), []);
    await close();
  });
}

test('two tabs of one browser both finish, whichever logs in first', async () => {
  const { page: one, close } = await visit(browser);
  const two = await one.context().newPage();
  const [first, second] = [ask(), ask()];
  await one.goto(first.url);
  await two.goto(second.url);
  await logIn(two, 'visitor');
  assert.equal((await approve(two)).get('state'), second.state);
  await logIn(one, 'visitor');
  const query = await Promise.race([landed(one), approve(one)]);
  assert.equal(query.get('state'), first.state);
  assert.ok(query.has('code'));
  await close();
});

test('what was accepted for one browser is worth nothing in another, also where its link was sent there', async () => {
  const [attacker, victim] = [await visit(browser), await visit(browser)];
  await attacker.page.goto(ask().url);
  await attacker.page.waitForURL(`${beside.origin}/login?**`);
  const link = attacker.page.url();
  // The attacker's link, in the victim's browser: the victim logs in, and nobody is logged in here.
  let way;
  victim.page.on('request', (request) => {
    if (request.url().includes('/oauth2/continue?')) way = request.url();
  });
  await victim.page.goto(link);
  await logIn(victim.page, 'admin');
  await victim.page.getByRole('heading', { name: 'This login cannot be used' }).waitFor();
  assert.equal(await session(victim.page), undefined);
  assert.equal(await known(victim.page), undefined);
  assert.equal(await known(attacker.page), undefined);
  // The answer is given, to the browser that asked alone: logging in as themselves, the attacker begins anew.
  await attacker.page.goto(link);
  await logIn(attacker.page, 'visitor');
  await attacker.page.getByRole('heading', { name: 'Start again' }).waitFor();
  assert.equal(await known(attacker.page), undefined);
  // A third browser with the way back, which nobody should have, opens nothing either.
  const third = await visit(browser);
  assert.ok(way.startsWith(`${world.origin}/oauth2/continue?login_verifier=`), way);
  await third.page.goto(way);
  await third.page.getByRole('heading', { name: 'This login cannot be used' }).waitFor();
  assert.equal(await known(third.page), undefined);
  // The victim begins by themselves.
  await victim.page.goto(ask().url);
  assert.ok((await approve(victim.page)).has('code'));
  assert.equal(await known(victim.page), 'admin');
  for (const each of [attacker, victim, third]) await each.close();
});

test('another subject than the remembered session\'s ends that session here', async () => {
  const { page, close } = await visit(browser);
  await page.goto(ask({ scope: 'identify' }).url);
  await logIn(page, 'demo');
  await approve(page).catch(() => undefined);
  assert.equal(await known(page), 'demo');
  const before = await session(page);
  // Remembered: no login the next time.
  const again = ask({ scope: 'identify' });
  await page.goto(again.url);
  assert.equal((await landed(page)).get('state'), again.state);

  await page.goto(ask({ scope: 'identify', prompt: 'login' }).url);
  await logIn(page, 'visitor');
  await Promise.race([landed(page), approve(page)]);
  assert.equal(await known(page), 'visitor');
  assert.notEqual(await session(page), before);
  const old = await fetch(`${world.origin}/api/oauth2/session`, { headers: { cookie: `fluxer_session=${before}` } });
  assert.equal(old.status, 401, 'the session of the one before is over');
  await close();
});
