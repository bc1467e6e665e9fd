import { type BenchQuery, BENCH_QUERIES, createRequestBody, type OperationCounts } from './benchQueries.ts';
import type { ReplayUpstream } from './benchUpstreams.ts';
import { displayName, type RunningServer } from './runningServers.ts';
import { hasCache } from './serverSpecs.ts';
import { quantile } from './statistics.ts';

/** The number of rounds, and of operations in a round. */
export interface RunSize {
  rounds: Record<'cpu' | 'fastUpstream' | 'slowUpstream', number>;
  operations: (query: BenchQuery) => OperationCounts;
}

export const FULL_RUN: RunSize = {
  rounds: { cpu: 5, fastUpstream: 5, slowUpstream: 3 },
  operations: ({ operations }) => operations,
};
/** For daily use: about two minutes with the servers of a quick run. */
export const QUICK_RUN: RunSize = {
  rounds: { cpu: 5, fastUpstream: 1, slowUpstream: 1 },
  operations: ({ operations: { warmUp, cpu, fastUpstream, slowUpstream } }) => ({
    warmUp: warmUp / 2,
    cpu: Math.round(cpu / 2),
    fastUpstream,
    slowUpstream,
  }),
};
/** Shows that everything works. Too small for meaningful figures. */
export const SHORT_RUN: RunSize = {
  rounds: { cpu: 1, fastUpstream: 1, slowUpstream: 1 },
  operations: () => ({ warmUp: 1, cpu: 5, fastUpstream: 3, slowUpstream: 1 }),
};

/** The slow upstream's delay of every response. */
export const SLOW_UPSTREAM_MS = 50;

/** What was measured for one server and one query. */
export interface Measurement {
  server: RunningServer;
  query: BenchQuery;
  /** Upstream requests per operation, counted by the upstream. */
  upstreamRequests: number;
  /** CPU time of the server process per operation: one value for each round. */
  cpuMicroseconds: number[];
  /** Allocated on V8's heap per operation: one value for each round. */
  allocatedBytes: number[];
  fastUpstream: Latency;
  /** Absent if the query needs no upstream request. */
  slowUpstream?: Latency;
}

/** The duration of sequential operations. */
export interface Latency {
  p50Ms: number;
  p99Ms: number;
}

/** Per operation, on average. */
interface RoundResult {
  upstreamRequests: number;
  cpuMicroseconds: number;
  allocatedBytes: number;
  durationsMs: number[];
}

export interface Round {
  query: BenchQuery;
  upstream: ReplayUpstream;
  concurrency: number;
  operations: number;
}

/** Measures every query, or some of them, on every server. Throws if a server without a cache sends fewer or more upstream requests than needed. */
export async function measure(
  servers: readonly RunningServer[],
  upstream: ReplayUpstream,
  size: RunSize,
  logProgress: (line: string) => void,
  queries: readonly BenchQuery[] = BENCH_QUERIES,
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const query of queries) {
    logProgress(`measuring ${query.name}`);
    measurements.push(...(await measureQuery(query, servers, upstream, size)));
  }
  assertUpstreamRequests(measurements);
  return measurements;
}

async function measureQuery(
  query: BenchQuery,
  servers: readonly RunningServer[],
  upstream: ReplayUpstream,
  { rounds, operations }: RunSize,
): Promise<Measurement[]> {
  const counts = operations(query);
  const concurrentRound = { query, upstream, concurrency: query.concurrency, operations: counts.cpu };
  const sequentialRound = { query, upstream, concurrency: 1 };
  for (const server of servers) await runRound(server, { ...concurrentRound, operations: counts.warmUp });
  const cpu = await runRounds(servers, concurrentRound, rounds.cpu);
  const fast = await runRounds(servers, { ...sequentialRound, operations: counts.fastUpstream }, rounds.fastUpstream);
  await upstream.setLatency(SLOW_UPSTREAM_MS);
  const slowRounds = query.upstreamRequests === 0 ? 0 : rounds.slowUpstream;
  const slow = await runRounds(servers, { ...sequentialRound, operations: counts.slowUpstream }, slowRounds);
  await upstream.setLatency(0);
  return servers.map((server, index): Measurement => {
    const results = cpu[index] ?? [];
    const measurement = {
      server,
      query,
      upstreamRequests: results.reduce((sum, { upstreamRequests }) => sum + upstreamRequests, 0) / results.length,
      cpuMicroseconds: results.map(({ cpuMicroseconds }) => cpuMicroseconds),
      allocatedBytes: results.map(({ allocatedBytes }) => allocatedBytes),
      fastUpstream: latencyOf(fast[index]),
    };
    return query.upstreamRequests === 0 ? measurement : { ...measurement, slowUpstream: latencyOf(slow[index]) };
  });
}

/**
 * Runs a number of rounds and returns each server's results. The servers take turns, and each round begins with another server, so
 * that a busy moment of the machine does not always hit the same one.
 */
async function runRounds(servers: readonly RunningServer[], round: Round, rounds: number): Promise<RoundResult[][]> {
  const results = servers.map((): RoundResult[] => []);
  for (let turn = 0; turn < rounds * servers.length; turn += 1) {
    const index = (turn + Math.floor(turn / servers.length)) % servers.length;
    const server = servers[index];
    if (server !== undefined) results[index]?.push(await runRound(server, round));
  }
  return results;
}

/** Runs operations on a server, and returns what each of them cost. */
export async function runRound({ client, process }: RunningServer, round: Round): Promise<RoundResult> {
  const { query, upstream, concurrency, operations } = round;
  const durationsMs: number[] = [];
  let started = 0;
  const sendSequentially = async (body: string): Promise<void> => {
    while (started < operations) {
      started += 1;
      durationsMs.push((await client.post(body)).durationMs);
    }
  };
  await upstream.clearRequests();
  const before = await process.usage();
  await Promise.all(
    upstream.liveMeetingIds.slice(0, concurrency).map(async (id) => sendSequentially(createRequestBody(query, id))),
  );
  const after = await process.usage();
  return {
    upstreamRequests: (await upstream.receivedRequests()) / operations,
    cpuMicroseconds: (after.cpuMicroseconds - before.cpuMicroseconds) / operations,
    allocatedBytes: (after.allocatedBytes - before.allocatedBytes) / operations,
    durationsMs,
  };
}

function latencyOf(results: readonly RoundResult[] = []): Latency {
  const durationsMs = results.flatMap((result) => result.durationsMs);
  return { p50Ms: quantile(durationsMs, 0.5), p99Ms: quantile(durationsMs, 0.99) };
}

function assertUpstreamRequests(measurements: readonly Measurement[]): void {
  for (const { server, query, upstreamRequests } of measurements) {
    if (!hasCache(server.spec) && upstreamRequests !== query.upstreamRequests) {
      throw new Error(
        `${displayName(server)} sent ${upstreamRequests} upstream requests for "${query.name}" instead of ${query.upstreamRequests}.`,
      );
    }
  }
}
