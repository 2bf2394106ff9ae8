// Bundles a Worker of the bench, as wrangler would, into one module.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { FOLDER, HERE, ROOT } from './processes.mjs';

export function bundle(entry) {
  const file = join(FOLDER, 'worker.mjs');
  execFileSync(join(ROOT, 'node_modules/.bin/esbuild'), [
    join(HERE, entry), '--bundle', '--minify', '--format=esm', '--target=es2022', '--conditions=workerd,worker,browser', '--external:cloudflare:*', '--external:node:*', '--log-level=error', `--outfile=${file}`,
  ]);
  return { 'worker.mjs': readFileSync(file, 'utf8') };
}
