// The steps of scripts/deploy. Ids of what is on the account are looked up by name, every time, and
// written into wrangler.deploy.toml, which git ignores: wrangler.toml stays anybody's.

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const NAME = 'fluxer-oauth2'; // of the Worker and, with -records, its KV namespace
const CONFIG = 'wrangler.deploy.toml';
const ADMIN_SECRET_FILE = '.wrangler/admin-client-secret';
const SECRETS_FILE = '.wrangler/secrets-on-their-way.json';
const MODES = ['--dry-run', '--gradual', '--rollback'];
const ROLLBACK = 'scripts/deploy --rollback'; // the message of a deployment that is one
const LOCAL_ADMIN_SECRET = 'admin-secret-for-local-development-only';

// A setting's line, as wrangler.toml spells them: its name, its text, and perhaps a comment.
const SETTING = /^(\w+)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(?:#.*)?$/gm;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const { issuer, mode, rest } = options();
const DATABASE = readFileSync('wrangler.toml', 'utf8').match(/^database_name = "(.+)"$/m)?.[1] ?? NAME; // a restored one has another name
/** Whether something on the account may have changed. */
let changes = false;
// Of a run that was killed.
rmSync(SECRETS_FILE, { force: true });
// ^C reaches wrangler as well: what it did not finish is told as any other step that failed. Between two steps
// nobody else tells it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(`ended by ${signal}`));
try {
  if (mode === '--dry-run') rehearse();
  else if (mode === '--rollback') rollBack();
  else await deploy();
} catch (error) {
  end(error.message.trimEnd());
}

function end(why) {
  console.error(`deploy: ${why}`);
  // Of a failed rollback nobody knows whether it is done: its next run looks.
  if (changes) console.error('deploy: what was done until here stays: run the same again, and it goes on from there');
  process.exit(1);
}

function options() {
  const args = process.argv.slice(2);
  const take = (found) => (found < 0 ? undefined : args.splice(found, 2)[1]);
  const joined = args.findIndex((each) => each.startsWith('--issuer='));
  const issuer = joined < 0 ? take(args.indexOf('--issuer')) : args.splice(joined, 1)[0].slice('--issuer='.length);
  return {
    issuer: issuer ?? process.env.ISSUER,
    mode: args.find((each) => MODES.includes(each)),
    rest: args.filter((each) => !MODES.includes(each)),
  };
}

function rehearse() {
  if (issuer) checkIssuer();
  say('would ask wrangler who is logged in');
  say(`would create the KV namespace ${NAME}-records and the D1 database ${DATABASE}, where they are missing`);
  say(`would write their ids and ISSUER=${issuer ?? '(--issuer)'} into ${CONFIG}`);
  say('would apply the migrations that the database lacks');
  say('would put SIGNING_KEYS and ADMIN_CLIENT_SECRET with the deployment, where the Worker lacks them');
  checkConfig(readFileSync('wrangler.toml', 'utf8'), { placeholders: true });
  say('would deploy what wrangler now checks:');
  wrangler(['deploy', '--dry-run', ...rest], { show: true });
}

async function deploy() {
  checkIssuer();
  checkLogin();
  changes = true;
  const records = namespaceId() ?? create(['kv', 'namespace', 'create', `${NAME}-records`], namespaceId);
  const directory = databaseId() ?? create(['d1', 'create', DATABASE], databaseId);
  writeConfig(records, directory);
  checkConfig(readFileSync(CONFIG, 'utf8'));
  showDifferences();
  wrangler(['d1', 'migrations', 'apply', 'DIRECTORY', '--remote', '--config', CONFIG], { show: true });
  say('the database is migrated');
  const before = deployedVersion();
  const secrets = missingSecrets();
  if (mode === '--gradual' && before) await deployGradually(before, secrets);
  else deployWith(['deploy'], secrets);
  say(`deployed; ${issuer}/healthz says how it is`);
}

// What `wrangler deploy --dry-run` takes and the platform then refuses, or takes for something else.
function checkConfig(config, { placeholders = false } = {}) {
  const value = (name) => config.match(new RegExp(`^${name} = "(.*)"$`, 'm'))?.[1] ?? fail(`the settings have no ${name}`);
  const check = (name, pattern) => {
    if (!pattern.test(value(name))) fail(`${name} = "${value(name)}" cannot be right`);
  };
  check('id', placeholders ? /^[0-9a-f]{32}$/ : /^(?!0+$)[0-9a-f]{32}$/);
  check('database_id', placeholders ? UUID : new RegExp(`^(?!0{8}-)${UUID.source.slice(1)}`));
  const date = value('compatibility_date');
  const day = new Date(`${date}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date) fail(`compatibility_date = "${date}" is no date`);
  if (day > new Date()) fail(`compatibility_date = "${date}" is in the future`);
}

// The settings that are deployed, and those that will be. Secrets have no text there.
function showDifferences() {
  const deployed = deployedSettings();
  if (!deployed) return say('nothing is deployed yet');
  const [vars] = readFileSync(CONFIG, 'utf8').split(/^\[vars\]$/m)[1].split(/^\[/m);
  const settings = Object.fromEntries([...vars.matchAll(SETTING)].map(([, name, text]) => [name, JSON.parse(`"${text}"`)]));
  const names = [...new Set([...Object.keys(deployed), ...Object.keys(settings)])].sort();
  const lines = names.filter((name) => deployed[name] !== settings[name]).flatMap((name) => [
    ...(name in deployed ? [`  - ${name} = "${deployed[name]}"`] : []),
    ...(name in settings ? [`  + ${name} = "${settings[name]}"`] : []),
  ]);
  say(lines.length ? `settings that change:\n${lines.join('\n')}` : 'no setting changes');
}

function deployedSettings() {
  const version = deployedVersion();
  if (!version) return undefined;
  const { resources } = json(wrangler(['versions', 'view', version, '--json', '--config', CONFIG]).stdout);
  const texts = (resources?.bindings ?? []).filter(({ type }) => type === 'plain_text');
  return Object.fromEntries(texts.map(({ name, text }) => [name, text]));
}

// The version that most requests reach.
function deployedVersion() {
  const [most] = (deployment()?.versions ?? []).sort((one, other) => other.percentage - one.percentage);
  return most?.version_id;
}

function deployment() {
  return ofWorker(['deployments', 'status', '--json', '--name', NAME]);
}

async function deployGradually(before, secrets) {
  const said = deployWith(['versions', 'upload'], secrets, { show: false });
  const version = said.match(/Worker Version ID:\s*(\S+)/)?.[1] ?? fail(`wrangler named no version:\n${said}`);
  // Below half until the end: where this breaks off, most requests still reach the version before, which is how
  // the next run knows it.
  for (const share of [10, 40, 100]) {
    const shares = share === 100 ? [`${version}@100`] : [`${version}@${share}`, `${before}@${100 - share}`];
    wrangler(['versions', 'deploy', ...shares, '--yes', '--config', CONFIG]);
    say(`${share} of 100 requests reach ${version}`);
    const trouble = await watch(version);
    if (trouble) {
      changes = false;
      const back = wrangler(['versions', 'deploy', `${before}@100`, '--yes', '--config', CONFIG], { mayFail: true });
      const bad = `${issuer}/healthz of ${version}: ${trouble}`;
      if (back.status !== 0) fail(`${bad}. It still has ${share} of 100 requests, for going back failed too: run scripts/deploy --rollback\n${back.stdout}${back.stderr}`);
      fail(`${bad}. Everything is back at ${before}`);
    }
  }
}

// What is wrong with the new version, where something is. The header has the platform ask no other one.
async function watch(version) {
  const headers = { 'cloudflare-workers-version-overrides': `${NAME}="${version}"` };
  const until = Date.now() + Number(process.env.SOAK_SECONDS ?? 120) * 1000;
  do {
    try {
      const { status } = await fetch(`${process.env.HEALTH_URL ?? issuer}/healthz`, { headers, signal: AbortSignal.timeout(10_000) });
      if (status !== 200) return `HTTP ${status}`;
    } catch (error) {
      return error.message;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  } while (Date.now() < until);
  return undefined;
}

// For wrangler the version before a rollback is the one that was bad: a second run, of somebody who did not see the
// first one's answer, would deploy it again.
function rollBack() {
  checkLogin();
  const present = deployment() ?? fail('nothing is deployed');
  const bad = deployedVersion();
  if (present.annotations?.['workers/message'] === ROLLBACK) {
    return say(`${bad} was rolled back to already, at ${present.created_on}. Further back: wrangler deployments list --name ${NAME}, wrangler rollback VERSION --name ${NAME}`);
  }
  changes = true;
  wrangler(['rollback', '--name', NAME, '--yes', '--message', ROLLBACK, ...rest], { show: true });
  const version = deployedVersion();
  say(version === bad ? `${version} was deployed before, and is again` : `${version} is deployed again, instead of ${bad}; migrations stay, for they only add`);
}

function checkIssuer() {
  const url = URL.canParse(issuer ?? '') ? new URL(issuer) : undefined;
  if (url?.protocol !== 'https:' || url.origin !== issuer) {
    throw new Error('give the public origin, such as --issuer https://auth.example.com (https, and no path)');
  }
}

function checkLogin() {
  const { status, stdout, stderr } = wrangler(['whoami', '--json'], { mayFail: true });
  if (status !== 0) {
    fail(`wrangler does not say who is logged in. Run 'npx wrangler login', or set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID; it said:\n${stdout}${stderr}`);
  }
  say(`logged in as ${json(stdout)?.email ?? 'the owner of an API token'}`);
}

function namespaceId() {
  return json(wrangler(['kv', 'namespace', 'list']).stdout).find(({ title }) => title === `${NAME}-records`)?.id;
}

function databaseId() {
  return json(wrangler(['d1', 'list', '--json']).stdout).find(({ name }) => name === DATABASE)?.uuid;
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

function secretNames() {
  return (ofWorker(['secret', 'list', '--format', 'json', '--config', CONFIG]) ?? []).map(({ name }) => name);
}

// What wrangler says of the Worker; nothing where it was never deployed, and wrangler fails with one of these.
// Any other failure is one: what is not known is not taken for missing.
function ofWorker(args) {
  const { status, stdout, stderr } = wrangler(args, { mayFail: true });
  if (status === 0) return json(stdout);
  if (/Worker ".*" not found|has no deployments|\[code: (10007|10090)\]/.test(stdout + stderr)) return undefined;
  return fail(`wrangler ${spoken(args)} failed\n${stdout}${stderr}`);
}

function newAdminSecret() {
  const secret = randomBytes(32).toString('base64url');
  write(ADMIN_SECRET_FILE, `${secret}\n`);
  say(`ADMIN_CLIENT_SECRET is kept in ${ADMIN_SECRET_FILE}: move it to where you keep secrets`);
  return secret;
}

// A file for our eyes only.
function write(file, text) {
  mkdirSync('.wrangler', { recursive: true });
  writeFileSync(file, text, { mode: 0o600 });
}

// The secrets arrive with the code, so no request ever meets a Worker without them. They travel in a
// file that only we can read, since arguments can be seen by everybody on the machine.
function deployWith(command, secrets, { show = true } = {}) {
  const withSecrets = Object.keys(secrets).length ? ['--secrets-file', SECRETS_FILE] : [];
  try {
    if (withSecrets.length) write(SECRETS_FILE, JSON.stringify(secrets));
    const { stdout } = wrangler([...command, '--config', CONFIG, ...withSecrets, ...rest], { show });
    for (const name of Object.keys(secrets)) say(`${name} is put`);
    return stdout ?? '';
  } finally {
    rmSync(SECRETS_FILE, { force: true });
  }
}

function wrangler(args, { show = false, mayFail = false } = {}) {
  const done = spawnSync('wrangler', args, { encoding: 'utf8', stdio: show ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'] });
  if (done.error) throw done.error;
  if (done.status !== 0 && !mayFail) fail(`wrangler ${spoken(args)} failed\n${done.stdout ?? ''}${done.stderr ?? ''}`);
  return done;
}

// A command without its options.
function spoken(args) {
  const first = args.findIndex((each) => each.startsWith('--'));
  return args.slice(0, first < 0 ? undefined : first).join(' ');
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
