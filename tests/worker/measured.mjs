// The built Worker, whose data points are said on the log as well as given to the binding. Only tests run this.

import Worker from './index.js';

export * from './index.js';

export default {
  fetch(request, env, ctx) {
    const METRICS = {
      writeDataPoint(point) {
        console.log(`data point: ${JSON.stringify(point)}`);
        env.METRICS.writeDataPoint(point);
      },
    };
    return new Worker(ctx, { ...env, METRICS }).fetch(request);
  },
};
