// scripts/strangers: installs and runs the clients of tests/strangers.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { strangers } from '../../tests/support/heads.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const BUILD = process.env.WORKER_BUILD === 'dev' ? 'build/dev' : 'build';
const run = (program, args, options) => execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options });
const die = (text) => {
  console.error(`strangers: ${text}`);
  process.exit(1);
};

/** What a head's `Install` names, each once: `apt NAME …; pip NAME==VERSION …; npm NAME@VERSION …`. */
function install(stranger, folder) {
  const mark = join(folder, '.installed');
  const wanted = stranger.install ?? '';
  const steps = wanted.split('; ').map((step) => step.split(' '));
  for (const [kind, ...names] of steps) if (kind === 'apt') apt(names);
  if (!existsSync(mark) || readFileSync(mark, 'utf8') !== wanted) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const [kind, ...names] of steps) {
      if (kind === 'pip') {
        run('python3', ['-m', 'venv', join(folder, 'venv')]);
        run(join(folder, 'venv/bin/python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', ...names]);
      }
      if (kind === 'npm') run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder, ...names]);
    }
    writeFileSync(mark, wanted);
  }
  if (stranger.extension === '.c') run('gcc', ['-o', join(folder, 'client'), stranger.file, `-l${stranger.name}`, '-ljansson']);
  // Debian's packages are GOPATH's, as they were before modules.
  if (stranger.extension === '.go') run('go', ['build', '-o', join(folder, 'client'), stranger.file], { env: { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode' } });
}

/** Debian's packages, without the services that some of them would start. */
function apt(names) {
  const installed = (name) => spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name]).stdout?.toString() === 'installed';
  const missing = names.filter((name) => !installed(name));
  if (!missing.length) return;
  if (process.getuid() !== 0 || !existsSync('/etc/debian_version')) die(`Debian's ${missing.join(', ')} missing`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  run('apt-get', ['update', '-qq'], { env });
  run('apt-get', ['-o', 'DPkg::Lock::Timeout=600', 'install', '-y', '-qq', '--no-install-recommends', ...missing], { env });
}

/** A key and a certificate for loopback, made once a run: some clients speak to https only. */
function certificate(folder) {
  mkdirSync(folder, { recursive: true });
  run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1',
    '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')], { stdio: 'ignore' });
  return folder;
}

const all = strangers();
const names = process.argv.slice(2);
if (names.includes('--list')) {
  for (const { name, version, setting, fails } of all) console.log(`${name.padEnd(28)} ${version.padEnd(48)} ${fails ? 'fails' : setting === 'none' ? '' : setting}`);
  process.exit();
}
for (const name of names) if (!all.some((stranger) => stranger.name === name)) die(`nobody is called ${name}: see scripts/strangers --list`);
if (!existsSync(join(ROOT, BUILD, 'index.js'))) die('the Worker is not built: run scripts/build');

const tls = certificate(join(ROOT, 'target/strangers/.tls'));
const results = [];
for (const stranger of all.filter(({ name }) => !names.length || names.includes(name))) {
  const began = Date.now();
  const folder = join(ROOT, 'target/strangers', stranger.name);
  console.log(`\n=== ${stranger.name}: ${stranger.client} ${stranger.version}`);
  let result = 'not installed';
  try {
    install(stranger, folder);
    const env = { ...process.env, STRANGER: stranger.name, STRANGER_FOLDER: folder, STRANGER_TLS: tls, NODE_EXTRA_CA_CERTS: join(tls, 'cert.pem') };
    const { status } = spawnSync('node', ['--test', '--test-reporter=spec', '--test-timeout=300000', join(ROOT, 'tests/support/strangers.mjs')], { env, stdio: ['ignore', 'inherit', 'inherit'] });
    result = status === 0 ? 'ok' : 'FAILED';
  } catch (error) {
    console.error(String(error.message));
  }
  results.push({ name: stranger.name, result, seconds: Math.round((Date.now() - began) / 1000) });
}
console.log('\n=== summary');
for (const { name, result, seconds } of results) console.log(`${name.padEnd(28)} ${result.padEnd(14)} ${seconds} s`);
process.exitCode = results.every(({ result }) => result === 'ok') ? 0 : 1;
