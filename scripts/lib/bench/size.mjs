// How large the Worker is, and how large it may be: the budget stands in scripts/test.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { ROOT } from './processes.mjs';

export function size() {
  const files = ['build/index.js', 'build/index_bg.wasm'].map((path) => readFileSync(join(ROOT, path)));
  const gzipped = files.reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).length, 0);
  const budget = Number(readFileSync(join(ROOT, 'scripts/test'), 'utf8').match(/^size_limit=(\d+)/m)[1]);
  return { gzipped, budget };
}
