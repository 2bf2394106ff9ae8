// What an earlier release stored and gave out, taken to the Worker of this checkout: nothing that
// worked stops working. `COMPAT_AGAINST` is a checkout of that release; see scripts/compat.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { Browser, World } from '../worker/harness.mjs';

const EARLIER = process.env.COMPAT_AGAINST;
assert.ok(EARLIER, 'COMPAT_AGAINST is a checkout of the earlier release');
const sdk = await import(pathToFileURL(join(EARLIER, 'sdk/oauth2/dist/index.js')).href);

let world; // of this release, over what the earlier one stored
let user, browser, confidential, open, guild, bot, stored;

before(async () => {
  const earlier = await World.start({ root: EARLIER });
  try {
    await fill(earlier);
  } finally {
    await earlier.halt();
  }
  world = await World.start({ from: earlier });
  browser.world = world;
});
after(() => world?.stop());

/** Everything that a server of the earlier release may hold when it is replaced. */
async function fill(earlier) {
  user = await earlier.user();
  confidential = await earlier.application('confidential');
  open = await earlier.application('public');
  bot = await earlier.application('confidential', { bot: true });
  guild = await earlier.admin('POST', '/guilds', { name: 'A guild', owner_id: user.id });
  browser = await earlier.login(user);
  stored = {
    confidential: await earlier.tokens(browser, confidential, { scope: 'identify email guilds' }),
    public: await earlier.tokens(browser, open),
    revoked: await earlier.tokens(browser, confidential),
    machine: (await earlier.post('/api/oauth2/token', confidential.with({ grant_type: 'client_credentials', scope: '' }))).json,
    code: await earlier.authorize(browser, open),
    redeemed: await earlier.authorize(browser, confidential),
    consent: await browser.open(confidential.authorizationRequest({ prompt: 'consent' }).url),
    login: await new Browser(earlier).open('/login'),
  };
  await earlier.revoke(confidential, stored.revoked.refresh_token);
  assert.equal((await earlier.exchange(confidential, stored.redeemed)).status, 200);
  stored.rotated = (await earlier.refresh(open, stored.public.refresh_token)).json;
}

test('access tokens open what they opened', async () => {
  for (const { access_token } of [stored.confidential, stored.public, stored.rotated]) {
    const me = await world.me(access_token);
    assert.equal(me.status, 200, me.text);
    assert.equal(me.json.id, user.id);
  }
  assert.equal((await world.me(stored.confidential.access_token)).json.email, user.email);
  const guilds = await world.request('/api/users/@me/guilds', { headers: { authorization: `Bearer ${stored.confidential.access_token}` } });
  assert.deepEqual(guilds.json.map(({ id }) => id), [guild.id]);
  assert.equal(await world.active(confidential, stored.machine.access_token), true);
});

test('refresh tokens rotate, and a login that was revoked stays so', async () => {
  const next = await world.refresh(confidential, stored.confidential.refresh_token);
  assert.equal(next.status, 200, next.text);
  assert.equal((await world.me(next.json.access_token)).status, 200);
  const other = await world.refresh(open, stored.rotated.refresh_token);
  assert.equal(other.status, 200, other.text);
  assert.equal((await world.refresh(confidential, stored.revoked.refresh_token)).json.error, 'invalid_grant');
  assert.equal((await world.me(stored.revoked.access_token)).status, 401);
});

test('a code is redeemed once, whichever release made it', async () => {
  const tokens = await world.exchange(open, stored.code);
  assert.equal(tokens.status, 200, tokens.text);
  assert.equal((await world.exchange(confidential, stored.redeemed)).json.error, 'invalid_grant');
});

test('a session goes on, and a page that was open then can be sent', async () => {
  const settings = await browser.open('/settings/authorizations');
  assert.equal(settings.status, 200);
  assert.match(settings.text, new RegExp(open.name));
  const sent = await browser.submit(stored.consent, { decision: 'approve' });
  // A form of another release may be refused, but its page leads back to where its user was.
  const again = sent.landed ? undefined : await browser.open(sent.html.querySelector('a.button').getAttribute('href'));
  const done = again ? await browser.submit(again, { decision: 'approve' }) : sent;
  assert.ok(done.landed.has('code'), done.text);
});

test('passwords, client secrets and remembered applications are as they were', async () => {
  assert.ok(await world.login(user));
  assert.equal((await world.tokens(browser, confidential)).token_type, 'Bearer');
  const shown = await world.admin('GET', `/applications/${bot.id}`);
  assert.equal(shown.bot.id, bot.bot.id);
  const me = await world.request('/api/users/@me', { headers: { authorization: `Bot ${bot.bot.token}` } });
  assert.equal(me.status, 200, me.text);
  const invited = await browser.open(bot.authorizationRequest({ scope: 'bot identify', permissions: '8' }).url);
  const added = await browser.submit(invited, { decision: 'approve', guild_id: guild.id });
  assert.ok(added.landed?.has('code'), added.text);
});

test("the earlier release's SDK logs in, refreshes and revokes", async () => {
  const config = { ...(await sdk.discover(world.origin)), clientId: confidential.id, clientSecret: confidential.secret, redirectUri: confidential.redirectUri, scope: 'identify email' };
  const state = sdk.generateState();
  const pkce = await sdk.generatePkce();
  const page = await browser.open(sdk.authorizeUrl(config, state, { pkce, prompt: 'consent' }));
  const { location } = await browser.submit(page, { decision: 'approve' });
  const { code } = sdk.parseCallback(config, location, state);
  const tokens = await sdk.exchangeCode(config, { code, codeVerifier: pkce.codeVerifier });
  const session = sdk.createSession(config, { tokens: { ...tokens, expiresAt: 0 }, onTokens: () => {} });
  assert.equal((await session.getJson('/api/users/@me')).username, user.username);
  await session.revoke();
  await assert.rejects(session.accessToken(), { name: 'InvalidGrantError' });
});
