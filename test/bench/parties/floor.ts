import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { Agent, type Dispatcher } from 'undici';

import { announce } from './announce.ts';
import { envelopeOf, type LivestreamRow, PATHS, type SessionRow, upstreamOf } from './rest.ts';

/*
 * No GraphQL: the operation's name says what to do, the same upstream requests are made with undici's `dispatch`, and the same
 * JSON is written. Nothing that serves these queries on this platform costs less, so that the others can be measured against it.
 */

const { origin, base, token } = upstreamOf(process.env);
const prefix = new URL(base).pathname;
const headers = { authorization: `Bearer ${token}` };
const agent = new Agent({ pipelining: 1 });

/** What the client sent, as the benchmark's load sends it. */
interface Asked {
  operationName: string;
  variables: { id: string };
}

/** Upstream's refusals are the only failure that the benchmark brings about. */
class Refused extends Error {}

class Exchange implements Dispatcher.DispatchHandler {
  readonly settle = Promise.withResolvers<string | null>();
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
    if (this.#status === 404) this.settle.resolve(null);
    else if (this.#status === 200) this.settle.resolve(textOf(this.#chunks));
    else this.settle.reject(new Refused(String(this.#status)));
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.settle.reject(error);
  }
}

async function read<Data>(path: string): Promise<Data | null> {
  const exchange = new Exchange();
  agent.dispatch({ origin, path: prefix + path, method: 'GET', headers }, exchange);
  const text = await exchange.settle.promise;
  if (text === null) return null;
  return envelopeOf<Data>(JSON.parse(text)).data;
}

async function answer({ operationName, variables }: Asked): Promise<unknown> {
  switch (operationName) {
    case 'typename':
      return { __typename: 'Query' };
    case 'meeting': {
      const row = await read<LivestreamRow>(PATHS.activeLivestream(variables.id));
      return { meeting: { id: variables.id, activeLivestream: row === null ? null : await livestream(row, false) } };
    }
    default: {
      const rows = (await read<LivestreamRow[]>(PATHS.livestreams(50, 'LIVE'))) ?? [];
      const isAged = operationName === 'dashboard';
      return { livestreams: { nodes: await Promise.all(rows.map(async (row) => livestream(row, isAged))) } };
    }
  }
}

async function livestream(row: LivestreamRow, isAged: boolean): Promise<unknown> {
  const found = await read<{ session: SessionRow }>(PATHS.activeSession(row.id));
  return {
    id: row.id,
    name: row.name ?? null,
    status: row.status,
    playbackUrl: row.playback_url ?? null,
    ...(isAged ? { updatedAt: row.updated_at } : {}),
    activeSession: found === null ? null : session(found.session, isAged),
  };
}

function session(row: SessionRow, isAged: boolean): unknown {
  return {
    id: row.id,
    startedAt: row.started_time ?? null,
    viewerSeconds: Number(row.viewer_seconds),
    ...(isAged ? { updatedAt: row.updated_at } : {}),
  };
}

function textOf([first, ...others]: Buffer[]): string {
  if (first === undefined) return '';
  return (others.length === 0 ? first : Buffer.concat([first, ...others])).toString('utf8');
}

async function bodyOf(request: IncomingMessage): Promise<Asked> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => resolve(textOf(chunks)));
  const asked: unknown = JSON.parse(await promise);
  if (isAsked(asked)) return asked;
  throw new TypeError('Not what the benchmark asks');
}

function isAsked(json: unknown): json is Asked {
  return typeof json === 'object' && json !== null && 'operationName' in json && 'variables' in json;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const json = await bodyOf(request)
    .then(answer)
    .then((data) => JSON.stringify({ data }))
    .catch(errorOf);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) });
  response.end(json);
}

function errorOf(error: unknown): string {
  const code = error instanceof Refused ? 'RATE_LIMITED' : 'INTERNAL_SERVER_ERROR';
  return JSON.stringify({ data: null, errors: [{ message: String(error), extensions: { code } }] });
}

announce(createServer((request, response) => void serve(request, response)));
