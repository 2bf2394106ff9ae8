// The directory's database of a world: migrated once, and copied into every later world. Miniflare takes a fifth of a
// second to run SQL, as much as all else that a world needs to start.

import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What `npm ci` empties, with the version of Miniflare that made it. */
const KEPT = resolve(import.meta.dirname, '../../node_modules/.cache/databases');
/** Where Miniflare stores databases, below a world's folder. */
const STORED = 'd1/miniflare-D1DatabaseObject';

export class Database {
  /**
   * @param migrations the folder of them
   * @param applied    names of those that the data of a world that goes on has seen
   */
  constructor(migrations, applied) {
    const names = readdirSync(migrations).sort();
    const missing = names.filter((name) => !new Set(applied).has(name));
    const sql = missing.map((name) => readFileSync(join(migrations, name), 'utf8').replace(/--.*$/gm, '')).join(';');
    this.statements = sql.split(';').map((statement) => statement.trim().replace(/\s+/g, ' ')).filter(Boolean).join('\n');
    this.applied = new Set(names);
    if (!applied) this.kept = join(KEPT, createHash('sha256').update(this.statements).digest('hex'));
  }

  /** Before a world starts: gives a new one the database that an earlier one made. */
  copyTo(folder) {
    if (!this.kept || !existsSync(this.kept)) return;
    cpSync(this.kept, join(folder, STORED), { recursive: true });
    this.statements = '';
  }

  /** Applies what its world has not seen, and keeps what comes out for the next new one. */
  async migrate({ mf, folder }) {
    // At once, a statement on each line: Miniflare blocks for every prepared one.
    if (this.statements) await (await mf.getD1Database('DIRECTORY')).exec(this.statements);
    if (this.statements && this.kept) await this.keep(join(folder, STORED));
  }

  async keep(stored) {
    const { backup, DatabaseSync } = await import('node:sqlite'); // says on stderr that it is experimental
    const [name] = readdirSync(stored).filter((file) => /^[0-9a-f]{64}\.sqlite$/.test(file));
    mkdirSync(KEPT, { recursive: true });
    const made = mkdtempSync(join(KEPT, 'made-'));
    const open = new DatabaseSync(join(stored, name), { readOnly: true });
    await backup(open, join(made, name));
    open.close();
    try {
      renameSync(made, this.kept);
    } catch {
      rmSync(made, { recursive: true }); // another file's world was as fast
    }
  }
}
