// The runtime, killed as it is.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';

import { World } from './harness.mjs';

/** The workerd processes that this process started. */
export function runtimes() {
  return readdirSync('/proc').filter((pid) => {
    try {
      const [, name, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').match(/^\d+ \((.*)\) \S (\d+)/);
      return name === 'workerd' && Number(parent) === process.pid;
    } catch {
      return false; // it has ended
    }
  });
}

/** Kills a world's runtime as it is and starts another one on its data. */
export async function kill(world, options = {}) {
  const killed = runtimes();
  assert.equal(killed.length, 1);
  process.kill(Number(killed[0]), 'SIGKILL');
  await world.halt();
  assert.deepEqual(runtimes(), []);
  Object.assign(world, await World.start({ ...options, from: world }));
}
