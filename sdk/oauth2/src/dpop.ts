import { FluxerError } from '@fluxer/errors';

import type { Clock, OAuth2Config } from './config.js';
import { asRecord, fromBase64Url, randomText, toBase64Url, toBytes } from './encoding.js';
import { decode } from './jwt.js';
import { subtle } from './runtime.js';
import { systemClock } from './time.js';

/** A key to bind tokens to, of `generateDpopKey`. */
export interface DpopKey {
  readonly privateKey: StoredKey;
  readonly publicKey: StoredKey;
}

/** Web Crypto's `CryptoKey`, by whatever name a runtime's types have it. */
type StoredKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** ECDSA on P-256 with SHA-256: what every runtime's Web Crypto has. */
const ES256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** How verifiers here read `alg`; Ed25519 is not in every runtime. */
const ALGORITHMS: Record<string, Parameters<SubtleCrypto['importKey']>[2] & { name: string }> = { ES256, EdDSA: { name: 'Ed25519' }, Ed25519: { name: 'Ed25519' } };
/** How far the time of a proof may be from the clock, in milliseconds. */
const WINDOW = 60_000;
/** What a server's clock is off by before it counts: its time comes in whole seconds, and late. */
const SKEW = 5_000;

/**
 * A new key to bind tokens to (DPoP, RFC 9449): the configuration's `dpop`. Its private half cannot be
 * taken out of the browser or the process that made it, and neither can what the tokens are worth. Keep it
 * in IndexedDB, which stores keys as they are.
 *
 * @example
 * ```ts
 * const config = { clientId, dpop: await generateDpopKey(), ...(await discover('https://fluxer.app')) };
 * ```
 */
export async function generateDpopKey(): Promise<DpopKey> {
  return subtle().generateKey(ES256, false, ['sign', 'verify']);
}

/**
 * What names a key (RFC 7638): for the `dpopJkt` of `authorizeUrl`, by which a stolen code is of no use to
 * anybody without the key.
 *
 * @example
 * ```ts
 * const url = authorizeUrl(config, state, { pkce, dpopJkt: await dpopThumbprint(config.dpop) });
 * ```
 */
export async function dpopThumbprint(key: DpopKey): Promise<string> {
  return thumbprintOf(await jwkOf(key));
}

/** A proof that is not good for the request that it came with (RFC 9449 §4.3). */
export class InvalidDpopProofError extends FluxerError {
  override readonly name: string = 'InvalidDpopProofError';
  declare readonly code: 'INVALID_DPOP_PROOF';

  constructor(message: string) {
    super('INVALID_DPOP_PROOF', `The DPoP proof is not good: ${message}`);
  }
}

/** The request that a proof came with, for `verifyDpopProof`. */
export interface ProvedRequest {
  method: string;
  /** Its URL as the client knows it: behind a proxy that is not always what the server sees. */
  url: string | URL;
  accessToken: string;
}

/**
 * Verifies the proof of a request that an API of your own gets with `Authorization: DPoP` (RFC 9449
 * §4.3): its `DPoP` header. Gives the thumbprint of its key, for the `thumbprint` of `verifyAccessToken`
 * and `verifyToken`. A proof may come again within its 60 seconds: remember its `jti` where that matters.
 *
 * @throws InvalidDpopProofError, which says what is wrong.
 * @example
 * ```ts
 * const thumbprint = await verifyDpopProof(request.headers.get('dpop'), { method: request.method, url: request.url, accessToken });
 * await verifyAccessToken({ issuer }, accessToken, { audience, thumbprint });
 * ```
 */
export async function verifyDpopProof(proof: string | null | undefined, request: ProvedRequest, { clock = systemClock }: Pick<OAuth2Config, 'clock'> = {}): Promise<string> {
  const says = (right: boolean, what: string): void => {
    if (!right) throw new InvalidDpopProofError(what);
  };
  says(typeof proof === 'string' && proof.length <= 8192, 'one DPoP header is needed');
  const { header, claims } = decode(proof as string) ?? { header: {}, claims: {} };
  const algorithm = Object.hasOwn(ALGORITHMS, String(header['alg'])) ? ALGORITHMS[String(header['alg'])] : undefined;
  const jwk = asRecord(header['jwk']);
  says(header['typ'] === 'dpop+jwt' && !('crit' in header), 'typ');
  says(algorithm !== undefined, 'alg');
  says(jwk !== undefined && !('d' in jwk) && !('k' in jwk), 'jwk');
  says(claims['htm'] === request.method.toUpperCase(), 'htm');
  says(typeof claims['htu'] === 'string' && placeOf(claims['htu']) === placeOf(request.url), 'htu');
  const { iat, jti } = claims;
  says(typeof iat === 'number' && Math.abs(clock.now() - iat * 1000) <= WINDOW, 'iat');
  says(typeof jti === 'string' && jti !== '', 'jti');
  says(claims['ath'] === (await hashOf(request.accessToken)), 'ath');
  says(await isSigned(proof as string, jwk as JsonWebKey, algorithm!), 'the signature is not that of its key');
  return thumbprintOf(jwk as JsonWebKey);
}

