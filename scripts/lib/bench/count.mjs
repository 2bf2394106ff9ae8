// What an operation does to storage, counted: KV and D1 where they are, objects by instrumented.mjs.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { prepare } from './load.mjs';
import { HERE } from './processes.mjs';

const read = (name) => readFileSync(join(HERE, name), 'utf8');

/** A build behind instrumented.mjs. */
export const instrumented = (modules) => ({ 'instrumented.mjs': read('instrumented.mjs'), 'memory.mjs': read('memory.mjs'), ...modules });

async function spending(contender, storage) {
  await sleep(200); // some things are written after the answer
  const { kv, d1 } = await storage.counts(contender.name);
  const counts = { kv, d1, objects: {} };
  if (contender.wrap) counts.objects = await contender.visitors[0].json('GET', '/-/counts');
  return counts;
}

/** Per operation, of four by each visitor, once what is cached is there. Requests are what the visitor sent. */
export async function count(contender, flow, storage) {
  const { visitors, [flow]: it } = contender;
  const each = 4;
  const queues = await prepare(it, visitors, (each + 1) * visitors.length);
  await Promise.all(visitors.map((visitor, index) => it.run(visitor, queues?.[index].pop())));
  const before = await spending(contender, storage);
  const sent = visitors.reduce((sum, { requests }) => sum + requests, 0);
  await Promise.all(visitors.map(async (visitor, index) => {
    for (let turn = 0; turn < each; turn += 1) await it.run(visitor, queues?.[index].pop());
  }));
  const operations = each * visitors.length;
  const requests = (visitors.reduce((sum, visitor) => sum + visitor.requests, 0) - sent) / operations;
  const after = await spending(contender, storage);
  const spent = (part) => Object.fromEntries(Object.keys(after[part]).map((name) => [name, (after[part][name] - (before[part][name] ?? 0)) / operations]));
  return { requests, kv: spent('kv'), d1: spent('d1'), objects: spent('objects') };
}
