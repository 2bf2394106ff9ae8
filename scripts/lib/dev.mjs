// Runs the steps of scripts/dev. Node and not bash, for one reason: each step is a process group of
// its own, and a signal ends the group with everything in it, compilers and workerd included.

import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = resolve(import.meta.dirname, '../..');
const READY_WITHIN_MS = 120_000;
const STOPPED_WITHIN_MS = 5_000;

const given = process.argv.slice(2);
const [release, withPlatform] = ['--release', '--platform'].map((each) => given.includes(each));
const options = given.filter((each) => !['--release', '--platform'].includes(each));
const port = option('--port') ?? '8787';
const origin = `http://127.0.0.1:${port}`;
const platform = withPlatform ? { port: String(Number(port) + 1), key: randomBytes(32).toString('base64url') } : undefined;
if (platform) platform.origin = `http://127.0.0.1:${platform.port}`;
const state = resolve(option('--persist-to') ?? join(ROOT, '.wrangler/state'));

for (const [signal, number] of [['SIGINT', 2], ['SIGTERM', 15], ['SIGHUP', 1]]) {
  process.on(signal, () => stop(128 + number));
}

// What wrangler runs when src/ changes must build what it serves.
process.env.WORKER_BUILD = release ? 'release' : 'dev';
const [worker, usually] = release ? ['build/index.js', '3 min'] : ['build/dev/index.js', '1 min the first time, then seconds'];

let running; // the step of the moment
let beside; // the platform, which runs beside the last one
let stopping = false;
const took = [];
try {
  await portIsFree(port);
  if (platform) await portIsFree(platform.port);
  await timed('set-up', () => step('scripts/setup', ...(release ? [] : ['--dev'])));
  await timed(`build (usually ${usually})`, () => step('scripts/build'));
  await timed('database', async () => {
    await migrate();
    await wrangler('d1', 'execute', 'DIRECTORY', '--local', '--persist-to', state, '--file', 'scripts/seed.sql', '--yes');
  });
  let served;
  await timed('start', () => {
    served = step('wrangler', 'dev', worker, ...defaults(), ...options);
    return Promise.race([served, ready()]);
  });
  if (platform) startPlatform();
  console.log(welcome());
  if (platform) console.log(`Users log in at the platform, ${platform.origin}, as demo, admin or visitor, with the passwords above.`);
  console.log(`It took ${took.join(', ')}.`);
  console.log(`Ready on ${origin}`);
  await served;
} catch (error) {
  // A step that was told to stop has not failed.
  if (!stopping) console.error(`dev: ${error.message}`);
  await stop(1);
}

