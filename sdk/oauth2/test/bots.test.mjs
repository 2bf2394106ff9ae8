// Bots against the built server: a user follows an invitation, and the bot is where it should be.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { AccessDeniedError, InvalidScopeError } from '@fluxer/errors';
import {
  Permissions, botInviteUrl, clientCredentials, createSession, discover, exchangeCode, generatePkce, generateState, introspect, parseCallback, permissionBits, permissionNames, refresh,
} from '@fluxer/oauth2';

import { World } from '../../../tests/worker/harness.mjs';

let world, user, browser;
before(async () => {
  world = await World.start();
  user = await world.user();
  browser = await world.login(user);
});
after(() => world?.stop());

/** A new application with a bot: its configuration, and the bot's token. */
async function application(fields = { bot: true }) {
  const { id: clientId, secret: clientSecret, redirectUri, bot } = await world.application('confidential', fields);
  return { config: { ...(await discover(world.origin)), clientId, clientSecret, redirectUri, scope: 'identify' }, token: bot?.token };
}

const newGuild = (name = 'A guild') => world.admin('POST', '/guilds', { name, owner_id: user.id });

/** Follows an invitation, and sends its form with these fields. */
async function follow(url, fields) {
  return browser.submit(await browser.open(url), { decision: 'approve', ...fields });
}

/** Where a bot is, by the bot's own word, and what it may do there. */
async function whereabouts(token) {
  const { json } = await world.request('/api/users/@me/guilds', { headers: { authorization: `Bot ${token}` } });
  return json.map(({ id, permissions }) => [id, permissionNames(permissions)]);
}

/** An invitation with a code, followed until there are tokens. */
async function invite(config, fields, more = {}) {
  const [state, pkce] = [generateState(), await generatePkce()];
  const page = await follow(botInviteUrl(config, { permissions: ['KICK_MEMBERS', 'CREATE_POLLS'], ...more, state, pkce }), fields);
  const { code } = parseCallback(config, page.location, state);
  return exchangeCode(config, { code, codeVerifier: pkce.codeVerifier });
}

test('an invitation without a code ends on a page, and the bot is in the guild', async () => {
  const { config, token } = await application();
  const [, guild] = [await newGuild('Another'), await newGuild('Night Owls')];
  const permissions = ['SEND_MESSAGES', 'EMBED_LINKS', 'VIEW_CHANNEL_MEMBERS'];
  const page = await follow(botInviteUrl(config, { permissions }), { guild_id: guild.id });
  assert.equal(page.status, 200);
  assert.match(page.html.querySelector('h1').text, /is now in Night Owls$/);
  assert.deepEqual(await whereabouts(token), [[guild.id, permissions]]);
});

test('an invitation that the user does not follow changes nothing', async () => {
  const { config, token } = await application();
  const guild = await newGuild();
  const page = await follow(botInviteUrl(config), { guild_id: guild.id, decision: 'deny' });
  assert.match(page.text, /You did not allow the bot/);
  const state = generateState();
  const denied = await follow(botInviteUrl(config, { state }), { guild_id: guild.id, decision: 'deny' });
  assert.throws(() => parseCallback(config, denied.location, state), AccessDeniedError);
  assert.deepEqual(await whereabouts(token), []);
});

test('with a code, the tokens say which guild it was, and those of a refresh do not', async () => {
  const { config, token } = await application();
  const { id } = await newGuild('Night Owls');
  const tokens = await invite(config, { guild_id: id });
  assert.equal(tokens.scope, 'identify bot');
  assert.deepEqual(tokens.guild, { id, name: 'Night Owls', icon: null, permissions: '36028797018963970' });
  assert.deepEqual(await whereabouts(token), [[id, permissionNames(tokens.guild.permissions)]]);
  const session = createSession(config, { tokens });
  assert.equal((await session.getJson('/api/users/@me')).id, user.id);
  const next = await refresh(config, tokens.refreshToken);
  assert.equal(next.scope, 'identify bot');
  assert.ok(!('guild' in next));
});

test('a guild has its icon in the token answer', async () => {
  const { config } = await application();
  const icon = 'd41d8cd98f00b204e9800998ecf8427e';
  const { id } = await world.admin('POST', '/guilds', { name: 'A guild', owner_id: user.id, icon });
  assert.equal((await invite(config, { guild_id: id })).guild.icon, icon);
});

test('a bot alone may ask for a code', async () => {
  const { config } = await application();
  const { id } = await newGuild();
  const tokens = await invite(config, { guild_id: id }, { scope: 'bot' });
  assert.deepEqual([tokens.scope, tokens.guild.id], ['bot', id]);
});

test('the server knows every permission by its name', async () => {
  const { config, token } = await application();
  const { id } = await newGuild();
  const names = Object.keys(Permissions);
  const { guild } = await invite(config, { guild_id: id }, { permissions: names });
  assert.equal(BigInt(guild.permissions), permissionBits(names));
  assert.deepEqual(await whereabouts(token), [[id, names]]);
});

test('the user may grant fewer permissions, or no bot at all', async () => {
  const { config, token } = await application();
  const { id } = await newGuild();
  const without = await invite(config, { guild_id: id, scope: 'identify' });
  assert.equal(without.scope, 'identify');
  assert.ok(!('guild' in without));
  assert.deepEqual(await whereabouts(token), []);
  const { guild } = await invite(config, { guild_id: id, permissions: String(Permissions.CREATE_POLLS) });
  assert.deepEqual(permissionNames(guild.permissions), ['CREATE_POLLS']);
});

test('an invitation offers its guild first, or that one and no other', async () => {
  const { config, token } = await application();
  const [, first, second] = [await newGuild(), await newGuild(), await newGuild()];
  const offered = await browser.open(botInviteUrl(config, { guildId: first.id }));
  assert.equal(offered.html.querySelector('select[name=guild_id] option[selected]').getAttribute('value'), first.id);
  const link = botInviteUrl(config, { guildId: second.id, disableGuildSelect: true, permissions: ['BAN_MEMBERS'] });
  assert.equal((await browser.open(link)).html.querySelector('[name=guild_id]'), null);
  await follow(link);
  assert.deepEqual(await whereabouts(token), [[second.id, ['BAN_MEMBERS']]]);
  const { guild } = await invite(config, {}, { guildId: first.id, disableGuildSelect: true });
  assert.equal(guild.id, first.id);
});

test('client credentials for a bot are for applications that have one', async () => {
  const { config } = await application();
  const tokens = await clientCredentials(config, { scope: 'bot' });
  assert.equal(tokens.scope, 'bot');
  assert.ok(!('refreshToken' in tokens) && !('guild' in tokens));
  const { active, subject } = await introspect(config, tokens.accessToken);
  assert.deepEqual([active, subject], [true, config.clientId]);
  const { config: botless } = await application({});
  await assert.rejects(clientCredentials(botless, { scope: 'bot' }), InvalidScopeError);
});
