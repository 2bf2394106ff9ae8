// The built Worker behind objects that are as far away as latencies.json says, which is put in place of
// LATENCIES. Only scripts/bench --latency runs this. KV and D1 are delayed in their own processes.
//
//   GET /-/calls   the calls of objects since the last time that this was asked: what, from when, until when

import Worker, * as built from './index.js';

const { limiter, object } = LATENCIES;
let calls = [];

function far(namespace, what, milliseconds) {
  const stub = (real) => ({
    async fetch(...asked) {
      const from = Date.now();
      await scheduler.wait(milliseconds);
      try {
        return await real.fetch(...asked);
      } finally {
        calls.push({ what, from, until: Date.now() });
      }
    },
  });
  return {
    idFromName: (name) => namespace.idFromName(name),
    get: (...asked) => stub(namespace.get(...asked)),
    getByName: (...asked) => stub(namespace.getByName(...asked)),
  };
}

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname === '/-/calls') {
      const told = calls;
      calls = [];
      return Response.json(told);
    }
    const objects = Object.entries(env).filter(([, binding]) => typeof binding.getByName === 'function');
    const delayed = objects.map(([name, binding]) => (name === 'RATE_LIMITER' ? [name, far(binding, 'limiter', limiter)] : [name, far(binding, name.toLowerCase(), object)]));
    return new Worker(context, { ...env, ...Object.fromEntries(delayed) }).fetch(request);
  },
};

export const { Ledger } = built;
// The floor has no limiter, and the runtime looks at every export.
export const RateLimiter = built.RateLimiter ?? class {};
