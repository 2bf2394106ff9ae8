// Client: discord.js's REST class
// Ecosystem: JavaScript
// Version: npm:@discordjs/rest
// Setting: `api` is the server's origin, and `version` 1
// Proves: login, refresh, revocation, denial, limited answer, outage
// Limited: RateLimitError
// Outage: Service Unavailable
// Note: Without `version` it asks for `/v10`, which is Discord's; the version of Fluxer's API is 1. Left to itself it waits at a 429 for
//   as long as `Retry-After` says, and asks three times more in an outage: `rejectOnRateLimit` and `retries: 0` make errors of both.
//
// @discordjs/rest with the routes of discord-api-types, as applications for Discord have them. It leaves the
// authorization URL and the callback to the application, and sends a form only if it is passed through.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

import { DiscordAPIError, RateLimitError, REST } from '@discordjs/rest';
import { Routes } from 'discord-api-types/v10';

import { application, is, journey, world } from './journey.mjs';

journey("discord.js's REST class", {
  async client() {
    const app = await application('confidential');
    const state = randomBytes(8).toString('hex');
    // snippet
    const options = { api: world.origin, version: '1', authPrefix: 'Bearer', retries: 0, rejectOnRateLimit: ['/'] };
    const ask = (route, fields) => new REST(options).post(route, {
      body: new URLSearchParams({ client_id: app.id, client_secret: app.secret, ...fields }),
      headers: { 'content-type': 'application/x-www-form-urlencoded' }, passThroughBody: true, auth: false,
    });
    const exchange = (code) => ask(Routes.oauth2TokenExchange(), { grant_type: 'authorization_code', code, redirect_uri: app.redirectUri });
    const refresh = (token) => ask(Routes.oauth2TokenExchange(), { grant_type: 'refresh_token', refresh_token: token });
    const revoke = (token) => ask(Routes.oauth2TokenRevocation(), { token });
    const me = (token) => new REST(options).setToken(token).get(Routes.user());
    // end of snippet
    const query = new URLSearchParams({ response_type: 'code', client_id: app.id, redirect_uri: app.redirectUri, scope: 'identify email', state });
    return {
      enter: (browser) => browser.open(world.at(`${Routes.oauth2Authorization()}?${query}`)),
      callback: ({ callback }) => exchange(callback.searchParams.get('code')),
      me, refresh, revoke,
    };
  },
  pkce: false,
  badCode: is(DiscordAPIError, { status: 400, code: 'invalid_grant' }),
  limited: is(RateLimitError, { method: 'POST' }),
});

test("discord.js's REST class: without its version nothing is there", async () => {
  const { access_token } = await world.server.tokens(await world.server.login(world.user), await application('confidential'));
  const me = (options) => new REST({ api: world.origin, authPrefix: 'Bearer', ...options }).setToken(access_token).get(Routes.user());
  assert.equal((await me({ version: '1' })).id, world.user.id);
  await assert.rejects(me({}), is(DiscordAPIError, { status: 404, url: world.at('/v10/users/@me') }));
});
