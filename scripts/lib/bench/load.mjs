// A closed loop: so many visitors, each of whom asks again as soon as it is answered, until there were
// so many operations or so much time has passed.

import { setTimeout as sleep } from 'node:timers/promises';

import { cpu } from './processes.mjs';

/** What goes on after an answer has come to its end by then, such as a write that nobody waits for. */
const SETTLED = 40;

/** The value below which a part of them lies. `sorted` is in order. */
export const percentile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
}

/** Prepares so many operations, spread over the visitors: a queue for each. */
export async function prepare(flow, visitors, operations) {
  if (!flow.prepare) return undefined;
  const each = Math.ceil(operations / visitors.length);
  return Promise.all(visitors.map(async (visitor) => {
    const queue = [];
    while (queue.length < each) queue.push(await flow.prepare(visitor));
    return queue;
  }));
}

/** Runs them. `queues` is what `prepare` made. */
export async function run(flow, visitors, { operations, seconds, queues, pid }) {
  const latencies = [];
  let left = operations;
  await sleep(SETTLED);
  const spent = cpu(pid);
  const began = performance.now();
  const until = began + seconds * 1000;
  await Promise.all(visitors.map(async (visitor, index) => {
    const queue = queues?.[index];
    while (left > 0 && (!queue || queue.length)) {
      left -= 1;
      const item = queue?.pop();
      const start = performance.now();
      if (start > until) return;
      await flow.run(visitor, item);
      latencies.push(performance.now() - start);
    }
  }));
  const elapsed = (performance.now() - began) / 1000;
  await sleep(SETTLED);
  const spentSeconds = spent();
  latencies.sort((a, b) => a - b);
  return {
    operations: latencies.length,
    perSecond: latencies.length / elapsed,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    cpu: (1000 * spentSeconds) / latencies.length,
  };
}
