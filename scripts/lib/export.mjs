// scripts/export: all records, page by page.

import { appendFileSync, closeSync, openSync, renameSync, statSync, truncateSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { progress, server, stop, teller } from './moving.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8787' }, 'client-id': { type: 'string', default: '1' },
    lines: { type: 'string', default: '1000' }, 'from-start': { type: 'boolean', default: false },
  },
});
if (positionals.length !== 1) stop('usage: scripts/export [options] FILE (see --help)');
const [path] = positionals;
const part = `${path}.part`;
const ask = server(options);
const kept = progress(`${path}.progress`, { url: options.url }, options['from-start']);
const state = kept.state ?? { after: '', bytes: 0, lines: 0 };
const tell = teller();

// It has the hash of every password: nobody else reads it. What was written of a page that did not end goes.
closeSync(openSync(part, 'a', 0o600));
if (statSync(part).size < state.bytes) stop(`${part} is not what the last run left: run it with --from-start`);
truncateSync(part, state.bytes);
if (kept.state) console.error(`goes on behind line ${state.lines}`);

for (;;) {
  const query = new URLSearchParams({ limit: options.lines, ...(state.after && { after: state.after }) });
  const [response, text] = await ask(`/api/admin/export?${query}`);
  appendFileSync(part, text);
  const next = response.headers.get('x-next-cursor');
  state.bytes += Buffer.byteLength(text);
  state.lines += text.split('\n').length - 1;
  if (!next) break;
  state.after = next;
  kept.keep(state);
  tell(`${state.lines} lines, ${next.split(':')[0]}s`);
}
renameSync(part, path);
kept.done();
tell(`${state.lines} lines in ${path}`, true);
