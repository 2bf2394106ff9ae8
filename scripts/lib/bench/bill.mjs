// Dollars, from what an operation was counted to do and the prices in prices.json.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');
export const PRICES = JSON.parse(readFileSync(join(import.meta.dirname, 'prices.json'), 'utf8'));

/** Lines of the log that each invocation, of a Worker or of an object, writes by itself: by wrangler.toml, for everybody. */
function logged() {
  const [, logs = ''] = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8').match(/^\[observability\.logs\]$([\s\S]*?)^\[/m) ?? [];
  if (!/^enabled = true$/m.test(logs) || /^invocation_logs = false$/m.test(logs)) return 0;
  return Number(logs.match(/^head_sampling_rate = (.*)$/m)?.[1] ?? 1);
}
const LOGGED = logged();

/** What an operation is billed for, by the names in prices.json. */
function items({ requests, cpu, kv = {}, objects = {}, d1 = {} }) {
  const { assumed } = PRICES;
  const calls = (objects.ledger ?? 0) + (objects.limiter ?? 0);
  return {
    worker_requests: requests, worker_cpu_ms: cpu,
    kv_get: kv.get ?? 0, kv_put: kv.put ?? 0, kv_delete: kv.delete ?? 0, kv_list: kv.list ?? 0,
    object_requests: calls, object_gb_seconds: calls * assumed.object_gb * assumed.object_seconds,
    object_rows_read: objects.read ?? 0, object_rows_written: objects.written ?? 0,
    d1_rows_read: d1.read ?? 0, d1_rows_written: d1.written ?? 0,
    log_events: LOGGED * (requests + calls),
  };
}

/** What a million operations cost, each of which does this, beyond what the plan includes. */
export function dollars(operation) {
  const priced = Object.entries(items(operation)).map(([name, count]) => [name, count * PRICES.per_million[name]]);
  return { ...Object.fromEntries(priced), total: priced.reduce((sum, [, price]) => sum + price, 0) };
}

/** What a month costs, plan and all: so many millions of each operation. */
export function bill(operations) {
  const total = {};
  for (const [millions, operation] of operations) {
    for (const [name, count] of Object.entries(items(operation))) total[name] = (total[name] ?? 0) + millions * count;
  }
  const beyond = Object.entries(total).map(([name, millions]) => Math.max(0, millions - PRICES.included_millions_a_month[name]) * PRICES.per_million[name]);
  return beyond.reduce((sum, price) => sum + price, PRICES.plan_a_month);
}
