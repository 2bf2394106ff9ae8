// scripts/bench --latency: how long a user waits where every binding is as far away as latencies.json
// says, and which calls one after another make it so.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Floor } from './contenders/floor.mjs';
import { OpenAuth } from './contenders/openauth.mjs';
import { Ours } from './contenders/ours.mjs';
import { WorkersOAuthProvider } from './contenders/workers-oauth-provider.mjs';
import { prepare, run } from './load.mjs';
import { HERE } from './processes.mjs';
import { table } from './report.mjs';

export const { milliseconds: LATENCIES } = JSON.parse(readFileSync(join(HERE, 'latencies.json'), 'utf8'));

const PEER = 'workers-oauth-provider';
const MEASURED = 'ours+limiter';
/** What a flow may take, of what the peer takes. */
const TARGETS = { refresh: 0.4, exchange: 0.5, login: 0.6 };
const WARM = 40;
/** Two clocks of one machine may differ by so much: whole milliseconds, and the way to the other process. */
const CLOSE = 3;

const wrap = (modules) => ({ 'delayed.mjs': readFileSync(join(HERE, 'delayed.mjs'), 'utf8').replace('= LATENCIES', `= ${JSON.stringify(LATENCIES)}`), ...modules });

/** `ours` is with limits, as it ships; builds of `also` are, too. */
export function contenders({ also, wanted }) {
  const limits = '1000000/10';
  return [
    new Floor({ wrap }), new Ours({ name: MEASURED, limits, wrap }),
    ...also.map(({ name, build }) => new Ours({ name, build, limits, wrap })),
    new WorkersOAuthProvider(), new OpenAuth(),
  ].filter(({ name }) => wanted(name) || also.some((each) => each.name === name));
}

/** The calls of one operation, hop by hop: what began before anything of this hop was over belongs to it. */
export function chain(calls, until) {
  const hops = [];
  const answered = calls.filter((call) => call.until <= until + CLOSE).sort((a, b) => a.from - b.from);
  for (const call of answered) {
    const last = hops.at(-1);
    if (!last || call.from + CLOSE >= Math.min(...last.map((each) => each.until))) hops.push([call]);
    else last.push(call);
  }
  return hops.map((hop) => hop.map(({ what }) => what).sort().join(' + ')).join(' > ');
}

async function chainOf(contender, flow, storage) {
  const { [flow]: it, visitors: [visitor] } = contender;
  const told = async () => [
    ...(await storage.calls(contender.name)),
    ...(contender.wrap ? await visitor.json('GET', '/-/calls') : []),
  ];
  const queue = it.prepare && (await it.prepare(visitor));
  await new Promise((resolve) => setTimeout(resolve, 4 * Math.max(...Object.values(LATENCIES))));
  await told();
  await it.run(visitor, queue);
  return chain(await told(), Date.now());
}

export async function latency(contenders, flows, { operations, seconds, storage, words }) {
  const rows = [];
  const measured = {};
  for (const flow of flows) {
    rows.push([words[flow], '', '', '', '']);
    for (const contender of contenders.filter((each) => each[flow] && !each[flow].cold)) {
      const { visitors, [flow]: it, server: { pid } } = contender;
      // The code is warmed up, and what is cached is there.
      await run(it, visitors, { operations: WARM, seconds, pid, queues: await prepare(it, visitors, WARM) });
      const queues = await prepare(it, visitors, operations);
      const { p50, p99 } = await run(it, visitors, { operations, seconds, pid, queues });
      (measured[flow] ??= {})[contender.name] = { p50, p99, chain: await chainOf(contender, flow, storage) };
    }
    const by = measured[flow] ?? {};
    for (const [name, { p50, p99, chain }] of Object.entries(by)) {
      rows.push([`  ${name}`, p50.toFixed(0), p99.toFixed(0), by[PEER] ? (p50 / by[PEER].p50).toFixed(2) : '', chain || 'none']);
    }
  }
  const met = Object.entries(TARGETS).flatMap(([flow, bound]) => {
    const { [MEASURED]: ours, [PEER]: peer } = measured[flow] ?? {};
    if (!ours || !peer) return [];
    const ratio = ours.p50 / peer.p50;
    return [[`p50 of a ${flow}, to ${PEER}`, ratio.toFixed(2), `at most ${bound.toFixed(2)}`, ratio <= bound ? 'met' : 'MISSED']];
  });
  const far = Object.entries(LATENCIES).map(([what, milliseconds]) => `${what.replace('_', ' ')} ${milliseconds} ms`);
  return {
    measured,
    text: [
      table(['', 'p50 ms', 'p99 ms', 'x provider', 'calls; those of one hop with +'], rows),
      `\nEvery call of a binding takes so much longer: ${far.join(', ')}.\nWhere these come from: scripts/lib/bench/latencies.json.\n`,
      ...(met.length ? [table(['target', 'measured', '', ''], met)] : []),
    ].join('\n'),
  };
}
