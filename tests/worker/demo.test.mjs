// The demo world of scripts/dev: what scripts/seed.sql puts there works as scripts/lib/dev.mjs prints it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

import { Client, World } from './harness.mjs';

const SCRIPTS = resolve(import.meta.dirname, '../../scripts');
const seed = readFileSync(join(SCRIPTS, 'seed.sql'), 'utf8');
const printed = readFileSync(join(SCRIPTS, 'lib/dev.mjs'), 'utf8').split('function welcome()')[1];
const TABLES = ['users', 'applications', 'guilds', 'members', 'bot_members', 'roles', 'connections'];
const uri = 'http://localhost:3000/callback';
const secret = (name) => printed.match(new RegExp(`demo-${name}-secret-for-local-development-only`))[0];
const application = (id, client_secret) => new Client({ id, client_secret, redirect_uris: [uri], type: 'confidential' });
const [CONFIDENTIAL, BOT, PRIVATE_BOT, PANEL] = ['03', '11', '12', '13'].map((it) => `14560744439808000${it}`);
const [WORKSHOP, CLUB, LOUNGE] = ['06', '07', '08'].map((it) => `14560744439808000${it}`);

let world, database;
const browsers = {};
before(async () => {
  world = await World.start();
  database = await world.mf.getD1Database('DIRECTORY');
  await plant();
  for (const name of ['demo', 'admin', 'visitor']) {
    browsers[name] = await world.login({ email: `${name}@example.com`, password: printed.match(`${name}-password`)[0] });
  }
});
after(() => world?.stop());

async function plant() {
  const statements = seed.replace(/^--.*$/gm, '').split(/;$/m).map((it) => it.trim()).filter(Boolean);
  await database.batch(statements.map((it) => database.prepare(it)));
}

async function rows() {
  const results = await Promise.all(TABLES.map((table) => database.prepare(`SELECT * FROM ${table}`).all()));
  return results.map(({ results }) => results);
}

test('seeding again changes nothing', async () => {
  const before = await rows();
  assert.ok(before.every(({ length }) => length > 0));
  await plant();
  assert.deepEqual(await rows(), before);
});

test('what is printed is what was seeded', () => {
  const ids = printed.match(/14560744439808\d+/g);
  assert.ok(ids.length >= 6);
  for (const id of ids) assert.ok(seed.includes(`('${id}'`), id);
  for (const secret of printed.match(/[a-z]+-[a-z]+-(secret|token)-for-local-development-only(-0)?/g)) assert.ok(seed.includes(secret), secret);
});

test('everything of the demo user, through an application', async () => {
  const { access_token } = await world.tokens(browsers.demo, application(CONFIDENTIAL, secret('client')), { scope: 'identify email guilds connections' });
  const get = async (path) => (await world.request(path, { headers: { authorization: `Bearer ${access_token}` } })).json;
  assert.equal((await get('/api/users/@me')).email, 'demo@example.com');
  assert.deepEqual((await get('/api/users/@me/guilds')).map(({ owner, permissions }) => [owner, BigInt(permissions) & 40n]), [[true, 40n], [false, 32n], [false, 8n], [false, 0n]]);
  assert.deepEqual((await get('/api/users/@me/connections')).map(({ type, verified }) => [type, verified]), [['bsky', true], ['domain', false], ['github', true]]);
});

test('the bot, where it is and where it can go', async () => {
  const [token] = printed.match(/demo-bot-token-\S+-0/);
  const guilds = async () => (await world.request('/api/users/@me/guilds', { headers: { authorization: `Bot ${BOT}.${token}` } })).json.map(({ id, permissions }) => [id, permissions]);
  assert.deepEqual(await guilds(), [[LOUNGE, '84992']]);
  const invite = { client_id: BOT, scope: 'bot', permissions: '93186' };
  const open = (params) => browsers.demo.open(`/oauth2/authorize?${new URLSearchParams(params)}`);
  await browsers.demo.submit(await open(invite), { decision: 'approve', guild_id: WORKSHOP });
  await browsers.demo.submit(await open({ ...invite, guild_id: CLUB, disable_guild_select: true }), { decision: 'approve' });
  assert.deepEqual(await guilds(), [[WORKSHOP, '93186'], [CLUB, '84992'], [LOUNGE, '84992']]);
  assert.equal((await open({ ...invite, client_id: PRIVATE_BOT })).status, 403);
  assert.equal((await browsers.admin.open(`/oauth2/authorize?${new URLSearchParams({ ...invite, client_id: PRIVATE_BOT })}`)).status, 200);
});

test('the trusted panel administers for the administrator', async () => {
  const panel = application(PANEL, secret('panel'));
  const { access_token } = await world.tokens(browsers.admin, panel, { scope: 'identify admin' });
  const users = await world.request('/api/admin/users', { headers: { authorization: `Bearer ${access_token}` } });
  assert.deepEqual(users.json.map(({ username }) => username), ['demo', 'admin', 'visitor']);
  const request = panel.authorizationRequest({ scope: 'identify admin' });
  assert.equal((await browsers.demo.ask(request.url)).landed.get('error'), 'invalid_scope');
});
