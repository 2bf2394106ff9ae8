// The D1 databases of everything measured: a Worker in a workerd of its own, one object a database,
// spoken to as the runtime's D1 binding speaks (miniflare answers the same way). Each server's requests
// carry the name of its database.
//
// GET /-/counts answers how many calls a database has seen, and how many rows they read and wrote. Where
// LATENCY is set, every call waits so many milliseconds, and GET /-/calls answers a database's calls since
// it was last asked.

import { DurableObject } from 'cloudflare:workers';

const calls = new Map();

export default {
  async fetch(request, env) {
    const name = request.headers.get('x-namespace');
    const { pathname } = new URL(request.url);
    const database = env.DATABASES.get(env.DATABASES.idFromName(name));
    if (!calls.has(name)) calls.set(name, []);
    if (pathname === '/-/calls') return Response.json(calls.get(name).splice(0));
    if (!env.LATENCY || pathname.startsWith('/-/')) return database.fetch(request);
    const from = Date.now();
    await scheduler.wait(Number(env.LATENCY));
    const answer = await database.fetch(request);
    calls.get(name).push({ what: 'd1', from, until: Date.now() });
    return answer;
  },
};

export class Database extends DurableObject {
  counts = { calls: 0, statements: 0, read: 0, written: 0 };

  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/-/counts') return Response.json(this.counts);
    const asked = [await request.json()].flat();
    this.counts.calls += 1;
    try {
      const run = () => asked.map((query) => this.run(query, searchParams.get('resultsFormat')));
      return Response.json(this.ctx.storage.transactionSync(run));
    } catch (error) {
      return Response.json({ success: false, error: error.message });
    }
  }

  run({ sql, params }, format) {
    const cursor = this.ctx.storage.sql.exec(sql, ...(params ?? []));
    const columns = cursor.columnNames;
    const rows = [...cursor.raw()];
    this.counts.statements += 1;
    this.counts.read += cursor.rowsRead;
    this.counts.written += cursor.rowsWritten;
    const objects = () => rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])));
    const results = format === 'ROWS_AND_COLUMNS' ? { columns, rows } : format === 'NONE' ? [] : objects();
    const meta = { served_by: 'bench', duration: 0, changes: cursor.rowsWritten, last_row_id: 0, changed_db: cursor.rowsWritten > 0, size_after: 0, rows_read: cursor.rowsRead, rows_written: cursor.rowsWritten };
    return { success: true, results, meta };
  }
}
