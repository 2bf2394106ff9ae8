// Requests of a session: what it takes in place of a URL, and how long it waits for an answer.

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';

import { HttpError, InvalidGrantError, InvalidTokenError, NetworkError } from '@fluxer/errors';

import { broken, hangs, invalidToken, json, limited, quiet, start, tokensAnswer, unavailable } from './fakes.mjs';

const URL_OF_X = 'https://fluxer.app/x';
const bodyOf = async ({ body }) => new Response(body).text();

// A Request, where fetch takes one.

test('a Request is sent with everything that it says, and the token', async () => {
  const { session, server } = start([json(200, 7)]);
  const request = new Request(URL_OF_X, { method: 'PUT', headers: { 'content-type': 'text/plain', 'x-mine': '1' }, body: 'grüße', referrer: 'about:client' });
  assert.equal(await session.getJson(request), 7);
  const [sent] = server.requests;
  assert.deepEqual([sent.url, sent.method, sent.redirect, await bodyOf(sent)], [URL_OF_X, 'PUT', 'manual', 'grüße']);
  assert.deepEqual(Object.fromEntries(sent.headers), { accept: 'application/json', authorization: 'Bearer access-0', 'content-type': 'text/plain', 'x-mine': '1' });
  assert.equal(request.bodyUsed, true, 'as fetch leaves it');
});

test('what stands beside a Request goes before it, as with fetch', async () => {
  const { session, server } = start([json(200, 7)]);
  const request = new Request(URL_OF_X, { method: 'POST', headers: { 'x-mine': '1' }, body: 'one' });
  await session.fetch(request, { method: 'PATCH', headers: { 'x-other': '2' }, body: 'two', signal: undefined });
  const [sent] = server.requests;
  assert.deepEqual([sent.method, sent.headers.get('x-mine'), sent.headers.get('x-other'), await bodyOf(sent)], ['PATCH', null, '2', 'two']);
});

test('what is undefined beside a Request says nothing', async () => {
  const { session, server } = start([json(200, 7)]);
  await session.fetch(new Request(URL_OF_X, { method: 'POST', headers: { 'x-mine': '1' }, body: 'one' }), { method: undefined, headers: undefined, body: undefined });
  const [sent] = server.requests;
  assert.deepEqual([sent.method, sent.headers.get('x-mine'), await bodyOf(sent)], ['POST', '1', 'one']);
});

test('a Request\'s body is sent again after a refresh and after a rate limit', async () => {
  const { session, server, clock } = start([invalidToken(), tokensAnswer(1), limited(1), json(200, 7)]);
  assert.equal(await clock.run(session.getJson(new Request(URL_OF_X, { method: 'POST', body: 'again' }))), 7);
  const bodies = await Promise.all(server.requests.filter(({ url }) => url === URL_OF_X).map(bodyOf));
  assert.deepEqual(bodies, ['again', 'again', 'again']);
});

test('a Request without a body is sent without one, by whatever method', async () => {
  for (const method of ['GET', 'HEAD', 'DELETE', 'POST']) {
    const { session, server } = start([new Response('')]);
    await session.fetch(new Request(URL_OF_X, { method }));
    assert.equal(server.requests[0].body ?? null, null, method);
  }
});

test('a Request to another origin is refused, and its body not read', async () => {
  const { session, server } = start([]);
  const request = new Request('https://evil.example/x', { method: 'POST', body: 'secret' });
  await assert.rejects(session.fetch(request), { name: 'TypeError', message: 'https://evil.example must not see the access token: name it in resourceOrigins if it may' });
  assert.deepEqual([server.requests.length, request.bodyUsed], [0, false]);
});

test('a Request is repeatable as its method is, and is aborted by its own signal', async () => {
  const get = start([broken, json(200, 7)]);
  assert.equal(await get.clock.run(get.session.getJson(new Request(URL_OF_X))), 7);
  await assert.rejects(start([broken]).session.fetch(new Request(URL_OF_X, { method: 'POST', body: 'x' })), NetworkError);
  const controller = new AbortController();
  const { session } = start([hangs]);
  const answer = session.fetch(new Request(URL_OF_X, { signal: controller.signal }));
  await quiet();
  controller.abort(new Error('left'));
  await assert.rejects(answer, { message: 'left' });
});

