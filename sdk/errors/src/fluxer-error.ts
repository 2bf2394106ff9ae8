/** What any error may carry besides its code and message. */
export interface ErrorDetails {
  /** The HTTP status of the answer. */
  status?: number | undefined;
  /** Seconds after which the server wants to be asked again. */
  retryAfter?: number | undefined;
  /** What this error came from. */
  cause?: unknown;
}

/**
 * What every error of these packages is. Its message holds what the server said and nothing that
 * was sent: no token, code or secret.
 */
export class FluxerError extends Error {
  override readonly name: string = 'FluxerError';
  /** The machine-readable code: `MISSING_OAUTH_SCOPE`, `invalid_grant`, … */
  readonly code: string;
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** Seconds after which the server wants to be asked again, where it said so. */
  readonly retryAfter: number | undefined;

  constructor(code: string, message: string, { status, retryAfter, cause }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may well succeed later: nothing was wrong with it. */
  get temporary(): boolean {
    return this.status === 429 || (this.status ?? 0) >= 500;
  }
}

/** No answer: the connection failed, or took too long. The server may have acted nevertheless. */
export class NetworkError extends FluxerError {
  override readonly name: string = 'NetworkError';
  declare readonly code: 'NETWORK_ERROR';

  constructor(message: string, details?: ErrorDetails) {
    super('NETWORK_ERROR', message, details);
  }

  override get temporary(): boolean {
    return true;
  }
}

/** An error status whose body says nothing that these packages understand: a proxy's page, say. */
export class HttpError extends FluxerError {
  override readonly name: string = 'HttpError';
  declare readonly code: 'HTTP_ERROR';
  declare readonly status: number;

  constructor(status: number, details?: ErrorDetails) {
    super('HTTP_ERROR', `The server answered with status ${status}`, { ...details, status });
  }
}

/** A success whose body is not what the specification says. */
export class InvalidResponseError extends FluxerError {
  override readonly name: string = 'InvalidResponseError';
  declare readonly code: 'INVALID_RESPONSE';

  constructor(message: string, details?: ErrorDetails) {
    super('INVALID_RESPONSE', message, details);
  }
}
