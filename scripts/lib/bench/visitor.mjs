// One of the concurrent users of a server: one kept-alive connection, and whatever it owns there.

import { createHash, randomBytes } from 'node:crypto';

import { Client } from 'undici';

const VERIFIER = randomBytes(32).toString('base64url');
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

export class Visitor {
  /** What it brings to every authorization: PKCE. */
  verifier = VERIFIER;
  requests = 0;
  pkce = { code_challenge: CHALLENGE, code_challenge_method: 'S256' };

  constructor(origin, index) {
    this.index = index;
    this.client = new Client(origin, { pipelining: 1, keepAliveTimeout: 600_000, keepAliveMaxTimeout: 600_000, bodyTimeout: 30_000, headersTimeout: 30_000 });
  }

  /** A request that follows no redirect; any other status than the expected one is an error. */
  async ask(method, path, { form, headers = {}, expect = 200 } = {}) {
    this.requests += 1;
    const body = form && new URLSearchParams(form).toString();
    if (form) headers = { ...headers, 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await this.client.request({ method, path, headers, body });
    const text = await answer.body.text();
    if (answer.statusCode !== expect) throw new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 500)}`);
    return { headers: answer.headers, text };
  }

  async json(...asked) {
    return JSON.parse((await this.ask(...asked)).text);
  }

  /** The parameters of the redirect that ends an authorization. */
  async redirected(method, path, options = {}) {
    const { headers } = await this.ask(method, path, { expect: 302, ...options });
    return new URL(headers.location).searchParams;
  }

  close() {
    return this.client.close();
  }
}

export const bearer = (token) => ({ authorization: `Bearer ${token}` });
