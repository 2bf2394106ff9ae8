// scripts/import: a file of records, in pieces.

import { appendFileSync, createReadStream, rmSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { progress, server, stop, teller } from './moving.mjs';

const MAX_BYTES = 8 * 1024 * 1024;
const MAX_LINES = 10_000;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8787' }, 'client-id': { type: 'string', default: '1' },
    'from-start': { type: 'boolean', default: false },
  },
});
if (positionals.length !== 1) stop('usage: scripts/import [options] FILE (see --help)');
const [path] = positionals;
const { size, mtimeMs } = statSync(path);
const refusedPath = `${path}.refused`;
const ask = server(options);
const kept = progress(`${path}.progress`, { url: options.url, size, mtimeMs }, options['from-start']);
const state = kept.state ?? { offset: 0, lines: 0, created: 0, unchanged: 0, refused: 0 };
if (kept.state) console.error(`goes on behind line ${state.lines}`);
else rmSync(refusedPath, { force: true });
const tell = teller();

/** The lines of the file from here on, as they are, with how many bytes each takes there. */
async function* lines(start) {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { start })) {
    const read = rest.length ? Buffer.concat([rest, chunk]) : chunk;
    let begin = 0;
    for (let end; (end = read.indexOf(10, begin)) >= 0; begin = end + 1) yield read.subarray(begin, end + 1);
    rest = read.subarray(begin);
    if (rest.length > MAX_BYTES) stop(`${path}: a line of more than 8 MiB, behind line ${state.lines}`);
  }
  if (rest.length) yield rest;
}

async function send(piece, bytes) {
  const [, text] = await ask('/api/admin/import', { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: Buffer.concat(piece) });
  for (const line of text.split('\n')) {
    if (!line) continue;
    const { line: number, status, ...answer } = JSON.parse(line);
    if (status !== 'error') {
      state[status] += 1;
      continue;
    }
    state.refused += 1;
    const why = answer.errors?.map(({ path: field, message }) => `${field} ${message}`).join('; ') ?? answer.message;
    appendFileSync(refusedPath, `${JSON.stringify({ line: state.lines + number, why })}\n`, { mode: 0o600 });
  }
  state.offset += bytes;
  state.lines += piece.length;
  kept.keep(state);
  tell(`${Math.floor((100 * state.offset) / Math.max(1, size))} %, line ${state.lines}: ${told()}`);
}

const told = () => `${state.created} created, ${state.unchanged} unchanged, ${state.refused} refused`;

let [piece, bytes] = [[], 0];
for await (const line of lines(state.offset)) {
  if (piece.length === MAX_LINES || bytes + line.length > MAX_BYTES) {
    await send(piece, bytes);
    [piece, bytes] = [[], 0];
  }
  piece.push(line);
  bytes += line.length;
}
if (piece.length) await send(piece, bytes);
kept.done();
tell(`${state.lines} lines: ${told()}`, true);
if (state.refused) {
  console.error(`${refusedPath} says which lines and why. Mend them, and run it again: what is there stays.`);
  process.exitCode = 2;
}
