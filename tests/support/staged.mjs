// The built Worker for tests/flows: with a clock that each request brings along, and storage that is
// emptied from one test to the next. Only tests run this: it is never part of the bundle.

import worker from './index.js';

export * from './index.js';

const RealDate = Date;
let now;
globalThis.Date = class Date extends RealDate {
  constructor(...args) {
    if (args.length) super(...args);
    else super(Date.now());
  }

  static now() {
    return now ?? RealDate.now();
  }
};

/** What the migrations themselves have written. */
let first;

async function empty({ DIRECTORY, RECORDS }) {
  const tables = await DIRECTORY.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'").all();
  const names = tables.results.map(({ name }) => name);
  const rowsOf = async (name) => (await DIRECTORY.prepare(`SELECT * FROM ${name}`).all()).results.map((row) => [name, row]);
  first ??= (await Promise.all(names.map(rowsOf))).flat();
  await DIRECTORY.batch([
    DIRECTORY.prepare('PRAGMA defer_foreign_keys = on'),
    ...names.map((name) => DIRECTORY.prepare(`DELETE FROM ${name}`)),
    ...first.map(([name, row]) => {
      const columns = Object.keys(row);
      return DIRECTORY.prepare(`INSERT INTO ${name} (${columns}) VALUES (${columns.map(() => '?')})`).bind(...Object.values(row));
    }),
  ]);
  for (let keys; !keys || !keys.list_complete; ) {
    keys = await RECORDS.list({ cursor: keys?.cursor });
    await Promise.all(keys.keys.map(({ name }) => RECORDS.delete(name)));
  }
  return new Response();
}

export default {
  fetch(request, env, ctx) {
    const { headers, url } = request;
    now = Number(headers.get('test-now')) || undefined;
    if (headers.has('test-empty')) return empty(env);
    const sent = new Request(headers.has('test-secure') ? url.replace(/^http:/, 'https:') : url, request);
    for (const name of ['test-now', 'test-secure']) sent.headers.delete(name);
    return worker.fetch(sent, env, ctx);
  },
};
