// Moving in and out, on D1 and by the scripts: everything of one server on another one, pieces of 8 MiB, and
// runs that stop.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

import { Client, World, times } from './harness.mjs';

const SCRIPTS = resolve(import.meta.dirname, '../../scripts');
const MAX_BYTES = 8 * 1024 * 1024;

let full, empty, folder;
before(async () => {
  [full, empty] = await Promise.all([World.start(), World.start()]);
  folder = mkdtempSync(join(tmpdir(), 'fluxer-oauth2-moving-'));
});
after(async () => {
  await Promise.all([full?.stop(), empty?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a script to its end, or until `enough` says so of what it has said. */
function run(script, world, args, enough) {
  const child = spawn(join(SCRIPTS, script), ['--url', world.origin, ...args], { env: { ...process.env, ADMIN_CLIENT_SECRET: world.settings.ADMIN_CLIENT_SECRET } });
  let said = '';
  const end = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, said }));
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said += text;
      if (enough?.(said)) child.kill('SIGKILL');
    });
  }
  return end;
}

const ndjson = (records) => records.map((record) => `${JSON.stringify(record)}\n`).join('');
const id = (number) => String(1_500_000_000_000_000_000n + BigInt(number));
const person = (number) => ({ record: 'user', id: id(number), username: `p${number}`, email: `p${number}@people.example` });

