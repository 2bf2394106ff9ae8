// What a browser comes back with.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AccessDeniedError, OAuthError } from '@fluxer/errors';
import { InvalidCallbackError, IssuerMismatchError, StateMismatchError, parseCallback } from '@fluxer/oauth2';

import { CLIENT } from './fakes.mjs';

const ISSUER = 'https://fluxer.app';
const CONFIG = { ...CLIENT, issuer: ISSUER };
const good = { code: 'the-code', state: 'the-state', iss: ISSUER };
const url = (parameters) => `https://yourapp.com/callback?${new URLSearchParams(parameters)}`;

test('a callback is a URL, a path, parameters, or a request', () => {
  const address = url(good);
  const { pathname, search, searchParams } = new URL(address);
  for (const callback of [address, new URL(address), pathname + search, searchParams, new Request(address), { url: pathname + search }]) {
    assert.deepEqual(parseCallback(CONFIG, callback, 'the-state'), { code: 'the-code', state: 'the-state' });
  }
});

for (const [what, said, expected] of [
  ['another state', 'the-statf', 'the-state'],
  ['a longer state', 'the-state2', 'the-state'],
  ['a shorter state', 'the-stat', 'the-state'],
  ['an empty state', '', 'the-state'],
  ['a state where none was sent', 'the-state', undefined],
  ['a state where the session has none', 'the-state', null],
  ['an empty state where none was sent', '', ''],
]) {
  test(`${what} is a mismatch`, () => {
    assert.throws(() => parseCallback(CONFIG, url({ ...good, state: said }), expected), StateMismatchError);
  });
}

test('no state at all is a mismatch', () => {
  const { code, iss } = good;
  assert.throws(() => parseCallback(CONFIG, url({ code, iss }), 'the-state'), StateMismatchError);
});

test('an error with the wrong state is a mismatch, not an error: anybody can link to it', () => {
  assert.throws(() => parseCallback(CONFIG, url({ error: 'access_denied', state: 'x', iss: ISSUER }), 'the-state'), StateMismatchError);
});

for (const iss of ['https://evil.example', 'https://fluxer.app/', 'https://FLUXER.app', '']) {
  test(`iss ${JSON.stringify(iss)} is not the issuer`, () => {
    assert.throws(() => parseCallback(CONFIG, url({ ...good, iss }), 'the-state'), IssuerMismatchError);
    assert.throws(() => parseCallback(CONFIG, url({ error: 'access_denied', state: 'the-state', iss }), 'the-state'), IssuerMismatchError);
  });
}

test('a configured issuer must be there; without one, the endpoint tells where it can', () => {
  const { code, state } = good;
  assert.throws(() => parseCallback(CONFIG, url({ code, state }), state), IssuerMismatchError);
  assert.equal(parseCallback(CLIENT, url({ code, state }), state).code, code);
  assert.equal(parseCallback(CLIENT, url(good), state).code, code);
  assert.throws(() => parseCallback(CLIENT, url({ ...good, iss: 'https://evil.example' }), state), IssuerMismatchError);
});

test('an error comes as its class, with what the server said', () => {
  const denied = { error: 'access_denied', error_description: 'The user denied access', state: 'the-state', iss: ISSUER };
  assert.throws(() => parseCallback(CONFIG, url(denied), 'the-state'), (error) => {
    assert.ok(error instanceof AccessDeniedError);
    assert.deepEqual([error.code, error.description, error.status], ['access_denied', 'The user denied access', undefined]);
    return true;
  });
  assert.throws(() => parseCallback(CONFIG, url({ ...denied, error: 'new_code' }), 'the-state'), (error) => error instanceof OAuthError && error.code === 'new_code');
});

test('a parameter that is there twice is refused, each of them', () => {
  for (const name of ['code', 'state', 'iss', 'error']) {
    const twice = new URLSearchParams(good);
    twice.append(name, 'x');
    twice.append(name, 'x');
    assert.throws(() => parseCallback(CONFIG, twice, 'the-state'), (error) => error instanceof InvalidCallbackError && error.message === `${name} is there twice`);
  }
});

test('neither a code nor an error is refused', () => {
  const { state, iss } = good;
  for (const parameters of [{ state, iss }, { state, iss, code: '' }]) {
    assert.throws(() => parseCallback(CONFIG, url(parameters), state), InvalidCallbackError);
  }
});

test('no error repeats the code or the state', () => {
  for (const [callback, state] of [[url(good), 'other'], [url({ ...good, iss: 'x' }), 'the-state'], [`https://[the-code/?${new URLSearchParams(good)}`, 'the-state']]) {
    assert.throws(() => parseCallback(CONFIG, callback, state), (error) => {
      const shown = `${error.stack}${JSON.stringify(error)}${error.cause}`;
      assert.ok(!shown.includes('the-code') && !/the-state/.test(error.message), shown);
      return true;
    });
  }
});
