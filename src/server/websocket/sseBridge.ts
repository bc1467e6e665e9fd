import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { ExecutionResult, FormattedExecutionResult, GraphQLFormattedError } from 'graphql';

/** Handles an HTTP request. */
export type Fetch = (request: Request) => Promise<Response> | Response;

/** The operation was rejected before it was executed. graphql-ws sends `errors` in an `error` message. */
export class RequestErrors extends Error {
  readonly errors: readonly GraphQLFormattedError[];

  constructor(errors: readonly GraphQLFormattedError[]) {
    super(errors[0]?.message ?? 'The operation was rejected.');
    this.errors = errors;
  }

  /** Whether the gateway itself does not accept the credential. If RealtimeKit does not, that is an error of the operation. */
  get isUnauthenticated(): boolean {
    const extensions = this.errors[0]?.extensions;
    return extensions?.['code'] === 'UNAUTHENTICATED' && extensions['upstream'] === undefined;
  }
}

/** A result from the gateway, with its errors already formatted. */
type FormattedResult = ExecutionResult & FormattedExecutionResult;
export type ResultStream = AsyncGenerator<FormattedResult, void, void>;

export interface OperationRequest {
  headers: Headers;
  /** The body of the request, before it is serialized. */
  payload: object;
  /** Called when the response is cut off. */
  onCutOff: (reason: CutOff) => void;
}

/** Why a response has no end: the event `complete` is missing, or the gateway does not accept the credential, any longer or at all. */
export type CutOff = 'disconnected' | 'unauthenticated';

/** Requests go straight to `fetch`, so that this host name is never resolved. The caller's host is in the header `host`. */
export const GATEWAY_URL = 'http://gateway/graphql';

/**
 * Sends an operation to the gateway as an HTTP request for Server-Sent Events, and returns its results as they are read: the response
 * is read no faster than the results. `return` aborts the request, also while a result is awaited. Throws `RequestErrors` if the
 * operation is rejected. After the response was cut off, the stream yields nothing more, and ends with `return`.
 */
export function executeOverHttp(fetch: Fetch, { headers, payload, onCutOff }: OperationRequest): ResultStream {
  const cancellation = new AbortController();
  const { signal } = cancellation;
  const results = readResults(fetch, headers, payload, signal);
  const done: IteratorReturnResult<void> = { done: true, value: undefined };
  const cancel = async (): Promise<IteratorReturnResult<void>> => {
    cancellation.abort();
    return done;
  };
  return {
    async next() {
      try {
        const next = await results.next();
        return signal.aborted ? done : next;
      } catch (error) {
        if (signal.aborted) return done;
        if (error instanceof RequestErrors && !error.isUnauthenticated) throw error;
        onCutOff(error instanceof RequestErrors ? 'unauthenticated' : 'disconnected');
        await whenAborted(signal);
        return done;
      }
    },
    return: cancel,
    throw: cancel,
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await cancel();
    },
  };
}

async function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function* readResults(fetch: Fetch, headers: Headers, payload: object, signal: AbortSignal): ResultStream {
  const body = serializeBody(payload);
  const response = await fetch(new Request(GATEWAY_URL, { method: 'POST', headers, body, signal }));
  if (!response.headers.get('content-type')?.startsWith('text/event-stream') || response.body === null)
    throw parseRequestErrors(await response.text());
  const reader = response.body.getReader();
  const cancel = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    for await (const { event, data } of readEvents(reader)) {
      if (event === 'complete') return;
      yield parseResult(data);
    }
  } finally {
    // Without this, the request would never be garbage-collected: Node retains a request's signal as long as the request, and the
    // signal would retain, through this listener, the response and with it the request.
    signal.removeEventListener('abort', cancel);
    cancel();
  }
  throw new Error('The response ended before the operation was complete.');
}

function serializeBody(payload: object): string {
  const { query, ...rest }: { query?: unknown } = payload;
  try {
    return JSON.stringify(query === '' ? rest : payload);
  } catch {
    throw parseRequestErrors('The operation is nested too deeply.');
  }
}

/** Reads Server-Sent Events. Comments, which keep the connection alive, are skipped. */
async function* readEvents(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<EventSourceMessage, void, void> {
  const decoder = new TextDecoder();
  const events: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => void events.push(event) });
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    parser.feed(decoder.decode(value, { stream: true }));
    yield* events.splice(0);
  }
}

/** Parses a result. A result without data means that nothing was executed. */
function parseResult(text: string): FormattedResult {
  const result: unknown = JSON.parse(text);
  if (isResult(result)) return result;
  throw parseRequestErrors(text);
}

/** Parses the body of a response that rejects a request: a GraphQL response, or plain text. */
export function parseRequestErrors(text: string): RequestErrors {
  try {
    const body: unknown = JSON.parse(text);
    if (hasErrors(body)) return new RequestErrors(body.errors);
  } catch {
    // Plain text.
  }
  return new RequestErrors([{ message: text.trim(), extensions: { code: 'BAD_REQUEST', retryable: false } }]);
}

/** Distinguishes results from errors. The gateway is trusted to send well-formed results. */
export function isResult(value: unknown): value is FormattedResult {
  return typeof value === 'object' && value !== null && 'data' in value;
}

function hasErrors(value: unknown): value is { errors: readonly GraphQLFormattedError[] } {
  return typeof value === 'object' && value !== null && 'errors' in value && Array.isArray(value.errors);
}
