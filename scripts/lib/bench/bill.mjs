// Dollars, from what an operation was counted to do and the prices in prices.json.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const PRICES = JSON.parse(readFileSync(join(import.meta.dirname, 'prices.json'), 'utf8'));

/** What a million operations cost, each of which does this. */
export function dollars({ requests, cpu, kv = {}, objects = {}, d1 = {} }) {
  const { per_million: price, assumed } = PRICES;
  const calls = (objects.ledger ?? 0) + (objects.limiter ?? 0);
  const items = {
    requests: requests * price.worker_requests,
    cpu: cpu * price.worker_cpu_ms,
    kv: (kv.get ?? 0) * price.kv_get + (kv.put ?? 0) * price.kv_put + (kv.delete ?? 0) * price.kv_delete + (kv.list ?? 0) * price.kv_list,
    objects: calls * (price.object_requests + assumed.object_gb * assumed.object_seconds * price.object_gb_seconds),
    object_rows: (objects.read ?? 0) * price.object_rows_read + (objects.written ?? 0) * price.object_rows_written,
    d1: (d1.read ?? 0) * price.d1_rows_read + (d1.written ?? 0) * price.d1_rows_written,
  };
  return { ...items, total: Object.values(items).reduce((sum, item) => sum + item, 0) };
}
