import { randomBytes } from './runtime.js';

/** Bytes as base64url without padding (RFC 4648 §5). */
export function toBase64Url(bytes: Uint8Array): string {
  const binary = String.fromCharCode(...bytes);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The bytes of base64url without padding. Throws on anything else. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return toBytes(binaryOf(text));
}

/** The UTF-8 text that base64url stands for. (Not every runtime has a TextDecoder.) */
export function textOfBase64Url(text: string): string {
  return decodeURIComponent(binaryOf(text).replace(/[^]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`));
}

function binaryOf(text: string): string {
  if (!/^[\w-]*$/.test(text)) throw new TypeError('not base64url');
  return atob(text.replaceAll('-', '+').replaceAll('_', '/'));
}

/** The bytes of a text whose characters are bytes, as ASCII's are. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** So many random bytes, as base64url. */
export function randomText(bytes: number): string {
  return toBase64Url(randomBytes(bytes));
}

/**
 * Whether two strings are equal, in a time that tells only their lengths: who can measure it must
 * not learn how much of a guess was right.
 */
export function equalInConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < a.length; index += 1) difference |= a.charCodeAt(index) ^ b.charCodeAt(index);
  return difference === 0;
}

/** A JSON object, or `undefined` for everything else. */
export function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}
