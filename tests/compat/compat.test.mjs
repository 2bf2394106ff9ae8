// What an earlier release stored and gave out, taken to the Worker of this checkout: nothing that
// worked stops working. `COMPAT_AGAINST` is a checkout of that release; see scripts/compat.

import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { Browser, Client, World } from '../worker/harness.mjs';
import { Signer } from '../worker/signer.mjs';

const EARLIER = process.env.COMPAT_AGAINST;
assert.ok(EARLIER, 'COMPAT_AGAINST is a checkout of the earlier release');
const sdk = await import(pathToFileURL(join(EARLIER, 'sdk/oauth2/dist/index.js')).href);

let world; // of this release, over what the earlier one stored
let user, browser, confidential, open, known, guild, bot, stored;
/** What the earlier release says of itself: what came later is not in its data. */
let had;
const METADATA = '/.well-known/oauth-authorization-server';
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const NOTES = 'https://notes.example/api';

before(async () => {
  const earlier = await World.start({ root: EARLIER, settings: { DYNAMIC_REGISTRATION: 'open' } });
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
  known = await earlier.application('confidential');
  bot = await earlier.application('confidential', { bot: true });
  guild = await earlier.admin('POST', '/guilds', { name: 'A guild', owner_id: user.id });
  browser = await earlier.login(user);
  await earlier.tokens(browser, known, { scope: 'identify email' });
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
  had = (await earlier.request(METADATA)).json;
  for (const [name, is, store] of LATER) if (is(had)) stored[name] = await store(earlier);
}

/** What not every release has: its name here, how its metadata tells, and what is stored of it. */
const LATER = [
  ['openid', ({ jwks_uri }) => jwks_uri, (earlier) => earlier.tokens(browser, confidential, { scope: 'openid identify' })],
  ['registered', ({ registration_endpoint }) => registration_endpoint, async (earlier) => {
    const answer = await earlier.request('/api/oauth2/register', { json: { client_name: 'Registered itself', redirect_uris: ['https://registered.example/callback'] } });
    assert.equal(answer.status, 201, answer.text);
    return answer.json;
  }],
  ['devices', ({ device_authorization_endpoint }) => device_authorization_endpoint, async (earlier) => {
    const application = await earlier.application('public', { grant_types: [DEVICE_GRANT, 'refresh_token'] });
    const ask = async () => (await earlier.post('/api/oauth2/device_authorization', application.with({ scope: 'identify' }))).json;
    const [waiting, answered] = [await ask(), await ask()];
    await earlier.answerDevice(browser, answered.user_code);
    return { application, waiting, answered };
  }],
  ['bound', (metadata) => metadata.dpop_signing_alg_values_supported, async (earlier) => {
    const key = await Signer.of('ES256');
    const grant = await earlier.authorize(browser, open, { scope: 'identify' });
    const answer = await earlier.post('/api/oauth2/token', open.exchange(grant), { headers: { dpop: await key.proof(earlier) } });
    assert.equal(answer.json.token_type, 'DPoP', answer.text);
    return { key, ...answer.json };
  }],
  ['resource', ({ jwks_uri }) => jwks_uri, async (earlier) => {
    const registered = await earlier.admin('POST', '/resources', { identifier: NOTES, name: 'Notes', scopes: [{ name: 'notes:read', description: 'Read your notes' }] }).catch(() => undefined);
    return registered && earlier.tokens(browser, confidential, { scope: 'notes:read', resource: NOTES });
  }],
  // Last, for it is good for 90 seconds.
  ['pushed', (metadata) => metadata.pushed_authorization_request_endpoint, async (earlier) => {
    const { searchParams } = new URL(confidential.authorizationRequest({ scope: 'identify', prompt: 'consent' }).url, earlier.origin);
    const answer = await earlier.post('/api/oauth2/par', confidential.with(Object.fromEntries(searchParams)));
    assert.equal(answer.status, 201, answer.text);
    return answer.json.request_uri;
  }],
];

/** A test of what the earlier release may not have had. */
const since = (name, what, work) => test(what, async (t) => (stored[name] ? work(stored[name]) : t.diagnostic('the earlier release has none')));

since('pushed', 'a request that was pushed is good', async (request_uri) => {
  const page = await browser.open(`/oauth2/authorize?${new URLSearchParams({ client_id: confidential.id, request_uri })}`);
  const done = await browser.submit(page, { decision: 'approve' });
  assert.ok(done.landed?.has('code'), done.text);
});

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

/** Whether a key that this server publishes has signed a token. */
async function signed(token) {
  const [header, claims, signature] = token.split('.');
  const { kid, alg } = JSON.parse(Buffer.from(header, 'base64url'));
  const { keys } = (await world.request('/.well-known/jwks.json')).json;
  const jwk = keys.find((key) => key.kid === kid);
  assert.ok(jwk, `nobody has the key ${kid}`);
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), ...(alg.startsWith('ES') && { dsaEncoding: 'ieee-p1363' }) };
  return verify(alg === 'EdDSA' ? undefined : 'sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'));
}

