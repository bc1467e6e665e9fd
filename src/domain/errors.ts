import { GraphQLError } from 'graphql';

import type { UpstreamFailureCause } from '../telemetry/metrics.ts';

/** The values of `extensions.code` in the errors of a field. */
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

/** RealtimeKit's error response, with secrets removed. Null if the response does not contain the value. */
export interface UpstreamErrorDetails {
  /** The HTTP status. */
  status: number | null;
  /** RealtimeKit's own error code. */
  code: string | number | null;
  message: string | null;
  /** The response's `cf-ray` header, which identifies the request to Cloudflare's support. */
  ray: string | null;
}

/** What a `GatewayError` has besides its code and message. */
export interface ErrorDetails extends ErrorOptions {
  upstream?: UpstreamErrorDetails;
  /** Whole seconds until the caller may send the request again. */
  retryAfterSeconds?: number;
  /** Whose limit was reached: `caller` if only the caller's own. */
  scope?: 'caller';
  /**
   * The HTTP response if the whole request fails; not part of the body. `spec`: the status applies only to callers that accept
   * `application/graphql-response+json`, and others get 200 (GraphQL over HTTP draft, section 6.4.1).
   */
  http?: { status: number; spec?: boolean; headers?: Record<string, string> };
}

/** An error that may be shown to callers: its message and extensions contain no secrets. */
export class GatewayError extends Error {
  override readonly name: string = 'GatewayError';
  readonly code: ErrorCode;
  readonly upstream: UpstreamErrorDetails | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly scope: ErrorDetails['scope'];
  readonly http: ErrorDetails['http'];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.upstream = details.upstream;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.scope = details.scope;
    this.http = details.http;
  }

  /** graphql-js copies these extensions to the error of the field. */
  get extensions(): Record<string, unknown> {
    return {
      code: this.code,
      retryable: RETRYABLE.has(this.code),
      ...(this.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: this.retryAfterSeconds }),
      ...(this.scope === undefined ? {} : { scope: this.scope }),
      ...(this.upstream === undefined ? {} : { upstream: this.upstream }),
      ...(this.http === undefined ? {} : { http: this.http }),
    };
  }
}

/**
 * What happened to a request to RealtimeKit that failed:
 * - `notSent`: the request never left the gateway, or RealtimeKit's server said that it did not process it, so that any request may
 *   be repeated;
 * - `rejected`: RealtimeKit responded that it did not carry out the request;
 * - `unknown`: RealtimeKit may have carried out the request, and the response, if any, does not show whether it did.
 */
export type RequestOutcome = 'notSent' | 'rejected' | 'unknown';

/** Why requests to RealtimeKit fail, if that is not for their callers to fix. */
export interface FailureReason {
  cause: UpstreamFailureCause;
  /** RealtimeKit's or the operating system's own code. */
  code: string | number | null;
}

/** What an `UpstreamError` has besides its outcome, code and message. */
export interface UpstreamFailureDetails extends ErrorDetails {
  reason?: FailureReason | undefined;
}

/** The failure of a request to RealtimeKit. */
export class UpstreamError extends GatewayError {
  override readonly name = 'UpstreamError';
  readonly outcome: RequestOutcome;
  /** Undefined if the caller can fix the failure, or if RealtimeKit itself fails. */
  readonly reason: FailureReason | undefined;

  constructor(outcome: RequestOutcome, code: ErrorCode, message: string, details: UpstreamFailureDetails = {}) {
    super(code, message, details);
    this.outcome = outcome;
    this.reason = details.reason;
  }
}

/** Whether RealtimeKit rejected the token of the request, so that nothing that was read with the token may be served any more. */
export function isTokenRejected(error: unknown): boolean {
  return error instanceof UpstreamError && error.reason?.cause === 'token';
}

/** The error of a field whose input is not valid. The message says what valid input is. */
export function badUserInput(message: string): GatewayError {
  return new GatewayError('BAD_USER_INPUT', message);
}

/** The error of an HTTP request that is not a valid GraphQL request. The message says what to send; `status` is the response's. */
export function badRequest(status: number, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status } } });
}
