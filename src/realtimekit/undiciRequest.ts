import { brotliDecompressSync, gunzipSync } from 'node:zlib';

import { type Dispatcher, errors } from 'undici';

import { TransportError } from './transport.ts';
import type { TransportFailure, TransportRequest, TransportResponse } from './transport.ts';

/** The encodings that responses may have. */
export const ACCEPT_ENCODING = 'gzip, br';

/** Handles one request. Undici calls the `on…` methods. */
export class RequestHandler implements Dispatcher.DispatchHandler {
  readonly origin: string;
  /** While this is false, nothing has been sent: undici writes to the socket and calls `onRequestSent` synchronously. */
  isSent = false;
  /** Whether the server may have processed the request although undici would send it again. */
  mayBeProcessed = false;

  readonly #request: TransportRequest;
  readonly #handlers: Set<RequestHandler>;
  readonly #onAbort = () => this.#fail(this.#request.signal.reason);
  readonly #result = Promise.withResolvers<TransportResponse>();
  #controller: Dispatcher.DispatchController | undefined;
  #isEnded = false;
  #status = 0;
  #headers: Record<string, string> = {};
  #chunks: Buffer[] = [];
  #length = 0;

  /** Adds itself to `handlers`, and removes itself at its end. */
  constructor(request: TransportRequest, origin: string, handlers: Set<RequestHandler>) {
    this.#request = request;
    this.origin = origin;
    this.#handlers = handlers;
    handlers.add(this);
    request.signal.addEventListener('abort', this.#onAbort);
  }

  get response(): Promise<TransportResponse> {
    return this.#result.promise;
  }

  /** Called when a connection is open, before undici sends the request. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isEnded) cancel(controller);
    // Undici sends a request again if the HTTP/2 server said that it did not process it (a GOAWAY below its stream, REFUSED_STREAM: RFC
    // 9113, section 8.7), or if a GOAWAY kept it from being written. Retries are up to the client.
    else if (this.isSent) {
      const failure = this.mayBeProcessed ? 'interrupted' : 'unprocessed';
      this.#fail(new TransportError(failure, 'The server refused the request'));
    }
  }

  onRequestSent(): void {
    this.isSent = true;
  }

  onResponseStart(_controller: unknown, status: number, headers: Record<string, string | string[] | undefined>): void {
    if (status < 200) return;
    if (Number(headers['content-length']) > this.#request.maxBodyBytes) return this.#failTooLarge();
    this.#status = status;
    for (const name of Object.keys(headers)) {
      const value = headers[name];
      if (value !== undefined) this.#headers[name] = typeof value === 'string' ? value : value.join(', ');
    }
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#length > this.#request.maxBodyBytes) return this.#failTooLarge();
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#isEnded) return;
    const [first, second] = this.#chunks;
    const bytes = first === undefined || second !== undefined ? Buffer.concat(this.#chunks) : first;
    const decompressed = decompress(bytes, this.#headers['content-encoding'], this.#request.maxBodyBytes);
    if (decompressed === 'too large') return this.#failTooLarge();
    this.#end();
    this.#result.resolve({ status: this.#status, headers: this.#headers, body: UTF_8.decode(decompressed) });
  }

  onResponseError(_controller: unknown, cause: Error): void {
    const [failure, message]: [TransportFailure, string] =
      this.isSent && !this.#isUndelivered(cause)
        ? ['interrupted', 'The connection broke before the response was complete']
        : ['connect', 'The connection failed'];
    // Undici's messages may contain the host; its codes do not.
    const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : null;
    this.#fail(new TransportError(failure, message, { code, cause }));
  }

  /**
   * Whether the request did not reach the server, although undici calls it sent:
   * - Its first write failed, so that none of it left. Over HTTP/1.1 without TLS, a request is one write, and the only one on its
   *   connection. TLS and HTTP/2 write of their own accord, too.
   * - A proxy without a tunnel demands credentials, which undici reports as an invalid argument.
   */
  #isUndelivered(cause: Error): boolean {
    const isFailedWrite = this.origin.startsWith('http:') && 'syscall' in cause && cause.syscall === 'write';
    return isFailedWrite || cause instanceof errors.InvalidArgumentError;
  }

  #failTooLarge(): void {
    this.#fail(new TransportError('too-large', `The response body is longer than ${this.#request.maxBodyBytes} bytes`));
  }

  #fail(reason: unknown): void {
    if (this.#isEnded) return;
    this.#end();
    this.#result.reject(reason);
    if (this.#controller !== undefined) cancel(this.#controller);
  }

  #end(): void {
    this.#isEnded = true;
    this.#chunks = [];
    this.#handlers.delete(this);
    this.#request.signal.removeEventListener('abort', this.#onAbort);
  }
}

/** Cancels a request. Undici may fail the requests that wait behind it, too, if the error is of another class. */
function cancel(controller: Dispatcher.DispatchController): void {
  controller.abort(new errors.InformationalError('cancelled'));
}

/** Ignores a byte order mark (RFC 8259, section 8.1), and replaces invalid bytes. */
const UTF_8 = new TextDecoder();

/**
 * Decompresses a body, to at most `maxBytes`. A body in an unknown encoding, or not in the one that it claims, stays as it is: the
 * status and the headers still count.
 */
function decompress(body: Buffer, encoding: string | undefined, maxBytes: number): Buffer | 'too large' {
  const options = { maxOutputLength: maxBytes };
  try {
    // Synchronous, as parsing the JSON is, which takes longer.
    if (/^(x-)?gzip$/i.test(encoding ?? '')) return gunzipSync(body, options);
    return encoding?.toLowerCase() === 'br' ? brotliDecompressSync(body, options) : body;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE' ? 'too large' : body;
  }
}
