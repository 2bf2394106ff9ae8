// The steps of scripts/deploy. Ids of what is on the account are looked up by name, every time, and
// written into wrangler.deploy.toml, which git ignores: wrangler.toml stays anybody's.

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NAME = 'fluxer-oauth2'; // of the Worker, its database and, with -records, its KV namespace
const CONFIG = 'wrangler.deploy.toml';
const ADMIN_SECRET_FILE = '.wrangler/admin-client-secret';
const LOCAL_ADMIN_SECRET = 'admin-secret-for-local-development-only';

const { issuer, dryRun, rest } = options();
try {
  if (dryRun) rehearse();
  else deploy();
} catch (error) {
  console.error(`deploy: ${error.message}`);
  process.exit(1);
}

function options() {
  const args = process.argv.slice(2);
  const take = (found) => (found < 0 ? undefined : args.splice(found, 2)[1]);
  const joined = args.findIndex((each) => each.startsWith('--issuer='));
  const issuer = joined < 0 ? take(args.indexOf('--issuer')) : args.splice(joined, 1)[0].slice('--issuer='.length);
  return {
    issuer: issuer ?? process.env.ISSUER,
    dryRun: args.includes('--dry-run'),
    rest: args.filter((each) => each !== '--dry-run'),
  };
}

function rehearse() {
  if (issuer) checkIssuer();
  say('would ask wrangler who is logged in');
  say(`would create the KV namespace ${NAME}-records and the D1 database ${NAME}, where they are missing`);
  say(`would write their ids and ISSUER=${issuer ?? '(--issuer)'} into ${CONFIG}`);
  say('would apply the migrations that the database lacks');
  say('would put SIGNING_KEYS and ADMIN_CLIENT_SECRET with the deployment, where the Worker lacks them');
  say('would deploy what wrangler now checks:');
  wrangler(['deploy', '--dry-run', ...rest], { show: true });
}

function deploy() {
  checkIssuer();
  checkLogin();
  const records = namespaceId() ?? create(['kv', 'namespace', 'create', `${NAME}-records`], namespaceId);
  const directory = databaseId() ?? create(['d1', 'create', NAME], databaseId);
  writeConfig(records, directory);
  wrangler(['d1', 'migrations', 'apply', 'DIRECTORY', '--remote', '--config', CONFIG], { show: true });
  say('the database is migrated');
  deployWith(missingSecrets());
  say(`deployed; ${issuer}/healthz says how it is`);
}

function checkIssuer() {
  const url = URL.canParse(issuer ?? '') ? new URL(issuer) : undefined;
  if (url?.protocol !== 'https:' || url.origin !== issuer) {
    throw new Error('give the public origin, such as --issuer https://auth.example.com (https, and no path)');
  }
}

function checkLogin() {
  const { status, stdout } = wrangler(['whoami', '--json'], { mayFail: true });
  if (status !== 0) {
    throw new Error("wrangler is not logged in: run 'npx wrangler login', or set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID");
  }
  say(`logged in as ${json(stdout)?.email ?? 'the owner of an API token'}`);
}

function namespaceId() {
  return json(wrangler(['kv', 'namespace', 'list']).stdout).find(({ title }) => title === `${NAME}-records`)?.id;
}

function databaseId() {
  return json(wrangler(['d1', 'list', '--json']).stdout).find(({ name }) => name === NAME)?.uuid;
}

function create(command, id) {
  wrangler(command);
  say(`created: wrangler ${command.join(' ')}`);
  return id() ?? fail(`wrangler ${command.join(' ')} succeeded, but what it made is not listed yet: run this again`);
}

function writeConfig(records, directory) {
  let config = readFileSync('wrangler.toml', 'utf8');
  const set = (pattern, line) => {
    if (!pattern.test(config)) fail(`wrangler.toml has no line like ${pattern}`);
    config = config.replace(pattern, line);
  };
  set(/^name = ".*"$/m, `name = "${NAME}"`);
  set(/^ISSUER = ".*"$/m, `ISSUER = "${issuer}"`);
  set(/^id = "0+"$/m, `id = "${records}"`);
  set(/^database_id = "[0-]+"$/m, `database_id = "${directory}"`);
  writeFileSync(CONFIG, `# Written by scripts/deploy out of wrangler.toml: do not edit.\n${config}`);
  say(`wrote ${CONFIG}: KV namespace ${records}, D1 database ${directory}, ISSUER ${issuer}`);
}

function missingSecrets() {
  const there = secretNames();
  const secrets = {};
  if (there.includes('SIGNING_KEYS')) say('SIGNING_KEYS is there already');
  else secrets.SIGNING_KEYS = process.env.SIGNING_KEYS ?? randomBytes(32).toString('base64url');
  if (there.includes('ADMIN_CLIENT_SECRET')) say('ADMIN_CLIENT_SECRET is there already');
  else secrets.ADMIN_CLIENT_SECRET = process.env.ADMIN_CLIENT_SECRET ?? newAdminSecret();
  if (secrets.ADMIN_CLIENT_SECRET === LOCAL_ADMIN_SECRET) fail('ADMIN_CLIENT_SECRET is the one for local development');
  return secrets;
}

// A Worker that was never deployed has no secrets, and wrangler fails with this.
function secretNames() {
  const { status, stdout, stderr } = wrangler(['secret', 'list', '--format', 'json', '--config', CONFIG], { mayFail: true });
  if (status === 0) return json(stdout).map(({ name }) => name);
  if (/Worker ".*" not found/.test(stdout + stderr)) return [];
  return fail(`wrangler cannot list the Worker's secrets:\n${stdout}${stderr}`);
}

function newAdminSecret() {
  const secret = randomBytes(32).toString('base64url');
  mkdirSync('.wrangler', { recursive: true });
  writeFileSync(ADMIN_SECRET_FILE, `${secret}\n`, { mode: 0o600 });
  say(`ADMIN_CLIENT_SECRET is kept in ${ADMIN_SECRET_FILE}: move it to where you keep secrets`);
  return secret;
}

// The secrets arrive with the code, so no request ever meets a Worker without them. They travel in a
// file that only we can read, since arguments can be seen by everybody on the machine.
function deployWith(secrets) {
  const folder = mkdtempSync(join(tmpdir(), `${NAME}-`));
  const file = join(folder, 'secrets.json');
  try {
    writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
    const withSecrets = Object.keys(secrets).length ? ['--secrets-file', file] : [];
    wrangler(['deploy', '--config', CONFIG, ...withSecrets, ...rest], { show: true });
    for (const name of Object.keys(secrets)) say(`${name} is put`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function wrangler(args, { show = false, mayFail = false } = {}) {
  const done = spawnSync('wrangler', args, { encoding: 'utf8', stdio: show ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'] });
  if (done.error) throw done.error;
  if (done.status !== 0 && !mayFail) fail(`wrangler ${args[0]} failed\n${done.stdout ?? ''}${done.stderr ?? ''}`);
  return done;
}

// wrangler may print a line or two of its own before the JSON.
function json(text) {
  return JSON.parse(text.slice(text.search(/^[[{]/m)));
}

function say(line) {
  console.log(`deploy: ${line}`);
}

function fail(message) {
  throw new Error(message);
}
