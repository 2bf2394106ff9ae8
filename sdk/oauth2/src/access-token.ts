import { FluxerError, InvalidTokenError } from '@fluxer/errors';

import { required, type RequestOptions, type VerifierConfig } from './config.js';
import { verified } from './keys.js';
import { isRevoked } from './revoked.js';
import { systemClock, throwIfAborted } from './time.js';
import { boundTo, requireScope, scopesOf, type VerifiedToken } from './verify.js';

/** Which tokens `verifyAccessToken` accepts. */
export interface AccessTokenOptions extends RequestOptions {
  /** Your resource server's identifier, as it was registered. */
  audience: string;
  /** A scope, or several, that the token must have. */
  scope?: string | readonly string[];
  /**
   * What to do while the server's list of revoked tokens cannot be had: `required` (the default)
   * accepts no token, by the error of asking; `preferred` does without. `none` never asks: a token that
   * was revoked is then good until it ends, 10 minutes at most.
   */
  revocations?: 'required' | 'preferred' | 'none';
  /**
   * The thumbprint of the key whose DPoP proof came with the token, of `verifyDpopProof`. Without
   * it a token that is bound to a key is refused: anybody may have taken it (RFC 9449 §7).
   */
  thumbprint?: string | undefined;
}

/**
 * Verifies an access token that was issued for your own resource server (`resource`, RFC 8707), as RFC
 * 9068 §4 says: signature, `typ`, `iss`, `aud` and `exp`, and that its login was not revoked. The server
 * is asked for its keys every 5 minutes, and for what was revoked every 15 seconds, not for each token.
 *
 * @throws InvalidTokenError where the token is not good, MissingOAuthScopeError where it lacks a scope;
 * what asking the server throws, which is no verdict on the token: answer 503.
 * @example
 * ```ts
 * const { subject } = await verifyAccessToken({ issuer: 'https://fluxer.app' }, accessToken, { audience: 'https://api.example' });
 * ```
 */
export async function verifyAccessToken(config: VerifierConfig, accessToken: string, options: AccessTokenOptions): Promise<VerifiedToken> {
  const { revocations = 'required', thumbprint, scope, signal } = options;
  const audience = required(options.audience, 'audience');
  throwIfAborted(signal);
  const claims = (await verified(config, accessToken, ['at+jwt'], signal))?.claims;
  const { clock = systemClock } = config;
  const { iss, aud, exp, nbf, sub, client_id, fam, cnf } = claims ?? {};
  const meant = iss === config.issuer && [aud].flat().includes(audience) && boundTo(cnf) === thumbprint;
  const current = typeof exp === 'number' && clock.now() < exp * 1000 && !(typeof nbf === 'number' && clock.now() < nbf * 1000);
  if (!meant || !current || typeof sub !== 'string' || typeof client_id !== 'string' || typeof fam !== 'string') throw new InvalidTokenError();
  if (revocations !== 'none' && (await wasRevoked(config, fam, options))) throw new InvalidTokenError();
  return requireScope({ subject: sub, clientId: client_id, scopes: scopesOf(claims?.['scope']), expiresAt: exp * 1000 }, scope);
}

async function wasRevoked(config: VerifierConfig, family: string, { revocations, signal }: AccessTokenOptions): Promise<boolean> {
  try {
    return await isRevoked(config, family, signal);
  } catch (error) {
    if (revocations === 'preferred' && error instanceof FluxerError) return false;
    throw error;
  }
}
