// Clocks that are wrong, differ, or are corrected: nobody is logged out by one.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { InvalidGrantError, RateLimitedError } from '@fluxer/errors';
import { createSession } from '@fluxer/oauth2';

import { FakeClock, WEEK, broken, invalidGrant, invalidToken, json, jwt, limited, start, tokensAnswer } from './fakes.mjs';

const YEAR = 365 * 86_400_000;
const NOW = new FakeClock().time;

/** Tokens as the server gives them: `made` is the server's time, `left` what a local clock makes of it. */
function issued({ family = 'login-a', generation = 0, made = generation, left = WEEK } = {}) {
  return {
    accessToken: jwt({ fam: family, iat: made, jti: `${family}-${generation}` }), tokenType: 'Bearer', expiresIn: WEEK / 1000, expiresAt: NOW + left,
    refreshToken: jwt({ fam: family, gen: generation, iat: made }), scope: 'identify',
  };
}

/** A session with some tokens of which another process has stored others. */
const sharing = (held, stored, answers = [tokensAnswer(1)]) => start(answers, { tokens: held, loadTokens: () => stored });

for (const [what, off] of [['behind', -YEAR], ['ahead', YEAR]]) {
  test(`a process whose clock is a year ${what} stores a later generation, and it is taken`, async () => {
    const stored = issued({ generation: 1, left: WEEK + off });
    const { session, server } = sharing(issued({ left: 0 }), stored, [json(200, { access_token: 'access-2', token_type: 'Bearer', expires_in: WEEK / 1000, refresh_token: 'refresh-2' })]);
    const given = await session.refresh();
    // What it says of its expiry cannot be believed: its own refresh token finds out, and not the spent one.
    assert.deepEqual(server.requests.map(({ form }) => form.refresh_token), [stored.refreshToken]);
    assert.equal(given.accessToken, 'access-2');
  });

  test(`an earlier generation is older, though its process's clock is a year ${what}`, async () => {
    const held = issued({ generation: 5, left: 0 });
    const { session, server } = sharing(held, issued({ generation: 4, left: WEEK + off }));
    await session.accessToken();
    assert.deepEqual(server.requests.map(({ form }) => form.refresh_token), [held.refreshToken]);
  });
}

test('a later generation whose clock is right is all that is needed', async () => {
  const stored = issued({ generation: 1 });
  const { session, server } = sharing(issued({ left: YEAR }), stored, []);
  assert.deepEqual(await session.refresh(), stored);
  assert.equal(server.requests.length, 0);
});

test('of one login a later generation is newer, within a second and where the server\'s clock was set back', async () => {
  for (const made of [1000, 500]) {
    const [nine, ten] = [issued({ generation: 9, made: 1000, left: 0 }), issued({ generation: 10, made })];
    assert.deepEqual(await sharing(nine, ten, []).session.refresh(), ten, 'they are numbers');
    const back = sharing({ ...ten, expiresAt: NOW }, { ...nine, expiresAt: NOW + WEEK });
    await back.session.refresh();
    assert.deepEqual(back.sent(), [ten.refreshToken]);
  }
});

test('of two logins the later one by the server\'s time is newer, whatever its generation', async () => {
  const [first, second] = [issued({ generation: 7, made: 1000, left: YEAR }), issued({ family: 'login-b', made: 2000 })];
  assert.deepEqual(await sharing(first, second, []).session.refresh(), second);
  const back = sharing(second, first);
  await back.session.refresh();
  assert.deepEqual(back.sent(), [second.refreshToken]);
});

test('where a refresh token stays the same, the later access token is newer', async () => {
  const [first, second] = [issued({ made: 1000, left: YEAR }), issued({ made: 2000 })];
  const tokens = { ...second, refreshToken: first.refreshToken };
  assert.deepEqual(await sharing(first, tokens, []).session.refresh(), tokens);
});

test('where one kind of tokens cannot be read, the other is; where nothing can be, the expiry tells', async () => {
  const opaque = (tokens, name) => ({ ...tokens, refreshToken: name });
  const later = opaque(issued({ generation: 1 }), 'second');
  assert.deepEqual(await sharing(opaque(issued({ left: YEAR }), 'first'), later, []).session.refresh(), later);
  const [earlier, other] = [issued({ made: 1000, left: YEAR }), issued({ family: 'login-b', made: 2000 })].map((tokens) => ({ ...tokens, accessToken: 'access' }));
  assert.deepEqual(await sharing(earlier, other, []).session.refresh(), other);
  const unreadable = { ...later, accessToken: 'access' };
  assert.deepEqual(await sharing({ ...unreadable, refreshToken: 'first', expiresAt: NOW }, unreadable, []).session.refresh(), unreadable);
});

