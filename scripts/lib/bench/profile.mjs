// scripts/bench --profile FLOW: where the isolate spends a flow, sampled by V8, with the names that
// scripts/size leaves in. What the runtime does outside of the isolate is what is left over.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Ours } from './contenders/ours.mjs';
import { prepare, run } from './load.mjs';
import { ROOT, freePort } from './processes.mjs';

const NAMED = join(ROOT, 'target/size/named');
const SHOWN = 45;

/** The inspector of the only isolate: sends a command, and waits for what it answers. */
async function inspect(port) {
  const [{ webSocketDebuggerUrl }] = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
  const socket = new WebSocket(webSocketDebuggerUrl);
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
  const waiting = new Map();
  socket.onmessage = ({ data }) => {
    const { id, result, error } = JSON.parse(data);
    waiting.get(id)?.(error ? Promise.reject(new Error(error.message)) : result);
  };
  return (method, params) => new Promise((resolve) => {
    waiting.set(waiting.size + 1, resolve);
    socket.send(JSON.stringify({ id: waiting.size, method, params }));
  });
}

/** Who a sample belongs to. */
function owner({ functionName, url }) {
  if (url.startsWith('wasm:')) return 'wasm';
  if (/^\((program|idle|garbage collector|root)\)$/.test(functionName)) return functionName.slice(1, -1);
  return url.endsWith('index.js') || url.startsWith('file:') ? 'JS glue' : "the runtime's own functions";
}

export async function profile(flow, operations, storage, begin) {
  if (!existsSync(NAMED)) throw new Error('run scripts/size first: it makes the build that keeps the names');
  const inspector = await freePort();
  const ours = new Ours({ build: NAMED, inspector });
  await begin(ours, storage);
  const { visitors, server: { pid }, [flow]: it } = ours;
  const go = async (queues) => run(it, visitors, { operations, seconds: 60, pid, queues });
  await go(await prepare(it, visitors, operations));
  const queues = await prepare(it, visitors, operations);

  const ask = await inspect(inspector);
  await ask('Profiler.enable');
  await ask('Profiler.setSamplingInterval', { interval: 100 });
  await ask('Profiler.start');
  const { cpu } = await go(queues);
  const { profile } = await ask('Profiler.stop');
  const file = join(ROOT, `target/${flow}.cpuprofile`);
  writeFileSync(file, JSON.stringify(profile));

  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const [by, functions] = [new Map(), new Map()];
  const add = (sums, key, micros) => sums.set(key, (sums.get(key) ?? 0) + micros);
  profile.samples.forEach((id, index) => {
    const { callFrame } = nodes.get(id);
    add(by, owner(callFrame), profile.timeDeltas[index]);
    add(functions, `${owner(callFrame).padEnd(8)}  ${(callFrame.functionName || '(anonymous)').replace(/\[[0-9a-f]{8,}\]/g, '')}`, profile.timeDeltas[index]);
  });
  const line = ([what, micros]) => `${(micros / operations).toFixed(1).padStart(8)}  ${what.slice(0, 170)}`;
  const sorted = (sums) => [...sums].sort(([, a], [, b]) => b - a);
  return [
    `microseconds of ${flow}, of ${(1000 * cpu).toFixed(0)} that the process spent on it, the profiler among them:\n`,
    ...sorted(by).map(line), '', ...sorted(functions).slice(0, SHOWN).map(line), '', `For Chromium's or an editor's viewer: ${file}`,
  ].join('\n');
}
