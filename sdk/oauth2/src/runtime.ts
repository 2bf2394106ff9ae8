import type { Fetch } from './config.js';

/**
 * Web Crypto, or an error that says where it is: browsers have it on https and on this machine only,
 * and React Native has it by a polyfill.
 */
export function subtle(): SubtleCrypto {
  return found('crypto.subtle', globalThis.crypto?.subtle, 'browsers have it on https and localhost, React Native by a polyfill');
}

/** So many random bytes. */
export function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  const { crypto } = globalThis;
  found('crypto.getRandomValues', crypto?.getRandomValues, 'React Native has it by a polyfill');
  return crypto.getRandomValues(new Uint8Array(count));
}

/** The configuration's `fetch`, or the global one. */
export function fetchOf({ fetch }: { fetch?: Fetch | undefined }): Fetch {
  return found('fetch', fetch ?? globalThis.fetch, 'give one in the configuration');
}

/** `atob`, where a text that it cannot read must not be taken for one that is wrong. */
export function base64(): typeof atob {
  return found('atob', globalThis.atob, 'React Native has it since 0.74');
}

/** A wrong guess about the runtime would else come to light as something else: as a network that is down, say. */
function found<T>(name: string, value: T | undefined, advice: string): T {
  if (value === undefined) throw new TypeError(`no ${name} here: ${advice}`);
  return value;
}
