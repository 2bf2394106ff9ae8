// What every client here goes through, with a real user's browser: see `journey`.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';

import { Storage, World } from '../worker/harness.mjs';
import { Process, Reported, Surfer, world } from './parts.mjs';

export { Reported, Surfer, world };

export const HERE = import.meta.dirname;

const LIMIT_SECONDS = 600;

/** A Worker, its user, and what becomes of its storage: one that is well, and one that can be made ill. */
async function open(options) {
  const server = await World.start(options);
  const user = await server.user();
  return { server, user, storage: options?.storage, origin: server.origin, at: (path) => server.origin + path };
}

let well, ill;
const known = new Set();
before(async () => {
  [well, ill] = await Promise.all([open(), open({ storage: new Storage(), settings: { RATE_LIMIT_TOKEN: `1/${LIMIT_SECONDS}` } })]);
  Object.assign(world, well);
});
after(() => Promise.all([well?.server.stop(), ill?.server.stop()]));

/**
 * The tests of one library in one of its ways. `client` makes a new application and a client of it:
 *
 * - `enter(browser)`  sends the browser to the authorization URL that the library made
 * - `callback(page)`  takes what the browser came back with, and gives the library's tokens
 * - `refresh(token)`  the same with a refresh token
 * - `revoke(token)`   where the library can; else the test revokes
 * - `me(token)`       the user, where the library asks for resources itself
 *
 * `state` and `pkce` are whether it sends them. `denied`, `badCode` and `ended` are how it says what
 * went wrong; one that leaves the callback's parameters to the application has no `denied`. `limited` is what one
 * says that knows a 429 as an error of its own.
 */
export function journey(library, { client: make, state = true, pkce = true, denied, badCode, ended = badCode, limited = tells('429') }) {
  test(`${library}: login, consent, code, resource, refresh, revocation`, async (t) => {
    const client = await make(t);
    const browser = new Surfer(world.server);
    const granted = await client.callback(await visit(client, browser));

    const request = Object.fromEntries(browser.authorization.searchParams);
    assert.equal(Boolean(request.state), state);
    assert.equal(request.code_challenge_method, pkce ? 'S256' : undefined);
    const { id, email } = await me(client, granted);
    assert.deepEqual({ id, email }, { id: world.user.id, email: world.user.email });

    const refreshed = await client.refresh(granted.refresh_token);
    assert.notEqual(refreshed.access_token, granted.access_token);
    assert.notEqual(refreshed.refresh_token, granted.refresh_token);
    assert.equal((await me(client, refreshed)).id, world.user.id);
    assert.equal((await me(client, granted)).id, world.user.id, 'the token before is good until it expires');

    if (client.revoke) await client.revoke(refreshed.refresh_token);
    else await world.server.revoke(client.application, refreshed.refresh_token);
    for (const { access_token } of [granted, refreshed]) assert.equal((await world.server.me(access_token)).status, 401);
    await assert.rejects(async () => client.refresh(refreshed.refresh_token), ended);
  });

  test(`${library}: the user's denial`, async (t) => {
    const client = await make(t);
    const browser = new Surfer(world.server);
    const page = await visit(client, browser, { decision: 'deny' });
    if (denied) return assert.rejects(async () => client.callback(page), denied);
    const asked = browser.authorization.searchParams.get('state');
    return assert.deepEqual(Object.fromEntries(page.callback.searchParams),
      { error: 'access_denied', error_description: 'The user denied access', state: asked, iss: world.origin });
  });

  test(`${library}: a wrong code`, async (t) => {
    const client = await make(t);
    const browser = new Surfer(world.server);
    browser.meddle = (code) => (code[0] === 'A' ? 'B' : 'A') + code.slice(1);
    const page = await visit(client, browser);
    await assert.rejects(async () => client.callback(page), badCode);
  });

  // Its other ways refuse as its first one does. (An assertion that is signed would not live that long.)
  const [name] = library.split(', ');
  if (!known.has(name)) refusedForNow(library, make, limited);
  known.add(name);
}

