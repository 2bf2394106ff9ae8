// A session: when it refreshes, for whom, and what it survives.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ApiError, HttpError, InvalidGrantError, InvalidResponseError, InvalidTokenError, MissingOAuthScopeError, NetworkError, RateLimitedError, TemporarilyUnavailableError } from '@fluxer/errors';
import { FakeClock, WEEK, broken, held, invalidGrant, invalidToken, json, limited, quiet, start, tokensAnswer, unavailable } from './fakes.mjs';

const outcomes = async (promises) => (await Promise.allSettled(promises)).map(({ value, reason }) => value ?? reason);

test('a token with time left is given without asking', async () => {
  const { session, server } = start([], { left: 60_001 });
  assert.equal(await session.accessToken(), 'access-0');
  assert.equal(server.requests.length, 0);
});

test('a token is refreshed a minute before its expiry, or as early as is asked for', async () => {
  assert.equal(await start([tokensAnswer(1)], { left: 60_000 }).session.accessToken(), 'access-1');
  assert.equal(await start([tokensAnswer(1)], { left: 3_600_000, refreshAhead: 3_600_000 }).session.accessToken(), 'access-1');
  const late = start([tokensAnswer(1)], { left: 1, refreshAhead: 0 });
  assert.equal(await late.session.accessToken(), 'access-0');
  late.clock.time += 1;
  assert.equal(await late.session.accessToken(), 'access-1');
});

test('a token that lives for less than that is refreshed when half of its life is over', async () => {
  const { session, clock, server } = start([tokensAnswer(1, { expires_in: 30 }), tokensAnswer(2)], { left: 0 });
  for (let call = 0; call < 3; call += 1) assert.equal(await session.accessToken(), 'access-1');
  clock.time += 14_999;
  assert.equal(await session.accessToken(), 'access-1');
  assert.equal(server.requests.length, 1);
  clock.time += 1;
  assert.equal(await session.accessToken(), 'access-2');
});

test('a mistake comes to light when the session is made, and not in a week', () => {
  for (const [options, message] of [
    [{ config: { clientId: undefined } }, 'clientId is missing'],
    [{ config: { clientSecret: '' } }, 'clientSecret is missing'],
    [{ config: { tokenEndpoint: 'http://fluxer.app/token' } }, 'tokenEndpoint must be https: plain http is for this machine only, or for allowHttp'],
    [{ tokens: { accessToken: undefined, access_token: 'as the server spells it' } }, 'tokens.accessToken is not a token'],
    [{ tokens: { expiresAt: '2026-01-01' } }, 'tokens.expiresAt is not a number'],
    [{ tokens: { expiresAt: undefined } }, 'tokens.expiresAt is not a number'],
    [{ tokens: { expiresIn: null } }, 'tokens.expiresIn is not a number'],
  ]) {
    assert.throws(() => start([], options), { name: 'TypeError', message });
  }
});

test('fifty callers at once are one refresh, and all get its token', async () => {
  const { session, server, clock, saved } = start([tokensAnswer(1)], { left: 0 });
  const tokens = await clock.run(Promise.all(Array.from({ length: 50 }, () => session.accessToken())));
  assert.deepEqual(new Set(tokens), new Set(['access-1']));
  assert.equal(server.requests.length, 1);
  assert.deepEqual(saved, ['access-1']);
});

test('callers of every kind share a refresh', async () => {
  const { session, sent } = start([tokensAnswer(1), json(200, {}), json(200, {})], { left: 0 });
  await Promise.all([session.accessToken(), session.refresh(), session.fetch('/a'), session.getJson('/b')]);
  assert.deepEqual(sent(), ['refresh-0', 'Bearer access-1', 'Bearer access-1']);
});

test('refreshes follow one another, each with the refresh token of the last', async () => {
  const { session, sent } = start([tokensAnswer(1), tokensAnswer(2), tokensAnswer(3, { refresh_token: undefined }), tokensAnswer(4)]);
  for (let number = 1; number <= 4; number += 1) assert.equal((await session.refresh()).accessToken, `access-${number}`);
  assert.deepEqual(sent(), ['refresh-0', 'refresh-1', 'refresh-2', 'refresh-2'], 'no next refresh token means the same one');
});

// Lost answers and servers that are down.

