// The requests of a client, what becomes of their answers, and when they are sent again.

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';

import { HttpError, InvalidClientError, InvalidGrantError, InvalidResponseError, NetworkError, RateLimitedError, TemporarilyUnavailableError } from '@fluxer/errors';
import { clientCredentials, deviceAuthorization, exchangeCode, introspect, refresh, revoke } from '@fluxer/oauth2';

import { CLIENT, FakeClock, FakeServer, broken, hangs, invalidGrant, json, limited, quiet, tokensAnswer, unavailable } from './fakes.mjs';

const GUILD = { id: '7', name: 'A guild', icon: null, permissions: '9007199254740993' };

const clock = new FakeClock();
const decode = (text) => decodeURIComponent(text.replaceAll('+', ' '));
const basic = ({ headers }) => atob(headers.get('authorization').replace(/^Basic /, '')).split(':').map(decode);

/** A call against answers in order, and what was asked for them. */
async function run(call, answers, more = {}) {
  const [server, clock] = [new FakeServer(...answers), new FakeClock()];
  const result = clock.run(call(server.client(clock, more)));
  const [settled] = await Promise.allSettled([result]);
  return { ...settled, requests: server.requests, waited: clock.waited, left: server.answers.length };
}

test('an exchange sends the code, the redirect URI and the verifier, and the secret by Basic', async () => {
  const { requests: [request], value } = await run((config) => exchangeCode(config, { code: 'c', codeVerifier: 'v' }), [tokensAnswer(1, { guild: GUILD })]);
  assert.deepEqual(request.form, { grant_type: 'authorization_code', code: 'c', redirect_uri: CLIENT.redirectUri, code_verifier: 'v' });
  assert.deepEqual(basic(request), ['42', CLIENT.clientSecret]);
  assert.equal(request.redirect, 'manual');
  assert.deepEqual(value, {
    accessToken: 'access-1', tokenType: 'Bearer', expiresIn: 604_800, expiresAt: new FakeClock().time + 604_800_000,
    refreshToken: 'refresh-1', scope: 'identify', guild: GUILD,
  });
});

test('the parts of Basic are form-encoded (RFC 6749 §2.3.1)', async () => {
  const clientSecret = 'a:b c+d%é&';
  const { requests: [request] } = await run((config) => refresh(config, 'r'), [tokensAnswer(1)], { clientSecret });
  assert.equal(atob(request.headers.get('authorization').slice(6)), '42:a%3Ab+c%2Bd%25%C3%A9%26');
  assert.equal(basic(request)[1], clientSecret);
});

test('the secret goes into the body where that is asked for, and then only there', async () => {
  const { requests: [request] } = await run((config) => refresh(config, 'r', { scope: 'identify' }), [tokensAnswer(1)], { clientAuth: 'body' });
  assert.deepEqual(request.form, { client_id: '42', client_secret: CLIENT.clientSecret, grant_type: 'refresh_token', refresh_token: 'r', scope: 'identify' });
  assert.equal(request.headers.get('authorization'), null);
});

test('a public client sends its id alone', async () => {
  const { requests: [request] } = await run((config) => exchangeCode(config, { code: 'c', codeVerifier: 'v' }), [tokensAnswer(1)], { clientSecret: undefined });
  assert.equal(request.form.client_id, '42');
  assert.equal(request.headers.get('authorization'), null);
});

test('client credentials, revocation and introspection ask what they should', async () => {
  const credentials = await run((config) => clientCredentials(config, { scope: 'bot' }), [tokensAnswer(1, { refresh_token: undefined, scope: undefined })]);
  assert.deepEqual(credentials.requests[0].form, { grant_type: 'client_credentials', scope: 'bot' });
  assert.equal(credentials.value.scope, 'bot', 'a scope that is left out is what was asked for');
  const { requests: [bare] } = await run((config) => clientCredentials(config), [tokensAnswer(1)]);
  assert.deepEqual(bare.form, { grant_type: 'client_credentials' }, 'the scope of the configuration is for users');
  assert.ok(!('refreshToken' in credentials.value));

  const revoked = await run((config) => revoke(config, 't', { hint: 'refresh_token' }), [new Response('')]);
  assert.equal(revoked.requests[0].url, CLIENT.revocationEndpoint);
  assert.deepEqual(revoked.requests[0].form, { token: 't', token_type_hint: 'refresh_token' });
  assert.equal(revoked.value, undefined);

  const active = { active: true, sub: '7', client_id: '42', scope: 'identify', token_type: 'Bearer', exp: 20, iat: 10, iss: 'https://fluxer.app' };
  const { value } = await run((config) => introspect(config, 't'), [json(200, active)]);
  assert.deepEqual(value, {
    active: true, subject: '7', clientId: '42', scope: 'identify', tokenType: 'Bearer', expiresAt: 20_000, issuedAt: 10_000, issuer: 'https://fluxer.app', audience: undefined,
  });
  assert.deepEqual((await run((config) => introspect(config, 't'), [json(200, { active: false })])).value, { active: false });
});

