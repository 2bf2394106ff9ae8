import { InvalidResponseError } from '@fluxer/errors';

import { endpoint, type OAuth2Config, type RequestOptions, type Server } from './config.js';
import { afterAnyFailure, json } from './http.js';

/** What `discover` takes besides the issuer; each as in the configuration. */
export interface DiscoverOptions extends RequestOptions, Pick<OAuth2Config, 'fetch' | 'clock' | 'timeout' | 'retries' | 'allowHttp'> {}

/** A server as its metadata describes it; the rest where it has them. */
export type DiscoveredServer = Required<Pick<Server, 'issuer' | keyof typeof ENDPOINTS>> & Pick<Server, keyof typeof OPTIONAL>;

/** Our names for the members of the document. */
const ENDPOINTS = {
  authorizeEndpoint: 'authorization_endpoint',
  tokenEndpoint: 'token_endpoint',
  revocationEndpoint: 'revocation_endpoint',
  introspectionEndpoint: 'introspection_endpoint',
} as const;

/** Those that a server may do without. */
const OPTIONAL = {
  jwksUri: 'jwks_uri',
  pushedAuthorizationRequestEndpoint: 'pushed_authorization_request_endpoint',
  endSessionEndpoint: 'end_session_endpoint', deviceAuthorizationEndpoint: 'device_authorization_endpoint',
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
export async function discover(issuer: string, { signal, allowHttp = false, ...settings }: DiscoverOptions = {}): Promise<DiscoveredServer> {
  const url = documentOf(endpoint({ issuer, allowHttp }, 'issuer'));
  const document = await json(settings, url, { repeatable: afterAnyFailure, signal });
  // RFC 8414 §3.3: identical, or somebody else's document is being passed off as this issuer's.
  if (document['issuer'] !== issuer) throw new InvalidResponseError('The metadata is of another issuer: issuers are compared to the letter');
  const members = [...Object.entries(ENDPOINTS), ...Object.entries(OPTIONAL).filter(([, member]) => member in document)];
  const found = members.map(([name, member]) => [name, endpointOf(document, member, allowHttp)]);
  return { issuer, ...(Object.fromEntries(found) as Omit<DiscoveredServer, 'issuer'>) };
}

/** RFC 8414 §3.1: the well-known part stands between the host and the issuer's path. */
function documentOf(issuer: URL): URL {
  const path = issuer.pathname.replace(/\/$/, '');
  return new URL(`/.well-known/oauth-authorization-server${path}`, issuer);
}

function endpointOf(document: Record<string, unknown>, member: string, allowHttp: boolean): string {
  const value = document[member];
  if (typeof value !== 'string') throw new InvalidResponseError(`The metadata has no ${member}`);
  try {
    endpoint({ issuer: value, allowHttp }, 'issuer');
  } catch (cause) {
    throw new InvalidResponseError(`The metadata has an unusable ${member}`, { cause });
  }
  return value;
}
