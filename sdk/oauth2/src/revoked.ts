import { InvalidResponseError } from '@fluxer/errors';

import type { Source } from './cached.js';
import type { RequestOptions, VerifierConfig } from './config.js';
import { afterAnyFailure, text } from './http.js';
import { cached, locate, verified } from './keys.js';
import { systemClock } from './time.js';

/** What was revoked lately, as the server signed it. */
interface RevokedList {
  families: ReadonlySet<unknown>;
  /** In milliseconds since 1970. */
  issuedAt: number;
  /** Until when it may be relied on, in milliseconds since 1970. */
  expiresAt: number;
}

/** A list is valid for a minute, of which it may have spent 15 seconds in a cache on the way. */
const AGES = { fresh: 15_000, usable: 45_000 };

const LIST: Source<RevokedList, VerifierConfig> = {
  async fetch(config, url) {
    const token = await text(config, url, { repeatable: afterAnyFailure });
    const claims = (await verified(config, token.trim(), ['revoked+jwt'], undefined))?.claims;
    const { iss, iat, exp, families } = claims ?? {};
    if (iss !== config.issuer || typeof iat !== 'number' || typeof exp !== 'number' || !Array.isArray(families)) {
      throw new InvalidResponseError('The list of revoked tokens is not one that the server signed');
    }
    return { families: new Set<unknown>(families), issuedAt: iat * 1000, expiresAt: exp * 1000 };
  },
  // Who was revoked must not come back with an older list.
  newer: (held, next) => (held.issuedAt > next.issuedAt ? held : next),
};

/**
 * Whether the tokens of a login were revoked within the time that they live.
 *
 * @throws the error of fetching the list, where there is none that is still valid.
 */
export async function isRevoked(config: VerifierConfig, family: string, signal: RequestOptions['signal']): Promise<boolean> {
  const { clock = systemClock } = config;
  const list = await cached(config, locate(config, 'revokedUri', '/.well-known/revoked'), LIST).get(config, AGES, signal);
  if (list.families.has(family)) return true;
  if (clock.now() >= list.expiresAt) throw new InvalidResponseError('The list of revoked tokens is out of date, or the clock here is wrong');
  return false;
}
