import type { CancellationSignal } from '../lib/cancellation.ts';

/** The HTTP methods of the API. */
export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** An HTTP request, ready to send. */
export interface TransportRequest {
  method: Method;
  /** Absolute http or https URL. */
  url: string;
  headers: Record<string, string>;
  body?: string | undefined;
  /** Cancels the request in any state, including while the response body is read. */
  signal: CancellationSignal;
  /** A longer response body fails the request with a `too-large` error. */
  maxBodyBytes: number;
}

/** An HTTP response with its whole body. */
export interface TransportResponse {
  status: number;
  /** Names are in lower case; the values of a repeated header are joined with `, `. */
  headers: Record<string, string>;
  /** Decompressed if that is possible, and decoded as UTF-8 without a byte order mark. */
  body: string;
}

/**
 * Sends a request exactly once: never follows a redirect, and never retries. Rejects with a `TransportError`, or with the signal's
 * reason when that is aborted. All requests to RealtimeKit go through one transport.
 */
export type Transport = (request: TransportRequest) => Promise<TransportResponse>;

/**
 * - `connect`: there was no connection, or it closed before any of the request was written. Nothing was sent, so that any request can
 *   safely be retried.
 * - `unprocessed`: the server said that it did not process the request (RFC 9113, section 8.7). It can safely be retried, too.
 * - `interrupted`: the connection broke after the request may have arrived.
 * - `too-large`: the response body is longer than `maxBodyBytes`, before or after it was decompressed.
 */
export type TransportFailure = 'connect' | 'unprocessed' | 'interrupted' | 'too-large';

/** A request that got no complete response. The message never contains the URL or a header. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly failure: TransportFailure;
  /** The code of the operating system, of TLS or of the HTTP client, such as `ECONNREFUSED`; null if there is none. */
  readonly code: string | null;

  constructor(
    failure: TransportFailure,
    message: string,
    { code = null, cause }: ErrorOptions & { code?: string | null } = {},
  ) {
    super(code === null ? message : `${message} (${code})`, { cause });
    this.failure = failure;
    this.code = code;
  }
}