test('another library\'s Request will do, and what asks to navigate is only fetched', async () => {
  const { session, server } = start([json(200, 7)]);
  const foreign = { url: URL_OF_X, method: 'GET', headers: new Headers({ 'x-mine': '1' }), mode: 'navigate', redirect: 'follow', signal: null };
  await session.fetch(foreign);
  const [sent] = server.requests;
  assert.deepEqual([sent.headers.get('x-mine'), sent.redirect, sent.mode], ['1', 'manual', undefined]);
});

test('a body that comes piece by piece is sent once, whichever kind of stream it is', async () => {
  for (const body of [new ReadableStream(), (async function* pieces() { yield 'x'; })()]) {
    const { session, server } = start([invalidToken()]);
    await assert.rejects(session.fetch('/x', { method: 'POST', body, duplex: 'half' }), InvalidTokenError);
    assert.equal(server.requests.length, 1);
  }
});

// Time.

test('a request that is not answered is given up in time, and a safe one asked again', async () => {
  const { session, clock, server } = start([hangs, hangs, json(200, 7)], { config: { timeout: 3_000 } });
  assert.equal(await clock.run(session.getJson('/x')), 7);
  assert.deepEqual([server.requests.length, clock.waited.filter((time) => time === 3_000).length], [3, 2]);

  const post = start([hangs]);
  await assert.rejects(post.clock.run(post.session.fetch('/x?secret', { method: 'POST' })), (error) => error instanceof NetworkError && error.message === 'No answer from https://fluxer.app/x within 10000 ms');
  assert.equal(post.server.requests[0].signal.aborted, true, 'the connection is closed');
});

test('a fetch that does not heed its signal is given up all the same', async () => {
  const { session, clock } = start([() => new Promise(() => {})], { config: { retries: 0 } });
  await assert.rejects(clock.run(session.fetch('/x')), NetworkError);
});

test('an error whose body does not come is given up in time', async () => {
  const { session, clock } = start([() => new Response(new ReadableStream(), { status: 500 })], { config: { retries: 0 } });
  await assert.rejects(clock.run(session.fetch('/x')), NetworkError);
});

