// The numbers in docs/scale.md are those that scripts/simulate prints.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');

test('the simulation says what the document quotes', () => {
  const printed = execFileSync(join(ROOT, 'scripts/simulate'), { encoding: 'utf8' }).split('\n').filter(Boolean);
  const quoted = new Set(readFileSync(join(ROOT, 'docs/scale.md'), 'utf8').split('\n'));
  assert.ok(printed.length > 10);
  assert.deepEqual(printed.filter((line) => !quoted.has(line)), []);
});