for (const [what, failure] of [
  ['the connection breaks', () => broken],
  ['the server answers 500', () => new Response('', { status: 500 })],
  ['the server answers 503', () => unavailable()],
  ['the server answers 429', () => limited(2)],
]) {
  test(`when ${what}, the same refresh token is sent again`, async () => {
    const { session, clock, sent, saved } = start([failure(), failure(), tokensAnswer(1)], { left: 0 });
    assert.equal(await clock.run(session.accessToken()), 'access-1');
    assert.deepEqual(sent(), ['refresh-0', 'refresh-0', 'refresh-0']);
    assert.deepEqual(saved, ['access-1']);
  });

  test(`when ${what} to the last, the refresh token is kept and works later`, async () => {
    const { session, clock, sent, ends } = start([failure(), failure(), failure(), tokensAnswer(1)], { left: 0 });
    await assert.rejects(clock.run(session.accessToken()), (error) => error.temporary);
    assert.deepEqual(ends, []);
    assert.equal(session.tokens().refreshToken, 'refresh-0');
    clock.time += 2_000;
    assert.equal(await clock.run(session.accessToken()), 'access-1');
    assert.equal(sent().at(-1), 'refresh-0');
  });
}

test('an answer that was lost is fetched again while the server still forgives it', async () => {
  const { session, clock } = start([broken, tokensAnswer(1)], { left: 0 });
  const before = clock.time;
  await clock.run(session.refresh());
  assert.ok(clock.time - before < 30_000);
});

test('even a server that hangs twice is asked a third time within 30 seconds', async () => {
  const never = ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const { session, clock } = start([never, never, tokensAnswer(1)], { left: 0 });
  const before = clock.time;
  await clock.run(session.refresh());
  assert.ok(clock.time - before < 30_000, String(clock.time - before));
});

for (const [what, answer] of [['another OAuth error', json(401, { error: 'invalid_client' })], ['an answer without tokens', json(200, {})], ['a 404', new Response('', { status: 404 })]]) {
  test(`${what} does not end the session either`, async () => {
    const { session, clock, ends } = start([answer, tokensAnswer(1)], { left: 0 });
    await assert.rejects(clock.run(session.accessToken()));
    assert.deepEqual(ends, []);
    assert.equal(await session.accessToken(), 'access-1');
  });
}

test('a token that still works is given while the server is down, and the server is left alone for a while', async () => {
  const { session, server, clock } = start([broken, broken, broken, tokensAnswer(1)], { left: 30_000 });
  assert.equal(await clock.run(session.accessToken()), 'access-0');
  assert.equal(server.requests.length, 3);
  assert.equal(await session.accessToken(), 'access-0');
  assert.equal(server.requests.length, 3, 'not asked again at once');
  clock.time += 5_000;
  assert.equal(await clock.run(session.accessToken()), 'access-1');
});

test('a server that named a time is left alone until then, but no longer than the token works', async () => {
  const { session, server, clock } = start([limited(40), tokensAnswer(1)], { left: 50_000 });
  assert.equal(await clock.run(session.accessToken()), 'access-0');
  clock.time += 39_999;
  assert.equal(await session.accessToken(), 'access-0');
  assert.equal(server.requests.length, 1);
  clock.time += 1;
  assert.equal(await session.accessToken(), 'access-1');

  const short = start([limited(40), tokensAnswer(1)], { left: 10_000 });
  assert.equal(await short.clock.run(short.session.accessToken()), 'access-0');
  short.clock.time += 10_000;
  assert.equal(await short.session.accessToken(), 'access-1');
});

test('a server that asked for time is not asked again by every caller, though there is nothing else to give', async () => {
  for (const [asked, left] of [[40, 5_000], [3, 3_000]]) {
    const { session, server, clock } = start([limited(asked), tokensAnswer(1)], { left: 0, config: { retries: 0 } });
    for (let call = 0; call < 3; call += 1) {
      await assert.rejects(session.accessToken(), (error) => error instanceof RateLimitedError && error.retryAfter === asked);
      await assert.rejects(session.refresh(), RateLimitedError);
    }
    clock.time += left - 1;
    await assert.rejects(session.fetch('/x'), RateLimitedError);
    assert.equal(server.requests.length, 1);
    clock.time += 1;
    assert.equal(await session.accessToken(), 'access-1');
  }
});

