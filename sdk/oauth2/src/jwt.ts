import { asRecord, textOfBase64Url } from './encoding.js';
import { base64 } from './runtime.js';

/** The JSON of a JWT, nothing of it verified. */
export interface Decoded {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
}

/** The JSON of a JWT (RFC 7519 §3), nothing of it verified; `undefined` where it is none. */
export function decode(token: string): Decoded | undefined {
  const parts = String(token).split('.');
  if (parts.length !== 3) return undefined;
  base64(); // what is missing of the runtime is not missing of the token
  const [header, claims] = parts.map(json);
  return header && claims && { header, claims };
}

function json(part: string): Record<string, unknown> | undefined {
  try {
    return asRecord(JSON.parse(textOfBase64Url(part)));
  } catch {
    return undefined;
  }
}
