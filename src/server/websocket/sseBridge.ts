import type { ExecutionResult, FormattedExecutionResult, GraphQLFormattedError } from 'graphql';

import { parseSse } from './sseParser.ts';

/** What answers a request. */
export type Fetch = (request: Request) => Promise<Response> | Response;

/** The operation never ran: what stands in an `error` message. */
export class RequestErrors extends Error {
  readonly errors: readonly GraphQLFormattedError[];

  constructor(errors: readonly GraphQLFormattedError[]) {
    super(errors[0]?.message ?? 'The operation was refused.');
    this.errors = errors;
  }
}

/** The gateway's own result, whose errors are as they are to be told. */
export type Result = ExecutionResult & FormattedExecutionResult;
export type Results = AsyncGenerator<Result, void, void>;

export interface OperationOptions {
  headers: Headers;
  /** The operation, as a request's body has it. */
  payload: object;
  /** The answer ended before its end. */
  onDisconnect: () => void;
}

/**
 * Sends an operation as any caller over HTTP would; gives its results, one at a time, as they are read. `return` gives it up, also
 * while a result is waited for. Fails with a `Refusal`; where the answer breaks off, nothing more comes until it is given up.
 */
export function executeOverHttp(fetch: Fetch, { headers, payload, onDisconnect }: OperationOptions): Results {
  const leaving = new AbortController();
  const { signal } = leaving;
  const results = resultsOf(fetch, headers, payload, signal);
  const over: IteratorReturnResult<void> = { done: true, value: undefined };
  const leave = async (): Promise<IteratorReturnResult<void>> => {
    leaving.abort();
    return over;
  };
  return {
    async next() {
      try {
        const next = await results.next();
        return signal.aborted ? over : next;
      } catch (error) {
        if (signal.aborted) return over;
        if (error instanceof RequestErrors) throw error;
        onDisconnect();
        await abortOf(signal);
        return over;
      }
    },
    return: leave,
    throw: leave,
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await leave();
    },
  };
}

async function abortOf(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Who is asked stands in the `host` header: no name is looked up. */
export const ADDRESS = 'http://gateway/graphql';

async function* resultsOf(fetch: Fetch, headers: Headers, payload: object, signal: AbortSignal): Results {
  const response = await fetch(new Request(ADDRESS, { method: 'POST', headers, body: bodyOf(payload), signal }));
  if (!response.headers.get('content-type')?.startsWith('text/event-stream') || response.body === null)
    throw refusalOf(await response.text());
  const reader = response.body.getReader();
  const cancel = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    for await (const { name, data } of parseSse(chunksOf(reader))) {
      if (name === 'complete') return;
      yield resultOf(data);
    }
  } finally {
    // Node keeps a request's signal for as long as the request is there, and this listener would keep the request, by its answer: the
    // two would never be collected.
    signal.removeEventListener('abort', cancel);
    cancel();
  }
  throw new Error('The answer broke off.');
}

function bodyOf(payload: object): string {
  const { query, ...rest }: { query?: unknown } = payload;
  try {
    return JSON.stringify(query === '' ? rest : payload);
  } catch {
    throw refusalOf('The operation is nested too deep.');
  }
}

async function* chunksOf(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** Without data nothing was executed. */
function resultOf(text: string): Result {
  const result: unknown = JSON.parse(text);
  if (isResult(result)) return result;
  throw refusalOf(text);
}

/** What an answer says that refuses a request. */
export function wordsOf(text: string): string {
  return refusalOf(text).message;
}

function refusalOf(text: string): RequestErrors {
  try {
    const body: unknown = JSON.parse(text);
    if (isRefused(body)) return new RequestErrors(body.errors);
  } catch {
    // Then it is told in words alone.
  }
  return new RequestErrors([{ message: text.trim(), extensions: { code: 'BAD_REQUEST', retryable: false } }]);
}

/** The gateway's own answer is what this relies on. */
export function isResult(value: unknown): value is Result {
  return typeof value === 'object' && value !== null && 'data' in value;
}

function isRefused(value: unknown): value is { errors: readonly GraphQLFormattedError[] } {
  return typeof value === 'object' && value !== null && 'errors' in value && Array.isArray(value.errors);
}
