// The built Worker, whose data points are said on the log as well as given to the binding. Only tests run this.

import worker from './index.js';

export * from './index.js';

export default {
  fetch(request, env, ctx) {
    const METRICS = {
      writeDataPoint(point) {
        console.log(`data point: ${JSON.stringify(point)}`);
        env.METRICS.writeDataPoint(point);
      },
    };
    return worker.fetch(request, { ...env, METRICS }, ctx);
  },
};