async function post(world, body, token = world.adminToken) {
  return world.request('/api/admin/import', { method: 'POST', body, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' } });
}

const outcomes = (answer) => answer.text.trim().split('\n').map((line) => JSON.parse(line));
const count = (lines) => Object.groupBy(lines, ({ status }) => status);

test('everything of one server works on another one', async () => {
  const [user, other] = [await full.user({ avatar: 'a_b', public_flags: 3 }), await full.user({ suspended: undefined })];
  const client = await full.application('confidential', { owner_id: user.id, bot: true, description: 'a\nb "c" é 😀' });
  await full.application('public', { redirect_uris: ['com.example.app:/cb', 'http://127.0.0.1/cb'] });
  const guild = await full.admin('POST', '/guilds', { name: 'Ünï "x"', owner_id: user.id, icon: 'i' });
  await full.admin('PUT', `/guilds/${guild.id}/members/${other.id}`, { permissions: '18446744073709551615' });
  await full.admin('PUT', `/users/${user.id}/connections/github/a%3Ab`, { name: 'gh', verified: true });
  const browser = await full.login(user);
  const link = `/oauth2/authorize?client_id=${client.id}&scope=bot&permissions=3072`;
  await browser.submit(await browser.open(link), { decision: 'approve', guild_id: guild.id });

  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  const written = await run('export', full, ['--lines', '3', from]);
  assert.equal(written.status, 0, written.said);
  assert.equal(statSync(from).mode & 0o777, 0o600);
  const read = await run('import', empty, [from]);
  assert.equal(read.status, 0, read.said);
  const lines = readFileSync(from, 'utf8').trim().split('\n');
  assert.match(read.said, new RegExp(`${lines.length} lines: ${lines.length} created, 0 unchanged, 0 refused`));
  await run('export', empty, [to]);
  assert.deepEqual(readFileSync(to, 'utf8').split('\n'), readFileSync(from, 'utf8').split('\n'));
  const again = await run('import', empty, [from]);
  assert.match(again.said, new RegExp(`0 created, ${lines.length} unchanged, 0 refused`));

  const tokens = await empty.tokens(await empty.login(user), client, { scope: 'identify guilds' });
  assert.equal((await empty.me(tokens.access_token)).json.public_flags, 3);
  const members = await empty.admin('GET', `/guilds/${guild.id}/members`);
  assert.deepEqual(members.map(({ permissions }) => permissions).sort(), ['18446744073709551615', '3072', members.find((it) => it.id === user.id).permissions].sort());
  const bot = await empty.request('/api/users/@me/guilds', { headers: { authorization: `Bot ${client.bot.token}` } });
  assert.deepEqual(bot.json.map(({ id }) => id), [guild.id]);
});

test("another server's hashes verify, at half of an isolate's memory too, and become ours", async () => {
  // Out of the tests of argon2's reference implementation: of "password".
  const hash = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  await empty.admin('GET', '/users');
  const records = [
    { ...person(1), password_hash: hash },
    { record: 'application', id: id(2), name: 'Old', owner_id: id(1), redirect_uris: ['https://old.example/cb'], client_secret_hash: hash },
  ];
  assert.deepEqual(outcomes(await post(empty, ndjson(records))).map(({ status }) => status), ['created', 'created']);
  const database = await empty.mf.getD1Database('DIRECTORY');
  const stored = (sql) => database.prepare(sql).first('it');
  const client = new Client({ id: id(2), client_secret: 'password', type: 'confidential', redirect_uris: ['https://old.example/cb'] });
  const tokens = await empty.tokens(await empty.login({ email: 'p1@people.example', password: 'password' }), client);
  assert.ok(tokens.access_token);
  assert.match(await stored(`SELECT password_hash AS it FROM users WHERE id = '${id(1)}'`), /^\$argon2id\$v=19\$m=1024,t=1,p=1\$/);
  assert.equal(await stored('SELECT COUNT(*) AS it FROM imported_hashes'), 0);
  await empty.tokens(await empty.login({ email: 'p1@people.example', password: 'password' }), client);
});

test('a line is refused for what it runs into, also within one request', async () => {
  const records = [
    person(10), { ...person(11), username: 'P10' }, { ...person(12), email: 'P10@people.example' },
    { record: 'guild', id: id(13), name: 'G', owner_id: id(99) },
    { record: 'member', guild_id: id(13), user_id: id(10), permissions: '0' },
    { record: 'member', guild_id: id(13), application_id: id(2), permissions: '0' },
    { record: 'connection', user_id: id(99), type: 'github', id: '1', name: 'x' },
  ];
  const answer = outcomes(await post(empty, ndjson(records)));
  assert.deepEqual(answer.map(({ status, errors }) => errors?.[0].path ?? status), ['created', 'username', 'email', 'owner_id', 'guild_id', 'application_id', 'user_id']);
});

test('8 MiB and 10,000 lines are taken of the operator, more is not, and of nobody else more than 64 KiB', async () => {
  const lines = times(9_999, (index) => ndjson([person(100_000 + index)]));
  const body = lines.join('') + ' '.repeat(MAX_BYTES - lines.join('').length - 1) + '\n';
  assert.equal(body.length, MAX_BYTES);
  const answer = await post(empty, body);
  assert.equal(answer.status, 200, answer.text);
  const { created, ...rest } = count(outcomes(answer));
  assert.deepEqual([created.length, rest], [9_999, {}]);
  assert.equal(count(outcomes(await post(empty, body))).unchanged.length, 9_999);
  assert.equal(await declared(`${body} `), 413);
  assert.equal((await post(empty, '{}\n'.repeat(10_001))).status, 400);
  for (const token of ['x', '']) {
    const refused = await post(empty, body.slice(0, 65_537), token);
    assert.deepEqual([refused.status, refused.json.message], [413, 'The body must be at most 64 KiB']);
  }
  assert.equal((await post(empty, '{}', 'x')).status, 401);
  // Without a declared length it is counted as it comes.
  const stream = (text) => new Blob([text]).stream();
  const streamed = (text) => fetch(`${empty.origin}/v1/admin/import`, { method: 'POST', body: stream(text), duplex: 'half', headers: { authorization: `Bearer ${empty.adminToken}` } });
  assert.equal((await streamed(body)).status, 200);
  const refused = await streamed(`${body} `);
  assert.deepEqual([refused.status, (await refused.json()).message], [413, 'The body must be at most 8 MiB']);
});

/** The status of a body that is too long as its length says: it is refused before it was sent to its end. */
function declared(body) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${empty.adminToken}`, 'content-length': Buffer.byteLength(body) };
    const request = http.request(`${empty.origin}/api/admin/import`, { method: 'POST', agent: false, headers });
    request.once('response', ({ statusCode }) => {
      resolve(statusCode);
      request.destroy();
    });
    request.once('error', reject);
    request.write(body.slice(0, 65_536));
  });
}

test('a run that was killed goes on, and says what was refused', async () => {
  const file = join(folder, 'many');
  writeFileSync(file, ndjson(times(25_000, (index) => (index === 24_000 ? { ...person(500_000 + index), username: 'p500000' } : person(500_000 + index)))));
  const killed = await run('import', full, [file], (said) => /line 10000/.test(said));
  assert.equal(killed.status, null);
  const { state } = JSON.parse(readFileSync(`${file}.progress`, 'utf8'));
  assert.ok(state.lines >= 10_000 && state.lines < 25_000, state.lines);
  const { status, said } = await run('import', full, [file]);
  assert.equal(status, 2, said);
  assert.match(said, new RegExp(`goes on behind line ${state.lines}`));
  const [, created, unchanged] = said.match(/25000 lines: (\d+) created, (\d+) unchanged, 1 refused/).map(Number);
  assert.equal(created + unchanged, 24_999);
  assert.deepEqual(JSON.parse(readFileSync(`${file}.refused`, 'utf8')), { line: 24_001, why: 'username is taken' });
  assert.ok(!existsSync(`${file}.progress`));

  const out = join(folder, 'out');
  const half = await run('export', full, ['--lines', '500', out], (said) => /\d lines/.test(said));
  assert.equal(half.status, null);
  const rest = await run('export', full, [out]);
  assert.match(rest.said, /goes on behind line \d+/);
  const ids = readFileSync(out, 'utf8').trim().split('\n').map((line) => JSON.parse(line)).filter(({ record }) => record === 'user').map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.length >= 24_999, ids.length);
});
