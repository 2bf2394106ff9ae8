// The built Worker behind objects that are as far away as latencies.json says, which is put in place of
// LATENCIES. Only scripts/bench --latency runs this. KV and D1 are delayed in their own processes.
//
//   GET /-/calls   the calls of objects since the last time that this was asked: what, from when, until when

import worker, * as built from './index.js';

const { limiter, object } = LATENCIES;
let calls = [];

function far(namespace, what, milliseconds) {
  const late = (real, op) => async (...asked) => {
    const from = Date.now();
    await scheduler.wait(milliseconds);
    try {
      return await real[op](...asked);
    } finally {
      calls.push({ what, from, until: Date.now() });
    }
  };
  const stub = (real) => ({ ask: late(real, 'ask'), fetch: late(real, 'fetch') });
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
    const bindings = { ...env, ...Object.fromEntries(delayed) };
    // The module of an earlier build, and of the floor, is a class.
    return typeof worker === 'function' ? new worker(context, bindings).fetch(request) : worker.fetch(request, bindings, context);
  },
};

export const { Ledger } = built;
// The floor has no limiter, and the runtime looks at every export.
export const RateLimiter = built.RateLimiter ?? class {};
