// ../../examples/cli: logs in both ways, keeps its tokens to itself, refreshes and revokes them.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

import { World } from '../worker/harness.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const GRANTS = ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'];

let world, user, browser, client, folder, tokens;
before(async () => {
  world = await World.start();
  user = await world.user();
  browser = await world.login(user);
  client = await world.application('public', { grant_types: GRANTS });
  folder = mkdtempSync(join(ROOT, 'sdk/.application-')); // where our packages are found as if they were installed
  for (const file of ['fluxer.ts', 'token-file.ts']) copyFileSync(join(ROOT, 'examples/cli', file), join(folder, file));
  tokens = join(folder, 'config/fluxer-cli/tokens.json');
});
after(async () => {
  await world?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the tool; `on` sees what it has said so far, whenever it says something. */
async function fluxer(args, on = () => undefined, env = {}) {
  const { HOME } = process.env;
  // No program that opens browsers is on the PATH.
  const variables = { HOME, PATH: folder, XDG_CONFIG_HOME: join(folder, 'config'), ISSUER: world.origin, CLIENT_ID: client.id, ...env };
  const child = spawn(process.execPath, ['--no-warnings', 'fluxer.ts', ...args], { cwd: folder, env: variables });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { said += data; on(said, child); });
  const [code] = await once(child, 'close');
  return { code, said };
}

/** Runs something once, when what was said first matches. */
function when(pattern, run) {
  let done;
  return (said, child) => {
    const found = said.match(pattern);
    if (found && !done) done = run(found, child);
  };
}

const stored = () => JSON.parse(readFileSync(tokens, 'utf8')).tokens;
const mode = (path) => (statSync(path).mode & 0o777).toString(8);

const byDevice = (decision) => fluxer(['login', '--device'], when(/code ([A-Z-]{9})\n/, ([, code]) => world.answerDevice(browser, code, decision)));

/** Follows the browser of this machine to where it is sent back to, and no further. */
async function cameBack(url, decision = 'approve') {
  const page = await browser.submit(await browser.open(url), { decision });
  return new URL(page.location);
}
const byBrowser = (on, env) => fluxer(['login'], when(/^(http\S+)\n/m, (found, child) => on(found[1], child)), env);
const works = async ({ accessToken }) => (await world.me(accessToken)).status === 200;
const write = (tokens_, more = {}) => writeFileSync(tokens, JSON.stringify({ issuer: world.origin, clientId: client.id, tokens: tokens_, ...more }), { mode: 0o600 });

test('it logs in on another device, and its tokens are its user’s alone', async () => {
  const { code, said } = await byDevice('approve');
  assert.match(said, new RegExp(`Logged in as ${user.username} \\(${user.id}\\)`));
  assert.deepEqual([code, mode(tokens), mode(join(tokens, '..'))], [0, '600', '700']);
  for (const secret of [stored().accessToken, stored().refreshToken]) assert.ok(!said.includes(secret));
});

test('it says so where the user says no', async () => {
  const before = readFileSync(tokens, 'utf8');
  assert.deepEqual((({ code, said }) => [code, said.split('\n').at(-2)])(await byDevice('deny')), [1, 'You said no']);
  assert.equal(readFileSync(tokens, 'utf8'), before);
});

test('it logs in by the browser of this machine', async () => {
  rmSync(tokens);
  const { code, said } = await fluxer(['login'], when(/^(http\S+)\n/m, async ([, url]) => {
    const page = await browser.submit(await browser.open(url), { decision: 'approve' });
    const { origin } = new URL(page.location);
    assert.equal((await fetch(`${origin}/favicon.ico`)).status, 404);
    assert.match(await (await fetch(page.location)).text(), /close this page/);
  }));
  assert.match(said, new RegExp(`Logged in as ${user.username}`));
  assert.deepEqual([code, mode(tokens)], [0, '600']);
});

test('what comes to its port without its state changes nothing, and a second answer is none', async () => {
  const answered = [];
  const { code, said } = await byBrowser(async (url) => {
    const back = await cameBack(url);
    const visit = async (change, init) => {
      const address = new URL(back);
      for (const [name, value] of Object.entries(change)) value === undefined ? address.searchParams.delete(name) : address.searchParams.set(name, value);
      answered.push((await fetch(address, init)).status);
    };
    await visit({ state: 'guessed', code: 'planted' });
    await visit({ state: undefined });
    await visit({ state: 'guessed', code: undefined, error: 'access_denied' });
    answered.push((await fetch(`${back}&state=guessed`)).status, (await fetch(`${back.origin}/callback`)).status);
    await visit({}, { method: 'HEAD' });
    await visit({}, { method: 'POST', body: 'code=planted' });
    const both = await Promise.all([fetch(back), fetch(back).catch(() => ({ status: 'closed' }))]);
    assert.equal(both[0].status, 200);
  });
  assert.deepEqual(answered, [400, 400, 400, 400, 404, 404, 404]);
  assert.match(said, new RegExp(`Logged in as ${user.username}`));
  assert.equal(code, 0);
});

test('an answer of another server is refused, and so is one of no server', async () => {
  for (const iss of ['https://evil.example', undefined]) {
    const { code, said } = await byBrowser(async (url) => {
      const back = await cameBack(url);
      if (iss) back.searchParams.set('iss', iss);
      else back.searchParams.delete('iss');
      await fetch(back);
    });
    assert.deepEqual([code, said.split('\n').at(-2)], [1, 'The callback does not come from the server that the user was sent to']);
  }
  const { code, said } = await byBrowser(async (url) => fetch(await cameBack(url, 'deny')));
  assert.deepEqual([code, said.split('\n').at(-2)], [1, 'You said no']);
});

test('neither the program that opens the browser nor a connection that says nothing keeps it', async () => {
  const opener = join(folder, 'xdg-open');
  writeFileSync(opener, `#!/bin/sh\necho $$ "$1" >'${folder}/opened'\nexec /bin/sleep 60\n`, { mode: 0o755 });
  const idle = [];
  let began;
  const { code } = await byBrowser(async (url) => {
    const back = await cameBack(url);
    idle.push(connect(Number(back.port), '127.0.0.1').on('error', () => undefined));
    await once(idle[0], 'connect');
    await fetch(back);
    began = Date.now();
  });
  const lasted = Date.now() - began;
  const [pid, opened] = readFileSync(join(folder, 'opened'), 'utf8').trim().split(' ');
  process.kill(Number(pid));
  for (const file of ['xdg-open', 'opened']) rmSync(join(folder, file));
  idle[0].destroy();
  assert.equal(code, 0);
  assert.ok(opened.startsWith(`${world.origin}/oauth2/authorize?`), opened);
  assert.ok(lasted < 20_000, `it went on for ${lasted} ms`);
});

test('a new login takes the place of the one before, which ends', async () => {
  const before = stored();
  assert.equal((await byDevice('approve')).code, 0);
  assert.deepEqual([await works(before), await works(stored())], [false, true]);
});

test('it refreshes tokens that have expired, and keeps the new ones as safely', async () => {
  const old = stored();
  writeFileSync(tokens, JSON.stringify({ issuer: world.origin, clientId: client.id, tokens: { ...old, expiresAt: Date.now() - 1_000 } }));
  chmodSync(tokens, 0o644); // as somebody may have copied it
  const { code, said } = await fluxer(['whoami']);
  assert.deepEqual([code, said], [0, `Logged in as ${user.username} (${user.id})\n`]);
  assert.notEqual(stored().refreshToken, old.refreshToken);
  assert.equal(mode(tokens), '600');
});

test('ten of it at once, with tokens that have expired, are all logged in', async () => {
  write({ ...stored(), expiresAt: Date.now() - 1_000 });
  const ended = await Promise.all(Array.from({ length: 10 }, () => fluxer(['whoami'])));
  for (const { code, said } of ended) assert.deepEqual([code, said], [0, `Logged in as ${user.username} (${user.id})\n`]);
  assert.ok(await works(stored()));
  assert.deepEqual(readdirSync(dirname(tokens)), ['tokens.json']);
  write({ ...stored(), expiresAt: Date.now() - 1_000 });
  assert.equal((await fluxer(['whoami'])).code, 0, 'what was stored last goes on');
});

test('a file that others may read is its user’s alone again, and one that is no JSON is no login', async () => {
  chmodSync(tokens, 0o644);
  chmodSync(dirname(tokens), 0o755);
  assert.equal((await fluxer(['whoami'])).code, 0);
  assert.equal(mode(tokens), '600');
  const kept = readFileSync(tokens);
  for (const text of ['', '{"issuer":', 'null', JSON.stringify({ issuer: world.origin, clientId: client.id, tokens: { accessToken: stored().accessToken } })]) {
    writeFileSync(tokens, text);
    assert.deepEqual(await fluxer(['whoami']), { code: 1, said: 'Nobody is logged in: fluxer login\n' });
  }
  writeFileSync(tokens, kept);
});

test('a link in the place of its file is not followed, and nothing is left beside it', async () => {
  const elsewhere = join(folder, 'elsewhere.json');
  const old = stored();
  write({ ...old, expiresAt: Date.now() - 1_000 });
  copyFileSync(tokens, elsewhere);
  const before = readFileSync(elsewhere, 'utf8');
  rmSync(tokens);
  symlinkSync(elsewhere, tokens);
  assert.equal((await fluxer(['whoami'])).code, 0);
  assert.equal(readFileSync(elsewhere, 'utf8'), before, 'the file elsewhere is as it was');
  assert.notEqual(stored().refreshToken, old.refreshToken);
  assert.deepEqual([mode(tokens), mode(dirname(tokens)), readdirSync(dirname(tokens))], ['600', '700', ['tokens.json']]);
});

test('tokens that cannot be kept are not asked for', async () => {
  const dangling = mkdtempSync(join(folder, 'dangling-'));
  symlinkSync(join(dangling, 'nowhere'), join(dangling, 'fluxer-cli'));
  for (const nowhere of [join(folder, 'fluxer.ts'), dangling]) { // a file, and where no folder can be made
    const { code, said } = await fluxer(['login', '--device'], when(/type the code/, (_, child) => child.kill()), { XDG_CONFIG_HOME: nowhere });
    assert.equal(code, 1);
    assert.doesNotMatch(said, /type the code/, nowhere);
  }
});

test('a folder or a file that somebody else has put there logs nobody in', { skip: process.getuid() !== 0 && 'only root gives files away' }, async () => {
  const shared = mkdtempSync(join(folder, 'shared-'));
  const env = { XDG_CONFIG_HOME: shared };
  mkdirSync(join(shared, 'fluxer-cli'));
  copyFileSync(tokens, join(shared, 'fluxer-cli/tokens.json'));
  for (const path of ['fluxer-cli/tokens.json', 'fluxer-cli']) {
    chownSync(join(shared, path), 65_534, 65_534);
    for (const args of [['whoami'], ['login', '--device']]) {
      const { code, said } = await fluxer(args, undefined, env);
      assert.equal(code, 1);
      assert.match(said, /belongs to another user\n$/);
    }
    chownSync(join(shared, path), 0, 0);
  }
});

test('what a server says is text to the terminal', async (t) => {
  const escape = '\u001b]0;owned\u0007\u001b[2J\u202e';
  const server = http.createServer(({ url }, response) => {
    const origin = `http://127.0.0.1:${server.address().port}`;
    const metadata = {
      issuer: origin, authorization_endpoint: `${origin}/a`, token_endpoint: `${origin}/t`, revocation_endpoint: `${origin}/r`, introspection_endpoint: `${origin}/i`,
      device_authorization_endpoint: `${origin}/${said}`,
    };
    const answers = {
      '/.well-known/oauth-authorization-server': [200, metadata],
      '/error': [400, { error: 'invalid_scope', error_description: `no ${escape}` }],
      '/code': [200, { device_code: 'd', user_code: `BCDF${escape}`, verification_uri: `${origin}/device`, expires_in: 600 }],
      '/page': [200, { device_code: 'd', user_code: 'BCDF', verification_uri: `${origin}/device${escape}`, expires_in: 1 }],
    };
    const [status, body] = answers[url] ?? [400, { error: 'expired_token' }];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  let said;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const env = { ISSUER: `http://127.0.0.1:${server.address().port}`, XDG_CONFIG_HOME: join(folder, 'other') };
  for (said of ['error', 'code', 'page']) {
    const ended = await fluxer(['login', '--device'], undefined, env);
    assert.equal(ended.code, 1, said);
    assert.doesNotMatch(ended.said.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u, said);
  }
  assert.ok(!existsSync(join(folder, 'other/fluxer-cli/tokens.json')));
});

test('it shows its tokens to no other server and as no other application', async () => {
  const other = await fluxer(['whoami'], undefined, { CLIENT_ID: '12' });
  assert.deepEqual(other, { code: 1, said: 'Nobody is logged in: fluxer login\n' });
});

test('it stops waiting when it is interrupted', async () => {
  const { code, said } = await fluxer(['login', '--device'], when(/code [A-Z-]{9}\n/, (_, child) => child.kill('SIGINT')));
  assert.deepEqual([code, said.split('\n').at(-2)], [1, 'Interrupted']);
});

test('it gives its tokens back', async () => {
  const { accessToken } = stored();
  writeFileSync(`${tokens}.left-behind`, readFileSync(tokens)); // by one that was killed
  assert.deepEqual(await fluxer(['logout']), { code: 0, said: 'Logged out\n' });
  assert.deepEqual(readdirSync(dirname(tokens)), []);
  assert.equal((await world.me(accessToken)).status, 401);
  assert.deepEqual(await fluxer(['whoami']), { code: 1, said: 'Nobody is logged in: fluxer login\n' });
});

test('it says how it is used', async () => {
  for (const args of [[], ['unknown'], ['whoami', '--device']]) {
    const { code, said } = await fluxer(args);
    assert.equal(code, 2);
    assert.match(said, /^usage: fluxer login/);
  }
});