/** The same server's other answers at a refresh, of which an application should log nobody out: 429 and 503. */
function refusedForNow(library, make, limited) {
  test(`${library}: a limited answer, an outage, and the same refresh token afterwards`, async (t) => {
    Object.assign(world, ill);
    const { storage } = ill;
    t.after(() => {
      storage.mood = () => undefined;
      Object.assign(world, well);
    });
    const later = () => { storage.clock += (LIMIT_SECONDS + 1) * 1_000; };
    later();
    const client = await make(t);
    const granted = await client.callback(await visit(client, new Surfer(world.server)));
    const refresh = async () => client.refresh(granted.refresh_token);
    await assert.rejects(refresh, limited);

    later();
    storage.mood = (step) => step.part === 'ledger' && { before: 'down' };
    await assert.rejects(refresh, tells('503'));

    later();
    storage.mood = () => undefined;
    assert.equal((await world.server.me((await refresh()).access_token)).status, 200);
  });
}

/** An error in which an application finds what the server said, or else the status. */
function tells(status) {
  return (error) => {
    const said = inspect(error, { depth: 6, showHidden: true }).replace(/\n +at .*/g, '');
    assert.match(said, new RegExp(`temporarily.?unavailable|\\b${status}\\b`, 'i'));
    return true;
  };
}

/** From the client to the login page, the consent page, and back to the client. */
async function visit(client, browser, { decision = 'approve' } = {}) {
  const { email, password } = world.user;
  const consent = await browser.submit(await client.enter(browser), { login: email, password });
  return browser.submit(consent, { decision });
}

/** Whom a token opens, which the library must see too. */
async function me(client, { access_token }) {
  const answer = await world.server.me(access_token);
  assert.equal(answer.status, 200);
  return client.me ? client.me(access_token) : answer.json;
}

/** An application. Without a web site, nothing is at its redirect URI: the browser stops there. */
export function application(type, fields) {
  const uri = type === 'public' ? 'com.example.app:/callback' : 'https://app.example/callback';
  return world.server.application(type, { redirect_uris: [uri], ...fields });
}

/** Keys that sign, and the settings of an application whose they are and that pushes its requests. */
export async function signing() {
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', keys.publicKey);
  const jwks = { keys: [{ kty, crv, x, y, alg: 'ES256', use: 'sig' }] };
  return { keys, settings: { token_endpoint_auth_method: 'private_key_jwt', jwks, require_pushed_authorization_requests: true } };
}

/** For `assert.rejects`: an error of this class with these fields, and no other. */
export const is = (kind, fields) => (error) => {
  assert.ok(error instanceof kind, error);
  for (const [name, value] of Object.entries(fields)) assert.deepEqual(error[name], value);
  return true;
};

/** Serves a client's web site for as long as the test runs; gives its origin. */
export async function serve(t, app) {
  const listening = app.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  t.after(() => {
    listening.closeAllConnections();
    listening.close();
  });
  return `http://127.0.0.1:${listening.address().port}`;
}

/** A web site's answer in JSON. */
export function said(page) {
  if (page.status !== 200) throw new Reported(page.json);
  return page.json;
}

/** One that is told its application in CLIENT, and ends with its test. */
export class Child extends Process {
  constructor(t, command, args, settings) {
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, CLIENT: JSON.stringify({ issuer: world.origin, ...settings }) };
    super(spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] }));
    t.after(() => this.process.kill('SIGKILL'));
  }

  /** It as `journey` wants it. */
  client() {
    return {
      enter: async (browser) => browser.open(await this.call('authorize')),
      callback: ({ callback }) => this.call('callback', callback.href),
      me: (token) => this.call('me', token),
      refresh: (token) => this.call('refresh', token),
      revoke: (token) => this.call('revoke', token),
    };
  }
}
