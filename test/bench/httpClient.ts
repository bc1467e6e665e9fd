import { Pool } from 'undici';

/** A complete response. */
export interface TimedResponse {
  status: number;
  text: string;
  /** From sending the request to receiving the last byte. */
  durationMs: number;
}

/** Sends GraphQL requests to one server over keep-alive connections. */
export interface HttpClient {
  post(body: string): Promise<TimedResponse>;
  close(): Promise<void>;
}

/** `fields`: header fields of each request, besides those that say that it contains JSON. */
export function createHttpClient(origin: string, connections: number, fields: Record<string, string> = {}): HttpClient {
  const pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: 120_000, bodyTimeout: 120_000 });
  const headers = { 'content-type': 'application/json', accept: 'application/json', ...fields };
  const send = async (body: string): Promise<Omit<TimedResponse, 'durationMs'>> => {
    const response = await pool.request({ path: '/graphql', method: 'POST', headers, body });
    return { status: response.statusCode, text: await response.body.text() };
  };
  return {
    async post(body) {
      const startedAt = performance.now();
      // Retry once: the server may close an idle connection just as the client reuses it.
      const response = await send(body).catch(async () => send(body));
      return { ...response, durationMs: performance.now() - startedAt };
    },
    close: async () => pool.destroy(),
  };
}
