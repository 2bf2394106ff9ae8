import { Cached, type Source } from './cached.js';
import { endpoint, required, type RequestOptions, type VerifierConfig } from './config.js';
import { asRecord, fromBase64Url, toBytes } from './encoding.js';
import { afterAnyFailure, json, type Settings } from './http.js';
import { decode, type Decoded } from './jwt.js';
import { fetchOf, subtle } from './runtime.js';

/** How keys are used (RFC 7518 §3.3, §3.4); no other algorithm is taken (RFC 8725 §3.1). */
const ALGORITHMS = {
  RS256: { kty: 'RSA', parameters: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } },
  ES256: { kty: 'EC', parameters: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } },
} as const;

type Algorithm = keyof typeof ALGORITHMS;

/** The keys of a server by their `kid`, each for one algorithm. */
type Keys = ReadonlyMap<string, { algorithm: Algorithm; key: CryptoKey }>;

/** The server lets them be kept for 5 minutes, and publishes a key long before it signs. */
const AGES = { fresh: 300_000, usable: 3_600_000 };
/** A `kid` that is not among them may be new: they are fetched again, but only so often. */
const AGES_FOR_UNKNOWN = { fresh: 30_000, usable: 0 };

/** Documents by the `fetch` that they come through, and by their URL. */
const documents = new WeakMap<object, Map<string, unknown>>();

/** The one cache of a document, for everybody who asks for it in the same way. */
export function cached<T>(config: VerifierConfig, url: URL, source: Source<T, VerifierConfig>): Cached<T, VerifierConfig> {
  const way = fetchOf(config);
  const known = documents.get(way) ?? new Map<string, unknown>();
  documents.set(way, known);
  const document = known.get(url.href) ?? new Cached(url, source);
  known.set(url.href, document);
  return document as Cached<T, VerifierConfig>;
}

/** A document of the server's: where the configuration says, or at its usual place. */
export function locate(config: VerifierConfig, name: 'jwksUri' | 'revokedUri', path: string): URL {
  const issuer = required(config.issuer, 'issuer');
  return endpoint({ ...config, [name]: config[name] ?? new URL(path, endpoint({ ...config, issuer }, 'issuer')).href }, name);
}

/**
 * The JSON of a JWT that the server signed with one of its published keys; `undefined` where it did
 * not, or where it is of none of the types: tokens of one kind must not pass for another (RFC 8725
 * §3.11).
 *
 * @throws what fetching the keys throws.
 */
export async function verified(config: VerifierConfig, token: string, types: readonly unknown[], signal: RequestOptions['signal']): Promise<Decoded | undefined> {
  const decoded = decode(token);
  if (!decoded || !types.includes(typeOf(decoded.header)) || 'crit' in decoded.header) return undefined; // RFC 7515 §4.1.11
  const key = await keyOf(config, decoded.header, signal);
  return key && (await isSigned(token, ...key)) ? decoded : undefined;
}

/** RFC 7515 §4.1.9: `application/` may be left out, and case does not matter. */
function typeOf({ typ }: Decoded['header']): unknown {
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ;
}

async function keyOf(config: VerifierConfig, { alg, kid }: Decoded['header'], signal: RequestOptions['signal']): Promise<[Algorithm, CryptoKey] | undefined> {
  if (typeof kid !== 'string' || !Object.hasOwn(ALGORITHMS, String(alg))) return undefined;
  subtle(); // what is missing of the runtime is not missing of the keys
  const document = cached(config, locate(config, 'jwksUri', '/.well-known/jwks.json'), { fetch: fetchKeys });
  const found = (await document.get(config, AGES, signal)).get(kid) ?? (await document.get(config, AGES_FOR_UNKNOWN, signal)).get(kid);
  return found && found.algorithm === alg ? [found.algorithm, found.key] : undefined;
}

async function isSigned(token: string, algorithm: Algorithm, key: CryptoKey): Promise<boolean> {
  const end = token.lastIndexOf('.');
  try {
    return await subtle().verify(ALGORITHMS[algorithm].parameters, key, fromBase64Url(token.slice(end + 1)), toBytes(token.slice(0, end)));
  } catch {
    return false; // a signature that is not base64url
  }
}

/** A JWK set (RFC 7517 §5); keys of kinds that are unknown here are left out. */
async function fetchKeys(settings: Settings, url: URL): Promise<Keys> {
  const { keys } = await json(settings, url, { repeatable: afterAnyFailure });
  const entries = await Promise.all((Array.isArray(keys) ? keys : []).map((key) => entryOf(asRecord(key) ?? {})));
  return new Map(entries.filter((entry) => entry !== undefined));
}

async function entryOf(jwk: Record<string, unknown>): Promise<[string, { algorithm: Algorithm; key: CryptoKey }] | undefined> {
  const { kid, kty, use = 'sig', alg } = jwk;
  const algorithm = (Object.keys(ALGORITHMS) as Algorithm[]).find((name) => ALGORITHMS[name].kty === kty && (alg ?? name) === name);
  if (typeof kid !== 'string' || !algorithm || use !== 'sig') return undefined;
  try {
    const key = await subtle().importKey('jwk', jwk as JsonWebKey, ALGORITHMS[algorithm].parameters, false, ['verify']);
    return [kid, { algorithm, key }];
  } catch {
    return undefined; // another curve, say
  }
}
