import { FluxerError, type ErrorDetails } from './fluxer-error.js';

/** One field of a form that was refused. */
export interface FieldError {
  /** Which: `username`, `redirect_uris.0`; `body` for the body as a whole. */
  path: string;
  /** What it must be. */
  message: string;
}

/** What an API error may carry besides its code and message. */
export interface ApiErrorDetails extends ErrorDetails {
  /** The fields that were refused. */
  errors?: readonly FieldError[] | undefined;
}

/** `{code, message, errors?}`: what the platform's API answers. */
export class ApiError extends FluxerError {
  override readonly name: string = 'ApiError';
  /** The fields that were refused; empty where it is not about fields. */
  readonly errors: readonly FieldError[];

  constructor(code: string, message: string, { errors = [], ...details }: ApiErrorDetails = {}) {
    super(code, message, details);
    this.errors = errors;
  }
}

/** The token lacks a scope that the request needs (RFC 6750 §3.1, `insufficient_scope`). */
export class MissingOAuthScopeError extends ApiError {
  override readonly name: string = 'MissingOAuthScopeError';
  declare readonly code: 'MISSING_OAUTH_SCOPE';
  declare readonly status: number;
  /** The scope to ask the user for, where it is known. */
  readonly requiredScope: string | undefined;

  constructor(requiredScope?: string, details?: ApiErrorDetails) {
    const message = requiredScope ? `Missing required OAuth2 scope: ${requiredScope}` : 'Missing required OAuth2 scope';
    super('MISSING_OAUTH_SCOPE', message, { status: 403, ...details });
    this.requiredScope = requiredScope;
  }
}

/** The token is expired, revoked, or none of this server (RFC 6750 §3.1, `invalid_token`). */
export class InvalidTokenError extends ApiError {
  override readonly name: string = 'InvalidTokenError';
  declare readonly code: 'INVALID_TOKEN';
  declare readonly status: number;

  constructor(message = 'Invalid token', details?: ApiErrorDetails) {
    super('INVALID_TOKEN', message, { status: 401, ...details });
  }
}

/** Too many requests. */
export class RateLimitedError extends ApiError {
  override readonly name: string = 'RateLimitedError';
  declare readonly code: 'RATE_LIMITED';
  declare readonly status: number;
  /** Seconds to wait, with fractions. */
  declare readonly retryAfter: number;
  /** Whether the limit is for everything and not for this endpoint alone. */
  readonly global: boolean;

  constructor(retryAfter: number, { global = false, ...details }: ApiErrorDetails & { global?: boolean } = {}) {
    super('RATE_LIMITED', `Rate limited: try again in ${retryAfter} s`, { status: 429, ...details, retryAfter });
    this.global = global;
  }
}
