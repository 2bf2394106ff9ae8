// The Worker behind faulty.mjs, which says at /memory how much its WebAssembly holds. Only scripts/soak runs this.

import { memories } from './memory.mjs'; // before the Worker is made
import faulty from './faulty.mjs';

export * from './faulty.mjs';

export default {
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== '/memory') return faulty.fetch(request, env, ctx);
    return Response.json(memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0));
  },
};
