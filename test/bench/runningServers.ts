import { isDeepStrictEqual } from 'node:util';

import { type BenchQuery, BENCH_QUERIES, createRequestBody } from './benchQueries.ts';
import type { BenchUpstream, ReplayUpstream } from './benchUpstreams.ts';
import { createHttpClient, type HttpClient } from './httpClient.ts';
import { at } from './jsonPath.ts';
import { type ServerProcess, startServerProcess } from './serverProcess.ts';
import { envOf, hasCache, type ServerMode, type ServerSpec, withoutThrottle } from './serverSpecs.ts';

/** A server process and a client connected to it. */
export interface RunningServer {
  spec: ServerSpec;
  mode: ServerMode;
  process: ServerProcess;
  client: HttpClient;
}

const MAX_CONCURRENCY = Math.max(...BENCH_QUERIES.map(({ concurrency }) => concurrency));

/** Starts every server once for each of its modes. */
export async function startServers(specs: readonly ServerSpec[], upstream: BenchUpstream): Promise<RunningServer[]> {
  const servers: RunningServer[] = [];
  for (const spec of specs)
    for (const mode of spec.modes) servers.push(await startServer(withoutThrottle(spec), mode, upstream));
  return servers;
}

export async function startServer(spec: ServerSpec, mode: ServerMode, upstream: BenchUpstream): Promise<RunningServer> {
  const process = await startServerProcess(spec.file, { ...upstream.env, ...envOf(spec, mode) });
  return { spec, mode, process, client: createHttpClient(process.origin, MAX_CONCURRENCY) };
}

export async function stopServer({ client, process }: RunningServer): Promise<void> {
  await client.close();
  await process.stop();
}

/**
 * Sends every query once to every server. Throws if a response has a status other than 200, contains an error, or differs from the
 * first server's data: a comparison is only fair between equal results.
 */
export async function assertSameResults(servers: readonly RunningServer[], upstream: ReplayUpstream): Promise<void> {
  for (const query of BENCH_QUERIES) {
    const fetchData = async (server: RunningServer) => runQuery(server, query, upstream.liveMeetingIds[0] ?? '');
    const [first, ...rest] = servers;
    const expected = first === undefined ? null : await fetchData(first);
    for (const server of rest) {
      const data = await fetchData(server);
      if (!isDeepStrictEqual(data, expected)) throw new Error(describeDifference(server, query, data, expected));
    }
  }
}

function describeDifference(server: RunningServer, { name }: BenchQuery, data: unknown, expected: unknown): string {
  const [actualText, expectedText] = [data, expected].map((value) => JSON.stringify(value).slice(0, 600));
  return `${displayName(server)} returns other data for "${name}" than the first server:\n${actualText}\nexpected\n${expectedText}`;
}

async function runQuery(server: RunningServer, query: BenchQuery, meetingId: string): Promise<unknown> {
  const { status, text } = await server.client.post(createRequestBody(query, meetingId));
  const body: unknown = status === 200 ? JSON.parse(text) : undefined;
  const data = at(body, 'data');
  const hasSucceeded = at(body, 'errors') === undefined && typeof data === 'object' && data !== null;
  if (hasSucceeded) return data;
  throw new Error(`${displayName(server)} fails "${query.name}": ${status} ${text.slice(0, 600)}`);
}

/** The server's name, with its mode if the server runs in several. */
export function displayName({ spec, mode }: RunningServer): string {
  return hasCache(spec) ? `${spec.name} (${mode})` : spec.name;
}
