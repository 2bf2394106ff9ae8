import { FluxerError, type ErrorDetails } from './fluxer-error.js';

/** What an OAuth error may carry besides its code. */
export interface OAuthErrorDetails extends ErrorDetails {
  /** `error_uri`: a page about the error. */
  uri?: string | undefined;
}

/** `{error, error_description}`: what OAuth's endpoints and redirects answer (RFC 6749 §5.2). */
export class OAuthError extends FluxerError {
  override readonly name: string = 'OAuthError';
  /** `error_description`: for developers, not for users. */
  readonly description: string | undefined;
  /** `error_uri`: a page about the error. */
  readonly uri: string | undefined;

  constructor(code: string, description?: string, { uri, ...details }: OAuthErrorDetails = {}) {
    super(code, description ? `${code}: ${description}` : code, details);
    this.description = description;
    this.uri = uri;
  }

  /** A redirect has no status: there, the code says it. */
  override get temporary(): boolean {
    return super.temporary || this.code === 'temporarily_unavailable' || this.code === 'server_error';
  }
}

/** A parameter is missing, malformed, or there twice (RFC 6749 §4.1.2.1, §5.2). */
export class InvalidRequestError extends OAuthError {
  override readonly name: string = 'InvalidRequestError';
  declare readonly code: 'invalid_request';

  constructor(description?: string, details?: OAuthErrorDetails) {
    super('invalid_request', description, details);
  }
}

/** The client is unknown or its secret is wrong (RFC 6749 §5.2). */
export class InvalidClientError extends OAuthError {
  override readonly name: string = 'InvalidClientError';
  declare readonly code: 'invalid_client';

  constructor(description?: string, details?: OAuthErrorDetails) {
    super('invalid_client', description, details);
  }
}

/** The code or refresh token is wrong, used, expired or revoked: ask the user again (RFC 6749 §5.2). */
export class InvalidGrantError extends OAuthError {
  override readonly name: string = 'InvalidGrantError';
  declare readonly code: 'invalid_grant';

  constructor(description?: string, details?: OAuthErrorDetails) {
    super('invalid_grant', description, details);
  }
}

/** This client may not use this grant (RFC 6749 §4.1.2.1, §5.2). */
export class UnauthorizedClientError extends OAuthError {
  override readonly name: string = 'UnauthorizedClientError';
  declare readonly code: 'unauthorized_client';

  constructor(description?: string, details?: OAuthErrorDetails) {
    super('unauthorized_client', description, details);
  }
}

/** The server does not know this grant (RFC 6749 §5.2). */
export class UnsupportedGrantTypeError extends OAuthError {
  override readonly name: string = 'UnsupportedGrantTypeError';
  declare readonly code: 'unsupported_grant_type';

  constructor(description?: string, details?: OAuthErrorDetails) {
    super('unsupported_grant_type', description, details);
  }
}

/** A scope is unknown, or more than was granted (RFC 6749 §4.1.2.1, §5.2). */
export class InvalidScopeError extends OAuthError {
  override readonly name: string = 'InvalidScopeError';
  declare readonly code: 'invalid_scope';

  constructor(description?: string, details?: OAuthErrorDetails) {
    super('invalid_scope', description, details);
  }
}

/** The resource server is unknown, or this login is not for it (RFC 8707 §2). */
export class InvalidTargetError extends OAuthError {
  override readonly name: string = 'InvalidTargetError';
  declare readonly code: 'invalid_target';

  constructor(description?: string, details?: OAuthErrorDetails) {
    super('invalid_target', description, details);
  }
}

/** The user said no (RFC 6749 §4.1.2.1). */
export class AccessDeniedError extends OAuthError {
  override readonly name: string = 'AccessDeniedError';
  declare readonly code: 'access_denied';

  constructor(description?: string, details?: OAuthErrorDetails) {
    super('access_denied', description, details);
  }
}

/** The server does not know this response type (RFC 6749 §4.1.2.1). */
export class UnsupportedResponseTypeError extends OAuthError {
  override readonly name: string = 'UnsupportedResponseTypeError';
  declare readonly code: 'unsupported_response_type';

  constructor(description?: string, details?: OAuthErrorDetails) {
    super('unsupported_response_type', description, details);
  }
}

/** The server failed (RFC 6749 §4.1.2.1). */
export class ServerError extends OAuthError {
  override readonly name: string = 'ServerError';
  declare readonly code: 'server_error';

  constructor(description?: string, details?: OAuthErrorDetails) {
    super('server_error', description, details);
  }
}

/** The server cannot answer now; `retryAfter` may say when (RFC 6749 §4.1.2.1). */
export class TemporarilyUnavailableError extends OAuthError {
  override readonly name: string = 'TemporarilyUnavailableError';
  declare readonly code: 'temporarily_unavailable';

  constructor(description?: string, details?: OAuthErrorDetails) {
    super('temporarily_unavailable', description, details);
  }
}

/** The server does not revoke this kind of token (RFC 7009 §2.2.1). */
export class UnsupportedTokenTypeError extends OAuthError {
  override readonly name: string = 'UnsupportedTokenTypeError';
  declare readonly code: 'unsupported_token_type';

  constructor(description?: string, details?: OAuthErrorDetails) {
    super('unsupported_token_type', description, details);
  }
}

/** With `prompt=none`: nobody is logged in (OpenID Connect Core §3.1.2.6). */
export class LoginRequiredError extends OAuthError {
  override readonly name: string = 'LoginRequiredError';
  declare readonly code: 'login_required';

  constructor(description?: string, details?: OAuthErrorDetails) {
    super('login_required', description, details);
  }
}

/** With `prompt=none`: the user must be asked (OpenID Connect Core §3.1.2.6). */
export class ConsentRequiredError extends OAuthError {
  override readonly name: string = 'ConsentRequiredError';
  declare readonly code: 'consent_required';

  constructor(description?: string, details?: OAuthErrorDetails) {
    super('consent_required', description, details);
  }
}

/** The user of a device did not answer in time: start again (RFC 8628 §3.5). */
export class ExpiredTokenError extends OAuthError {
  override readonly name: string = 'ExpiredTokenError';
  declare readonly code: 'expired_token';

  constructor(description?: string, details?: OAuthErrorDetails) {
    super('expired_token', description, details);
  }
}

const KINDS = {
  invalid_request: InvalidRequestError,
  invalid_client: InvalidClientError,
  invalid_grant: InvalidGrantError,
  unauthorized_client: UnauthorizedClientError,
  unsupported_grant_type: UnsupportedGrantTypeError,
  invalid_scope: InvalidScopeError,
  invalid_target: InvalidTargetError,
  access_denied: AccessDeniedError,
  unsupported_response_type: UnsupportedResponseTypeError,
  server_error: ServerError,
  temporarily_unavailable: TemporarilyUnavailableError,
  unsupported_token_type: UnsupportedTokenTypeError,
  login_required: LoginRequiredError,
  consent_required: ConsentRequiredError,
  expired_token: ExpiredTokenError,
};

/** The codes that have a class of their own. */
export type OAuthErrorCode = keyof typeof KINDS;

/** The error of a code: of its own class where there is one, else a plain {@link OAuthError}. */
export function oauthError(code: string, description?: string, details?: OAuthErrorDetails): OAuthError {
  if (!Object.hasOwn(KINDS, code)) return new OAuthError(code, description, details);
  return new KINDS[code as OAuthErrorCode](description, details);
}
