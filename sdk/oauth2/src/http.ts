import { FluxerError, InvalidResponseError, NetworkError, fromResponse } from '@fluxer/errors';

import { ASSERTION_TYPE, assertionOf } from './assertion.js';
import { endpoint, required, type OAuth2Config, type RequestOptions, type Server } from './config.js';
import { sendProved } from './dpop.js';
import { asRecord } from './encoding.js';
import { fetchOf } from './runtime.js';
import { reasonOf, systemClock, within, type Limit } from './time.js';

/** How long an answer may take, in milliseconds. */
export const TIMEOUT = 10_000;
const RETRIES = 2;
/** The shortest first wait that nobody asked for, in milliseconds. */
const FIRST_WAIT = 250;
/** A longer `Retry-After`, in milliseconds, is for the caller to decide about. */
const LONGEST_WAIT = 30_000;

/** Parameters that no error may repeat. */
const SECRET = ['code', 'code_verifier', 'device_code', 'refresh_token', 'token'];

/** Whether a request may be sent again after this failure. */
export type Repeatable = (error: FluxerError) => boolean;

/** For requests that do the same however often they arrive. */
export const afterAnyFailure: Repeatable = (error) => error.temporary;

/** For requests that must not arrive twice: a limit is taken before anything is done. */
export const afterRateLimit: Repeatable = (error) => error.status === 429;

/** For codes: the server has said that it did nothing, or that the same code works again. */
export const afterRefusal: Repeatable = (error) => afterRateLimit(error) || (error.status === 503 && error.retryAfter !== undefined);

/** Form parameters; what is undefined is left out. */
export type Parameters = Record<string, string | undefined>;

/** How requests are sent. */
export type Settings = Pick<OAuth2Config, 'timeout' | 'retries' | 'fetch' | 'clock' | 'dpop'>;

/** What is sent as this client, and where to. */
export interface ClientRequest extends RequestOptions {
  endpoint: keyof Server;
  parameters: Parameters;
  repeatable: Repeatable;
}

/**
 * Sends a form as the configured client, and gives the JSON object of the answer: empty where the
 * answer's body is.
 *
 * @throws the error of the answer; NetworkError; InvalidResponseError; the signal's reason.
 */
export async function post(config: OAuth2Config, request: ClientRequest): Promise<Record<string, unknown>> {
  const { headers, body } = authenticated(config, request.parameters);
  const redact = [config.clientSecret, ...SECRET.map((name) => request.parameters[name])].filter((secret) => secret !== undefined);
  const proves = request.endpoint === 'tokenEndpoint';
  const key = config.privateKeyJwt;
  // An assertion is good once: each attempt has its own.
  const signed = key && (async () => `${body}&${form({ client_assertion_type: ASSERTION_TYPE, client_assertion: await assertionOf(config, key) })}`);
  return json(config, endpoint(config, request.endpoint), { ...request, redact, proves, signed, init: { method: 'POST', headers, body } });
}

/** How a URL of the authorization server is asked. */
interface Question extends RequestOptions {
  repeatable: Repeatable;
  init?: RequestInit;
  /** What no error may repeat. */
  redact?: readonly string[];
  /** Whether the request proves the configuration's key, where there is one. */
  proves?: boolean;
  /** The body of an attempt, where each is signed anew. */
  signed?: (() => Promise<string>) | undefined;
}

/** The JSON object that a URL of the authorization server answers with. */
export async function json(config: Settings, url: URL, question: Question): Promise<Record<string, unknown>> {
  return parse(await text(config, url, question), url);
}

/** The text that a URL of the authorization server answers with. */
export async function text(config: Settings, url: URL, { repeatable, signal, redact, proves = false, signed, init }: Question): Promise<string> {
  const { dpop, clock } = config;
  return retrying(config, { repeatable, signal }, () =>
    within(limit(config, url, signal), async (signal) => {
      // Nobody but this URL is to see what is sent, and nobody else is to answer.
      const sent = async (init: RequestInit): Promise<Response> =>
        send(config, url, { ...init, ...(signed && { body: await signed() }), redirect: 'manual', signal });
      const response = proves && dpop ? await sendProved(url, { ...init }, { dpop, clock, repeatable: true }, sent) : await sent({ ...init });
      if (!response.ok) throw await fromResponse(response, { redact });
      return received(response, url, signal);
    }),
  );
}

