// The built Worker, whose data points are said on the log as well as given to the binding, and with them what it
// finds of Node. Only tests run this.

import worker from './index.js';

export * from './index.js';

let first = true;

export default {
  fetch(request, env, ctx) {
    if (first) console.log(`of Node: ${[typeof process, typeof Buffer, typeof setTimeout(() => {}, 1)]}`);
    first = false;
    const METRICS = {
      writeDataPoint(point) {
        console.log(`data point: ${JSON.stringify(point)}`);
        env.METRICS.writeDataPoint(point);
      },
    };
    return worker.fetch(request, { ...env, METRICS }, ctx);
  },
};
