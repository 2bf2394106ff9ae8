import { InvalidResponseError } from '@fluxer/errors';

import { endpoint, type OAuth2Config, type RequestOptions, type Server } from './config.js';
import { afterAnyFailure, json } from './http.js';

/** What `discover` takes besides the issuer; each as in the configuration. */
export interface DiscoverOptions extends RequestOptions, Pick<OAuth2Config, 'fetch' | 'clock' | 'timeout' | 'retries' | 'allowHttp'> {}

/** Our names for the members of the document. */
const ENDPOINTS = {
  authorizeEndpoint: 'authorization_endpoint',
  tokenEndpoint: 'token_endpoint',
  revocationEndpoint: 'revocation_endpoint',
  introspectionEndpoint: 'introspection_endpoint',
} as const;

/**
 * Finds a server's endpoints by its issuer (RFC 8414). Ask once and keep the answer.
 *
 * @throws InvalidResponseError where the document is another issuer's or lacks an endpoint; the
 * error of the answer; NetworkError.
 * @example
 * ```ts
 * const config = { clientId, redirectUri, ...(await discover('https://fluxer.app')) };
 * ```
 */
export async function discover(issuer: string, { signal, allowHttp = false, ...settings }: DiscoverOptions = {}): Promise<Required<Server>> {
  const url = documentOf(endpoint({ issuer, allowHttp }, 'issuer'));
  const document = await json(settings, url, { repeatable: afterAnyFailure, signal });
  // RFC 8414 §3.3: identical, or somebody else's document is being passed off as this issuer's.
  if (document['issuer'] !== issuer) throw new InvalidResponseError('The metadata is of another issuer: issuers are compared to the letter');
  const found = (name: keyof typeof ENDPOINTS): string => endpointOf(document, name, allowHttp);
  return {
    issuer,
    authorizeEndpoint: found('authorizeEndpoint'),
    tokenEndpoint: found('tokenEndpoint'),
    revocationEndpoint: found('revocationEndpoint'),
    introspectionEndpoint: found('introspectionEndpoint'),
  };
}

/** RFC 8414 §3.1: the well-known part stands between the host and the issuer's path. */
function documentOf(issuer: URL): URL {
  const path = issuer.pathname.replace(/\/$/, '');
  return new URL(`/.well-known/oauth-authorization-server${path}`, issuer);
}

function endpointOf(document: Record<string, unknown>, name: keyof typeof ENDPOINTS, allowHttp: boolean): string {
  const value = document[ENDPOINTS[name]];
  if (typeof value !== 'string') throw new InvalidResponseError(`The metadata has no ${ENDPOINTS[name]}`);
  try {
    endpoint({ [name]: value, allowHttp }, name);
  } catch (cause) {
    throw new InvalidResponseError(`The metadata has an unusable ${ENDPOINTS[name]}`, { cause });
  }
  return value;
}
