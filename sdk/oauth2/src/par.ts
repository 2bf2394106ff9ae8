import { InvalidResponseError } from '@fluxer/errors';

import { append, authorizationParameters, type AuthorizeOptions } from './authorize.js';
import { endpoint, required, type OAuth2Config, type RequestOptions } from './config.js';
import { dpopThumbprint } from './dpop.js';
import { afterAnyFailure, post } from './http.js';

/**
 * Tells the server what the user will be asked for, and gives the URL to send the user's browser to (RFC
 * 9126): it names the request and says nothing of it. What is wrong with the request is told here. The URL is
 * good for 90 seconds until it is opened, and for one login. The code is bound to the configuration's `dpop`.
 *
 * @throws the error of the answer; NetworkError; TypeError where the configuration or the state is unusable.
 * @example
 * ```ts
 * const url = await par(config, state, { pkce });
 * ```
 */
export async function par(config: OAuth2Config, state: string, { signal, ...options }: AuthorizeOptions & RequestOptions = {}): Promise<string> {
  const url = endpoint(config, 'authorizeEndpoint');
  const { dpopJkt = config.dpop && (await dpopThumbprint(config.dpop)) } = options;
  const { client_id, ...parameters } = authorizationParameters(config, state, { ...options, ...(dpopJkt !== undefined && { dpopJkt }) });
  const answer = await post(config, { endpoint: 'pushedAuthorizationRequestEndpoint', parameters, repeatable: afterAnyFailure, signal });
  const { request_uri } = answer;
  if (typeof request_uri !== 'string') throw new InvalidResponseError('The answer to a pushed request has no request_uri');
  append(url, { client_id: required(client_id, 'clientId'), request_uri });
  return url.href;
}