for (const [what, more, call, message] of [
  ['no code', {}, (config) => exchangeCode(config, { code: '' }), /^code is missing$/],
  ['no refresh token', {}, (config) => refresh(config, undefined), /^refreshToken is missing$/],
  ['no token to revoke', {}, (config) => revoke(config, ''), /^token is missing$/],
  ['an empty secret', { clientSecret: '' }, (config) => refresh(config, 'r'), /^clientSecret is missing$/],
  ['no secret for client credentials', { clientSecret: undefined }, (config) => clientCredentials(config), /^clientSecret is missing$/],
  ['no redirect URI', { redirectUri: undefined }, (config) => exchangeCode(config, { code: 'c' }), /^redirectUri is missing$/],
  ['no revocation endpoint', { revocationEndpoint: undefined }, (config) => revoke(config, 't'), /^revocationEndpoint is missing: set it, or take it from discover\(\)$/],
  ['a token endpoint on plain http', { tokenEndpoint: 'http://fluxer.app/token' }, (config) => refresh(config, 'r'), /^tokenEndpoint must be https/],
]) {
  test(`with ${what}, nothing is sent`, async () => {
    const server = new FakeServer();
    await assert.rejects(call(server.client(clock, more)), { name: 'TypeError', message });
    assert.equal(server.requests.length, 0);
  });
}

for (const [what, answer] of [
  ['no JSON', new Response('<html>access-1</html>')],
  ['a list', json(200, [])],
  ['no access token', tokensAnswer(1, { access_token: undefined })],
  ['an access token that fits no header', tokensAnswer(1, { access_token: 'a\nb' })],
  ['another type of token', tokensAnswer(1, { token_type: 'mac' })],
  ['no expiry', tokensAnswer(1, { expires_in: undefined })],
  ['a guild that is none', tokensAnswer(1, { guild: '7' })],
  ...['id', 'name', 'permissions'].map((name) => [`a guild without ${name}`, tokensAnswer(1, { guild: { ...GUILD, [name]: 8 } })]),
]) {
  test(`an answer with ${what} is no token answer`, async () => {
    const { reason, requests } = await run((config) => refresh(config, 'r'), [answer]);
    assert.ok(reason instanceof InvalidResponseError, inspect(reason));
    assert.ok(!inspect(reason).includes('access-1'));
    assert.equal(requests.length, 1);
  });
}

test('an introspection answer that says too little is refused', async () => {
  for (const body of [{}, { active: 'yes' }, { active: true }, { active: true, sub: '7', client_id: '42', scope: '', token_type: 'Bearer' }]) {
    const { reason } = await run((config) => introspect(config, 't'), [json(200, body)]);
    assert.ok(reason instanceof InvalidResponseError, JSON.stringify(body));
  }
});

test('errors come as their classes', async () => {
  const refused = await run((config) => refresh(config, 'r'), [json(401, { error: 'invalid_client', error_description: 'Who?' })]);
  assert.ok(refused.reason instanceof InvalidClientError, inspect(refused.reason));
  assert.deepEqual([refused.reason.status, refused.reason.description], [401, 'Who?']);
  assert.ok((await run((config) => refresh(config, 'r'), [invalidGrant()])).reason instanceof InvalidGrantError);
});

test('a redirect is not followed and not believed', async () => {
  const { reason, requests } = await run((config) => refresh(config, 'r'), [new Response(null, { status: 307, headers: { location: 'https://evil.example' } })]);
  assert.ok(reason instanceof HttpError);
  assert.equal(requests.length, 1);
});

