// Whoever signs: clients that authenticate with a key of their own, and holders of keys that tokens are
// bound to.

import { createHash, randomUUID, webcrypto } from 'node:crypto';

const { subtle } = webcrypto;
const encode = (bytes) => Buffer.from(bytes).toString('base64url');
const json = (value) => encode(JSON.stringify(value));
const ALGORITHMS = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  EdDSA: { name: 'Ed25519' },
};
export const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
export const now = () => Math.floor(Date.now() / 1000);

export class Signer {
  static async of(alg, kid = 'a') {
    const pair = await subtle.generateKey(ALGORITHMS[alg], true, ['sign', 'verify']);
    const { key_ops, ext, ...jwk } = await subtle.exportKey('jwk', pair.publicKey);
    return Object.assign(new Signer(), { alg, kid, pair, jwk: { ...jwk, alg, kid, use: 'sig' } });
  }

  async sign(claims, header = {}) {
    const input = [{ alg: this.alg, kid: this.kid, ...header }, claims].map(json).join('.');
    return `${input}.${encode(await subtle.sign(ALGORITHMS[this.alg], this.pair.privateKey, Buffer.from(input)))}`;
  }

  /** An assertion of `client`, for this server. */
  async assertion(world, client, claims = {}, header = {}) {
    return this.sign({ iss: client.id, sub: client.id, aud: world.origin, jti: randomUUID(), iat: now(), exp: now() + 60, ...claims }, header);
  }

  /** The parameters of a request that the client signs. */
  async authenticated(world, client, params = {}, claims = {}, header = {}) {
    return { ...params, client_assertion_type: ASSERTION, client_assertion: await this.assertion(world, client, claims, header) };
  }

  /** A proof of possession (RFC 9449). */
  async proof(world, { method = 'POST', path = '/api/oauth2/token', token, ...claims } = {}, header = {}) {
    const { kty, crv, x, y } = this.jwk;
    const jwk = y ? { kty, crv, x, y } : { kty, crv, x };
    const ath = token && { ath: createHash('sha256').update(token).digest('base64url') };
    return this.sign({ jti: randomUUID(), htm: method, htu: world.origin + path, iat: now(), ...ath, ...claims }, { typ: 'dpop+jwt', jwk, kid: undefined, ...header });
  }
}
