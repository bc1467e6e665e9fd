export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One HTTP request, ready to send. */
export interface TransportRequest {
  method: Method;
  /** Absolute http or https URL. */
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** Ends the request, in whatever state it is, also while the body is being read. */
  signal: AbortSignal;
  /** A longer response body ends the request with a `TransportError` of kind `too-large`. */
  maxBodyBytes: number;
}

/** One HTTP answer, its body read to the end. */
export interface TransportResponse {
  status: number;
  /** Names in lower case; a header that came several times is joined by `, `. */
  headers: Record<string, string>;
  /** UTF-8 text. */
  body: string;
}

/**
 * The only door to the network. Redirects are answers like any other, never followed, and nothing is sent
 * a second time. Rejects with a `TransportError`, or with the signal's reason once that is aborted.
 */
export type Transport = (request: TransportRequest) => Promise<TransportResponse>;

/**
 * - `connect`: no connection came about, so nothing was sent: any request can safely be repeated.
 * - `interrupted`: the connection ended after the request may have arrived.
 * - `too-large`: the answer's body is longer than allowed.
 */
export type TransportFailure = 'connect' | 'interrupted' | 'too-large';

/** Why a request got no whole answer. The message never holds the URL or a header. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly failure: TransportFailure;

  constructor(failure: TransportFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}
