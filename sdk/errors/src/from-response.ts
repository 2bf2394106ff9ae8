import { ApiError, InvalidTokenError, MissingOAuthScopeError, RateLimitedError, type FieldError } from './api-error.js';
import { HttpError, type ErrorDetails, type FluxerError } from './fluxer-error.js';
import { oauthError } from './oauth-error.js';

/** Seconds to wait after a 429 that does not say how long. */
const DEFAULT_WAIT = 1;
/** What is shorter can be guessed; to redact it would take `invalid_grant` apart at an `r`. */
const SHORTEST_SECRET = 8;

/** How {@link fromResponse} reads an answer. */
export interface FromResponseOptions {
  /** What was sent and must not be repeated, should the server quote it; 8 characters or more. */
  redact?: readonly string[] | undefined;
}

/** What an answer said, secrets taken out. */
interface Answer extends ErrorDetails {
  status: number;
  body: Record<string, unknown>;
  /** `WWW-Authenticate`, as far as RFC 6750 §3 defines it. */
  challenge: { error: string | undefined; scope: string | undefined };
  string(name: string): string | undefined;
}

/**
 * Makes the error of an unsuccessful answer, and reads the answer's body for it. It never throws:
 * a body that is neither OAuth's nor the API's gives an {@link HttpError}, in which nothing of it
 * is repeated.
 *
 * @example
 * ```ts
 * if (!response.ok) throw await fromResponse(response);
 * ```
 */
export async function fromResponse(response: Response, options: FromResponseOptions = {}): Promise<FluxerError> {
  const answer = await read(response, options);
  return rateLimit(answer) ?? bearerError(answer) ?? oauth(answer) ?? api(answer) ?? new HttpError(answer.status, answer);
}

/** Whatever else a 429 says, it is a rate limit: proxies have their own bodies. */
function rateLimit({ status, body, retryAfter = DEFAULT_WAIT }: Answer): FluxerError | undefined {
  if (status !== 429) return undefined;
  return new RateLimitedError(seconds(body['retry_after']) ?? retryAfter, { global: body['global'] === true });
}

/** What RFC 6750 §3.1 defines, in whichever of three places it stands. */
function bearerError(answer: Answer): FluxerError | undefined {
  const { status, retryAfter, challenge } = answer;
  const says = (error: string, code: string): boolean => [answer.string('error'), challenge.error].includes(error) || answer.string('code') === code;
  if (says('insufficient_scope', 'MISSING_OAUTH_SCOPE')) {
    return new MissingOAuthScopeError(answer.string('required_scope') ?? challenge.scope, { status, retryAfter });
  }
  if (says('invalid_token', 'INVALID_TOKEN')) return new InvalidTokenError(answer.string('message'), { status, retryAfter });
  return undefined;
}

function oauth(answer: Answer): FluxerError | undefined {
  const { status, retryAfter } = answer;
  const code = answer.string('error');
  // Many frameworks answer {"error": "Not Found"}: that is a phrase and no code.
  if (code === undefined || !/^[\w:/.-]+$/.test(code)) return undefined;
  return oauthError(code, answer.string('error_description'), { status, retryAfter, uri: answer.string('error_uri') });
}

function api(answer: Answer): FluxerError | undefined {
  const { status, retryAfter, body } = answer;
  const code = answer.string('code');
  if (code === undefined) return undefined;
  return new ApiError(code, answer.string('message') ?? code, { status, retryAfter, errors: fields(body['errors']) });
}

async function read(response: Response, { redact = [] }: FromResponseOptions): Promise<Answer> {
  const secrets = redact.filter(({ length }) => length >= SHORTEST_SECRET);
  const clean = (text: string): string => secrets.reduce((cleaned, secret) => cleaned.replaceAll(secret, '[redacted]'), text);
  const text = await response.text().catch(() => ''); // used already, or the connection broke
  const body = parse(text, clean);
  const challenge = clean(response.headers.get('www-authenticate') ?? '');
  const parameter = (name: string): string | undefined => challenge.match(new RegExp(`[\\s,]${name}="([^"]*)"`))?.[1];
  return {
    status: response.status,
    retryAfter: retryAfter(response.headers),
    body,
    challenge: { error: parameter('error'), scope: parameter('scope') },
    string: (name) => (typeof body[name] === 'string' && body[name] !== '' ? body[name] : undefined),
  };
}

/** A JSON object with all its strings cleaned; empty for anything else. */
function parse(text: string, clean: (text: string) => string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text, (_, member: unknown) => (typeof member === 'string' ? clean(member) : member));
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function fields(value: unknown): FieldError[] {
  const is = (entry: unknown): entry is FieldError => isRecord(entry) && typeof entry['path'] === 'string' && typeof entry['message'] === 'string';
  return Array.isArray(value) ? value.filter(is) : [];
}

/** `Retry-After` in seconds: it is a number of them or a date (RFC 9110 §10.2.3). */
function retryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value);
  // By the server's own clock where it tells the time: ours may be wrong.
  const now = Date.parse(headers.get('date') ?? '') || Date.now();
  return seconds(Math.max(0, (Date.parse(value) - now) / 1000));
}

function seconds(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
