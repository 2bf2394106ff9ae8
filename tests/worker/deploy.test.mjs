// scripts/deploy, against an account that a small program plays: it keeps what it is told in a file, and breaks
// off where a test wants it to.

import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const ROOT = resolve(import.meta.dirname, '../..');
const ISSUER = 'https://id.example';
const KV = 'a'.repeat(32);
const DATABASE = '01234567-89ab-cdef-0123-456789abcdef';

/** Asks this process over a socket: a program of Node's would take longer to start than all that a deployment does. */
const asking = (port) => `#!/usr/bin/env bash
exec 3<>/dev/tcp/127.0.0.1/${port}
printf '%s\\0' "$@" '' >&3
IFS= read -r status <&3 && IFS= read -r out <&3 && IFS= read -r err <&3
[[ -z $out ]] || printf '%s\\n' "$out"
[[ -z $err ]] || printf '%s\\n' "$err" >&2
exit "$status"
`;

/** What wrangler says, in `out` or `err`, and does to the account; where it hangs, nothing. */
function wrangler(args, { BREAKS_AT, BREAKS, KV: kv = KV, DATABASE: database = DATABASE }) {
  const account = JSON.parse(readFileSync(accountFile));
  const said = args.join(' ');
  account.calls.push(said);
  const place = (versions, message) => {
    account.deployed = versions;
    account.history = [{ versions, annotations: message && { 'workers/message': message }, created_on: '2026-11-28T03:00:00Z' }, ...(account.history ?? [])];
  };
  const option = (name) => args[args.indexOf(name) + 1];
  const file = (name) => readFileSync(resolve(folder, option(name)), 'utf8');
  const save = () => writeFileSync(accountFile, JSON.stringify(account));
  save();
  const breaks = BREAKS_AT && said.includes(BREAKS_AT);
  const brokenOff = { status: 1, err: 'the network is gone' };
  if (breaks && BREAKS === 'hangs') return undefined;
  if (breaks && BREAKS !== 'after') return brokenOff;
  const upload = () => {
    const version = `v${account.versions.length + 1}`;
    const bindings = [...file('--config').split('[vars]')[1].split(/^\[/m)[0].matchAll(/^(\w+) = "(.*?)"(?: #.*)?$/gm)].map(([, name, text]) => ({ name, type: 'plain_text', text }));
    account.versions.push({ version, bindings });
    if (args.includes('--secrets-file')) account.secrets.push(...Object.keys(JSON.parse(file('--secrets-file'))));
    return version;
  };
  const answer = () => {
    if (said.startsWith('whoami')) return { out: '{"email":"ada@example.com"}' };
    if (said.startsWith('kv namespace create')) account.kv = true;
    else if (said.startsWith('kv namespace list')) return { out: JSON.stringify(account.kv ? [{ title: 'fluxer-oauth2-records', id: kv }] : []) };
    else if (said.startsWith('d1 create')) account.d1 = true;
    else if (said.startsWith('d1 list')) return { out: JSON.stringify([...(account.d1 ? [{ name: 'fluxer-oauth2', uuid: database }] : []), ...(account.restored ?? [])]) };
    else if (said.startsWith('d1 migrations apply')) account.migrated = true;
    else if (said.startsWith('secret list')) return account.deployed ? { out: JSON.stringify(account.secrets.map((name) => ({ name }))) } : { status: 1, err: 'Worker "fluxer-oauth2" not found' };
    else if (said.startsWith('deployments status')) return account.deployed ? { out: JSON.stringify(account.history[0]) } : { status: 1, err: 'This Worker does not exist on your account. [code: 10007]' };
    else if (said.startsWith('versions view')) return { out: JSON.stringify({ resources: { bindings: account.versions.find(({ version }) => version === args[2]).bindings } }) };
    else if (said.startsWith('versions upload')) return { out: `Worker Version ID: ${upload()}` };
    else if (said.startsWith('versions deploy')) place(args.filter((arg) => arg.includes('@')).map((arg) => ({ version_id: arg.split('@')[0], percentage: Number(arg.split('@')[1]) })));
    else if (said.startsWith('deploy')) place([{ version_id: upload(), percentage: 100 }]);
    // As wrangler chooses: what the newest deployment before the present one gave to everybody.
    else if (said.startsWith('rollback')) place(account.history.slice(1).find(({ versions }) => versions.length === 1).versions, option('--message'));
    return {};
  };
  const answered = answer();
  save();
  return breaks ? { ...answered, ...brokenOff } : answered;
}

const folder = mkdtempSync(join(tmpdir(), 'deploy-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'bin'));
mkdirSync(join(folder, 'lib'));
let running; // the environment of the deployment that runs, and who is told that it hangs
const wranglers = net.createServer((socket) => {
  let asked = '';
  socket.on('error', () => {}); // killed while it hung
  socket.on('data', (part) => {
    asked += part;
    if (!asked.endsWith('\0\0')) return;
    const answer = wrangler(asked.slice(0, -2).split('\0'), running.env);
    if (!answer) running.hangs();
    else socket.end(`${answer.status ?? 0}\n${answer.out ?? ''}\n${answer.err ?? ''}\n`);
  });
}).listen(0, '127.0.0.1');
await once(wranglers, 'listening');
after(() => wranglers.close());
writeFileSync(join(folder, 'bin/wrangler'), asking(wranglers.address().port));
chmodSync(join(folder, 'bin/wrangler'), 0o755);
const accountFile = join(folder, 'account.json');
const account = () => JSON.parse(readFileSync(accountFile, 'utf8'));

/** An account that nothing is on. */
const empty = () => writeFileSync(accountFile, JSON.stringify({ calls: [], versions: [], secrets: [] }));

beforeEach(() => {
  copyFileSync(join(ROOT, 'wrangler.toml'), join(folder, 'wrangler.toml'));
  empty();
});

/** Runs the deployment where its settings are; what it said, and whether it got through. `killed` ends it, and wrangler, by a signal, once it hangs. */
async function deploy(args = [], env = {}, killed) {
  const hanging = new Promise((resolve) => (running = { env, hangs: resolve }));
  const run = spawn(process.execPath, [join(ROOT, 'scripts/lib/deploy.mjs'), '--issuer', ISSUER, ...args], {
    cwd: folder, detached: Boolean(killed), env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}`, SIGNING_KEYS: '', ADMIN_CLIENT_SECRET: 'x'.repeat(32), ...env },
  });
  let said = '';
  for (const stream of [run.stdout, run.stderr]) stream.on('data', (part) => (said += part));
  const closed = once(run, 'close');
  if (killed) {
    if (!killed.when) await hanging;
    else while (!said.includes(killed.when)) await new Promise((resolve) => setTimeout(resolve, 20));
    process.kill(-run.pid, killed.signal);
  }
  const [status] = await closed;
  return { status, said };
}

/** A server whose /healthz answers so. */
async function health(answer) {
  const server = createServer((request, response) => { response.statusCode = answer(request); response.end(); }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

test('a deployment that broke off anywhere, before or after its effect, goes on where it was', async () => {
  const writes = ['kv namespace create', 'd1 create', 'migrations apply', 'deploy --config'];
  const reads = ['whoami', 'kv namespace list', 'd1 list', 'deployments status', 'secret list'];
  for (const [step, BREAKS] of [...reads, ...writes].map((it) => [it, 'before']).concat(writes.map((it) => [it, 'after']))) {
    const when = `${BREAKS} ${step}`;
    empty();
    const first = await deploy([], { BREAKS_AT: step, BREAKS });
    assert.equal(first.status, 1, when);
    assert.match(first.said, step === 'whoami' ? /does not say who is logged in.*\n?.*the network is gone/s : /wrangler [\w -]+ failed/, when);
    assert.equal(first.said.includes('run the same again'), step !== 'whoami', when);
    const again = await deploy();
    assert.equal(again.status, 0, again.said);
    const { kv, d1, migrated, secrets, versions, deployed } = account();
    assert.deepEqual({ kv, d1, migrated, secrets }, { kv: true, d1: true, migrated: true, secrets: ['SIGNING_KEYS', 'ADMIN_CLIENT_SECRET'] }, when);
    assert.deepEqual(deployed, [{ version_id: versions.at(-1).version, percentage: 100 }], when);
  }
});

test('a deployment that is killed goes on where it was, and leaves no secret behind', async () => {
  const secrets = join(folder, '.wrangler/secrets-on-their-way.json');
  for (const [step, signal] of [['migrations apply', 'SIGINT'], ['deploy --config', 'SIGINT'], ['deploy --config', 'SIGKILL']]) {
    empty();
    const first = await deploy([], { BREAKS_AT: step, BREAKS: 'hangs' }, { signal });
    assert.notEqual(first.status, 0, step);
    assert.equal(existsSync(secrets), signal === 'SIGKILL', 'nobody cleans up after SIGKILL');
    assert.equal(first.said.includes('run the same again'), signal !== 'SIGKILL', first.said);
    const again = await deploy();
    assert.equal(again.status, 0, again.said);
    assert.equal(existsSync(secrets), false);
    assert.deepEqual(account().secrets, ['SIGNING_KEYS', 'ADMIN_CLIENT_SECRET']);
  }
  // While it watches: most requests are where they were.
  const killed = await deploy(['--gradual'], { HEALTH_URL: await health(() => 200), SOAK_SECONDS: '60' }, { signal: 'SIGINT', when: '10 of 100' });
  assert.equal(killed.status, 1);
  assert.match(killed.said, /ended by SIGINT\n.*run the same again/);
  assert.deepEqual(account().deployed, [{ version_id: 'v2', percentage: 10 }, { version_id: 'v1', percentage: 90 }]);
});

test('a restored database is deployed by its name, and stays so', async () => {
  await deploy();
  const restored = { name: 'fluxer-oauth2-restored', uuid: DATABASE.replace('0123', '4567') };
  writeFileSync(accountFile, JSON.stringify({ ...account(), calls: [], restored: [restored] }));
  const settings = readFileSync(join(folder, 'wrangler.toml'), 'utf8');
  writeFileSync(join(folder, 'wrangler.toml'), settings.replace('database_name = "fluxer-oauth2"', `database_name = "${restored.name}"`));
  for (let times = 0; times < 2; times += 1) {
    const { status, said } = await deploy();
    assert.equal(status, 0, said);
    assert.match(readFileSync(join(folder, 'wrangler.deploy.toml'), 'utf8'), new RegExp(`^database_name = "${restored.name}"\ndatabase_id = "${restored.uuid}"$`, 'm'));
  }
  assert.ok(!account().calls.includes('d1 create'));
});

test('a gradual deployment that broke off leaves most requests where they were, and is finished by another', async () => {
  const well = { HEALTH_URL: await health(() => 200), SOAK_SECONDS: '0' };
  await deploy();
  const deployedOnce = readFileSync(accountFile);
  const steps = [['deployments status', 'before'], ['versions upload', 'after'], ['v2@10', 'after'], ['v2@40', 'after'], ['v2@100', 'before'], ['v2@100', 'after']];
  for (const [step, BREAKS] of steps) {
    const when = `${BREAKS} ${step}`;
    writeFileSync(accountFile, deployedOnce);
    assert.equal((await deploy(['--gradual'], { ...well, BREAKS_AT: step, BREAKS })).status, 1, when);
    const most = account().deployed.find(({ percentage }) => percentage > 50);
    assert.equal(most.version_id, when === 'after v2@100' ? 'v2' : 'v1', when);
    const again = await deploy(['--gradual'], well);
    assert.equal(again.status, 0, again.said);
    const { versions, deployed } = account();
    assert.deepEqual(deployed, [{ version_id: versions.at(-1).version, percentage: 100 }], when);
    assert.equal(account().calls.filter((call) => call.startsWith('deploy ')).length, 1, 'no second one went to everybody at once');
  }
});

test('settings that change are shown before anything changes, and no secret is', async () => {
  await deploy();
  const file = join(folder, 'wrangler.toml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^RATE_LIMIT_TOKEN = .*$/m, 'RATE_LIMIT_TOKEN = "99/10" # for a while'));
  const { said } = await deploy();
  assert.match(said, /- RATE_LIMIT_TOKEN = "10\/10"\n {2}\+ RATE_LIMIT_TOKEN = "99\/10"/);
  assert.doesNotMatch(said, /x{32}/);
  assert.match((await deploy()).said, /no setting changes/);
});

test('ids and dates that wrangler lets through are refused before anything changes', async () => {
  const original = readFileSync(join(folder, 'wrangler.toml'), 'utf8');
  for (const [pattern, line] of [
    [/^compatibility_date = .*$/m, 'compatibility_date = "2026-02-30"'],
    [/^compatibility_date = .*$/m, 'compatibility_date = "2999-01-01"'],
    [/^compatibility_date = .*$/m, 'compatibility_date = "yesterday"'],
  ]) {
    writeFileSync(join(folder, 'wrangler.toml'), original.replace(pattern, line));
    const { status, said } = await deploy();
    assert.equal(status, 1, line);
    assert.match(said, /compatibility_date/);
    assert.equal(account().migrated, undefined);
    assert.equal(account().deployed, undefined);
  }
  writeFileSync(join(folder, 'wrangler.toml'), original);
  for (const ids of [{ KV: '0'.repeat(32) }, { KV: 'mine' }, { DATABASE: '00000000-0000-0000-0000-000000000000' }, { DATABASE: 'a'.repeat(32) }]) {
    const { status, said } = await deploy([], ids);
    assert.equal(status, 1, said);
    assert.match(said, /id = ".*" cannot be right/);
    assert.equal(account().migrated, undefined);
  }
});

test('a gradual deployment goes all the way while the server is well', async () => {
  await deploy();
  const asked = [];
  const HEALTH_URL = await health(({ headers }) => (asked.push(headers['cloudflare-workers-version-overrides']), 200));
  const { status, said } = await deploy(['--gradual'], { HEALTH_URL, SOAK_SECONDS: '0' });
  assert.equal(status, 0, said);
  assert.deepEqual(asked, Array(3).fill('fluxer-oauth2="v2"'), 'it is the new version that is asked');
  assert.deepEqual(account().deployed, [{ version_id: 'v2', percentage: 100 }]);
  const shares = account().calls.filter((call) => call.startsWith('versions deploy'));
  assert.deepEqual(shares.map((call) => call.split(' ').slice(2, 4).join(' ')), ['v2@10 v1@90', 'v2@40 v1@60', 'v2@100 --yes']);
});

test('a gradual deployment goes back when the server is not well', async () => {
  await deploy();
  let asked = 0;
  const { status, said } = await deploy(['--gradual'], { HEALTH_URL: await health(() => ((asked += 1) > 1 ? 503 : 200)), SOAK_SECONDS: '0' });
  assert.equal(status, 1);
  assert.match(said, /HTTP 503\. Everything is back at v1/);
  assert.deepEqual(account().deployed, [{ version_id: 'v1', percentage: 100 }]);
});

test('a bad version that cannot be taken back is told with what is wrong with it and what takes it back', async () => {
  await deploy();
  const env = { HEALTH_URL: await health(() => 503), SOAK_SECONDS: '0' };
  const { status, said } = await deploy(['--gradual'], { ...env, BREAKS_AT: 'v1@100' });
  assert.equal(status, 1);
  assert.match(said, /of v2: HTTP 503\. It still has 10 of 100 requests.*run scripts\/deploy --rollback\n.*the network is gone/);
  assert.doesNotMatch(said, /run the same again/);
  assert.equal((await deploy(['--rollback'])).status, 0);
  assert.deepEqual(account().deployed, [{ version_id: 'v1', percentage: 100 }]);
});

test('a bad deployment is rolled back, and by nobody twice', async () => {
  await deploy();
  await deploy();
  const bad = readFileSync(accountFile);
  for (const BREAKS of [undefined, 'before', 'after']) {
    writeFileSync(accountFile, bad);
    const first = await deploy(['--rollback'], BREAKS && { BREAKS_AT: 'rollback', BREAKS });
    assert.equal(first.status, BREAKS ? 1 : 0, first.said);
    if (!BREAKS) assert.match(first.said, /v1 is deployed again, instead of v2/);
    const again = await deploy(['--rollback']);
    assert.equal(again.status, 0, again.said);
    if (BREAKS !== 'before') assert.match(again.said, /v1 was rolled back to already/);
    assert.deepEqual(account().deployed, [{ version_id: 'v1', percentage: 100 }], BREAKS);
  }
  // What is deployed afterwards can be taken back again.
  await deploy();
  assert.deepEqual(account().deployed, [{ version_id: 'v3', percentage: 100 }]);
  assert.equal((await deploy(['--rollback'])).status, 0);
  assert.deepEqual(account().deployed, [{ version_id: 'v1', percentage: 100 }]);
});
