import { InvalidResponseError, InvalidTokenError, fromResponse } from '@fluxer/errors';

import { endpoint, parseUrl, type OAuth2Config } from './config.js';
import { sendProved, type DpopKey } from './dpop.js';
import type { Holder } from './holder.js';
import { afterAnyFailure, afterRateLimit, failed, limit, retrying, send } from './http.js';
import type { SessionOptions } from './session.js';
import { Attempt } from './time.js';
import type { TokenSet } from './token.js';

/** What `fetch` takes in its first place. */
export type Address = string | URL | Request;

/** A request with everything that it says, but for the body of a Request. */
interface Outgoing {
  url: URL;
  init: RequestInit;
  request: Request | undefined;
}

/** Members of a Request that are passed on where they are set, as `fetch` would. */
const PASSED_ON = ['method', 'headers', 'mode', 'credentials', 'cache', 'redirect', 'referrer', 'referrerPolicy', 'integrity', 'keepalive', 'signal'] as const;

/** Requests with a session's access token. */
export class ResourceClient {
  readonly #config: OAuth2Config;
  readonly #holder: Holder;
  readonly #home: URL;
  readonly #origins: ReadonlySet<string | undefined>;

  constructor(config: OAuth2Config, { resourceOrigins = [] }: SessionOptions, holder: Holder) {
    this.#config = config;
    this.#holder = holder;
    this.#home = endpoint(config, 'tokenEndpoint');
    const known = [this.#home, config.issuer ?? this.#home, ...resourceOrigins];
    this.#origins = new Set(known.map((url) => parseUrl(url)?.origin));
  }

  async fetch(address: Address, init: RequestInit = {}): Promise<Response> {
    return this.#withToken(this.#outgoing(address, init), async (response) => response);
  }

  async json<T>(address: Address, init: RequestInit = {}): Promise<T> {
    const outgoing = this.#outgoing(address, init);
    const headers = new Headers(outgoing.init.headers);
    if (!headers.has('accept')) headers.set('accept', 'application/json');
    return this.#withToken({ ...outgoing, init: { ...outgoing.init, headers } }, async (response) => {
      const text = await response.text();
      try {
        return JSON.parse(text) as T;
      } catch {
        throw new InvalidResponseError('The answer is not JSON', { status: response.status });
      }
    });
  }

  /** A token is for the server that it came from: no other origin gets to see it. */
  #url(address: string | URL): URL {
    const url = parseUrl(address, this.#home);
    if (!url) throw new TypeError('the address is no URL');
    if (!this.#origins.has(url.origin)) throw new TypeError(`${url.origin} must not see the access token: name it in resourceOrigins if it may`);
    return url;
  }

  #outgoing(address: Address, init: RequestInit): Outgoing {
    // Not by `instanceof`: a Request may be another library's, or another realm's.
    if (typeof address === 'string' || !('url' in address)) return { url: this.#url(address), init: { ...init }, request: undefined };
    const said = Object.entries(init).filter(([, value]) => value !== undefined);
    return { url: this.#url(address.url), init: { ...membersOf(address), ...Object.fromEntries(said) }, request: address };
  }

  async #withToken<T>({ url, init, request }: Outgoing, read: (response: Response) => Promise<T>): Promise<T> {
    const signal = init.signal ?? undefined;
    const tokens = await this.#holder.fresh(signal);
    if (request && init.body == null) init.body = await bodyOf(request);
    try {
      return await this.#send(url, init, tokens, read);
    } catch (error) {
      if (!(error instanceof InvalidTokenError) || !isRepeatable(init)) throw error;
      return this.#send(url, init, await this.#holder.insteadOf(tokens, signal), read);
    }
  }

  #send<T>(url: URL, init: RequestInit, { accessToken, tokenType }: TokenSet, read: (response: Response) => Promise<T>): Promise<T> {
    const headers = new Headers(init.headers);
    // Tokens that were stored before there was a key stay what they were.
    const dpop = tokenType === 'DPoP' ? this.#config.dpop : undefined;
    headers.set('authorization', `${dpop ? 'DPoP' : 'Bearer'} ${accessToken}`);
    const signal = init.signal ?? undefined;
    const repeatable = !isRepeatable(init) ? () => false : isSafe(init) ? afterAnyFailure : afterRateLimit;
    return retrying(this.#config, { repeatable, signal }, async () => {
      const attempt = new Attempt(limit(this.#config, url, signal));
      try {
        return await read(timed(await attempt.wait(this.#head(url, { ...init, headers, signal: attempt.signal }, accessToken, dpop)), url, attempt));
      } catch (error) {
        attempt.close();
        throw error;
      }
    });
  }

  async #head(url: URL, init: RequestInit, accessToken: string, dpop: DpopKey | undefined): Promise<Response> {
    // Not every fetch takes the token out when a redirect leads elsewhere.
    const sent = (init: RequestInit): Promise<Response> => send(this.#config, url, { redirect: 'manual', ...init });
    const proving = dpop && { dpop, accessToken, clock: this.#config.clock, repeatable: isRepeatable(init) };
    const response = proving ? await sendProved(url, init, proving, sent) : await sent(init);
    if (!response.ok) throw await fromResponse(response, { redact: [accessToken] });
    return response;
  }
}

/** What a Request says, as an `init`. */
function membersOf(request: Request): RequestInit {
  const members = Object.fromEntries(PASSED_ON.map((name) => [name, request[name]]).filter(([, value]) => value));
  // Both stand in a Request that did not ask for them: `follow` by default, `navigate` in a service
  // worker, where no `fetch` takes it.
  if (members['redirect'] === 'follow') delete members['redirect'];
  if (members['mode'] === 'navigate') delete members['mode'];
  return members;
}

/** The bytes of a Request, which can be sent again, and where streams cannot be sent. */
async function bodyOf(request: Request): Promise<ArrayBuffer | null> {
  if (isSafe(request)) return null;
  const body = await request.arrayBuffer();
  return body.byteLength === 0 ? null : body;
}

/** How a body is read as a whole. */
const WHOLE = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'] as const;

/**
 * An answer whose body has to come in time: as a whole, or each piece of the stream. It stays the answer
 * that `fetch` gave; and its stream is touched only by who asks for it, since Chromium counts a request
 * as aborted whose stream a script has read.
 */
function timed(response: Response, url: URL, attempt: Attempt): Response {
  const { body } = response;
  let pieces: ReadableStream | undefined;
  for (const name of WHOLE) {
    const own = response[name] as (() => Promise<never>) | undefined; // not all are everywhere
    if (typeof own !== 'function') continue;
    const read = async (): Promise<unknown> => {
      if (pieces) return new Response(pieces, { headers: response.headers })[name]();
      if (response.bodyUsed) return own.call(response); // says so itself
      try {
        return await attempt.wait(own.call(response));
      } catch (error) {
        throw error instanceof TypeError || attempt.signal.aborted ? failed(url, attempt.signal, error) : error;
      } finally {
        attempt.close();
      }
    };
    Object.defineProperty(response, name, { value: read, configurable: true });
  }
  if (typeof response.clone === 'function') {
    const own = response.clone.bind(response);
    const clone = (): Response => {
      if (!pieces) return timed(own(), url, attempt);
      // A stream that was asked for is read by us, and cannot be copied any more.
      const [these, others] = pieces.tee();
      pieces = these;
      const { status, statusText, headers } = response;
      return new Response(others, { status, statusText, headers });
    };
    Object.defineProperty(response, 'clone', { value: clone, configurable: true });
  }
  // React Native has the whole body by now, and node-fetch a stream of Node's.
  if (typeof body?.getReader !== 'function') return response;
  return Object.defineProperty(response, 'body', { get: () => (pieces ??= timedPieces(body, url, attempt)), configurable: true });
}

/** A stream that ends with an error where the next piece takes too long. */
function timedPieces(body: ReadableStream, url: URL, attempt: Attempt): ReadableStream {
  if (body.locked) return body;
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await attempt.wait(reader.read());
        if (!done) return controller.enqueue(value);
        controller.close();
      } catch (error) {
        controller.error(failed(url, attempt.signal, error));
      }
      attempt.close();
    },
    cancel(reason) {
      attempt.close();
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 }); // time is counted only while somebody reads
}

/** A stream can be sent once: a web one, Node's, or a generator. */
function isRepeatable({ body }: RequestInit): boolean {
  return typeof body !== 'object' || body === null || !('getReader' in body || Symbol.asyncIterator in body);
}

/** RFC 9110 §9.2.1. */
function isSafe({ method = 'GET' }: RequestInit): boolean {
  return ['GET', 'HEAD', 'OPTIONS'].includes(method.toUpperCase());
}
