// The Worker's module: what the runtime finds here, it finds in wasm. worker-build would write one, whose
// proxies around every class and every function cost as much as routing a request; scripts/build puts this
// in its place.

import { DurableObject } from 'cloudflare:workers';
import * as wasm from './index.js';

const state = wasm.__worker_init_state();

addEventListener('error', ({ error }) => failed(error));
addEventListener('unhandledrejection', ({ reason }) => failed(reason));

/**
 * A panic ends the instance: nothing is unwound, so nothing of it can be trusted. The worker crate's hook has
 * told of it, and has said so here; of another trap nobody has.
 */
function failed(error) {
  if (!(error instanceof WebAssembly.RuntimeError) || state.criticalError) return;
  console.error('Critical', error);
  state.criticalError = true;
}

/** Calls into an instance that works. */
function call(run) {
  if (state.criticalError) {
    console.log('Reinitializing');
    wasm.__wbg_reset_state();
    state.criticalError = false;
    state.instanceId += 1;
  }
  try {
    return run();
  } catch (error) {
    failed(error);
    throw error;
  }
}

/** As long as a body may be that is read before its route is known, in bytes: MAX_BODY_BYTES. */
const SHORT = 64 * 1024;

export default {
  async fetch(request, env, context) {
    const length = request.headers.get('content-length');
    // A promise that JavaScript waits for needs no task in wasm.
    const body = length !== null && length > 0 && length <= SHORT
      ? await request.bytes().catch(() => undefined)
      : undefined;
    return call(() => wasm.fetch(request, env, context, body));
  },

  scheduled(event, env, context) {
    return call(() => wasm.scheduled(event, env, context));
  },
};

/**
 * The class of an object whose work one of Rust's does, which is made anew in a new instance. RPC is for what
 * descends from DurableObject, whose own constructor has nothing to do here.
 */
function object(Class) {
  class Turns {
    #state;
    #env;
    #inner;
    #instance;

    constructor(state, env) {
      this.#state = state;
      this.#env = env;
    }

    #call(run) {
      return call(() => {
        if (this.#instance !== state.instanceId) {
          this.#inner = new Class(this.#state, this.#env);
          this.#instance = state.instanceId;
        }
        return run(this.#inner);
      });
    }

    ask(question) {
      return this.#call((inner) => inner.ask(question));
    }

    /** As Workers of earlier versions ask, while a deployment rolls out: see askByFetch in runtime.js. */
    async fetch(request) {
      const answer = await this.ask(request.headers.get('question') ?? '');
      return typeof answer === 'string' ? new Response(answer) : new Response(null, { status: answer });
    }

    alarm() {
      return this.#call((inner) => inner.alarm());
    }
  }
  Object.setPrototypeOf(Turns, DurableObject);
  Object.setPrototypeOf(Turns.prototype, DurableObject.prototype);
  return Turns;
}

export const Ledger = object(wasm.Ledger);
export const Outbox = object(wasm.Outbox);
export const PendingEntry = object(wasm.PendingEntry);
export const RateLimiter = object(wasm.RateLimiter);
export const RevokedFamilies = object(wasm.RevokedFamilies);
export const SigningKeys = object(wasm.SigningKeys);
