// docs/clients.md says what the heads of the clients say, and they say all that there is to say.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

import { SIX, clients, head } from '../support/heads.mjs';

test('docs/clients.md is what scripts/clients-doc writes', () => {
  const { status, stderr } = spawnSync(process.execPath, [resolve(import.meta.dirname, '../../scripts/lib/clients-doc.mjs'), '--check']);
  assert.equal(status, 0, stderr.toString());
});

test('a client of which one of the six proofs is neither there nor said to be missing is refused', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'head-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const read = (...lines) => {
    const file = join(folder, 'client.py');
    writeFileSync(file, ['# Client: One', '# Ecosystem: Python', '# Version: 1', '# Setting: none', ...lines, ''].join('\n'));
    return head(file);
  };
  assert.deepEqual(read(`# Proves: ${SIX.join(', ')}`).proves, SIX);
  for (const claim of SIX) {
    const others = SIX.filter((other) => other !== claim).join(', ');
    assert.throws(() => read(`# Proves: ${others}`), new RegExp(`neither .*: ${claim}$`));
    assert.deepEqual(read(`# Proves: ${others}`, `# Lacks: ${claim}`).lacks, [claim]);
    assert.throws(() => read(`# Proves: ${SIX.join(', ')}`, `# Lacks: ${claim}`), new RegExp(`both .*: ${claim}$`));
  }
  assert.throws(() => read('# Proves: login, refreshment'), /no claim is called refreshment/);
});

test('what the head of a file here claims is tested there', () => {
  const words = { refresh: /refresh/, revocation: /revo/, denial: /denial/, 'limited answer': /limited answer/, outage: /outage/ };
  for (const { file, proves } of clients()) {
    const source = readFileSync(file, 'utf8');
    if (/^ *journey\(/m.test(source)) continue; // which has them all
    const tests = source.match(/^ *test\((['"]).*\1/gm).join('\n');
    for (const [claim, word] of Object.entries(words)) if (proves.includes(claim)) assert.match(tests, word, `${file}: ${claim}`);
  }
});

test('every library that is installed here has a row, or is no client of OAuth2', () => {
  const others = ['@modelcontextprotocol/conformance', '@modelcontextprotocol/node', '@modelcontextprotocol/server', 'discord-api-types', 'express', 'express-session', 'passport', 'passport-oauth2-refresh', 'zod'];
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, 'package.json')));
  const rows = clients().map(({ file }) => readFileSync(file, 'utf8').match(/^\/\/ Version: (.*)$/m)[1]).join('; ').split('; ');
  for (const name of Object.keys(dependencies)) assert.ok(rows.includes(`npm:${name}`) !== others.includes(name), name);
});
