// A server's keys and what it signs with them, by a library that shares nothing with the package.

import { createHash } from 'node:crypto';

import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';

import { CLIENT, FakeClock, json } from './fakes.mjs';

export const ISSUER = 'https://fluxer.app';
export const RESOURCE = 'https://api.yourapp.com/';
const START = new FakeClock().time / 1000;

/** A key of the server's, as its JWKS shows it. */
export async function key(alg) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { alg, kid, privateKey, jwk: { ...jwk, kid, alg, use: 'sig' } };
}

export const [RSA, EC, OTHER_EC] = await Promise.all([key('RS256'), key('ES256'), key('ES256')]);

/** Signs; `header` and `claims` may be changed, and members that are undefined are left out. */
export async function signed(by, typ, claims, header = {}) {
  const defined = (object) => JSON.parse(JSON.stringify(object));
  return new SignJWT(defined(claims)).setProtectedHeader(defined({ alg: by.alg, kid: by.kid, typ, ...header })).sign(by.privateKey);
}

export const halfHash = (token) => createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url');

/** Whoever holds a key, and proves it for a request with a token (RFC 9449 §4.2). */
export async function holder(alg = 'ES256') {
  const { publicKey, privateKey } = await generateKeyPair(alg);
  const jwk = await exportJWK(publicKey);
  const proof = (claims, token) => {
    const ath = createHash('sha256').update(token).digest('base64url');
    return new SignJWT({ jti: 'j', ath, ...claims }).setProtectedHeader({ typ: 'dpop+jwt', alg, jwk }).sign(privateKey);
  };
  return { jkt: await calculateJwkThumbprint(jwk), proof };
}

export const idToken = (claims = {}, by = EC, header = {}) => signed(by, 'JWT', {
  iss: ISSUER, sub: '7', aud: CLIENT.clientId, exp: START + 3600, iat: START, auth_time: START - 60, amr: ['pwd'], sid: 'session-1', ...claims,
}, header);

export const accessToken = (claims = {}, by = EC, header = {}) => signed(by, 'at+jwt', {
  iss: ISSUER, sub: '7', aud: RESOURCE, exp: START + 600, iat: START, client_id: '42', scope: 'orders:read orders:write', jti: 'a', fam: 'family-1', ...claims,
}, header);

export const revokedList = (families, { at = START, by = EC, claims = {}, header = {} } = {}) => signed(by, 'revoked+jwt', { iss: ISSUER, iat: at, exp: at + 60, families, ...claims }, header);

/** A server of documents: its keys, and the list of what was revoked. Each may be told to fail. */
export class KeyServer {
  clock = new FakeClock();
  keys = [RSA.jwk, EC.jwk];
  families = [];
  /** What was asked for, by its path. */
  asked = [];
  /** Paths and what they answer instead. */
  instead = {};

  fetch = async (url, init) => {
    const { pathname } = new URL(url);
    this.asked.push(pathname);
    if (this.instead[pathname]) return this.instead[pathname](init);
    if (pathname === '/.well-known/jwks.json') return json(200, { keys: this.keys });
    if (pathname === '/.well-known/revoked') return new Response(await revokedList(this.families, { at: this.clock.time / 1000 }), { headers: { 'content-type': 'application/jwt' } });
    return new Response('', { status: 404 });
  };

  get config() {
    return { issuer: ISSUER, clientId: CLIENT.clientId, fetch: this.fetch, clock: this.clock, retries: 0 };
  }

  /** How often each was asked for. */
  count(path) {
    return this.asked.filter((asked) => asked === path).length;
  }
}
