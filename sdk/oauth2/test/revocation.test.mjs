// From a revocation to its refusal by who verifies by themselves: the built server and the package, by one
// clock that stands still until it is told to go on.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { InvalidTokenError } from '@fluxer/errors';
import { verifyAccessToken } from '@fluxer/oauth2';

import { Storage, World, times } from '../../../tests/worker/harness.mjs';

const AUDIENCE = 'https://orders.example';
const [STEP, TOKENS, VERIFIERS, PROMISED] = [250, 25, 12, 31_000];
const storage = new Storage();
storage.stopped = Date.now();
const clock = { now: () => storage.stopped, sleep: () => new Promise(() => {}) };

let world, app, tokens;
before(async () => {
  world = await World.start({ storage });
  await world.admin('POST', '/resources', { identifier: AUDIENCE, name: 'Orders', scopes: [{ name: 'orders:read', description: 'See your orders' }] });
  const browser = await world.login(await world.user());
  app = await world.application('public');
  tokens = [];
  for (let count = 0; count < TOKENS; count += 1) tokens.push(await world.tokens(browser, app, { resource: AUDIENCE, scope: 'orders:read' }));
});
after(() => world?.stop());

/** A cache on the way to the server that keeps what it may, as long as it may. */
function caching() {
  const kept = new Map();
  return async (url, init) => {
    const held = kept.get(String(url));
    if (held && clock.now() < held.until) return held.answer.clone();
    const answer = await fetch(url, init);
    const [, seconds] = /max-age=(\d+)/.exec(answer.headers.get('cache-control'));
    kept.set(String(url), { answer: answer.clone(), until: clock.now() + seconds * 1000 });
    return answer;
  };
}

test('a token is refused within 31 seconds of its revocation by whoever polls the list, through caches too', async (t) => {
  // Each verifier asks at a beat of its own, every other one through a cache that others keep warm: what it
  // is given is up to 15 seconds old.
  const verifiers = times(VERIFIERS, (nth) => {
    const begins = storage.stopped + Math.round((nth * 15_000) / VERIFIERS / STEP) * STEP;
    const behind = nth % 2 ? caching() : undefined;
    return {
      begins, holds: new Set(tokens), config: { issuer: world.origin, clock, fetch: behind ?? ((...request) => fetch(...request)) },
      others: () => behind?.(`${world.origin}/.well-known/revoked`),
    };
  });
  const revokedAt = new Map();
  const [waits, began] = [[], storage.stopped];
  const isRefused = ({ config }, { access_token }) => verifyAccessToken(config, access_token, { audience: AUDIENCE }).then(() => false, (error) => {
    assert.ok(error instanceof InvalidTokenError, error);
    return true;
  });
  const polled = async (verifier) => {
    for (const token of verifier.holds) {
      if (!(await isRefused(verifier, token))) continue;
      assert.ok(revokedAt.has(token), 'a token that nobody revoked is good');
      waits.push(storage.stopped - revokedAt.get(token));
      verifier.holds.delete(token);
    }
  };
  for (let left = [...tokens]; verifiers.some(({ holds }) => holds.size > 0); storage.stopped += STEP) {
    assert.ok(storage.stopped - began < 120_000, 'all are refused by then');
    // One a second, from when all have asked once; not at the beat of the polls.
    if (storage.stopped - began > 20_000 && left.length && (storage.stopped - began) % 1_000 === 0) {
      const token = left.pop();
      assert.equal((await world.revoke(app, token.access_token)).status, 200);
      revokedAt.set(token, storage.stopped);
    }
    await Promise.all(verifiers.filter(({ begins }) => begins <= storage.stopped).map(polled));
    await Promise.all(verifiers.map(({ others }) => others()));
  }
  waits.sort((a, b) => a - b);
  assert.equal(waits.length, TOKENS * VERIFIERS);
  const p99 = waits[Math.ceil(waits.length * 0.99) - 1];
  t.diagnostic(`p99 ${p99} ms, the longest ${waits.at(-1)} ms`);
  assert.ok(p99 <= PROMISED, `p99 is ${p99} ms`);
  assert.ok(waits.at(-1) <= PROMISED, `the longest is ${waits.at(-1)} ms`);
  assert.ok(waits.at(-1) > 15_000, 'the caches were on the way');
});
