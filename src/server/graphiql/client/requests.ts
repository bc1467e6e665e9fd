import { parse, property } from './json.ts';

/** What the page says if a request fails without a response. */
export const NO_ANSWER = 'The gateway does not answer.';

/** The response to an operation that GraphiQL has sent. */
export interface Received {
  /** The headers of the request. */
  headers: Headers;
  isIntrospection: boolean;
  status: number;
  /** As `readResult` returns it. */
  result: unknown;
}

interface RequestOptions {
  /** Called before a request is sent. May change its headers. */
  prepare: (request: { headers: Headers; isIntrospection: boolean }) => void;
  onResponse: (received: Received) => void;
}

/** Observes the requests that GraphiQL sends: it offers no other way to do so and to keep its own fetcher. Returns the original `fetch`. */
export function observeRequests({ prepare, onResponse }: RequestOptions): typeof fetch {
  const send = window.fetch.bind(window);
  window.fetch = async (input, init = {}) => {
    const headers = new Headers(init.headers);
    const isIntrospection = typeof init.body === 'string' && init.body.includes('IntrospectionQuery');
    prepare({ headers, isIntrospection });
    const response = await send(input, { ...init, headers }).catch(explainFailure);
    const { status } = response;
    readResult(response).then(
      (result) => onResponse({ headers, isIntrospection, status, result }),
      // The connection broke, which GraphiQL shows.
      () => {},
    );
    return response;
  };
  return send;
}

/** GraphiQL would show the whole request if the gateway cannot be reached: it gets a result instead. */
function explainFailure(error: unknown): Response {
  // Not if GraphiQL has aborted the request.
  if (!(error instanceof TypeError)) throw error;
  return Response.json({ errors: [{ message: NO_ANSWER }] }, { status: 503 });
}

/** Returns the result in a response; null for a stream and for what is not JSON. */
export async function readResult(response: Response): Promise<unknown> {
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  // A clone that is not read would keep all events of a stream.
  return isJson ? parse(await response.clone().text()) : null;
}

/** The first error of a result with this code; null if there is none. */
export function errorMessage(result: unknown, code: string): string | null {
  const errors = property(result, 'errors');
  if (!Array.isArray(errors)) return null;
  const error: unknown = errors.find((each) => property(property(each, 'extensions'), 'code') === code);
  const message = property(error, 'message');
  return typeof message === 'string' ? message : null;
}
