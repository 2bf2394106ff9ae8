// What scripts/soak takes for right, and for a fault.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ROTATION_GRACE, expected, wrongWith } from '../../scripts/lib/soak-expects.mjs';

const USED = 'The refresh token was used before; log in again';
const tried = (asked, answered, status) => ({ asked, answered, status });
const last = (tries) => tries.at(-1);

test('a refresh token whose successor was never delivered works within the grace, and only then has to', () => {
  for (const [tries, expects] of [
    [[tried(0, 10, 200)], 'works'],
    [[tried(0, 90_000, 200)], 'works'],
    // The answer was lost; asked again at once, and up to the last instant of the grace.
    [[tried(0, 10), tried(20, 30, 200)], 'works'],
    [[tried(0, 10), tried(29_000, ROTATION_GRACE - 1, 200)], 'works'],
    [[tried(0, 10, 503), tried(29_000, ROTATION_GRACE - 1, 200)], 'works'],
    // It may have been used as the first try was asked, or by none of them.
    [[tried(0, 10), tried(29_000, ROTATION_GRACE, 200)], 'either'],
    [[tried(0, 10), tried(50_000, 50_010, 200)], 'either'],
    // The grace begins as the token is used, and not as it is tried again.
    [[tried(0, 10, 503), tried(20_000, 20_010, 503), tried(40_000, 40_010, 200)], 'either'],
    // Two at once: the other one got the successor.
    [[tried(5, 25, 200), tried(0, 20, 200)], 'works'],
    [[tried(0, 10, 200), tried(0, 10, 503), tried(15_000, 15_010, 200)], 'works'],
    [[tried(0, 10, 200), tried(0, 10, 503), tried(ROTATION_GRACE + 10, 40_000, 200)], 'refused'],
    [[tried(0, 10, 200), tried(0, 10, 503), tried(ROTATION_GRACE + 9, 40_000, 200)], 'either'],
    // What was asked only afterwards has used nothing so far.
    [[tried(50, 60, 200), tried(0, 40, 200)], 'works'],
  ]) assert.equal(expected(tries, last(tries)), expects, JSON.stringify(tries));
});

test('a refusal as used is right after the grace alone, and any other answer is a fault', () => {
  const after = (answered, status) => {
    const tries = [tried(0, 10), tried(answered - 10, answered, status)];
    return [tries, last(tries)];
  };
  assert.equal(wrongWith(...after(1_000, 200)), undefined);
  assert.equal(wrongWith(...after(40_000, 200)), undefined);
  assert.equal(wrongWith(...after(40_000, 400), USED), undefined);
  assert.match(wrongWith(...after(1_000, 400), USED), /should work: 400 .* \(0–10 ms: broken off, 990–1000 ms: 400\)/);
  assert.match(wrongWith(...after(40_000, 400), 'The refresh token is invalid, expired or revoked'), /works or was used before: 400/);
  assert.match(wrongWith(...after(40_000, 429)), /works or was used before: 429/);
  const tries = [tried(0, 10, 200), tried(40_000, 40_010, 200)];
  assert.match(wrongWith(tries, last(tries)), /should be refused: 200/);
});