/** An answer whose body comes in these pieces, each after so many milliseconds; then it ends, or never does. */
const dripping = (clock, pieces, { ends = true, waits = 0 } = {}) => ({ signal }) => {
  const stream = new ReadableStream({
    async pull(controller) {
      await clock.sleep(waits);
      if (pieces.length) return controller.enqueue(Buffer.from(pieces.shift()));
      if (ends) return controller.close();
      return new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  }, { highWaterMark: 0 });
  return new Response(stream);
};

test('a body that stops is given up in time, however it is read', async () => {
  for (const read of [(answer) => answer.text(), (answer) => answer.arrayBuffer(), async (answer) => { for await (const piece of answer.body) assert.ok(piece); }]) {
    const run = start([], { config: { timeout: 3_000 } });
    run.server.answers.push(dripping(run.clock, ['{"id":'], { ends: false }));
    const answer = await run.session.fetch('/x');
    await assert.rejects(run.clock.run(read(answer)), (error) => error instanceof NetworkError && error.message.endsWith('within 3000 ms'));
    assert.equal(run.server.requests[0].signal.aborted, true);
  }
});

test('getJson asks again where a body stops or breaks, as it may be asked again', async () => {
  const { session, clock, server } = start([]);
  const breaks = () => new Response(new ReadableStream({ pull: (controller) => controller.error(new TypeError('terminated')) }));
  server.answers.push(dripping(clock, ['{"id":'], { ends: false }), breaks, json(200, { id: '7' }));
  assert.deepEqual(await clock.run(session.getJson('/x')), { id: '7' });
  const post = start([breaks]);
  await assert.rejects(post.session.getJson('/x', { method: 'POST' }), NetworkError);
});

test('a copy of an answer is waited for no longer than the answer', async () => {
  for (const look of [false, true]) {
    const run = start([], { config: { timeout: 3_000 } });
    run.server.answers.push(dripping(run.clock, ['{"id":'], { ends: false }), json(200, { id: '7' }));
    const answer = await run.session.fetch('/x');
    if (look) assert.ok(answer.body);
    const copy = answer.clone();
    await assert.rejects(run.clock.run(copy.text()), (error) => error instanceof NetworkError && error.message.endsWith('within 3000 ms'));

    const whole = await run.session.fetch('/x');
    if (look) assert.ok(whole.body);
    const other = whole.clone();
    assert.deepEqual([other.status, other.headers.get('content-type'), await other.json(), await whole.json()], [200, 'application/json', { id: '7' }, { id: '7' }]);
  }
});

test('an answer of another kind is left as it is', async () => {
  const body = Readable.from(['{"id":"7"}']); // as node-fetch has it
  const given = { status: 200, ok: true, headers: new Headers(), body, text: async () => '{"id":"7"}' };
  const { session } = start([given]);
  const answer = await session.fetch('/x');
  assert.deepEqual([answer.body, answer.bytes, answer.clone, await answer.text()], [body, undefined, undefined, '{"id":"7"}']);
});

test('a long answer is read to its end as a stream, as long as its pieces keep coming', async () => {
  const { session, clock, server } = start([]);
  server.answers.push(dripping(clock, Array.from({ length: 10 }, () => 'piece '), { waits: 9_000 }));
  const { body } = await session.fetch('/x');
  const pieces = [];
  await clock.run((async () => { for await (const piece of body) pieces.push(piece); })());
  assert.equal(Buffer.concat(pieces).toString(), 'piece '.repeat(10));
  assert.ok(clock.waited.reduce((sum, each) => sum + each) > 80_000);
});

test('a body that was looked at can be read all the same, once', async () => {
  const { session } = start([new Response('{"id":"7"}'), new Response('7'), new Response('no JSON')]);
  const answer = await session.fetch('/x');
  assert.ok(answer.body);
  assert.equal(answer.body, answer.body);
  assert.deepEqual(await answer.json(), { id: '7' });
  const again = await session.fetch('/x');
  assert.equal(await again.text(), '7');
  await assert.rejects(again.text(), { name: 'TypeError' });
  await assert.rejects((await session.fetch('/x')).json(), { name: 'SyntaxError' });
});

test('an answer that nobody reads yet is not late', async () => {
  const { session, clock, server } = start([]);
  const later = (controller) => clock.sleep(30_000).then(() => (controller.enqueue(Buffer.from('7')), controller.close()));
  const slow = () => new Response(new ReadableStream({ start: (controller) => void later(controller) }));
  server.answers.push(slow, slow);
  for (const look of [false, true]) {
    const answer = await session.fetch('/x');
    if (look) assert.ok(answer.body);
    await clock.run(clock.sleep(60_000));
    assert.equal(await clock.run(answer.json()), 7);
  }
});

test('a caller\'s abort ends the body too, with its own reason', async () => {
  const controller = new AbortController();
  const { session, clock, server } = start([]);
  server.answers.push(dripping(clock, ['x'], { ends: false }));
  const answer = await session.fetch('/x', { signal: controller.signal });
  const text = answer.text();
  await quiet();
  controller.abort(new Error('left'));
  await assert.rejects(text, { message: 'left' });
  assert.equal(server.requests[0].signal.aborted, true);
});

test('an answer is otherwise as fetch gave it', async () => {
  const given = new Response('7', { status: 206, statusText: 'Partial', headers: { 'x-theirs': '1' } });
  Object.defineProperty(given, 'url', { value: `${URL_OF_X}?y` });
  const { session } = start([given, new Response(null, { status: 204 }), new Response('{}')]);
  const answer = await session.fetch('/x');
  assert.deepEqual([answer.status, answer.statusText, answer.headers.get('x-theirs'), answer.url, answer instanceof Response], [206, 'Partial', '1', `${URL_OF_X}?y`, true]);
  assert.deepEqual([await answer.clone().text(), await answer.text()], ['7', '7']);
  assert.equal((await session.fetch('/x')).status, 204);
  await (await session.fetch('/x')).body.cancel();
});

test('errors of the server are as they were', async () => {
  await assert.rejects(start([new Response('', { status: 502 })], { config: { retries: 0 } }).session.fetch('/x'), HttpError);
  const down = start([unavailable(), unavailable(), unavailable()]);
  await assert.rejects(down.clock.run(down.session.fetch('/x')), { name: 'TemporarilyUnavailableError' });
  await assert.rejects(start([], { tokens: { refreshToken: undefined }, left: 0 }).session.fetch('/x'), InvalidGrantError);
});
