import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { Agent, type Dispatcher } from 'undici';

import { listenAndPrintUrl } from './listenAndPrintUrl.ts';
import { type LivestreamRow, parseResponseBody, PATHS, restApiFromEnv, type SessionRow } from './restApi.ts';

/*
 * The floor: the least CPU time that these queries can cost on Node. There is no GraphQL engine. The operation's name selects
 * hand-written code, which sends the same upstream requests with undici's `dispatch` and returns the same JSON.
 */

const { origin, baseUrl, token } = restApiFromEnv(process.env);
const pathPrefix = new URL(baseUrl).pathname;
const headers = { authorization: `Bearer ${token}` };
const agent = new Agent({ pipelining: 1 });

/** The body of a request from the benchmark. */
interface RequestBody {
  operationName: string;
  variables: { id: string };
}

/** Upstream responded with a 429: the only failure that the benchmark causes. */
class RateLimitedError extends Error {}

class UpstreamResponse implements Dispatcher.DispatchHandler {
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
    else this.body.reject(new RateLimitedError(String(this.#status)));
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.body.reject(error);
  }
}

/** Returns null for a 404. */
async function get<Data>(path: string): Promise<Data | null> {
  const response = new UpstreamResponse();
  agent.dispatch({ origin, path: pathPrefix + path, method: 'GET', headers }, response);
  const text = await response.body.promise;
  if (text === null) return null;
  return parseResponseBody<Data>(JSON.parse(text)).data;
}

async function execute({ operationName, variables }: RequestBody): Promise<unknown> {
  switch (operationName) {
    case 'typename':
      return { __typename: 'Query' };
    case 'meeting': {
      const row = await get<LivestreamRow>(PATHS.activeLivestream(variables.id));
      return { meeting: { id: variables.id, activeLivestream: row === null ? null : await toLivestream(row, false) } };
    }
    default: {
      const rows = (await get<LivestreamRow[]>(PATHS.livestreams(50, 'LIVE'))) ?? [];
      const hasUpdatedAt = operationName === 'dashboard';
      return { livestreams: { nodes: await Promise.all(rows.map(async (row) => toLivestream(row, hasUpdatedAt))) } };
    }
  }
}

async function toLivestream(row: LivestreamRow, hasUpdatedAt: boolean): Promise<unknown> {
  const data = await get<{ session: SessionRow }>(PATHS.activeSession(row.id));
  return {
    id: row.id,
    name: row.name ?? null,
    status: row.status,
    playbackUrl: row.playback_url ?? null,
    ...(hasUpdatedAt ? { updatedAt: row.updated_at } : {}),
    activeSession: data === null ? null : toSession(data.session, hasUpdatedAt),
  };
}

function toSession(row: SessionRow, hasUpdatedAt: boolean): unknown {
  return {
    id: row.id,
    startedAt: row.started_time ?? null,
    viewerSeconds: Number(row.viewer_seconds),
    ...(hasUpdatedAt ? { updatedAt: row.updated_at } : {}),
  };
}

function decode([first, ...rest]: Buffer[]): string {
  if (first === undefined) return '';
  return (rest.length === 0 ? first : Buffer.concat([first, ...rest])).toString('utf8');
}

async function readRequestBody(request: IncomingMessage): Promise<RequestBody> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => resolve(decode(chunks)));
  const body: unknown = JSON.parse(await promise);
  if (isRequestBody(body)) return body;
  throw new TypeError('Not a request of the benchmark');
}

function isRequestBody(json: unknown): json is RequestBody {
  return typeof json === 'object' && json !== null && 'operationName' in json && 'variables' in json;
}

async function handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const json = await readRequestBody(request)
    .then(execute)
    .then((data) => JSON.stringify({ data }))
    .catch(formatError);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) });
  response.end(json);
}

function formatError(error: unknown): string {
  const code = error instanceof RateLimitedError ? 'RATE_LIMITED' : 'INTERNAL_SERVER_ERROR';
  return JSON.stringify({ data: null, errors: [{ message: String(error), extensions: { code } }] });
}

listenAndPrintUrl(createServer((request, response) => void handleRequest(request, response)));
