import { required, type OAuth2Config } from './config.js';
import { randomText, toBase64Url, toBytes } from './encoding.js';
import { subtle } from './runtime.js';
import { systemClock } from './time.js';

/** A key that a client signs with, in place of a secret: the configuration's `privateKeyJwt`. */
export interface ClientKey {
  /** Web Crypto's; it need not be extractable. ECDSA on P-256, Ed25519, RSA-PSS or RSASSA-PKCS1-v1_5, with SHA-256. */
  privateKey: Awaited<ReturnType<typeof crypto.subtle.importKey>>;
  /** Which of the application's keys it is, as its `jwks` says. */
  kid?: string;
}

/** `client_assertion_type` (RFC 7523 §2.2). */
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** How long an assertion is good, in seconds: it is made for one request. */
const LIFETIME = 60;

/** By the name of Web Crypto's algorithm, with its curve or hash: the JWS one, and what to sign with. */
const ALGORITHMS = {
  'ECDSA P-256': ['ES256', { name: 'ECDSA', hash: 'SHA-256' }],
  Ed25519: ['EdDSA', { name: 'Ed25519' }],
  'RSA-PSS SHA-256': ['PS256', { name: 'RSA-PSS', saltLength: 32 }],
  'RSASSA-PKCS1-v1_5 SHA-256': ['RS256', { name: 'RSASSA-PKCS1-v1_5' }],
} as const;

/**
 * A JWT with which the client authenticates once (RFC 7523 §3).
 *
 * @throws TypeError where the key is none that the server takes.
 */
export async function assertionOf(config: OAuth2Config, { privateKey, kid }: ClientKey): Promise<string> {
  const { clock = systemClock } = config;
  const [alg, algorithm] = algorithmOf(privateKey.algorithm);
  const clientId = required(config.clientId, 'clientId');
  const iat = Math.floor(clock.now() / 1000);
  const claims = { iss: clientId, sub: clientId, aud: config.issuer ?? config.tokenEndpoint, jti: randomText(16), iat, exp: iat + LIFETIME };
  const input = [{ alg, ...(kid !== undefined && { kid }) }, claims].map((part) => toBase64Url(toBytes(JSON.stringify(part)))).join('.');
  const signature = await subtle().sign(algorithm, privateKey, toBytes(input));
  return `${input}.${toBase64Url(new Uint8Array(signature))}`;
}

function algorithmOf({ name, namedCurve, hash }: KeyAlgorithm & { namedCurve?: string; hash?: KeyAlgorithm }): (typeof ALGORITHMS)[keyof typeof ALGORITHMS] {
  const kind = [name, namedCurve ?? hash?.name].filter(Boolean).join(' ');
  if (Object.hasOwn(ALGORITHMS, kind)) return ALGORITHMS[kind as keyof typeof ALGORITHMS];
  throw new TypeError(`privateKeyJwt.privateKey must be of ${Object.keys(ALGORITHMS).join(', ')}`);
}
