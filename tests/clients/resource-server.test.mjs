// The resource servers of ../../examples: what each accepts, and what it refuses.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';

import { EC, OTHER_EC, RSA, accessToken, holder, idToken, key, revokedList } from '../../sdk/oauth2/test/signing.mjs';

const HERE = import.meta.dirname;
const EXAMPLES = resolve(HERE, '../../examples/resource-server');
const AUDIENCE = 'https://orders.example/';

/** An issuer on loopback, which signs with jose. */
class Issuer {
  keys = [RSA.jwk, EC.jwk, { kty: 'of the future', kid: 'x' }];
  families = [];
  /** How often each path was asked for. */
  asked = {};
  down = false;

  async start() {
    this.server = createServer(async ({ url }, response) => {
      this.asked[url] = (this.asked[url] ?? 0) + 1;
      if (this.down) return response.writeHead(503).end();
      if (url === '/.well-known/jwks.json') return response.end(JSON.stringify({ keys: this.keys }));
      if (url === '/.well-known/revoked') return response.end(await revokedList(this.families, { at: now(), claims: { iss: this.origin } }));
      return response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.origin = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  token(claims = {}, ...by) {
    return accessToken({ iss: this.origin, aud: AUDIENCE, exp: now() + 600, iat: now(), ...claims }, ...by);
  }
}

const now = () => Math.floor(Date.now() / 1000);

/** Starts a program, and waits for the address that it says. */
async function start(program, args, env) {
  const { PATH, HOME } = process.env;
  const child = spawn(program, args, { env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), once(child, 'exit')]);
  assert.match(String(line), /^http:/, `${program} starts`);
  await new Promise((resolve) => setTimeout(resolve, 500)); // Flask says so before it listens
  return { address: line, stop: () => child.kill('SIGKILL') };
}

/** The example in TypeScript, where it finds the packages as if they were installed. */
function typescript(t) {
  const folder = mkdtempSync(resolve(HERE, '../../sdk/.application-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  copyFileSync(join(EXAMPLES, 'typescript/server.ts'), join(folder, 'server.ts'));
  return [process.execPath, [join(folder, 'server.ts')]];
}

const LANGUAGES = {
  TypeScript: typescript,
  Python: () => [join(HERE, 'python/venv/bin/python'), [join(EXAMPLES, 'python/server.py')]],
  Rust: () => [join(HERE, 'rust/target/debug/resource-server'), []],
};

/** A token that is bound to a key: good with its proof, and in no other way. */
async function boundTokens(issuer, address) {
  const [owner, thief] = [await holder(), await holder()];
  const token = await issuer.token({ cnf: { jkt: owner.jkt } });
  const ask = async (by, more = {}) => {
    const proof = await by.proof({ htm: 'GET', htu: `${address}/orders`, iat: now(), ...more }, token);
    const answer = await fetch(`${address}/orders`, { headers: { authorization: `DPoP ${token}`, dpop: proof } });
    return [answer.status, answer.headers.get('www-authenticate')?.split(',')[0]];
  };
  assert.deepEqual(await ask(owner), [200, undefined]);
  assert.deepEqual(await ask(owner, { htm: 'POST' }), [401, 'DPoP error="invalid_dpop_proof"']);
  assert.deepEqual(await ask(thief), [401, 'Bearer error="invalid_token"']);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

describe('resource servers', { concurrency: true }, () => {
  for (const [language, program] of Object.entries(LANGUAGES)) {
    test(`the resource server in ${language}`, async (t) => {
      const issuer = await new Issuer().start();
      const server = await start(...program(t), { ISSUER: issuer.origin, AUDIENCE, PORT: await freePort() });
      t.after(() => (server.stop(), issuer.server.close()));
      const ask = async (token, method = 'GET') => {
        const answer = await fetch(`${server.address}/orders`, { method, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
        return [answer.status, answer.headers.get('www-authenticate'), await answer.text()];
      };
      const INVALID = [401, 'Bearer error="invalid_token"'];

      // Nothing can be told of a token before the issuer has answered once.
      issuer.down = true;
      assert.equal((await ask(await issuer.token()))[0], 503);
      Object.assign(issuer, { down: false, asked: {} });
      await new Promise((done) => setTimeout(done, 5_500));

      for (const by of [EC, RSA]) {
        const [status, , body] = await ask(await issuer.token({}, by));
        assert.equal(status, 200, by.alg);
        assert.deepEqual(JSON.parse(body), { user: '7', application: '42', orders: [] });
      }
      assert.equal((await ask(await issuer.token({ aud: ['https://other.example/', AUDIENCE] })))[0], 200);
      assert.equal((await ask(await issuer.token(), 'POST'))[0], 201);
      assert.deepEqual(await ask(), [401, 'Bearer', '']);
      assert.deepEqual(await ask(await issuer.token({ scope: 'orders:write' })), [403, 'Bearer error="insufficient_scope", scope="orders:read"', '']);
      for (const [what, token] of Object.entries({
        'another issuer': issuer.token({ iss: 'https://evil.example' }),
        'another audience': issuer.token({ aud: 'https://other.example/' }),
        'an expiry that is over': issuer.token({ exp: now() - 1 }),
        'no expiry': issuer.token({ exp: undefined }),
        'no login': issuer.token({ fam: undefined }),
        'a key that it is bound to': issuer.token({ cnf: { jkt: 'x' } }),
        'the type of an ID token': issuer.token({}, EC, { typ: 'JWT' }),
        'no type': issuer.token({}, EC, { typ: undefined }),
        'no kid': issuer.token({}, EC, { kid: undefined }),
        'the signature of another': issuer.token({}, { ...OTHER_EC, kid: EC.kid }),
        'a kid of the wrong kind': issuer.token({}, EC, { kid: RSA.kid }),
        'an ID token instead': idToken({ iss: issuer.origin, aud: AUDIENCE, exp: now() + 60 }),
        nonsense: 'a.b.c',
      })) assert.deepEqual((await ask(await token)).slice(0, 2), INVALID, what);

      if (language === 'TypeScript') await boundTokens(issuer, server.address);
      assert.equal(issuer.asked['/.well-known/jwks.json'], 1, 'no token costs a request');
      assert.ok(issuer.asked['/.well-known/revoked'] <= 2, 'it is polled, and not asked for each');

      // A key that is new is found, and a login that is revoked is refused, within 31 seconds.
      const [fresh, revoked, other] = [await key('ES256'), await issuer.token(), await issuer.token({ fam: 'family-2' })];
      issuer.keys.push(fresh.jwk);
      issuer.families = ['family-1'];
      const began = Date.now();
      while ((await ask(revoked))[0] !== 401) await new Promise((done) => setTimeout(done, 500));
      assert.ok(Date.now() - began < 20_000, 'its list is never older than 15 seconds');
      assert.equal((await ask(other))[0], 200);
      await new Promise((done) => setTimeout(done, began + 31_000 - Date.now()));
      assert.equal((await ask(await issuer.token({ fam: 'family-2' }, fresh)))[0], 200);

      // The last list serves an outage for as long as it is valid.
      issuer.down = true;
      assert.equal((await ask(other))[0], 200);
      assert.equal((await ask(revoked))[0], 401);
    });
  }
});