// The end.

test('invalid_grant ends the session, once, for everybody, and nothing more is asked', async () => {
  const { session, server, ends, saved } = start([invalidGrant()], { left: 0 });
  const errors = await outcomes([session.accessToken(), session.accessToken(), session.fetch('/x')]);
  for (const error of errors) assert.ok(error instanceof InvalidGrantError);
  await assert.rejects(session.accessToken(), InvalidGrantError);
  await assert.rejects(session.refresh(), InvalidGrantError);
  assert.equal(server.requests.length, 1);
  assert.deepEqual(ends, [errors[0]]);
  assert.deepEqual(saved, []);
  assert.equal(session.tokens(), undefined);
});

test('invalid_grant ends the session even while the access token would work', async () => {
  const { session } = start([invalidGrant()], { left: 30_000 });
  await assert.rejects(session.accessToken(), InvalidGrantError);
});

test('without a refresh token, a session lasts as long as its access token', async () => {
  const { session, server, clock, ends } = start([], { left: 60_001, tokens: { refreshToken: undefined } });
  assert.equal(await session.accessToken(), 'access-0');
  clock.time += 60_001;
  await assert.rejects(session.accessToken(), InvalidGrantError);
  assert.equal(ends.length, 1);
  assert.equal(server.requests.length, 0);
});

// Storage.

test('nobody is given a token before it is stored', async () => {
  const storing = held();
  const { session } = start([tokensAnswer(1)], { left: 0, onTokens: () => storing.answer() });
  let given = false;
  const token = session.accessToken().then((token) => { given = true; return token; });
  await quiet();
  assert.equal(given, false);
  storing.release();
  assert.equal(await token, 'access-1');
});

test('storage that fails is tried again with the same tokens, before they are given out', async () => {
  const failures = [new Error('disk full'), new Error('disk full')];
  const stored = [];
  const onTokens = async (tokens) => {
    const failure = failures.shift();
    if (failure) throw failure;
    stored.push(tokens);
  };
  const { session, server } = start([tokensAnswer(1)], { left: 0, onTokens });
  await assert.rejects(session.accessToken(), { message: 'disk full' });
  await assert.rejects(session.fetch('/x'), { message: 'disk full' });
  assert.equal(await session.accessToken(), 'access-1');
  assert.deepEqual(stored.map(({ refreshToken }) => refreshToken), ['refresh-1']);
  assert.equal(server.requests.length, 1, 'refresh-0 was spent: it must not be sent again');
});

/** Tokens that another process has stored, so many milliseconds from their expiry. */
const stored = (number, left) => ({
  accessToken: `access-${number}`, tokenType: 'Bearer', expiresIn: WEEK / 1000, expiresAt: new FakeClock().time + left, refreshToken: `refresh-${number}`, scope: 'identify',
});

test('tokens that another process has refreshed are taken from storage, and nothing is asked or stored', async () => {
  const { session, server, saved } = start([], { left: 0, loadTokens: async () => stored(1, WEEK) });
  assert.deepEqual(await Promise.all([session.accessToken(), session.accessToken()]), ['access-1', 'access-1']);
  assert.equal(session.tokens().refreshToken, 'refresh-1');
  assert.deepEqual([server.requests, saved], [[], []]);
});

test('where newer tokens in storage are about to expire themselves, their refresh token is the one to send', async () => {
  const { session, sent, saved } = start([tokensAnswer(2)], { left: 0, loadTokens: () => stored(1, 60_000) });
  assert.equal(await session.accessToken(), 'access-2');
  assert.deepEqual([sent(), saved], [['refresh-1'], ['access-2']]);
});

for (const [what, loadTokens] of [['nothing', () => undefined], ['null', () => null], ['the same tokens', () => stored(0, 0)], ['older tokens', () => stored('old', -1)]]) {
  test(`where ${what} is in storage, the session's own refresh token is sent`, async () => {
    const { session, sent } = start([tokensAnswer(1)], { left: 0, loadTokens });
    assert.equal(await session.accessToken(), 'access-1');
    assert.deepEqual(sent(), ['refresh-0']);
  });
}