test('two processes with clocks a year apart share a login, in any order', async () => {
  let stored = issued();
  let generation = 0;
  const fetch = async (_, { body }) => {
    if (new URLSearchParams(body).get('refresh_token') !== issued({ generation }).refreshToken) return invalidGrant();
    generation += 1;
    const { accessToken, refreshToken } = issued({ generation });
    return json(200, { access_token: accessToken, refresh_token: refreshToken, token_type: 'Bearer', expires_in: WEEK / 1000 });
  };
  const process = (offset) => {
    const clock = new FakeClock();
    clock.time += offset;
    const config = { clientId: '1', tokenEndpoint: 'https://fluxer.app/token', fetch, clock };
    return { clock, session: createSession(config, { tokens: stored, loadTokens: () => stored, onTokens: (tokens) => { stored = tokens; } }) };
  };
  const processes = [process(0), process(YEAR), process(-YEAR)];
  for (let turn = 0; turn < 12; turn += 1) {
    await processes[(turn * 7) % 3].session.refresh();
    for (const { clock } of processes) clock.time += WEEK;
  }
  for (const { session } of processes) assert.ok(await session.accessToken());
});

test('a clock that is corrected backwards is no reason to give out an expired token for a year', async () => {
  const { session, sent } = start([tokensAnswer(1)], { left: WEEK + YEAR });
  assert.equal(await session.accessToken(), 'access-1');
  assert.equal(await session.accessToken(), 'access-1');
  assert.deepEqual(sent(), ['refresh-0'], 'once');
});

test('clocks that differ by minutes are no reason to refresh', async () => {
  const { session, server } = start([], { left: WEEK + 300_000 });
  await session.accessToken();
  assert.equal(server.requests.length, 0);
});

test('a clock that is corrected does not end a session that has no refresh token', async () => {
  const { session, ends } = start([], { left: WEEK + YEAR, tokens: { refreshToken: undefined } });
  assert.equal(await session.accessToken(), 'access-0');
  assert.deepEqual(ends, []);
});

test('a server that asked for time is asked again where the clock is set back meanwhile', async () => {
  for (const [failures, left] of [[[limited(3)], 0], [[limited(60)], 30_000]]) {
    const { session, clock } = start([...failures, tokensAnswer(1)], { left, config: { retries: 0 } });
    await session.refresh().catch((error) => assert.ok(error instanceof RateLimitedError));
    clock.time -= 10_000;
    assert.equal(await session.accessToken(), 'access-1');
  }
});

test('a token that the server refuses is refreshed, whatever the clock says of it', async () => {
  const { session, sent } = start([invalidToken(), tokensAnswer(1), json(200, 7)], { left: 6 * 86_400_000 });
  assert.equal(await session.getJson('/x'), 7);
  assert.deepEqual(sent(), ['Bearer access-0', 'refresh-0', 'Bearer access-1']);
});

// What another process stores while this one asks.

test('after a refusal, storage is looked into again: a later login goes on', async () => {
  const later = issued({ family: 'login-b', made: 2000 });
  const answers = [undefined, later];
  const { session, ends } = start([invalidGrant()], { tokens: issued({ made: 1000, left: 0 }), loadTokens: () => answers.shift() });
  assert.equal(await session.accessToken(), later.accessToken);
  assert.deepEqual(ends, []);
});

test('what is found there is refreshed where it must be, and each refresh token is sent once', async () => {
  const found = ['a', 'b', 'b', 'b'].map((name, at) => ({ accessToken: name, tokenType: 'Bearer', expiresIn: 60, expiresAt: NOW - at - 1, refreshToken: `refresh-${name}`, scope: '' }));
  const { session, sent, ends } = start([invalidGrant(), invalidGrant(), invalidGrant()], { left: 0, loadTokens: () => found.shift() });
  found.unshift(undefined);
  await assert.rejects(session.accessToken(), InvalidGrantError);
  assert.deepEqual(sent(), ['refresh-0', 'refresh-a', 'refresh-b']);
  assert.equal(ends.length, 1);
});

test('what is found there and known to be older ends nothing but the session', async () => {
  const { session, sent, ends } = sharing(issued({ generation: 2, left: 0 }), issued({ generation: 1 }), [invalidGrant()]);
  await assert.rejects(session.accessToken(), InvalidGrantError);
  assert.deepEqual([sent().length, ends.length], [1, 1]);
});

test('storage that cannot be read then ends nothing either', async () => {
  const looks = [() => undefined, () => { throw new Error('disk broken'); }];
  const { session, ends, clock } = start([invalidGrant(), broken, tokensAnswer(1)], { left: 0, loadTokens: () => looks.shift()?.() });
  await assert.rejects(session.accessToken(), { message: 'disk broken' });
  assert.deepEqual(ends, []);
  assert.equal(await clock.run(session.accessToken()), 'access-1');
});
