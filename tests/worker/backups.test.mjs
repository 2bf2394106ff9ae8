// What docs/operations.md says of backups and of people who want all their data or none of it, done on local state
// with the commands that it names.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

import { Browser, World } from './harness.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0';

let folder, config, world, user, other, client, own, browser, tokens;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fluxer-oauth2-backups-'));
  world = await World.start();
  // What wrangler is to find as its local state, under the name that miniflare has for the database.
  mkdirSync(join(folder, '.wrangler/state'), { recursive: true });
  symlinkSync(world.folder, join(folder, '.wrangler/state/v3'));
  config = join(folder, 'wrangler.toml');
  writeFileSync(config, 'name = "fluxer-oauth2"\ncompatibility_date = "2026-11-01"\n[[d1_databases]]\nbinding = "DIRECTORY"\ndatabase_name = "fluxer-oauth2"\ndatabase_id = "DIRECTORY"\n');
  [user, other] = [await world.user(), await world.user()];
  client = await world.application('confidential', { name: 'Chess Club', owner_id: other.id });
  own = await world.application('confidential', { name: 'Theirs', owner_id: user.id });
  const guild = await world.admin('POST', '/guilds', { name: 'A guild', owner_id: other.id });
  await world.admin('PUT', `/guilds/${guild.id}/members/${user.id}`, { permissions: '8' });
  await world.admin('PUT', `/users/${user.id}/connections/github/1`, { name: 'octo', verified: true });
  browser = await world.login(user);
  browser.headers['user-agent'] = FIREFOX;
  tokens = await world.tokens(browser, client, { scope: 'identify email' });
});
after(async () => {
  await world?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A program of this checkout; its standard output. */
function run(command, ...args) {
  const env = { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`, ADMIN_CLIENT_SECRET: world.settings.ADMIN_CLIENT_SECRET, WRANGLER_SEND_METRICS: 'false', CI: '1' };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, env });
    let [out, error] = ['', ''];
    child.stdout.on('data', (part) => (out += part));
    child.stderr.on('data', (part) => (error += part));
    child.once('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`${command} ${args.join(' ')}: ${code} ${error}${out}`))));
  });
}
const subjectAccess = (...args) => run('scripts/subject-access', '--config', config, '--url', world.origin, ...args);

test('all of what is stored of a person, and no hash', async () => {
  const told = JSON.parse(await subjectAccess(user.email));
  assert.equal(told.user_id, user.id);
  const { tables, logins } = told;
  assert.deepEqual(tables.users.map(({ username, email }) => [username, email]), [[user.username, user.email]]);
  assert.deepEqual(tables.applications.map(({ name }) => name), ['Theirs']);
  assert.deepEqual(tables.connections.map(({ type, name }) => [type, name]), [['github', 'octo']]);
  assert.deepEqual(tables.members.map(({ permissions }) => permissions), ['8']);
  assert.deepEqual(tables.authorizations.map(({ application_id: id }) => id), [client.id]);
  assert.equal(tables.sessions.length, 1);
  for (const action of ['user.created', 'user.login', 'authorization.granted', 'member.set']) assert.ok(tables.audit_log.some((it) => it.action === action), action);
  assert.equal(logins[0].devices[0].user_agent, FIREFOX);
  const all = JSON.stringify(told);
  for (const secret of ['$argon2', '_hash', tokens.refresh_token, own.secret, user.password]) assert.ok(!all.includes(secret), secret);
  assert.ok(!all.includes(other.username), 'nothing of anybody else');
});

/** The tables that the script reads, and which rows. */
function tables() {
  const script = readFileSync(join(ROOT, 'scripts/lib/subject-access.mjs'), 'utf8');
  return [...script.match(/const TABLES = \{([^}]*)\}/)[1].matchAll(/^ {2}(\w+): '(.*)'/gm)].map(([, name, where]) => ({ name, where }));
}

/** How many rows of a table are the user's. */
async function left({ name, where }) {
  const database = await world.mf.getD1Database('DIRECTORY');
  return database.prepare(`SELECT COUNT(*) AS n FROM ${name} WHERE ${where.replaceAll('?', '?1')}`).bind(user.id).first('n');
}

test('every table with a column for people is read', async () => {
  const read = tables();
  const database = await world.mf.getD1Database('DIRECTORY');
  const { results } = await database.prepare("SELECT m.name AS name, f.\"from\" AS \"column\" FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table' AND f.\"table\" = 'users'").all();
  assert.ok(results.length >= 7);
  for (const { name, column } of results) assert.ok(read.some((table) => table.name === name && table.where.includes(`${column} = ?`)), `${name}.${column}`);
});

test('a backup is restored: what is in D1 is there, and what was not is asked for again', async () => {
  const backup = join(folder, 'backup.sql');
  await run('wrangler', 'd1', 'export', 'DIRECTORY', '--local', '--config', config, '--output', backup);
  // What happens after the backup is not in it.
  const late = await world.user();
  const elsewhere = join(folder, 'restored');
  await run('wrangler', 'd1', 'execute', 'DIRECTORY', '--local', '--persist-to', elsewhere, '--config', config, '--file', backup, '--yes');
  const restored = await World.start({ from: { settings: { ...world.settings }, folder: join(elsewhere, 'v3'), applied: world.applied } });
  try {
    restored.settings.ISSUER = world.settings.ISSUER;
    const health = await restored.request('/healthz');
    assert.equal(health.status, 200, health.text);
    assert.equal(health.json.migrations, 'ok', health.text);
    // Who was there logs in as ever, and their applications' secrets are good.
    const anew = await restored.login(user);
    assert.match((await anew.open('/settings/authorizations')).text, /Chess Club/);
    assert.equal((await restored.post('/api/oauth2/token', own.with({ grant_type: 'client_credentials' }))).status, 200);
    await assert.rejects(restored.login(late), /not logged in/);
    const still = Object.assign(new Browser(restored), { cookies: browser.cookies });
    assert.equal((await still.ask('/api/oauth2/session')).status, 200);
    // A login that an application had is in no ledger any more: it is refused, and asked for again.
    const refused = await restored.refresh(client, tokens.refresh_token);
    assert.deepEqual([refused.status, refused.json.error], [400, 'invalid_grant']);
    assert.equal((await restored.me(tokens.access_token)).status, 401);
    const again = await restored.tokens(anew, client, { scope: 'identify email' });
    assert.equal((await restored.me(again.access_token)).json.email, user.email);
  } finally {
    await restored.halt();
  }
});

test('none of it, and everybody else as before', async () => {
  const log = { name: 'audit_log', where: "actor_id = ? OR target_id = ? OR json_extract(details, '$.user_id') = ?" };
  const theirs = [log, ...tables()];
  const before = await Promise.all(theirs.map(left));
  assert.ok(before[0] > 0 && before.filter((count) => count > 0).length > 5, before.join());
  await subjectAccess('--erase', '--yes', user.username);
  for (const table of theirs) assert.equal(await left(table), 0, table.name);
  await assert.rejects(world.login(user), /not logged in/);
  assert.equal((await world.refresh(client, tokens.refresh_token)).status, 400);
  await world.login(other);
  await assert.rejects(subjectAccess(user.username), /there is no user/);
});
