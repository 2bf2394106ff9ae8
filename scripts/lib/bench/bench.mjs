// scripts/bench: everybody takes a turn at every flow, round after round, in an order that rotates.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { dollars } from './bill.mjs';
import { instrumented, count } from './count.mjs';
import { Floor } from './contenders/floor.mjs';
import { OidcProvider } from './contenders/oidc-provider.mjs';
import { OpenAuth } from './contenders/openauth.mjs';
import { Ours } from './contenders/ours.mjs';
import { WorkersOAuthProvider } from './contenders/workers-oauth-provider.mjs';
import { LATENCIES, contenders as farAway, latency } from './latency.mjs';
import { median, prepare, run } from './load.mjs';
import { memory } from './memory-report.mjs';
import { FOLDER, ROOT, startStorage } from './processes.mjs';
import { profile } from './profile.mjs';
import { WORDS, report } from './report.mjs';
import { size } from './size.mjs';
import { startTimes } from './start.mjs';
import { Visitor } from './visitor.mjs';

const FLOWS = ['approve', 'exchange', 'login', 'first_login', 'refresh', 'refresh_cold', 'client_credentials', 'me', 'introspect', 'metadata'];
const VISITORS = 32;
/** Operations, at least, that warm up the code of a server that was just started. */
const WARM = 500;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    operations: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '10' },
    only: { type: 'string' },
    contenders: { type: 'string' },
    also: { type: 'string', multiple: true, default: [] },
    families: { type: 'string' },
    users: { type: 'string' },
    memory: { type: 'boolean', default: false },
    latency: { type: 'boolean', default: false },
    profile: { type: 'string' },
    json: { type: 'string', default: join(ROOT, 'target/bench.json') },
  },
});
const [rounds, operations, seconds] = [options.rounds, options.operations, options.seconds].map(Number);
const wanted = (name, list) => !list || list.split(',').includes(name);
const flows = FLOWS.filter((flow) => wanted(flow, options.only));
const say = (...words) => process.stderr.write(`bench: ${words.join(' ')}\n`);

/** So many that nobody is refused: the limiter is asked each time all the same. */
const LIMITED = { name: 'ours+limiter', limits: '1000000/10' };

function everybody() {
  const also = options.also.map((each) => each.split('=')).map(([name, build]) => new Ours({ name, build: resolve(build) }));
  const fill = (options.families || options.users) && { families: Number(options.families ?? 0), users: Number(options.users ?? 0) };
  const filled = fill ? [new Ours({ name: 'ours, filled', fill })] : [];
  return [
    new Floor(), new Ours(), ...filled, ...also, new Ours(LIMITED),
    new WorkersOAuthProvider(), new OpenAuth(), new OidcProvider(),
  ].filter((each) => wanted(each.name, options.contenders) || also.includes(each) || filled.includes(each));
}

async function begin(contender, storage, count = VISITORS) {
  await contender.start(storage, count);
  contender.visitors = Array.from({ length: count }, (_, index) => new Visitor(contender.server.origin, index));
  await Promise.all(contender.visitors.map((visitor) => contender.setUp(visitor)));
  await contender.ready?.(contender.visitors);
}

/**
 * One turn, after as much of the same as warms the code up. For a cold one the server is started anew,
 * so that none of its objects is in memory, and its code warmed up by others' refreshes.
 */
async function turn(contender, flow, { warm }) {
  const { [flow]: it, visitors } = contender;
  const go = async (it, operations, queues) => run(it, visitors, { operations, seconds, pid: contender.server.pid, queues });
  if (!it.cold) await go(it, warm, await prepare(it, visitors, warm));
  const queues = await prepare(it, visitors, operations);
  if (it.cold) {
    await contender.restart();
    await go(contender.refresh, WARM);
  }
  return go(it, operations, queues);
}

/** Round after round: `{ flow: { contender: [turn, …] } }`. */
async function measure(contenders) {
  const measured = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const flow of flows) {
      const order = contenders.map((_, index) => contenders[(index + round) % contenders.length]);
      for (const contender of order.filter((each) => each[flow])) {
        const result = await turn(contender, flow, { warm: round === 0 ? Math.max(operations, WARM) : VISITORS });
        ((measured[flow] ??= {})[contender.name] ??= []).push(result);
      }
    }
    say(`round ${round + 1} of ${rounds}`);
  }
  return measured;
}

/** What each does to storage: those with objects once more, behind bindings that count. */
async function countAll(contenders, storage) {
  const counts = {};
  const countFlows = async (contender) => {
    for (const flow of flows.filter((flow) => contender[flow])) (counts[flow] ??= {})[contender.name] = await count(contender, flow, storage);
  };
  for (const contender of contenders.filter((each) => each instanceof WorkersOAuthProvider || each instanceof OpenAuth)) await countFlows(contender);
  for (const contender of contenders) await contender.server.stop();
  for (const contender of [new Floor({ wrap: instrumented }), new Ours({ wrap: instrumented }), new Ours({ ...LIMITED, wrap: instrumented })]) {
    if (contenders.every(({ name }) => name !== contender.name)) continue;
    await begin(contender, storage);
    await countFlows(contender);
    await contender.server.stop();
  }
  return counts;
}

/** Medians, and what they cost. */
function summary(turns, operation) {
  const middle = Object.fromEntries(Object.keys(turns[0]).map((key) => [key, median(turns.map((turn) => turn[key]))]));
  return { ...middle, operation, bill: operation && dollars({ ...operation, cpu: middle.cpu }), turns };
}

async function compare(storage) {
  say(`databases are in ${FOLDER}`);
  const contenders = everybody();
  for (const contender of contenders) await begin(contender, storage);
  const measured = await measure(contenders);
  say('counting operations');
  const counts = await countAll(contenders, storage);
  const result = { rounds, operations, fill: contenders.find((each) => each.fill)?.fill, flows: {}, size: size(), start: undefined };
  for (const [flow, by] of Object.entries(measured)) {
    result.flows[flow] = Object.fromEntries(Object.entries(by).map(([name, turns]) => [name, summary(turns, counts[flow]?.[name])]));
  }
  if (!options.only) {
    say('starting and stopping');
    result.start = await startTimes(Math.max(rounds, 3));
  }
  mkdirSync(dirname(options.json), { recursive: true });
  writeFileSync(options.json, JSON.stringify(result, null, 1));
  return `${report(result)}\n\nEvery turn: ${options.json}`;
}

/** Few visitors: what is measured is the wait, and not the queue. */
const FEW = 4;
async function wait(storage) {
  const also = options.also.map((each) => each.split('=')).map(([name, build]) => ({ name, build: resolve(build) }));
  const contenders = farAway({ also, wanted: (name) => wanted(name, options.contenders) });
  for (const contender of contenders) await begin(contender, storage, FEW);
  const { measured, text } = await latency(contenders, flows, { operations, seconds, storage, words: WORDS });
  mkdirSync(dirname(options.json), { recursive: true });
  writeFileSync(options.json, JSON.stringify({ latencies: LATENCIES, flows: measured }, null, 1));
  return `${text}\n\nAll of it: ${options.json}`;
}

const unknown = (options.only ?? '').split(',').filter((flow) => flow && !FLOWS.includes(flow));
if (unknown.length) {
  say(`no flow is called ${unknown}: see scripts/bench --help`);
  process.exit(1);
}
const storage = await startStorage(options.latency && LATENCIES);
if (options.latency) console.log(await wait(storage));
else if (options.memory) console.log(await memory(storage, begin));
else if (options.profile) console.log(await profile(options.profile, operations, storage, begin));
else console.log(await compare(storage));
process.exit(0);
