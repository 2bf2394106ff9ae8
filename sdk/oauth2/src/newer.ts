import { decode } from './jwt.js';
import type { TokenSet } from './token.js';

/**
 * Whether some tokens came after others. The server's word counts, for clocks differ from one process
 * to the next, and are corrected. Only of tokens that cannot be read is the nearer expiry taken for
 * the older one.
 */
export function isNewer(tokens: TokenSet, than: TokenSet): boolean {
  return (age(tokens, than) || tokens.expiresAt - than.expiresAt) > 0;
}

/**
 * How much later some tokens came than others, by what the server says in them; 0 where it says
 * nothing. Within a login that is the generation of the refresh token; from one login to another, or
 * where a refresh token stays the same, the server's time.
 */
export function age(tokens: TokenSet, than: TokenSet): number {
  const [one, other] = [claims(tokens), claims(than)];
  const sameLogin = typeof one.refresh['fam'] === 'string' && one.refresh['fam'] === other.refresh['fam'];
  const differences = [
    sameLogin ? Number(one.refresh['gen']) - Number(other.refresh['gen']) : 0,
    Number(one.refresh['iat']) - Number(other.refresh['iat']),
    Number(one.access['iat']) - Number(other.access['iat']),
  ];
  return differences.find(Boolean) ?? 0; // what is not said is NaN, and no difference
}

function claims({ accessToken, refreshToken = '' }: TokenSet): Record<'access' | 'refresh', Record<string, unknown>> {
  return { access: decode(accessToken)?.claims ?? {}, refresh: decode(refreshToken)?.claims ?? {} };
}
