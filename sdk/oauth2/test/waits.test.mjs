// A session used inside the functions that it waits for: an error, and never a hang.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FluxerError } from '@fluxer/errors';

import { held, invalidGrant, quiet, start, tokensAnswer } from './fakes.mjs';

const USES = {
  accessToken: (session) => session.accessToken(),
  refresh: (session) => session.refresh(),
  fetch: (session) => session.fetch('/x'),
  getJson: (session) => session.getJson('/x'),
  revoke: (session) => session.revoke(),
};
const waits = (error) => error instanceof FluxerError && error.code === 'SESSION_WAITS' && !error.temporary;

for (const [name, use] of Object.entries(USES)) {
  test(`${name} inside onTokens is refused at once, and the tokens are kept`, async () => {
    let saved = 0;
    const { session, server } = start([tokensAnswer(1)], { left: 0, onTokens: () => (saved++ ? undefined : use(session)) });
    await assert.rejects(session.accessToken(), (error) => waits(error) && error.message.includes('inside onTokens'));
    assert.equal(await session.accessToken(), 'access-1');
    assert.deepEqual([server.requests.length, saved], [1, 2]);
  });

  test(`${name} inside onTokens, after something else was waited for, is an error when time is up`, async () => {
    let first = true;
    const onTokens = async () => {
      if (!first) return;
      first = false;
      await quiet();
      await use(session);
    };
    const { session, clock, server } = start([tokensAnswer(1)], { left: 0, onTokens, config: { timeout: 3_000 } });
    await assert.rejects(clock.run(session.accessToken()), (error) => waits(error) && error.message.includes('onTokens has not finished within 3000 ms'));
    await quiet();
    assert.equal(await session.accessToken(), 'access-1', 'nothing is lost');
    assert.equal(server.requests.length, 1);
  });
}

test('the tokens themselves can be looked at inside onTokens', async () => {
  const { session } = start([tokensAnswer(1)], { left: 0, onTokens: () => assert.equal(session.tokens().accessToken, 'access-1') });
  assert.equal(await session.accessToken(), 'access-1');
});

test('the session inside loadTokens is refused as well', async () => {
  const { session, server } = start([], { left: 0, loadTokens: () => session.refresh() });
  await assert.rejects(session.accessToken(), (error) => waits(error) && error.message.includes('inside loadTokens'));
  assert.equal(server.requests.length, 0);
});

test('inside onEnd the session has ended', async () => {
  const said = [];
  const onEnd = async () => {
    said.push(session.tokens(), await session.accessToken().catch(({ name }) => name));
    await session.revoke();
  };
  const { session, server } = start([invalidGrant()], { left: 0, onEnd });
  await assert.rejects(session.accessToken(), { name: 'InvalidGrantError' });
  assert.deepEqual([said, server.requests.length], [[undefined, 'InvalidGrantError'], 1]);
});

test('storage that is only slow is told of, waited for no longer, and not asked twice at once', async () => {
  const storing = held();
  let calls = 0;
  const { session, clock, server } = start([tokensAnswer(1)], { left: 0, onTokens: () => (calls += 1, storing.answer()) });
  await assert.rejects(clock.run(session.accessToken()), waits);
  await assert.rejects(session.refresh(), waits);
  await assert.rejects(session.revoke(), waits);
  assert.equal(calls, 1);
  storing.release();
  await quiet();
  assert.equal(await session.accessToken(), 'access-1');
  assert.deepEqual([calls, server.requests.length], [1, 1]);
});