test('a request whose token is refused is sent again with newer tokens from storage', async () => {
  const { session, sent } = start([invalidToken(), json(200, 7)], { loadTokens: () => stored(1, WEEK + 1) });
  assert.equal(await session.getJson('/x'), 7);
  assert.deepEqual(sent(), ['Bearer access-0', 'Bearer access-1']);
});

test('storage that cannot be read, or holds something else, stops the refresh until it can', async () => {
  const answers = [Promise.reject(new Error('disk broken')), { access_token: 'as the server spells it' }, undefined];
  const { session, server } = start([tokensAnswer(1)], { left: 0, loadTokens: () => answers.shift() });
  await assert.rejects(session.accessToken(), { message: 'disk broken' });
  await assert.rejects(session.accessToken(), { name: 'TypeError', message: 'tokens.accessToken is not a token' });
  assert.equal(server.requests.length, 0, 'refresh-0 may be spent');
  assert.equal(await session.accessToken(), 'access-1');
});

test('tokens that are not stored yet are not exchanged for what is', async () => {
  const failures = [new Error('disk full')];
  const onTokens = async () => { if (failures.length) throw failures.shift(); };
  const { session } = start([tokensAnswer(1)], { left: 0, onTokens, loadTokens: () => stored(0, 0) });
  await assert.rejects(session.accessToken(), { message: 'disk full' });
  assert.equal(await session.accessToken(), 'access-1');
});

test('without callbacks it works as well', async () => {
  assert.equal(await start([tokensAnswer(1)], { left: 0, onTokens: undefined }).session.accessToken(), 'access-1');
  await assert.rejects(start([invalidGrant()], { left: 0, onEnd: undefined }).session.accessToken(), InvalidGrantError);
});

// Aborts.

test('one caller\'s abort does not abort the refresh of the others', async () => {
  const answer = held(tokensAnswer(1));
  const { session, server } = start([answer.answer], { left: 0 });
  const controller = new AbortController();
  const [first, second] = [session.accessToken({ signal: controller.signal }), session.accessToken()];
  await quiet();
  controller.abort();
  await assert.rejects(first, { name: 'AbortError' });
  assert.equal(server.requests[0].signal.aborted, false);
  answer.release();
  assert.equal(await second, 'access-1');
});

test('a refresh that everybody left is finished and stored', async () => {
  const answer = held(tokensAnswer(1));
  const { session, server, saved } = start([answer.answer], { left: 0 });
  const controller = new AbortController();
  const waiting = [session.accessToken({ signal: controller.signal }), session.refresh({ signal: controller.signal })];
  await quiet();
  controller.abort(new Error('left'));
  for (const outcome of await outcomes(waiting)) assert.equal(outcome.message, 'left');
  answer.release();
  await quiet();
  assert.deepEqual(saved, ['access-1']);
  assert.equal(await session.accessToken(), 'access-1');
  assert.equal(server.requests.length, 1);
});

test('a refresh that everybody left may fail without a word', async () => {
  const answer = held(json(401, { error: 'invalid_client' }));
  const { session } = start([answer.answer, tokensAnswer(1)], { left: 0 });
  const controller = new AbortController();
  const waiting = session.accessToken({ signal: controller.signal });
  await quiet();
  controller.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
  answer.release();
  await quiet(); // an unhandled rejection would fail this test
  assert.equal(await session.accessToken(), 'access-1');
});

test('with a signal that has aborted, nothing is asked', async () => {
  const { session, server } = start([], { left: 0 });
  const signal = AbortSignal.abort();
  for (const call of [() => session.accessToken({ signal }), () => session.refresh({ signal }), () => session.fetch('/x', { signal }), () => session.revoke({ signal })]) {
    await assert.rejects(call(), { name: 'AbortError' });
  }
  assert.equal(server.requests.length, 0);
});

// Requests.

test('a request carries the token, to a path of the server', async () => {
  const { session, server: { requests: sent } } = start([json(200, { id: '7' }), json(200, {})]);
  assert.deepEqual(await session.getJson('/api/users/@me', { headers: { 'x-mine': '1' } }), { id: '7' });
  assert.equal(sent[0].url, 'https://fluxer.app/api/users/@me');
  assert.deepEqual([...sent[0].headers], [['accept', 'application/json'], ['authorization', 'Bearer access-0'], ['x-mine', '1']]);
  assert.equal(sent[0].redirect, 'manual');
  await session.fetch(new URL('https://fluxer.app/api/applications'), { method: 'POST', body: '{}' });
  assert.deepEqual([sent[1].method, sent[1].body], ['POST', '{}']);
});

