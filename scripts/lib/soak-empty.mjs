// A Worker without anything of ours, in a process of its own: scripts/soak asks it for as much of the same bindings as the
// built Worker uses, so that what the runtime itself holds after so many requests is told from what we do.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { Storage, World } from '../../tests/worker/harness.mjs';
import { runtimes } from '../../tests/worker/kill.mjs';

const ROOT = resolve(import.meta.dirname, '../..');

const WORKER = `
import { DurableObject } from 'cloudflare:workers';

const object = (binding, one) => ({ ask: (env, name) => env[binding].getByName(one ?? name).ask(name) });
const row = (env, name) => env.DIRECTORY.prepare('SELECT ?1 AS found').bind(name);
const change = (env) => env.DIRECTORY.prepare('UPDATE counted SET up_to = up_to');
const ASK = {
  kv: {
    get: (env, name) => env.RECORDS.get(name), put: (env, name) => env.RECORDS.put(name, 'x'.repeat(200), { expirationTtl: 3600 }),
    delete: (env, name) => env.RECORDS.delete(name),
  },
  d1: { first: (env, name) => row(env, name).first(), all: (env, name) => row(env, name).all(), raw: (env, name) => row(env, name).raw(), run: (env) => change(env).run(), batch: (env) => env.DIRECTORY.batch([change(env)]) },
  ledger: object('LEDGER'), limiter: object('RATE_LIMITER', 'one'), pending: object('PENDING'), revoked: object('REVOKED', 'one'), keys: object('KEYS', 'one'),
};

export default {
  async fetch(request, env) {
    const { name, steps } = await request.json();
    for (const [part, op] of steps) await ASK[part]?.[op]?.(env, name);
    return new Response('x'.repeat(1000));
  },
};

class Kept {
  constructor(state) {
    this.sql = state.storage.sql;
  }

  ask(name) {
    this.sql.exec('CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, n INTEGER)');
    this.sql.exec('INSERT INTO kept VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1', name);
    return name;
  }
}
// RPC is for what descends from DurableObject, whose constructor does not take faulty.mjs's state.
Object.setPrototypeOf(Kept, DurableObject);
Object.setPrototypeOf(Kept.prototype, DurableObject.prototype);

export { Kept as Ledger };
export class Outbox extends Kept {}
export class PendingEntry extends Kept {}
export class RateLimiter extends Kept {}
export class RevokedFamilies extends Kept {}
export class SigningKeys extends Kept {}
`;

const root = mkdtempSync(join(tmpdir(), 'fluxer-oauth2-empty-'));
mkdirSync(join(root, 'build'));
mkdirSync(join(root, 'migrations'));
writeFileSync(join(root, 'wrangler.toml'), readFileSync(join(ROOT, 'wrangler.toml')));
writeFileSync(join(root, 'migrations/0001.sql'), 'CREATE TABLE counted (up_to INTEGER NOT NULL); INSERT INTO counted VALUES (0);');
writeFileSync(join(root, 'build/index.js'), WORKER);
writeFileSync(join(root, 'build/index_bg.wasm'), Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));

const storage = new Storage();
storage.mood = () => void (storage.steps.length = storage.rows.length = 0);
const beside = [join(ROOT, 'tests/worker/faulty.mjs'), join(ROOT, 'scripts/lib/bench/memory.mjs')];
const world = await World.start({ root, storage, isolates: 2, before: join(ROOT, 'tests/worker/soaked.mjs'), beside });
process.once('disconnect', async () => {
  await world.stop();
  rmSync(root, { recursive: true, force: true });
  process.exit();
});
process.send({ origin: world.origin, pid: runtimes()[0] });