test('no error repeats a secret, whatever the server says', async () => {
  const secrets = { code: 'secret-code', verifier: 'secret-verifier', refresh: 'secret-refresh', token: 'secret-token', client: CLIENT.clientSecret };
  const everything = Object.values(secrets).join(' ');
  const answers = () => [
    json(400, { error: 'invalid_request', error_description: everything, error_uri: everything }),
    json(400, { code: 'INVALID_FORM_BODY', message: everything, errors: [{ path: 'code', message: everything }] }),
    new Response(everything, { status: 502 }),
    new Response(everything, { status: 200 }),
    json(403, { message: everything }, { 'www-authenticate': `Bearer error="insufficient_scope", scope="${everything}"` }),
    () => { throw new TypeError('fetch failed'); },
  ];
  for (const index of answers().keys()) {
    for (const [call, sent] of [
      [(config) => exchangeCode(config, { code: secrets.code, codeVerifier: secrets.verifier }), ['code', 'verifier']],
      [(config) => refresh(config, secrets.refresh), ['refresh']],
      [(config) => revoke(config, secrets.token), ['token']],
    ]) {
      const { reason } = await run(call, [answers()[index]], { retries: 0 });
      const shown = inspect(reason) + JSON.stringify(reason) + reason.message;
      for (const name of [...sent, 'client']) assert.ok(!shown.includes(secrets[name]), shown);
    }
  }
});

// What is sent again, and when.

const CALLS = {
  exchangeCode: (config) => exchangeCode(config, { code: 'c' }),
  refresh: (config) => refresh(config, 'r'),
  clientCredentials: (config) => clientCredentials(config),
  revoke: (config) => revoke(config, 't'),
};

for (const name of ['refresh', 'clientCredentials', 'revoke']) {
  for (const [what, failure] of [['a broken connection', broken], ['a 500', () => new Response('', { status: 500 })], ['a 503', () => unavailable()], ['a 429', () => limited(1)]]) {
    test(`${name} is sent again, the same, after ${what}`, async () => {
      const { status, requests: [first, second] } = await run(CALLS[name], [failure, tokensAnswer(1)]);
      assert.equal(status, 'fulfilled');
      assert.deepEqual(second.form, first.form);
    });
  }
}

for (const [what, failure, kind] of [['a broken connection', broken, NetworkError], ['a 500', () => new Response('', { status: 500 }), HttpError], ['a 503 that names no time', () => unavailable(), TemporarilyUnavailableError]]) {
  test(`a code is not sent again after ${what}: it may have been redeemed`, async () => {
    const { reason, requests } = await run(CALLS.exchangeCode, [failure, tokensAnswer(1)]);
    assert.ok(reason instanceof kind, inspect(reason));
    assert.equal(requests.length, 1);
  });
}

test('a code is sent again after the server refused to look at it', async () => {
  const { status, waited } = await run(CALLS.exchangeCode, [() => limited(1.25), () => unavailable({ 'retry-after': '3' }), tokensAnswer(1)]);
  assert.equal(status, 'fulfilled');
  assert.deepEqual(waited, [1250, 3000]);
});

test('what cannot get better is not sent again', async () => {
  for (const answer of [invalidGrant(), json(401, { error: 'invalid_client' }), new Response('', { status: 404 })]) {
    const { requests } = await run(CALLS.refresh, [answer, tokensAnswer(1)]);
    assert.equal(requests.length, 1);
  }
});

test('without a word from the server, pauses double and are spread', async () => {
  const { reason, waited } = await run(CALLS.refresh, [broken, broken, broken, broken], { retries: 3 });
  assert.ok(reason instanceof NetworkError);
  assert.equal(waited.length, 3);
  for (const [index, pause] of waited.entries()) {
    assert.ok(pause >= 250 * 2 ** index && pause <= 500 * 2 ** index, String(pause));
  }
  const again = await run(CALLS.refresh, [broken, broken, broken, broken], { retries: 3 });
  assert.notDeepEqual(again.waited, waited);
});

