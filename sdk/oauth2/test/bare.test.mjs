// Runtimes in which something is missing: it works without, or there is one clear error at the first call.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const CLI = join(import.meta.dirname, 'bare.cli.mjs');
const cwd = resolve(import.meta.dirname, '../..');

/** How each call ends without some names. */
async function without(...names) {
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, names.join(',')], { cwd });
  return JSON.parse(stdout);
}

const WORKS = {
  state: 43, pkce: 43, url: true, callback: 'c', session: { id: '7' }, hasScope: true,
  aborted: 'AbortError: This operation was aborted', late: 'NetworkError: No answer from https://fluxer.app/x within 10 ms',
  verify: 'InvalidTokenError: Invalid token',
};
const NO_SUBTLE = 'TypeError: no crypto.subtle here: browsers have it on https and localhost, React Native by a polyfill';

async function check(names, more) {
  const { exchange, ...said } = await without(...names);
  assert.deepEqual(said, { ...WORKS, ...more });
  return exchange;
}

test('without ReadableStream, as in React Native', () => check(['ReadableStream'], {}));

test('without what an AbortSignal has since', () => check(['AbortSignal.prototype.throwIfAborted', 'AbortSignal.prototype.reason', 'AbortSignal.any', 'AbortSignal.timeout'], { aborted: 'AbortError: The operation was aborted' }));

test('without TextEncoder and TextDecoder, as in jsdom', () => check(['TextEncoder', 'TextDecoder'], {}));

test('without crypto.subtle, as on a page that came by http', () => check(['crypto.subtle'], { pkce: NO_SUBTLE, verify: NO_SUBTLE }));

test('without crypto, as in React Native', () => check(['crypto'], {
  state: 'TypeError: no crypto.getRandomValues here: React Native has it by a polyfill',
  pkce: 'TypeError: no crypto.getRandomValues here: React Native has it by a polyfill', verify: NO_SUBTLE,
}));

test('without fetch nothing is taken for a network that is down', async () => {
  assert.equal(await check(['fetch'], {}), 'TypeError: no fetch here: give one in the configuration');
});

test('without atob a token is not taken for one that lacks a scope', () => {
  const missing = 'TypeError: no atob here: React Native has it since 0.74';
  return check(['atob'], { hasScope: missing, verify: missing });
});
