// scripts/bench --memory: what a Worker holds after a thousand requests, and after a hundred thousand.

import { Ours } from './contenders/ours.mjs';
import { instrumented } from './count.mjs';
import { prepare, run } from './load.mjs';
import { rss } from './processes.mjs';

/** Of every hundred requests: mostly what is asked mostly, some logins with their pages. */
const MIX = { refresh: 40, me: 30, introspect: 10, client_credentials: 10, metadata: 4, login: 2 };
const REQUESTS = [1_000, 10_000, 50_000, 100_000];

export async function memory(storage, begin) {
  const ours = new Ours({ wrap: instrumented });
  await begin(ours, storage);
  const { visitors, server: { pid } } = ours;
  const sent = () => visitors.reduce((sum, { requests }) => sum + requests, 0);
  const lines = [];
  for (const requests of REQUESTS) {
    while (sent() < requests) {
      for (const [flow, share] of Object.entries(MIX)) {
        const operations = Math.ceil((share * Math.min(10_000, requests)) / 1_000);
        await run(ours[flow], visitors, { operations, seconds: 60, pid, queues: await prepare(ours[flow], visitors, operations) });
      }
    }
    const wasm = await visitors[0].json('GET', '/-/memory');
    lines.push({ requests: sent(), wasm, rss: rss(pid) });
    process.stderr.write(`bench: ${sent()} requests\n`);
  }
  const row = ({ requests, wasm, rss: held }) => `${requests.toLocaleString('en').padStart(9)} requests: ${(wasm / 2 ** 20).toFixed(2)} MiB of wasm memory, ${(held / 2 ** 20).toFixed(0)} MiB held by the process`;
  const grew = lines.at(-1).wasm - lines[0].wasm;
  return [...lines.map(row), `target: wasm memory stays where ${REQUESTS[0].toLocaleString('en')} requests left it: ${grew === 0 ? 'met' : `MISSED by ${grew.toLocaleString('en')} bytes`}`].join('\n');
}
