// What would be published: its files, its types, its size.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

const SDK = resolve(import.meta.dirname, '..');
const NAMES = ['errors', 'oauth2'];
const tool = (name) => join(SDK, 'node_modules/.bin', name);
const read = (...path) => readFileSync(join(SDK, ...path), 'utf8');

async function run(program, args, options = {}) {
  try {
    return (await promisify(execFile)(program, args, { cwd: SDK, ...options })).stdout;
  } catch ({ stdout, stderr }) {
    throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`);
  }
}

let folder, packed;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fluxer-sdk-'));
  const list = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder, ...NAMES.map((name) => `--workspace=@fluxer/${name}`)]);
  const packages = JSON.parse(list);
  packed = Object.fromEntries(NAMES.map((name) => {
    const { filename, files } = packages.find((each) => each.name === `@fluxer/${name}`);
    return [name, { tarball: join(folder, filename), files: files.map(({ path }) => path).sort() }];
  }));
});
after(() => rmSync(folder, { recursive: true, force: true }));

for (const name of NAMES) {
  test(`${name} packs its code, types, README and licenses, and nothing else`, () => {
    const { files } = packed[name];
    for (const path of ['LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts', 'dist/cjs/index.js', 'dist/cjs/index.d.ts', 'dist/cjs/package.json']) assert.ok(files.includes(path), path);
    const rest = files.filter((path) => !/^(LICENSE-APACHE|LICENSE-MIT|README\.md|(dist\/cjs\/)?package\.json|dist\/(cjs\/)?[\w-]+\.(d\.ts|js))$/.test(path));
    assert.deepEqual(rest, []);
  });

  test(`${name} is licensed as the server is`, () => {
    for (const license of ['LICENSE-APACHE', 'LICENSE-MIT']) assert.equal(read(name, license), read('..', license));
  });

  test(`publint finds nothing in ${name}`, () => run(tool('publint'), [packed[name].tarball, '--strict']));

  test(`the types of ${name} resolve everywhere`, () => run(tool('attw'), [packed[name].tarball, '--profile', 'strict', '--no-emoji']));

  test(`${name} uses nothing of Node`, () => {
    for (const path of packed[name].files.filter((path) => /^dist\/.*s$/.test(path))) {
      // CommonJS requires its own files and packages, and nothing else.
      assert.doesNotMatch(read(name, path), /\bnode:|\bBuffer\b|\bprocess\.|\brequire\((?!["'](\.\/|@fluxer\/|uqr["']))/, path);
    }
  });

  test(`${name} is as small as its README says`, async () => {
    const size = await bundled(`export * from '@fluxer/${name}';`);
    const [, stated] = read(name, 'README.md').match(/([\d.]+) kB minified\s+and gzipped/);
    const limit = Number(stated) * 1000;
    assert.ok(size <= limit && size > limit - 300, `${size} bytes`);
  });
}

test('what the packages depend on is each other', () => {
  const dependencies = (name) => JSON.parse(read(name, 'package.json')).dependencies ?? {};
  assert.deepEqual(Object.keys(dependencies('errors')), []);
  assert.deepEqual(Object.keys(dependencies('oauth2')), ['@fluxer/errors']);
  assert.equal(dependencies('oauth2')['@fluxer/errors'], `^${JSON.parse(read('errors', 'package.json')).version}`);
});

test('the lock file names no registry', () => {
  assert.doesNotMatch(read('package-lock.json'), /https?:\/\/[^"]*\.tgz|"resolved": "http/);
});

test('who imports generateState gets generateState', async () => {
  const size = await bundled("export { generateState } from '@fluxer/oauth2';");
  assert.ok(size <= 300, `${size} bytes`);
});

test('who makes URLs gets nothing of sessions, and who knows no bots no permissions', async () => {
  const text = await bundle("export { authorizeUrl, generatePkce, generateState } from '@fluxer/oauth2';");
  for (const word of ['refresh_token', 'ADMINISTRATOR', 'RateLimitedError']) assert.ok(!text.includes(word), word);
});

test('the packages as packed install and run in an application of their own, by import and by require', async () => {
  const application = join(folder, 'application');
  await run('mkdir', [application]);
  writeFileSync(join(application, 'package.json'), '{"private": true}');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', ...NAMES.map((name) => packed[name].tarball)], { cwd: application });
  const main = `async function main() {
    const session = createSession({ clientId: '1', tokenEndpoint: 'https://x.example' }, { tokens: { accessToken: 'a', expiresIn: 0, expiresAt: 0 } });
    const error = await session.accessToken().catch((error) => error);
    console.log(generateState().length, error instanceof InvalidGrantError);
  }
  main();`;
  const names = { '@fluxer/errors': '{ InvalidGrantError }', '@fluxer/oauth2': '{ createSession, generateState }' };
  const program = (loading) => [...Object.entries(names).map(loading), main].join('\n');
  writeFileSync(join(application, 'index.mjs'), program(([from, what]) => `import ${what} from '${from}';`));
  writeFileSync(join(application, 'index.cjs'), program(([from, what]) => `const ${what} = require('${from}');`));
  for (const file of ['index.mjs', 'index.cjs']) assert.equal(await run(process.execPath, [file], { cwd: application }), '43 true\n');
  // As in Jest and in an older Node, which load no ES module by `require`.
  assert.equal(await run(process.execPath, ['--no-experimental-require-module', 'index.cjs'], { cwd: application }), '43 true\n');
});

async function bundle(contents) {
  const { outputFiles: [{ text }] } = await build({
    stdin: { contents, resolveDir: join(SDK, 'oauth2') }, bundle: true, minify: true, format: 'esm', target: 'es2022', write: false,
  });
  return text;
}

/** Bytes, gzipped. */
async function bundled(contents) {
  return gzipSync(await bundle(contents), { level: 9 }).length;
}
