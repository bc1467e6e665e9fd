import { Agent, type Dispatcher } from 'undici';

import { type LivestreamRow, parseResponseBody, PATHS, restApiFromEnv, type SessionRow } from './restApi.ts';
import type { RestClient } from './sharedResolvers.ts';

/** The upstream responded with an error; the benchmark causes only a 429. Every engine copies `extensions` to the result. */
class UpstreamStatusError extends Error {
  readonly extensions: { code: string };

  constructor(status: number) {
    super(`Upstream responded with ${status}`);
    this.extensions = { code: status === 429 ? 'RATE_LIMITED' : 'UPSTREAM_UNAVAILABLE' };
  }
}

class UpstreamResponse implements Dispatcher.DispatchHandler {
  /** Null for a 404. */
  readonly body = Promise.withResolvers<string | null>();
  #status = 0;
  #chunks: Buffer[] = [];

  onRequestStart(): void {}

  onResponseStart(_controller: unknown, status: number): void {
    this.#status = status;
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#status === 404) this.body.resolve(null);
    else if (this.#status === 200) this.body.resolve(decode(this.#chunks));
    else this.body.reject(new UpstreamStatusError(this.#status));
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.body.reject(error);
  }
}

/**
 * Creates the cheapest REST client on Node: undici's `dispatch`, below its `request`. It has no state, so one serves all operations,
 * which need no DataLoader either: none of the benchmark's operations reads the same object twice.
 */
export function createDispatchClient(): RestClient {
  const { origin, baseUrl, token } = restApiFromEnv(process.env);
  const pathPrefix = new URL(baseUrl).pathname;
  const headers = { authorization: `Bearer ${token}` };
  const agent = new Agent({ pipelining: 1 });

  /** Returns null for a 404. */
  async function get<Data>(path: string): Promise<Data | null> {
    const response = new UpstreamResponse();
    agent.dispatch({ origin, path: pathPrefix + path, method: 'GET', headers }, response);
    const text = await response.body.promise;
    return text === null ? null : parseResponseBody<Data>(JSON.parse(text)).data;
  }

  return {
    activeLivestream: async (meetingId) => get<LivestreamRow>(PATHS.activeLivestream(meetingId)),
    activeSession: async (livestreamId) =>
      (await get<{ session: SessionRow }>(PATHS.activeSession(livestreamId)))?.session ?? null,
    livestreams: async (first, status) => (await get<LivestreamRow[]>(PATHS.livestreams(first, status))) ?? [],
  };
}

export function decode([first, ...rest]: Buffer[]): string {
  if (first === undefined) return '';
  return (rest.length === 0 ? first : Buffer.concat([first, ...rest])).toString('utf8');
}