test('attempts end, and the last error is what is thrown', async () => {
  const { reason, requests } = await run(CALLS.refresh, [broken, () => unavailable(), () => limited(2)]);
  assert.equal(requests.length, 3);
  assert.ok(reason instanceof RateLimitedError);
  assert.equal(reason.retryAfter, 2);
  assert.equal((await run(CALLS.refresh, [broken], { retries: 0 })).requests.length, 1);
});

test('a wait that is too long is left to the caller', async () => {
  const { reason, waited } = await run(CALLS.refresh, [() => limited(31), tokensAnswer(1)]);
  assert.equal(reason.retryAfter, 31);
  assert.deepEqual(waited, []);
});

test('a server that does not answer is asked again, and given up in time', async () => {
  const once = await run(CALLS.refresh, [hangs, tokensAnswer(1)]);
  assert.equal(once.status, 'fulfilled');
  assert.equal(once.waited[0], 10_000);
  const always = await run(CALLS.refresh, [hangs, hangs], { retries: 1, timeout: 500 });
  assert.ok(always.reason instanceof NetworkError);
  assert.equal(always.reason.message, 'No answer from https://fluxer.app/api/oauth2/token within 500 ms');
});

test('a body that never ends counts as no answer', async () => {
  const endless = ({ signal }) => new Response(new ReadableStream({ start: (stream) => signal.addEventListener('abort', () => stream.error(signal.reason)) }));
  const { reason } = await run(CALLS.refresh, [endless], { retries: 0 });
  assert.ok(reason instanceof NetworkError, inspect(reason));
});

// Aborts.

test('an abort ends the request and is what is thrown', async () => {
  const [server, clock, controller, reason] = [new FakeServer(hangs, tokensAnswer(1)), new FakeClock(), new AbortController(), new Error('enough')];
  const result = refresh(server.client(clock), 'r', { signal: controller.signal });
  await quiet();
  controller.abort(reason);
  await assert.rejects(result, (error) => error === reason);
  assert.equal(server.requests.length, 1);
  assert.ok(server.requests[0].signal.aborted);
});

test('an abort ends the wait between two requests', async () => {
  const [server, clock, controller] = [new FakeServer(() => limited(5), tokensAnswer(1)), new FakeClock(), new AbortController()];
  const result = refresh(server.client(clock), 'r', { signal: controller.signal });
  await quiet();
  controller.abort();
  await assert.rejects(result, { name: 'AbortError' });
  assert.equal(server.requests.length, 1);
});

test('after an abort nothing is sent', async () => {
  for (const [name, call] of Object.entries({
    exchangeCode: (config, signal) => exchangeCode(config, { code: 'c', signal }),
    refresh: (config, signal) => refresh(config, 'r', { signal }),
    clientCredentials: (config, signal) => clientCredentials(config, { signal }),
    revoke: (config, signal) => revoke(config, 't', { signal }),
    introspect: (config, signal) => introspect(config, 't', { signal }),
  })) {
    const server = new FakeServer(tokensAnswer(1));
    await assert.rejects(call(server.client(new FakeClock()), AbortSignal.abort()), { name: 'AbortError' }, name);
    assert.equal(server.requests.length, 0, name);
  }
});

// Without a clock of their own.

test('the system\'s clock is waited for, and an abort ends that', async () => {
  const server = new FakeServer(() => limited(0.01), tokensAnswer(1), () => limited(25), tokensAnswer(2));
  const config = server.client(undefined);
  assert.equal((await refresh(config, 'r')).accessToken, 'access-1');
  const [controller, reason] = [new AbortController(), new Error('enough')];
  const waiting = refresh(config, 'r', { signal: controller.signal });
  await quiet();
  controller.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
  assert.equal(server.requests.length, 3);
});

test('the system\'s clock waits for a time that is too long for its timers, and not for nothing', async () => {
  const answer = { device_code: 'd', user_code: 'BCDF-GHJK', verification_uri: 'https://fluxer.app/device', expires_in: 1e12, interval: 1e11 };
  const server = new FakeServer(json(200, answer));
  const controller = new AbortController();
  const device = await deviceAuthorization(server.client(undefined));
  const waiting = device.tokens({ signal: controller.signal });
  await new Promise((resolve) => setTimeout(resolve, 50));
  controller.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  assert.equal(server.requests.length, 1);
});
