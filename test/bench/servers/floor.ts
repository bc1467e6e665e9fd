import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { createDispatchClient, decode } from './dispatchClient.ts';
import { listenAndPrintUrl } from './listenAndPrintUrl.ts';
import type { LivestreamRow, SessionRow } from './restApi.ts';

/*
 * The floor: the least CPU time that these queries can cost on Node. There is no GraphQL engine. The operation's name selects
 * hand-written code, which sends the same upstream requests with undici's `dispatch` and returns the same JSON.
 */

const rest = createDispatchClient();

/** The body of a request from the benchmark. */
interface RequestBody {
  operationName: string;
  variables: { id: string };
}

async function execute({ operationName, variables }: RequestBody): Promise<unknown> {
  switch (operationName) {
    case 'typename':
      return { __typename: 'Query' };
    case 'meeting': {
      const row = await rest.activeLivestream(variables.id);
      return { meeting: { id: variables.id, activeLivestream: row === null ? null : await toLivestream(row, false) } };
    }
    default: {
      const rows = await rest.livestreams(50, 'LIVE');
      const hasUpdatedAt = operationName === 'dashboard';
      return { livestreams: { nodes: await Promise.all(rows.map(async (row) => toLivestream(row, hasUpdatedAt))) } };
    }
  }
}

async function toLivestream(row: LivestreamRow, hasUpdatedAt: boolean): Promise<unknown> {
  const session = await rest.activeSession(row.id);
  return {
    id: row.id,
    name: row.name ?? null,
    status: row.status,
    playbackUrl: row.playback_url ?? null,
    ...(hasUpdatedAt ? { updatedAt: row.updated_at } : {}),
    activeSession: session === null ? null : toSession(session, hasUpdatedAt),
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
  const extensions = error instanceof Error && 'extensions' in error ? error.extensions : undefined;
  return JSON.stringify({ data: null, errors: [{ message: String(error), extensions }] });
}

listenAndPrintUrl(createServer((request, response) => void handleRequest(request, response)));