test('no other origin is sent the token', async () => {
  const { session, server } = start([json(200, {}), json(200, {})], { resourceOrigins: ['https://api.fluxer.app'], config: { issuer: 'https://id.fluxer.app' } });
  for (const url of ['https://evil.example/', '//evil.example/', 'http://fluxer.app/', 'https://fluxer.app.evil.example/', 'https://fluxer.app:444/', 'data:,x', 'https://api.fluxer.app@evil.example/']) {
    await assert.rejects(session.fetch(url), { name: 'TypeError' }, url);
  }
  await assert.rejects(session.fetch('https://['), { name: 'TypeError', message: 'the address is no URL' });
  assert.equal(server.requests.length, 0);
  await session.fetch('https://api.fluxer.app/users/@me');
  await session.fetch('https://id.fluxer.app/users/@me');
});

test('a token that is refused is refreshed, and the request sent again, once', async () => {
  const { session, sent, saved } = start([invalidToken(), tokensAnswer(1), json(200, { id: '7' })]);
  assert.deepEqual(await session.getJson('/x'), { id: '7' });
  assert.deepEqual(sent(), ['Bearer access-0', 'refresh-0', 'Bearer access-1']);
  assert.deepEqual(saved, ['access-1']);

  const twice = start([invalidToken(), tokensAnswer(1), invalidToken()]);
  await assert.rejects(twice.session.fetch('/x'), InvalidTokenError);
  assert.equal(twice.server.requests.length, 3);
});

test('many requests whose token is refused are one refresh, also where one hears of it late', async () => {
  const late = held(invalidToken());
  const { session, sent } = start([invalidToken(), late.answer, tokensAnswer(1), json(200, 1), json(200, 2)]);
  const [first, second] = [session.getJson('/a'), session.getJson('/b')];
  await first;
  late.release();
  await second;
  assert.deepEqual(sent(), ['Bearer access-0', 'Bearer access-0', 'refresh-0', 'Bearer access-1', 'Bearer access-1']);
});

test('when the refresh after a refusal fails, that is the error', async () => {
  await assert.rejects(start([invalidToken(), invalidGrant()]).session.fetch('/x'), InvalidGrantError);
  const down = start([invalidToken(), broken, broken, broken]);
  await assert.rejects(down.clock.run(down.session.fetch('/x')), NetworkError);
  assert.equal(down.session.tokens().refreshToken, 'refresh-0');
});

test('other refusals are typed errors, and no reason to refresh', async () => {
  const scope = json(403, { code: 'MISSING_OAUTH_SCOPE', message: 'm', required_scope: 'guilds' });
  await assert.rejects(start([scope]).session.fetch('/x'), (error) => error instanceof MissingOAuthScopeError && error.requiredScope === 'guilds');
  await assert.rejects(start([json(401, { code: 'UNAUTHORIZED', message: 'm' })]).session.fetch('/x'), ApiError);
  await assert.rejects(start([new Response(null, { status: 302, headers: { location: 'https://evil.example' } })]).session.fetch('/x'), HttpError);
  await assert.rejects(start([new Response('<html>')]).session.getJson('/x'), InvalidResponseError);
});

test('no error repeats the access token', async () => {
  const tokens = { accessToken: 'secret-access-token' };
  const { session } = start([json(400, { code: 'X', message: 'You sent secret-access-token' })], { tokens });
  await assert.rejects(session.fetch('/x'), { message: 'You sent [redacted]' });
  assert.throws(() => start([], { tokens: { accessToken: 'secret\nsecret' } }), { name: 'TypeError', message: 'tokens.accessToken is not a token' });
});

test('a rate limit is waited for, whatever the method', async () => {
  for (const method of ['GET', 'POST', 'DELETE']) {
    const { session, clock } = start([limited(1.5), json(200, {})]);
    await clock.run(session.fetch('/x', { method }));
    assert.deepEqual(clock.waited, [1500]);
  }
  const { session, clock } = start([limited(1), limited(1), limited(60)]);
  await assert.rejects(clock.run(session.fetch('/x')), (error) => error instanceof RateLimitedError && error.retryAfter === 60);
});