async function isSigned(proof: string, { kty, crv, x, y }: JsonWebKey, algorithm: (typeof ALGORITHMS)[string]): Promise<boolean> {
  const end = proof.lastIndexOf('.');
  try {
    const key = await subtle().importKey('jwk', { kty, crv, x, ...(y !== undefined && { y }) } as JsonWebKey, algorithm, false, ['verify']);
    return await subtle().verify(algorithm, key, fromBase64Url(proof.slice(end + 1)), toBytes(proof.slice(0, end)));
  } catch {
    return false; // no key, or a signature that is not base64url
  }
}

/** What is known of a server that a key was shown to. */
interface Known {
  /** The nonce that it wants to see (RFC 9449 §8). */
  nonce?: string | undefined;
  /** How far its clock is ahead of ours, in milliseconds. */
  ahead: number;
}

/** By key, then by origin. */
const known = new WeakMap<CryptoKey, Map<string, Known>>();

function knownOf({ privateKey }: DpopKey, { origin }: URL): Known {
  const origins = known.get(privateKey) ?? new Map<string, Known>();
  known.set(privateKey, origins);
  const server = origins.get(origin) ?? { ahead: 0 };
  origins.set(origin, server);
  return server;
}

/** How a request is proved. */
export interface Proving {
  dpop: DpopKey;
  clock: Clock | undefined;
  accessToken?: string | undefined;
  /** Whether the request can be sent again, where its proof was refused. */
  repeatable: boolean;
}

/**
 * Sends a request with a proof of the key; and once more where the server wants its nonce in it, or where
 * our clock turns out to be wrong. Such a server has done nothing else.
 */
export async function sendProved(url: URL, init: RequestInit, proving: Proving, send: (init: RequestInit) => Promise<Response>): Promise<Response> {
  const server = knownOf(proving.dpop, url);
  const used = { ...server };
  const proved = async (): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set('dpop', await proofOf(url, init.method, server, proving));
    const response = await send({ ...init, headers });
    server.nonce = response.headers.get('dpop-nonce') ?? server.nonce;
    return response;
  };
  const response = await proved();
  if (!(await isRefused(response))) return response;
  setClock(server, response, proving);
  const isNew = server.nonce !== used.nonce || Math.abs(server.ahead - used.ahead) > SKEW;
  return isNew && proving.repeatable ? proved() : response;
}

/** Goes by the server's clock from now on. A refusal is never an old answer out of a cache, whose date is old too. */
function setClock(server: Known, { headers }: Response, { clock = systemClock }: Proving): void {
  const date = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(date)) return;
  const ahead = date - clock.now();
  server.ahead = Math.abs(ahead) > SKEW ? ahead : 0;
}

/** Whether it was the proof that the server refused. */
async function isRefused(response: Response): Promise<boolean> {
  const errors = /"(use_dpop_nonce|invalid_dpop_proof)"/;
  if (response.status === 401) return errors.test(response.headers.get('www-authenticate') ?? '');
  return response.status === 400 && errors.test(await response.clone().text().catch(() => ''));
}

/** A proof for one request (RFC 9449 §4.2). */
async function proofOf(url: URL, method = 'GET', { nonce, ahead }: Known, { dpop, accessToken, clock = systemClock }: Proving): Promise<string> {
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: await jwkOf(dpop) };
  const claims = {
    jti: randomText(16), htm: method.toUpperCase(), htu: placeOf(url), iat: Math.floor((clock.now() + ahead) / 1000),
    ...(accessToken !== undefined && { ath: await hashOf(accessToken) }), ...(nonce !== undefined && { nonce }),
  };
  const input = [header, claims].map((part) => toBase64Url(toBytes(JSON.stringify(part)))).join('.');
  const signature = await subtle().sign(ES256, dpop.privateKey, toBytes(input));
  return `${input}.${toBase64Url(new Uint8Array(signature))}`;
}

/** A URL without query and fragment, spelled as `URL` spells it (RFC 9449 §4.3). */
function placeOf(url: string | URL): string | undefined {
  try {
    const { origin, pathname } = new URL(url);
    return origin + pathname;
  } catch {
    return undefined;
  }
}

async function hashOf(text: string): Promise<string> {
  return toBase64Url(new Uint8Array(await subtle().digest('SHA-256', toBytes(text))));
}

/** The public half, with what makes it what it is and nothing else. */
async function jwkOf({ publicKey }: DpopKey): Promise<JsonWebKey> {
  const { kty, crv, x, y } = await subtle().exportKey('jwk', publicKey);
  return { kty, crv, x, y } as JsonWebKey;
}

/** RFC 7638 §3: the members in order. */
async function thumbprintOf({ crv, kty, x, y }: JsonWebKey): Promise<string> {
  return hashOf(JSON.stringify({ crv, kty, x, y })); // `y` is left out where there is none
}