test('what its metadata offered is offered, at the same address', async () => {
  const has = (await world.request(METADATA)).json;
  // As CHANGELOG says: hardly anybody may ask for the scopes, and the claim needs AVATAR_URL.
  const gone = { scopes_supported: ['bot', 'admin'], claims_supported: ['picture'] };
  for (const [name, value] of Object.entries(had)) {
    if (Array.isArray(value)) assert.deepEqual(value.filter((one) => !has[name]?.includes(one) && !gone[name]?.includes(one)), [], name);
    else assert.deepEqual(has[name], value, name);
  }
});

test('who had consented is not asked again, and the audit log remembers', async () => {
  const silent = await browser.open(known.authorizationRequest({ scope: 'identify', prompt: 'none' }).url);
  assert.ok(silent.landed?.has('code'), silent.location);
  const entries = JSON.stringify(await world.admin('GET', '/audit-log?limit=100').catch(() => 'none'));
  assert.ok(entries === '"none"' || entries.includes(known.id), entries);
});

since('openid', 'an ID token is verified with the keys that are published', async ({ id_token, refresh_token }) => {
  assert.ok(await signed(id_token));
  assert.equal((await world.refresh(confidential, refresh_token)).status, 200);
});

since('registered', 'a client that registered itself logs in, and its registration token reads, changes and deletes it', async (registered) => {
  const { pathname } = new URL(registered.registration_client_uri);
  const ask = (options) => world.request(pathname, { headers: { authorization: `Bearer ${registered.registration_access_token}` }, ...options });
  assert.equal((await ask()).json.client_name, 'Registered itself');
  const client = new Client({ id: registered.client_id, client_secret: registered.client_secret, redirect_uris: registered.redirect_uris, type: 'public' });
  assert.equal((await world.tokens(browser, client, { scope: 'identify' })).scope, 'identify');
  const { client_id, redirect_uris } = registered;
  const changed = await ask({ method: 'PUT', json: { client_id, redirect_uris, client_name: 'Changed itself' } });
  assert.equal(changed.json.client_name, 'Changed itself', changed.text);
  const renewed = changed.json.registration_access_token ?? registered.registration_access_token;
  assert.equal((await world.request(pathname, { method: 'DELETE', headers: { authorization: `Bearer ${renewed}` } })).status, 204);
});

since('devices', 'devices that waited are answered, and those that were answered get their tokens', async ({ application, waiting, answered }) => {
  const poll = ({ device_code }) => world.post('/api/oauth2/token', application.with({ grant_type: DEVICE_GRANT, device_code }));
  assert.equal((await world.me((await poll(answered)).json.access_token)).json.id, user.id);
  await world.answerDevice(browser, waiting.user_code);
  assert.equal((await world.me((await poll(waiting)).json.access_token)).json.id, user.id);
});

since('bound', 'tokens that are bound to a key are good with it, and with nothing else', async ({ key, access_token, refresh_token }) => {
  const dpop = await key.proof(world, { method: 'GET', path: '/api/users/@me', token: access_token });
  const me = await world.request('/api/users/@me', { headers: { authorization: `DPoP ${access_token}`, dpop } });
  assert.equal(me.status, 200, me.text);
  assert.equal((await world.me(access_token)).status, 401);
  assert.equal((await world.refresh(open, refresh_token)).status, 400);
  const next = await world.post('/api/oauth2/token', open.refresh(refresh_token), { headers: { dpop: await key.proof(world) } });
  assert.equal(next.status, 200, next.text);
});

since('resource', "a resource's tokens are verified, and renewed", async ({ access_token, refresh_token }) => {
  assert.ok(await signed(access_token));
  const next = await world.refresh(confidential, refresh_token);
  assert.equal(next.status, 200, next.text);
  assert.equal(JSON.parse(Buffer.from(next.json.access_token.split('.')[1], 'base64url')).aud, NOTES);
});
