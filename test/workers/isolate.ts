import { createIsolateCache, type IsolateCacheOptions } from '../../src/workers/isolateCache.ts';
import { withChangesHeader } from '../../src/workers/changes.ts';
import type { TestGateway } from '../support/gateway.ts';

export type TestIsolate = ReturnType<typeof startIsolate>;

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** Whether the object got the request. */
  wasForwarded: boolean;
}

/** A gateway as the Durable Object: its own responses are Yoga's, and these are the platform's. */
export function objectOf({ server }: TestGateway): (request: Request) => Promise<Response> {
  return withChangesHeader({
    changes: server.changes,
    async fetch(request) {
      const { status, headers, body } = await server.fetch(request);
      const text = body === null ? null : await new Response(body).text();
      return new Response(text, { status, headers: [...headers] });
    },
  });
}

/** The cache of one isolate in front of objects, by their names. `object` is the one of requests that name none. */
export function startIsolate(
  object: (request: Request) => Promise<Response>,
  options: Pick<IsolateCacheOptions, 'clock'> & Partial<IsolateCacheOptions>,
  others: Readonly<Record<string, (request: Request) => Promise<Response>>> = {},
) {
  let forwarded = 0;
  const handle = createIsolateCache({
    forward: (request, name) => {
      forwarded += 1;
      return (others[name] ?? object)(request);
    },
    ...options,
  });

  async function fetch(path: string, init: RequestInit = {}, name = ''): Promise<Answer> {
    const before = forwarded;
    const response = await handle(new Request(`https://gateway.test${path}`, init), name);
    return {
      status: response.status,
      headers: response.headers,
      text: await response.text(),
      wasForwarded: forwarded > before,
    };
  }

  return {
    fetch,
    /** Posts a GraphQL request, with the content length that HTTP servers see. */
    async post(
      query: string,
      {
        variables = {},
        headers = {},
        name = '',
      }: { variables?: object; headers?: Record<string, string>; name?: string } = {},
    ) {
      const body = JSON.stringify({ query, variables });
      const length = String(new TextEncoder().encode(body).length);
      const sent = {
        'content-type': 'application/json',
        'content-length': length,
        accept: 'application/json',
        ...headers,
      };
      return fetch('/graphql', { method: 'POST', headers: sent, body }, name);
    },
    /** Sends a query by GET. */
    get: async (query: string, headers: Record<string, string> = {}, method = 'GET') =>
      fetch(`/graphql?${new URLSearchParams({ query }).toString()}`, {
        method,
        headers: { accept: 'application/json', ...headers },
      }),
  };
}
