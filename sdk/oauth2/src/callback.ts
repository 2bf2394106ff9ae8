import { FluxerError, oauthError } from '@fluxer/errors';

import { endpoint, parseUrl, type AuthorizeConfig } from './config.js';
import { equalInConstantTime } from './encoding.js';

/** Parameters that this package reads, and that must not be there twice (RFC 6749 §3.1). */
const READ = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri'];

/** A callback that is not the answer to what this browser was sent away with. */
export class StateMismatchError extends FluxerError {
  override readonly name: string = 'StateMismatchError';
  declare readonly code: 'STATE_MISMATCH';

  constructor() {
    super('STATE_MISMATCH', 'The state of the callback is not the one that was sent: it belongs to another browser, or to an earlier attempt');
  }
}

/** A callback that comes from another server than the user was sent to (RFC 9207 §2.4). */
export class IssuerMismatchError extends FluxerError {
  override readonly name: string = 'IssuerMismatchError';
  declare readonly code: 'ISSUER_MISMATCH';

  constructor() {
    super('ISSUER_MISMATCH', 'The callback does not come from the server that the user was sent to');
  }
}

/** A callback that holds neither a code nor an error, or a parameter twice. */
export class InvalidCallbackError extends FluxerError {
  override readonly name: string = 'InvalidCallbackError';
  declare readonly code: 'INVALID_CALLBACK';

  constructor(message: string) {
    super('INVALID_CALLBACK', message);
  }
}

/** What a callback brought. */
export interface Callback {
  /** For `exchangeCode`, once, within ten minutes. */
  code: string;
  /** The state, which was checked. */
  state: string;
}

/**
 * Reads what the user's browser came back with: checks `state`, then `iss` (RFC 9207), and only
 * then believes the rest.
 *
 * @param callback the request, its URL (a path will do), or its parameters
 * @param state what `authorizeUrl` was given, out of this browser's session; `undefined` if the
 * session has none, which is a mismatch
 * @throws StateMismatchError, IssuerMismatchError, InvalidCallbackError; and the error that the
 * server redirected with, such as AccessDeniedError.
 * @example
 * ```ts
 * const { code } = parseCallback(config, request.url, session.state);
 * ```
 */
export function parseCallback(
  config: AuthorizeConfig,
  callback: string | URL | URLSearchParams | { readonly url?: string | undefined },
  state: string | null | undefined,
): Callback {
  const parameters = parametersOf(callback);
  const twice = READ.find((name) => parameters.getAll(name).length > 1);
  if (twice) throw new InvalidCallbackError(`${twice} is there twice`);
  // An expected state that is empty would let in everybody who sends an empty one.
  if (!state || !equalInConstantTime(state, parameters.get('state') ?? '')) throw new StateMismatchError();
  if (!isIssuer(config, parameters.get('iss'))) throw new IssuerMismatchError();

  const error = parameters.get('error');
  if (error !== null) throw oauthError(error, ...details(parameters));
  const code = parameters.get('code');
  if (!code) throw new InvalidCallbackError('there is neither a code nor an error');
  return { code, state };
}

function details(parameters: URLSearchParams): [string | undefined, { uri: string | undefined }] {
  return [parameters.get('error_description') ?? undefined, { uri: parameters.get('error_uri') ?? undefined }];
}

function parametersOf(callback: Parameters<typeof parseCallback>[1]): URLSearchParams {
  if (callback instanceof URLSearchParams) return callback;
  const address = typeof callback === 'string' || callback instanceof URL ? callback : (callback.url ?? '');
  // Node's request.url is a path: the base makes it a URL and is not looked at.
  const url = parseUrl(address, 'http://localhost');
  if (!url) throw new InvalidCallbackError('the callback is no URL');
  return url.searchParams;
}

/** Issuers are compared as strings (RFC 9207 §2.4). */
function isIssuer(config: AuthorizeConfig, iss: string | null): boolean {
  if (config.issuer !== undefined) return iss === config.issuer;
  return iss === null || iss === endpoint(config, 'authorizeEndpoint').origin;
}
