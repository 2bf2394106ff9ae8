// Which error an answer makes.

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';

import * as errors from '@fluxer/errors';
import { fromResponse, oauthError } from '@fluxer/errors';

const answer = (status, body, headers = {}) => fromResponse(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers }));

/** The members of an error that a test names. */
function has(error, kind, members) {
  assert.equal(error.name, kind, inspect(error));
  assert.ok(error instanceof errors[kind] && error instanceof errors.FluxerError && error instanceof Error);
  for (const [name, value] of Object.entries(members)) assert.deepEqual(error[name], value, name);
}

for (const [code, kind] of Object.entries({
  invalid_request: 'InvalidRequestError',
  invalid_client: 'InvalidClientError',
  invalid_grant: 'InvalidGrantError',
  unauthorized_client: 'UnauthorizedClientError',
  unsupported_grant_type: 'UnsupportedGrantTypeError',
  invalid_scope: 'InvalidScopeError',
  invalid_target: 'InvalidTargetError',
  access_denied: 'AccessDeniedError',
  unsupported_response_type: 'UnsupportedResponseTypeError',
  server_error: 'ServerError',
  temporarily_unavailable: 'TemporarilyUnavailableError',
  unsupported_token_type: 'UnsupportedTokenTypeError',
  login_required: 'LoginRequiredError',
  consent_required: 'ConsentRequiredError',
  expired_token: 'ExpiredTokenError',
})) {
  test(`${code} is ${kind}`, async () => {
    const body = { error: code, error_description: 'Because.', error_uri: 'https://fluxer.app/docs' };
    has(await answer(400, body), kind, { code, status: 400, description: 'Because.', uri: 'https://fluxer.app/docs', message: `${code}: Because.` });
    has(oauthError(code), kind, { code, status: undefined, description: undefined, message: code });
  });
}

test('an OAuth error without a class of its own is an OAuthError', async () => {
  for (const code of ['slow_down', 'toString', '__proto__', 'constructor']) has(await answer(400, { error: code }), 'OAuthError', { code, status: 400 });
});

test('a missing scope says which, from the body or from the challenge (RFC 6750 §3)', async () => {
  const body = { code: 'MISSING_OAUTH_SCOPE', message: 'Missing required OAuth2 scope' };
  const challenge = { 'www-authenticate': 'Bearer realm="x", error="insufficient_scope", scope="guilds"' };
  const expected = { code: 'MISSING_OAUTH_SCOPE', status: 403, requiredScope: 'guilds', message: 'Missing required OAuth2 scope: guilds' };
  has(await answer(403, { ...body, required_scope: 'guilds' }), 'MissingOAuthScopeError', expected);
  has(await answer(403, body, challenge), 'MissingOAuthScopeError', expected);
  has(await answer(403, '', challenge), 'MissingOAuthScopeError', expected);
  has(await answer(403, { error: 'insufficient_scope' }), 'MissingOAuthScopeError', { requiredScope: undefined });
  has(new errors.MissingOAuthScopeError('guilds'), 'MissingOAuthScopeError', expected);
});

test('a token that does not work is InvalidTokenError, however it is said', async () => {
  const challenge = { 'www-authenticate': 'Bearer error="invalid_token"' };
  for (const [body, headers] of [[{ code: 'INVALID_TOKEN', message: 'Invalid token' }, {}], [{ error: 'invalid_token' }, {}], ['', challenge]]) {
    has(await answer(401, body, headers), 'InvalidTokenError', { code: 'INVALID_TOKEN', status: 401, message: 'Invalid token' });
  }
});

test('no token at all is an ApiError: a refresh would not help', async () => {
  has(await answer(401, { code: 'UNAUTHORIZED', message: 'Unauthorized' }, { 'www-authenticate': 'Bearer' }), 'ApiError', { code: 'UNAUTHORIZED', status: 401, message: 'Unauthorized', errors: [] });
});

test('a form that was refused names its fields', async () => {
  const fields = [{ path: 'name', message: 'is too long' }, { path: 'redirect_uris.0', message: 'must be https' }];
  has(await answer(400, { code: 'INVALID_FORM_BODY', message: 'Input Validation Error', errors: fields }), 'ApiError', { code: 'INVALID_FORM_BODY', errors: fields });
  has(await answer(400, { code: 'INVALID_FORM_BODY', errors: [null, 'x', { path: 1 }, fields[0]] }), 'ApiError', { message: 'INVALID_FORM_BODY', errors: [fields[0]] });
  has(await answer(400, { code: 'X', message: 'x', errors: { path: 'name' } }), 'ApiError', { errors: [] });
});