/** How long an answer of a URL may take. */
export function limit({ timeout: milliseconds = TIMEOUT, clock = systemClock }: Settings, url: URL, signal: AbortSignal | undefined): Limit {
  return { clock, milliseconds, signal, late: () => new NetworkError(`No answer from ${place(url)} within ${milliseconds} ms`) };
}

/**
 * Runs again after failures that may pass: as late as the server asks, else after a pause that
 * doubles, and is up to twice as long by chance: many clients must not all return together.
 */
export async function retrying<T>(
  { retries = RETRIES, clock = systemClock }: Settings,
  { repeatable, signal }: { repeatable: Repeatable; signal?: AbortSignal | undefined },
  attempt: () => Promise<T>,
): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (failures >= retries || !(error instanceof FluxerError) || !repeatable(error)) throw error;
      const pause = FIRST_WAIT * 2 ** failures * (1 + Math.random());
      const wait = error.retryAfter === undefined ? pause : error.retryAfter * 1000;
      if (wait > LONGEST_WAIT) throw error;
      await clock.sleep(wait, signal);
    }
  }
}

/** `fetch`, whose failures are NetworkErrors and whose aborts are the signal's reason. */
export async function send(config: Settings, url: URL, init: RequestInit): Promise<Response> {
  const fetch = fetchOf(config); // browsers refuse one that is called as a method of something else
  try {
    return await fetch(url.href, init);
  } catch (cause) {
    throw failed(url, init.signal, cause);
  }
}

async function received(response: Response, url: URL, signal: AbortSignal): Promise<string> {
  try {
    return await response.text();
  } catch (cause) {
    throw failed(url, signal, cause);
  }
}

/** What went wrong with a connection, as callers are told. */
export function failed(url: URL, signal: AbortSignal | null | undefined, cause: unknown): unknown {
  return signal?.aborted ? reasonOf(signal) : new NetworkError(`No answer from ${place(url)}`, { cause });
}

/** A URL as errors show it: queries may hold secrets. */
function place(url: URL): string {
  return url.origin + url.pathname;
}

/** A JSON object; RFC 7009 §2.2 answers with none. */
function parse(text: string, url: URL): Record<string, unknown> {
  if (text === '') return {};
  try {
    const body = asRecord(JSON.parse(text));
    if (body) return body;
  } catch {
    // What JSON.parse throws quotes the text, which may be a token.
  }
  throw new InvalidResponseError(`${place(url)} did not answer with a JSON object`);
}

/**
 * The form and headers of a client: RFC 6749 §2.3.1, and for one without a secret §3.2.1.
 *
 * @throws TypeError where the id is missing or the secret is empty.
 */
export function authenticated(config: OAuth2Config, parameters: Parameters): { headers: Record<string, string>; body: string } {
  const { clientSecret, clientAuth = 'basic', privateKeyJwt } = config;
  if (privateKeyJwt && clientSecret !== undefined) throw new TypeError('clientSecret cannot stand beside privateKeyJwt');
  const clientId = required(config.clientId, 'clientId');
  const headers: Record<string, string> = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
  if (clientSecret === undefined) return { headers, body: form({ client_id: clientId, ...parameters }) };
  required(clientSecret, 'clientSecret'); // an empty one is a variable that was not set
  if (clientAuth === 'body') return { headers, body: form({ client_id: clientId, client_secret: clientSecret, ...parameters }) };
  const authorization = `Basic ${btoa(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`)}`;
  return { headers: { ...headers, authorization }, body: form(parameters) };
}

function form(parameters: Parameters): string {
  const defined = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(defined).toString();
}

/** One value in application/x-www-form-urlencoded, where a colon is `%3A`. */
function formEncoded(value: string): string {
  return form({ '': value }).slice(1);
}
