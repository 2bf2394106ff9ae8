// What an earlier release stored and gave out, as it was recorded then (earlier/record.mjs), by the clock of that
// day: families, rows, records, tokens, sessions, secrets and passwords go on, under another ISSUER as well.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Browser, Client, Storage, World, freePort } from './harness.mjs';

const RECORDS = join(import.meta.dirname, 'earlier');

for (const file of readdirSync(RECORDS).filter((name) => name.endsWith('.tar.gz'))) {
  describe(file, () => {
    let world, told, browser, clients;
    before(async () => {
      const folder = mkdtempSync(join(tmpdir(), 'fluxer-oauth2-test-'));
      execFileSync('tar', ['-xzf', join(RECORDS, file), '-C', folder]);
      told = JSON.parse(readFileSync(join(folder, 'told.json')));
      const port = await freePort();
      const settings = { ...told.settings, ISSUER: `http://127.0.0.1:${port}`, ISSUER_ALIASES: told.settings.ISSUER };
      const storage = new Storage();
      storage.clock = told.at + 60_000 - Date.now();
      world = await World.start({ from: { folder, port, settings, applied: told.applied }, storage });
      browser = new Browser(world);
      for (const cookie of told.cookie.split('; ')) browser.keep(`${cookie};`);
      const client = ({ redirectUri, secret, ...rest }) => new Client({ ...rest, redirect_uris: [redirectUri], client_secret: secret });
      clients = Object.fromEntries(Object.entries(told.clients).map(([name, stored]) => [name, client(stored)]));
    });
    after(() => world?.stop());

    test('access tokens open what they opened', async () => {
      for (const { access_token } of [told.stored.confidential, told.stored.public, told.stored.rotated]) {
        const me = await world.me(access_token);
        assert.deepEqual([me.status, me.json.id], [200, told.user.id], me.text);
      }
      const headers = { authorization: `Bearer ${told.stored.confidential.access_token}` };
      const [guilds, connections] = [await world.request('/api/users/@me/guilds', { headers }), await world.request('/api/users/@me/connections', { headers })];
      assert.deepEqual(guilds.json.map(({ id }) => id), [told.guild.id]);
      assert.deepEqual(connections.json, [{ type: 'github', id: '1', name: 'ada', verified: true }]);
      assert.equal(await world.active(clients.confidential, told.stored.machine.access_token), true);
    });

    test('refresh tokens rotate, and a login that was revoked stays so', async () => {
      const { confidential, open } = clients;
      for (const [client, { refresh_token }] of [[confidential, told.stored.confidential], [open, told.stored.rotated]]) {
        const next = await world.refresh(client, refresh_token);
        assert.equal(next.status, 200, next.text);
        assert.equal((await world.me(next.json.access_token)).status, 200);
        assert.equal((await world.refresh(client, next.json.refresh_token)).status, 200);
      }
      assert.equal((await world.refresh(confidential, told.stored.revoked.refresh_token)).json.error, 'invalid_grant');
      assert.equal((await world.me(told.stored.revoked.access_token)).status, 401);
    });

    test('a code is redeemed once', async () => {
      const tokens = await world.exchange(clients.open, told.stored.code);
      assert.equal(tokens.status, 200, tokens.text);
      assert.equal((await world.exchange(clients.confidential, told.stored.redeemed)).json.error, 'invalid_grant');
    });

    test('a session goes on, and a consent is not asked for again until what it was to has changed', async () => {
      const settings = await browser.open('/settings/authorizations');
      assert.equal(settings.status, 200);
      assert.match(settings.text, new RegExp(clients.open.name));
      const ask = async (redirectUri) => browser.open(clients.confidential.authorizationRequest({ redirectUri, scope: 'identify email' }).url);
      const other = 'https://elsewhere.example/cb';
      await world.admin('PATCH', `/applications/${clients.confidential.id}`, { redirect_uris: [clients.confidential.redirectUri, other] });
      assert.equal((await ask(other)).status, 200, 'what was not there to be seen is shown');
      assert.ok((await ask()).landed?.has('code'), 'nobody is asked because of a deployment');
      const { results } = await (await world.mf.getD1Database('DIRECTORY')).prepare('SELECT shown FROM authorizations WHERE application_id = ?').bind(clients.open.id).all();
      assert.deepEqual(results, [{ shown: '{"name":"A public one","hosts":["127.0.0.1"]}' }]);
    });

    test('passwords, secrets and bots are as they were', async () => {
      assert.ok(await world.login(told.user));
      const { bot } = clients;
      const headers = { authorization: `Bot ${bot.bot.token}` };
      assert.equal((await world.request('/api/users/@me', { headers })).json.id, bot.id);
      const { json } = await world.request('/api/users/@me/guilds', { headers });
      assert.deepEqual(json.map(({ id, permissions }) => [id, permissions]), [[told.guild.id, '1024']]);
      const invited = await browser.open(bot.authorizationRequest({ scope: 'bot identify', permissions: '1026', guild_id: told.guild.id }).url);
      const added = await browser.submit(invited, { decision: 'approve' });
      assert.ok(added.landed?.has('code'), added.text);
      assert.equal((await world.request('/api/users/@me/guilds', { headers })).json[0].permissions, '1026');
    });

    test('nothing of all this was a fault', () => assert.deepEqual(world.logged, []));
  });
}
