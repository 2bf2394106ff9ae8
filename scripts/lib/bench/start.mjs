// From the start of a process to its first answer: the Worker's beside an empty one's, by turns.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { median } from './load.mjs';
import { modules } from './contenders/ours.mjs';
import { ROOT, freePort, workerd } from './processes.mjs';

const WORKERS = {
  empty: { build: 'target/empty/build', path: '/' },
  ours: { build: 'build', path: '/.well-known/oauth-authorization-server', vars: { ISSUER: 'http://127.0.0.1:8787', SIGNING_KEYS: randomBytes(32).toString('base64url') }, objects: { LEDGER: 'Ledger', RATE_LIMITER: 'RateLimiter', KEYS: 'SigningKeys', REVOKED: 'RevokedFamilies', PENDING: 'PendingEntry', OUTBOX: 'Outbox' } },
};

/** Milliseconds, medians of so many starts each. */
export async function startTimes(starts) {
  const times = { empty: [], ours: [] };
  for (let turn = 0; turn < starts; turn += 1) {
    for (const [name, { build, ...options }] of Object.entries(WORKERS)) {
      const port = await freePort();
      const server = await workerd(`start-${name}`, { ...options, port, modules: modules(join(ROOT, build)) });
      times[name].push(server.milliseconds);
      await server.stop();
    }
  }
  return { empty: median(times.empty), ours: median(times.ours), times };
}
