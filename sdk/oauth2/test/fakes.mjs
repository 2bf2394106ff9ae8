// A server and a clock that do as they are told.

import assert from 'node:assert/strict';

import { createSession } from '@fluxer/oauth2';

export const CLIENT = {
  clientId: '42',
  clientSecret: 'the-client-secret',
  redirectUri: 'https://yourapp.com/callback',
  authorizeEndpoint: 'https://fluxer.app/oauth2/authorize',
  tokenEndpoint: 'https://fluxer.app/api/oauth2/token',
  revocationEndpoint: 'https://fluxer.app/api/oauth2/revoke',
  introspectionEndpoint: 'https://fluxer.app/api/oauth2/introspect',
  deviceAuthorizationEndpoint: 'https://fluxer.app/api/oauth2/device_authorization',
  scope: 'identify email guilds',
};

/** Time that passes only when somebody waits for it. */
export class FakeClock {
  time = 1_700_000_000_000;
  /** How long was waited, each time, in milliseconds. */
  waited = [];
  #timers = new Set();

  now = () => this.time;

  sleep = (milliseconds, signal) => new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = { at: this.time + milliseconds, milliseconds, resolve };
    this.#timers.add(timer);
    signal?.addEventListener('abort', () => this.#timers.delete(timer) && reject(signal.reason));
  });

  /** Lets a promise come to its end, and time pass where nothing else is left to do. */
  async run(promise) {
    let settled = false;
    const settle = () => { settled = true; };
    promise.then(settle, settle);
    for (;;) {
      await quiet();
      if (settled) return promise;
      const [next] = [...this.#timers].sort((a, b) => a.at - b.at);
      if (!next) throw new Error('waits for something that is not time');
      this.#timers.delete(next);
      this.waited.push(next.milliseconds);
      this.time = next.at;
      next.resolve();
    }
  }
}

/** How many operations of Web Crypto are under way: they run beside the event loop. */
let busy = 0;
for (const name of ['digest', 'importKey', 'sign', 'verify']) {
  const own = crypto.subtle[name].bind(crypto.subtle);
  crypto.subtle[name] = (...args) => {
    busy += 1;
    return own(...args).finally(() => { busy -= 1; });
  };
}

/** Until everything that could go on without time has. */
export async function quiet() {
  for (let turns = 0; turns < 20; turns = busy ? 0 : turns + 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A `fetch` whose answers are given in order; each may be a function of the request. */
export class FakeServer {
  requests = [];

  constructor(...answers) {
    this.answers = answers;
  }

  fetch = async (url, init = {}) => {
    const request = {
      url, method: init.method ?? 'GET', headers: new Headers(init.headers), redirect: init.redirect, mode: init.mode,
      form: Object.fromEntries(new URLSearchParams(typeof init.body === 'string' ? init.body : '')), body: init.body, signal: init.signal,
    };
    this.requests.push(request);
    init.signal?.throwIfAborted();
    const answer = this.answers.shift();
    assert.ok(answer, `request ${this.requests.length} was not expected`);
    return typeof answer === 'function' ? answer(request) : answer;
  };

  /** The configuration of a client of this server. */
  client(clock, more = {}) {
    return { ...CLIENT, fetch: this.fetch, clock, ...more };
  }
}

export function json(status, body, headers = {}) {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
}

/** A successful token answer, whose tokens are numbered. */
export function tokensAnswer(number, more = {}) {
  return json(200, { access_token: `access-${number}`, token_type: 'Bearer', expires_in: 604_800, refresh_token: `refresh-${number}`, scope: 'identify', ...more });
}

export const invalidGrant = () => json(400, { error: 'invalid_grant', error_description: 'Invalid refresh token' });
export const unavailable = (headers) => json(503, { error: 'temporarily_unavailable' }, headers);
export const limited = (seconds) => json(429, { code: 'RATE_LIMITED', message: 'You are being rate limited.', retry_after: seconds, global: false }, { 'retry-after': String(Math.ceil(seconds)) });
export const invalidToken = () => json(401, { code: 'INVALID_TOKEN', message: 'Invalid token' }, { 'www-authenticate': 'Bearer error="invalid_token"' });

/** The connection breaks. */
export const broken = () => { throw new TypeError('fetch failed'); };

/** No answer, until the request is aborted. */
export const hangs = ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

/** An answer that comes when it is told to. */
export function held(answer) {
  let release;
  const gate = new Promise((resolve) => { release = resolve; });
  return { answer: async () => (await gate, answer), release };
}

/** How long access tokens are good for, in milliseconds. */
export const WEEK = 604_800_000;

/** A session with tokens number 0, which have so many milliseconds left, and the server's next answers. */
export function start(answers, { left = WEEK, tokens = {}, config = {}, ...options } = {}) {
  const [server, clock, saved, ends] = [new FakeServer(...answers), new FakeClock(), [], []];
  const session = createSession(server.client(clock, config), {
    tokens: { accessToken: 'access-0', tokenType: 'Bearer', expiresIn: WEEK / 1000, expiresAt: clock.time + left, refreshToken: 'refresh-0', scope: 'identify', ...tokens },
    onTokens: (tokens) => void saved.push(tokens.accessToken),
    onEnd: (reason) => void ends.push(reason),
    ...options,
  });
  const sent = () => server.requests.map(({ form, headers }) => form.refresh_token ?? headers.get('authorization'));
  return { server, clock, session, saved, ends, sent };
}

/** A JWT whose signature nobody looks at. */
export function jwt(claims) {
  return ['{"alg":"HS256"}', JSON.stringify(claims), 'signature'].map((part) => Buffer.from(part).toString('base64url')).join('.');
}
