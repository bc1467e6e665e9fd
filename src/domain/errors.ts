/** The codes that a field's error can carry in `extensions.code`. */
export type ErrorCode =
  | 'BAD_USER_INPUT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'RATE_LIMITED'
  | 'UPSTREAM_TIMEOUT'
  | 'UPSTREAM_UNAVAILABLE'
  | 'UPSTREAM_INVALID_RESPONSE'
  | 'QUERY_TOO_EXPENSIVE'
  | 'INTERNAL_SERVER_ERROR';

const RETRYABLE: ReadonlySet<ErrorCode> = new Set(['RATE_LIMITED', 'UPSTREAM_TIMEOUT', 'UPSTREAM_UNAVAILABLE']);

/** What upstream said, cleaned of secrets; null where it said nothing. */
export interface UpstreamErrorDetails {
  /** The HTTP status. */
  status: number | null;
  /** The API's own error code. */
  code: string | number | null;
  message: string | null;
  /** The `cf-ray` of the answer, by which Cloudflare's support finds it. */
  ray: string | null;
}

export interface ErrorDetails extends ErrorOptions {
  upstream?: UpstreamErrorDetails;
  /** Whole seconds until the request may be repeated. */
  retryAfterSeconds?: number;
  /**
   * What the HTTP answer is to be, where the whole request fails; it is not shown in the body. `spec`: the status is for those who
   * accept `application/graphql-response+json`; others get 200, by the GraphQL-over-HTTP draft (6.4.1).
   */
  http?: { status: number; spec?: boolean; headers?: Record<string, string> };
}

/** An error that callers may see: its message, its code and its extensions hold no secret. */
export class GatewayError extends Error {
  override readonly name: string = 'GatewayError';
  readonly code: ErrorCode;
  readonly upstream: UpstreamErrorDetails | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly http: ErrorDetails['http'];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.upstream = details.upstream;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.http = details.http;
  }

  /** Taken over by graphql-js into the error that it builds for the field. */
  get extensions(): Record<string, unknown> {
    return {
      code: this.code,
      retryable: RETRYABLE.has(this.code),
      ...(this.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: this.retryAfterSeconds }),
      ...(this.upstream === undefined ? {} : { upstream: this.upstream }),
      ...(this.http === undefined ? {} : { http: this.http }),
    };
  }
}

/**
 * What became of a request that failed:
 * - `unsent`: nothing left the gateway, so any request may be repeated;
 * - `refused`: upstream answered that it did not carry it out;
 * - `lost`: it may have been carried out, the answer does not tell.
 */
export type RequestOutcome = 'notSent' | 'rejected' | 'unknown';

/** A request to upstream that failed. */
export class UpstreamError extends GatewayError {
  override readonly name = 'UpstreamError';
  readonly outcome: RequestOutcome;

  constructor(outcome: RequestOutcome, code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
    this.outcome = outcome;
  }
}

/** The caller's input is refused; `message` says what to do. */
export function badUserInput(message: string): GatewayError {
  return new GatewayError('BAD_USER_INPUT', message);
}