/** Says what begins, and notes how long it took. */
async function timed(name, does) {
  const began = Date.now();
  console.log(`dev: ${name}`);
  await does();
  const seconds = Math.round((Date.now() - began) / 1000);
  took.push(`${seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`} for the ${name.replace(/ \(.*/, '')}`);
}

function defaults() {
  const given = (name) => options.some((each) => each === name || each.startsWith(`${name}=`));
  const defaults = ['--show-interactive-dev-session=false'];
  if (!given('--ip')) defaults.push('--ip', '127.0.0.1');
  if (!given('--port')) defaults.push('--port', port);
  if (!given('--persist-to')) defaults.push('--persist-to', state);
  const vars = { ISSUER: origin, DYNAMIC_REGISTRATION: 'open', CLIENT_METADATA_DOCUMENTS: 'on', ...platformSettings() };
  for (const [name, value] of Object.entries(vars)) {
    const isGiven = options.some((each) => each.replace(/^--var=/, '').startsWith(`${name}:`));
    if (!isGiven) defaults.push('--var', `${name}:${value}`);
  }
  return defaults;
}

// The key is new each time, and stands in no file: .dev.vars would win over it.
function platformSettings() {
  if (!platform) return {};
  return { LOGIN_URL: `${platform.origin}/login`, PLATFORM_URL: platform.origin, PLATFORM_KEY: platform.key, AUTHORIZATION_EVENTS_URL: `${platform.origin}/authorization-events` };
}

function startPlatform() {
  const database = join(state, 'platform.sqlite');
  beside = spawn('node', ['--disable-warning=ExperimentalWarning', 'examples/platform/platform.ts'], {
    cwd: ROOT, detached: true, stdio: 'inherit',
    env: { ...process.env, PORT: platform.port, ISSUER: origin, PLATFORM_KEY: platform.key, DATABASE: database },
  });
  // Without it nobody can log in.
  beside.once('close', () => stop(1));
}

function option(name) {
  const joined = options.find((each) => each.startsWith(`${name}=`));
  return joined?.slice(name.length + 1) ?? (options.includes(name) ? options[options.indexOf(name) + 1] : undefined);
}

// wrangler would quietly take the next port, and ISSUER would not be where it serves.
function portIsFree(port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', () => reject(new Error(`port ${port} is taken: give another one with --port`)));
    server.listen(Number(port), '127.0.0.1', () => server.close(resolve));
  });
}

// wrangler takes seconds to see that there is nothing to migrate; a note beside the database, which
// goes when the database goes, is quicker.
async function migrate() {
  const note = join(state, 'v3/d1/.migrated');
  const migrations = join(ROOT, 'migrations');
  const hash = createHash('sha256');
  for (const name of readdirSync(migrations).sort()) hash.update(name).update(readFileSync(join(migrations, name)));
  const now = hash.digest('hex');
  if (read(note) === now) return;
  await wrangler('d1', 'migrations', 'apply', 'DIRECTORY', '--local', '--persist-to', state);
  mkdirSync(dirname(note), { recursive: true });
  writeFileSync(note, now);
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

async function ready() {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    try {
      await fetch(`${origin}/.well-known/oauth-authorization-server`, { signal: AbortSignal.timeout(5_000) });
      return;
    } catch {
      await sleep(100);
    }
  }
  throw new Error(`no answer on ${origin} after ${READY_WITHIN_MS / 1000} seconds`);
}

function wrangler(...args) {
  return step('wrangler', ...args);
}

// Runs a command to its end. What a quick one says is of interest only when it fails.
function step(command, ...args) {
  const quiet = args[0] === 'd1';
  const child = spawn(command.includes('/') ? join(ROOT, command) : command, args, {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
  });
  running = child;
  let said = '';
  child.stdout?.on('data', (data) => (said += data));
  child.stderr?.on('data', (data) => (said += data));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) return resolve();
      process.stderr.write(said);
      reject(new Error(`${[command, ...args].join(' ')}: ${signal ?? `exit code ${code}`}`));
    });
  });
}

async function stop(code) {
  if (stopping) return;
  stopping = true;
  const groups = [running, beside].map((child) => child?.pid).filter(Boolean);
  for (const group of groups) signal(group, 'SIGTERM');
  for (let waited = 0; groups.some((group) => signal(group, 0)) && waited < STOPPED_WITHIN_MS; waited += 50) await sleep(50);
  for (const group of groups) signal(group, 'SIGKILL');
  process.exit(code);
}

function signal(group, name) {
  try {
    return process.kill(-group, name);
  } catch {
    return false; // nobody is left in it
  }
}

// The rows of scripts/seed.sql, as a person needs them. The verifier is that of RFC 7636 appendix B.
function welcome() {
  const uri = 'http://localhost:3000/callback';
  const confidential = { id: '1456074443980800003', uri, secret: 'demo-client-secret-for-local-development-only' };
  const mobile = { id: '1456074443980800004', uri: 'http://127.0.0.1:3000/callback' };
  const bot = { id: '1456074443980800011', uri, secret: 'demo-bot-secret-for-local-development-only' };
  const botToken = `${bot.id}.demo-bot-token-for-local-development-only-0`;
  const privateBot = { id: '1456074443980800012' };
  const panel = { id: '1456074443980800013', uri, secret: 'demo-panel-secret-for-local-development-only' };
  const chessClub = '1456074443980800007';
  const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
  const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
  const link = (params) => `${origin}/oauth2/authorize?${new URLSearchParams(params)}`;
  const authorize = ({ id, uri }, more = {}) =>
    link({ response_type: 'code', client_id: id, redirect_uri: uri, scope: 'identify email', state: 'demo', ...more });
  // View channels, send messages, embed links, read the history; manage messages, kick members.
  const invite = ({ id }, more = {}) => link({ client_id: id, scope: 'bot', permissions: '93186', ...more });
  const exchange = ({ id, secret, uri }) => `curl -u ${id}:${secret} ${origin}/api/oauth2/token \\
                        -d grant_type=authorization_code -d redirect_uri=${uri} -d code=CODE`;
  return `
Accounts
  demo@example.com    demo-password      owns Demo Workshop, manages Chess Club, administers Music Lounge, is in Book Circle
  admin@example.com   admin-password     an administrator; owns Chess Club, Music Lounge and Staff Room
  visitor@example.com visitor-password   owns Book Circle, is in Demo Workshop

Pages
  ${origin}/settings/authorizations   what an account has authorized
  ${origin}/developers                its own applications
  ${origin}/admin                     for administrators

Demo Confidential
  client id           ${confidential.id}
  client secret       ${confidential.secret}
  redirect URI        ${confidential.uri}
  authorize           ${authorize(confidential)}
  everything of users ${authorize(confidential, { scope: 'identify email guilds connections' })}
  code for tokens     ${exchange(confidential)}

Demo Public
  client id           ${mobile.id}
  redirect URIs       http://127.0.0.1/callback (on any port), com.example.demo:/callback
  code verifier       ${verifier}
  authorize           ${authorize(mobile, { code_challenge: challenge, code_challenge_method: 'S256' })}
  code for tokens     curl ${origin}/api/oauth2/token -d client_id=${mobile.id} -d code_verifier=${verifier} \\
                        -d grant_type=authorization_code -d redirect_uri=${mobile.uri} -d code=CODE
  in a terminal       cd examples/cli; ISSUER=${origin} CLIENT_ID=${mobile.id} node fluxer.ts login --device

Demo Bot, which is in Music Lounge already
  client id           ${bot.id}
  client secret       ${bot.secret}
  bot token           ${botToken}
  invite              ${invite(bot)}
  to Chess Club only  ${invite(bot, { guild_id: chessClub, disable_guild_select: true })}
  with a log-in       ${authorize(bot, { scope: 'identify bot', permissions: '84992' })}
  as the bot          curl -H 'Authorization: Bot ${botToken}' ${origin}/api/users/@me/guilds

Private Bot, which only the administrator can add
  invite              ${invite(privateBot)}

Demo Panel, which is trusted: administrators can give it the scope admin
  client id           ${panel.id}
  client secret       ${panel.secret}
  authorize           ${authorize(panel, { scope: 'identify admin' })}
  code for tokens     ${exchange(panel)}
  with the token      curl -H 'Authorization: Bearer TOKEN' ${origin}/api/admin/users

CODE is what the browser's address bar shows after you approve.
`;
}
