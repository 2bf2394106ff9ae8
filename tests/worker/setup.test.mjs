// How scripts/setup runs what takes minutes: scripts/lib/jobs.sh, on jobs of a moment; and what it compiles ahead.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');

const bash = (script) => {
  const { status, stdout, stderr } = spawnSync('bash', ['-ec', `. scripts/lib/common.sh; . scripts/lib/jobs.sh; ${script}`], { cwd: ROOT, encoding: 'utf8' });
  return { status, lines: stdout.trim().split('\n').map((line) => line.replace(/^bash: /, '').replace(/\d+ s/, 'N s')), stderr };
};

// A machine without the toolchain waits for it alone, and then for all else.
test('jobs that begin when others are over are told by their own names, with what they say', () => {
  const { status, lines, stderr } = bash('job toolchain "a moment" true; jobs_done; job packages "a moment" sleep 1; job tools "a moment" sh -c "echo Compiling one; sleep 1"; sleep 0.5; jobs_told; jobs_done');
  assert.equal(stderr, '');
  assert.equal(status, 0);
  assert.deepEqual(lines.slice(0, 6), ['toolchain (usually a moment)', 'toolchain: done in N s', 'packages (usually a moment)', 'tools (usually a moment)', 'N s of packages', 'N s of tools: Compiling one']);
  assert.deepEqual(lines.slice(6).sort(), ['packages: done in N s', 'tools: done in N s']);
});

test('a job that fails is shown with what it said, and ends the others', () => {
  const { status, lines, stderr } = bash('job first "a moment" true; jobs_done; job long "a moment" sleep 600; job tools "a moment" sh -c "echo no such crate; exit 3"; jobs_done; echo not reached');
  assert.equal(status, 1);
  assert.match(stderr, /^no such crate\nbash: tools failed after \d+ s\n$/);
  assert.equal(lines.at(-1), 'tools (usually a moment)');
});

// Where cargo is asked otherwise, it compiles everything once more.
test('the Worker that is compiled ahead is the one that is built for development', () => {
  const script = `
    folder=$(mktemp -d); trap 'rm -r "$folder"' EXIT
    printf '#!/bin/sh\\necho "$* minified by \${MINIFIER-nobody}"\\n' > "$folder/program"; chmod +x "$folder/program"
    for name in worker-build wasm-bindgen wasm-opt esbuild cargo; do ln -s program "$folder/$name"; done
    PATH=$folder:$PATH
    eval "$(grep '^worker_ahead()' scripts/setup)"; worker_ahead
    eval "$(grep -o 'flags=(--profile[^)]*)' scripts/build)"; worker_build "\${flags[@]}"
    worker_build --release`;
  const { status, lines, stderr } = bash(script);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  const [ahead, development, release] = lines;
  const profile = /--profile worker-dev\b.* minified by nobody$/;
  assert.match(ahead, profile);
  assert.match(development, profile);
  assert.match(release, /^--release minified by .+\/esbuild$/);
});