test('after a failure only safe requests are sent again', async () => {
  const get = start([broken, new Response('', { status: 502 }), json(200, 7)]);
  assert.equal(await get.clock.run(get.session.getJson('/x')), 7);
  for (const method of ['POST', 'PUT', 'DELETE']) {
    await assert.rejects(start([broken]).session.fetch('/x', { method }), NetworkError);
    await assert.rejects(start([new Response('', { status: 502 })]).session.fetch('/x', { method }), HttpError);
    await assert.rejects(start([unavailable({ 'retry-after': '1' })]).session.fetch('/x', { method }), TemporarilyUnavailableError);
  }
});

test('a body that can be read once is sent once', async () => {
  const init = () => ({ method: 'POST', body: new ReadableStream(), duplex: 'half' });
  const refused = start([invalidToken()]);
  await assert.rejects(refused.session.fetch('/x', init()), InvalidTokenError);
  assert.equal(refused.server.requests.length, 1);
  await assert.rejects(start([limited(1)]).session.fetch('/x', init()), RateLimitedError);
});

// Revocation.

test('revoking ends the session, by its refresh token', async () => {
  const { session, server, sent, ends } = start([new Response('')]);
  await session.revoke();
  assert.equal(server.requests[0].url, 'https://fluxer.app/api/oauth2/revoke');
  assert.equal(server.requests[0].form.token, 'refresh-0');
  assert.equal(session.tokens(), undefined);
  assert.equal(ends.length, 1);
  await assert.rejects(session.accessToken(), InvalidGrantError);
  await session.revoke();
  assert.equal(sent().length, 1, 'once is enough');
});

test('a revocation that fails has ended nothing', async () => {
  const { session, clock, ends } = start([broken, broken, broken]);
  await assert.rejects(clock.run(session.revoke()), NetworkError);
  assert.deepEqual(ends, []);
  assert.equal(await session.accessToken(), 'access-0');
});

test('a refresh that overlaps a revocation does not survive it', async () => {
  const renewal = held(tokensAnswer(1));
  const before = start([renewal.answer, new Response('')], { left: 0 });
  const refreshed = before.session.refresh();
  const revoked = before.session.revoke();
  await quiet();
  renewal.release();
  await refreshed;
  await revoked;
  assert.equal(before.server.requests[1].form.token, 'refresh-1');

  const revocation = held(new Response(''));
  const during = start([revocation.answer, tokensAnswer(1), new Response('')]);
  const ended = during.session.revoke();
  await quiet();
  await during.session.refresh();
  revocation.release();
  await ended;
  assert.deepEqual(during.server.requests.map(({ form }) => form.token ?? form.refresh_token), ['refresh-0', 'refresh-0', 'refresh-1']);
  assert.equal(during.session.tokens(), undefined);
});

test('a refresh that is answered after the revocation does not survive it', async () => {
  const [revocation, renewal] = [held(new Response('')), held(tokensAnswer(1))];
  const { session, server, ends } = start([revocation.answer, renewal.answer, new Response('')]);
  const ended = session.revoke();
  await quiet();
  const refreshed = session.refresh();
  revocation.release();
  await quiet();
  assert.notEqual(session.tokens(), undefined, 'not over yet: the refresh may have spent what was revoked');
  renewal.release();
  await refreshed;
  await ended;
  assert.equal(server.requests[2].form.token, 'refresh-1');
  assert.equal(session.tokens(), undefined);
  assert.equal(ends.length, 1);
});

test('a refresh that hears of the revocation first ends the session once', async () => {
  const revocation = held(new Response(''));
  const { session, ends } = start([revocation.answer, invalidGrant()]);
  const ended = session.revoke();
  await quiet();
  await assert.rejects(session.refresh(), InvalidGrantError);
  revocation.release();
  await ended;
  assert.equal(ends.length, 1);
});

test('a session\'s functions can be taken off it', async () => {
  const { session } = start([json(200, 7), tokensAnswer(1)]);
  const { accessToken, getJson, refresh, tokens } = session;
  assert.equal(await accessToken(), 'access-0');
  assert.equal(await getJson('/x'), 7);
  await refresh();
  assert.equal(tokens().accessToken, 'access-1');
});