for (const [what, body, headers, retryAfter] of [
  ['the body, to the millisecond', { code: 'RATE_LIMITED', retry_after: 1.234 }, { 'retry-after': '2' }, 1.234],
  ['Retry-After in seconds', '', { 'retry-after': '7' }, 7],
  ['Retry-After as a date, by the server\'s clock', '', { 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT', date: 'Thu, 01 Jan 2026 00:00:00 GMT' }, 30],
  ['a date that has passed', '', { 'retry-after': 'Thu, 01 Jan 2026 00:00:00 GMT', date: 'Thu, 01 Jan 2026 00:00:30 GMT' }, 0],
  ['nothing', '', {}, 1],
  ['nonsense', { retry_after: 'soon' }, { 'retry-after': 'soon' }, 1],
  ['a negative number', { retry_after: -5 }, {}, 1],
]) {
  test(`how long to wait, from ${what}`, async () => {
    has(await answer(429, body, headers), 'RateLimitedError', { code: 'RATE_LIMITED', status: 429, retryAfter, global: false, temporary: true });
  });
}

test('a rate limit tells whether it is global, and wins over what else the body says', async () => {
  has(await answer(429, { error: 'slow_down', global: true, retry_after: 3 }), 'RateLimitedError', { global: true, retryAfter: 3 });
});

test('a 503 says when to come back', async () => {
  has(await answer(503, { error: 'temporarily_unavailable' }, { 'retry-after': '5' }), 'TemporarilyUnavailableError', { retryAfter: 5, temporary: true });
});

for (const [what, body] of [
  ['HTML', '<html><h1>Bad gateway</h1></html>'], ['nothing', ''], ['null', 'null'], ['a list', '[{"error":"invalid_grant"}]'], ['a string', '"invalid_grant"'],
  ['a number', '7'], ['half an object', '{"error":'], ['members of other types', { error: 7, code: {}, message: [] }], ['a phrase for a code', { error: 'Bad Gateway' }],
]) {
  test(`a body that is ${what} gives an HttpError that repeats nothing`, async () => {
    has(await answer(502, body), 'HttpError', { code: 'HTTP_ERROR', status: 502, message: 'The server answered with status 502', temporary: true });
  });
}

test('a body that was read already, or that breaks off, is like none', async () => {
  const used = new Response('{"error":"invalid_grant"}', { status: 400 });
  await used.text();
  has(await fromResponse(used), 'HttpError', { status: 400, temporary: false });
  const breaks = new Response(new ReadableStream({ start: (stream) => stream.error(new Error('connection reset')) }), { status: 500 });
  has(await fromResponse(breaks), 'HttpError', { status: 500 });
});

test('what was sent is taken out of everything, JSON escapes and all', async () => {
  const secret = 'sec"ret\\value';
  const said = `You sent ${secret}, twice: ${secret}`;
  const options = { redact: [secret, '', 'short'] };
  for (const body of [
    { error: 'invalid_request', error_description: said, error_uri: said },
    { code: 'INVALID_FORM_BODY', message: said, errors: [{ path: said, message: said }] },
    { error: 'insufficient_scope', required_scope: said },
    { code: said, message: 'm' },
  ]) {
    const error = await fromResponse(new Response(JSON.stringify(body), { status: 400 }), options);
    assert.ok(!inspect(error, { depth: 9 }).includes('value'), inspect(error));
    assert.ok(inspect(error, { depth: 9 }).includes('[redacted]'));
  }
  const { message } = await fromResponse(new Response('{"error":"invalid_grant","error_description":"too short"}', { status: 400 }), options);
  assert.equal(message, 'invalid_grant: too short', 'what is short is no secret');
});

test('which errors may pass', () => {
  const { NetworkError, HttpError, InvalidGrantError, ServerError, TemporarilyUnavailableError, InvalidTokenError, InvalidResponseError } = errors;
  for (const error of [new NetworkError('x'), new HttpError(500), new HttpError(503), new ServerError(), new TemporarilyUnavailableError()]) assert.equal(error.temporary, true, error.name);
  for (const error of [new HttpError(404), new InvalidGrantError(), new InvalidTokenError(), new InvalidResponseError('x')]) assert.equal(error.temporary, false, error.name);
});

test('a cause is there where there is one', () => {
  const cause = new Error('below');
  assert.equal(new errors.NetworkError('x', { cause }).cause, cause);
  assert.ok(!('cause' in new errors.NetworkError('x')));
});
