import { setTimeout as wait } from 'node:timers/promises';

import type { QuotaSettings } from '../../src/sandbox/settings.ts';
import { createRequestBody, DASHBOARD_QUERY } from './benchQueries.ts';
import { startBenchSandbox } from './benchUpstreams.ts';
import { createHttpClient, type HttpClient, type TimedResponse } from './httpClient.ts';
import { at, listAt } from './jsonPath.ts';
import { SLOW_UPSTREAM_MS } from './measure.ts';
import { startServer, stopServer } from './runningServers.ts';
import type { ServerSpec } from './serverSpecs.ts';
import { quantile } from './statistics.ts';

type Quota = Omit<QuotaSettings, 'enforced'>;

/** The results of all servers under one upstream quota. */
export interface DashboardRun {
  quota: Quota;
  dashboards: number;
  seconds: number;
  results: DashboardResult[];
}

/** What the dashboards of one server received. */
export interface DashboardResult {
  spec: ServerSpec;
  /** Operations sent. */
  sent: number;
  /** Operations whose result had all rows and no error. */
  succeeded: number;
  /** The number of failed operations by the code of their first error. */
  failures: Map<string, number>;
  /** Upstream requests. */
  received: number;
  /** Upstream requests that got a 429. */
  rejected: number;
  /** The age of the oldest row in any complete result, on arrival at the client. */
  maxAgeSeconds: number;
  p50Ms: number;
  p99Ms: number;
}

/** RealtimeKit's documented limit; then the same average rate in a window so short that several windows begin during the run. */
const QUOTAS: readonly Quota[] = [
  { limit: 1200, windowSeconds: 300, lockoutSeconds: 300 },
  { limit: 240, windowSeconds: 60, lockoutSeconds: 300 },
];

const DASHBOARDS = 200;
const POLL_INTERVAL_MS = 2000;
const DURATION_SECONDS = 60;
/** Servers that run concurrently, each with its own sandbox. More of them would compete for the processor. */
const CONCURRENT_SERVERS = 3;

/** Simulates dashboards that poll every server under every quota. */
export async function runDashboards(
  specs: readonly ServerSpec[],
  logProgress: (line: string) => void,
): Promise<DashboardRun[]> {
  const runs: DashboardRun[] = [];
  for (const quota of QUOTAS) {
    const results: DashboardResult[] = [];
    for (let first = 0; first < specs.length; first += CONCURRENT_SERVERS) {
      const group = specs.slice(first, first + CONCURRENT_SERVERS);
      const names = group.map(({ name }) => name).join(', ');
      logProgress(`dashboards, ${quota.limit} upstream requests in ${quota.windowSeconds} s: ${names}`);
      results.push(...(await Promise.all(group.map(async (spec) => runServer(spec, quota)))));
    }
    runs.push({ quota, dashboards: DASHBOARDS, seconds: DURATION_SECONDS, results });
  }
  return runs;
}

async function runServer(spec: ServerSpec, quota: Quota): Promise<DashboardResult> {
  const sandbox = await startBenchSandbox({
    latencyMs: SLOW_UPSTREAM_MS,
    quota: { ...quota, enforced: true },
    responseFormats: { updatedAt: 'now' },
  });
  const server = await startServer(spec, 'warm', sandbox);
  const clients = Array.from({ length: DASHBOARDS }, () => createHttpClient(server.process.origin, 1));
  try {
    // Requests that the server sent during its start are not counted. They still use up quota.
    await sandbox.clearRequests();
    const counters = new DashboardCounters();
    const startedAt = performance.now();
    const endsAt = startedAt + DURATION_SECONDS * 1000;
    await Promise.all(
      clients.map(async (client, index) =>
        pollDashboard(client, startedAt + (index * POLL_INTERVAL_MS) / DASHBOARDS, endsAt, counters),
      ),
    );
    return counters.toResult(spec, await sandbox.requestCounts());
  } finally {
    await Promise.all(clients.map(async (client) => client.close()));
    await stopServer(server);
    await sandbox.stop();
  }
}

/** Polls at fixed times. Skips the polls that fall due while an earlier one is in flight. */
async function pollDashboard(
  client: HttpClient,
  firstPollAt: number,
  endsAt: number,
  counters: DashboardCounters,
): Promise<void> {
  const body = createRequestBody(DASHBOARD_QUERY, '');
  for (let pollAt = firstPollAt; pollAt < endsAt; pollAt += POLL_INTERVAL_MS) {
    const delayMs = pollAt - performance.now();
    if (delayMs < -POLL_INTERVAL_MS) continue;
    if (delayMs > 0) await wait(delayMs);
    counters.sent += 1;
    const response = await client.post(body).catch(() => null);
    if (response === null) counters.addFailure('no response');
    else counters.addResponse(response, Date.now());
  }
}

class DashboardCounters {
  sent = 0;
  readonly #failures = new Map<string, number>();
  readonly #durationsMs: number[] = [];
  readonly #agesMs: number[] = [];

  addResponse({ status, text, durationMs }: TimedResponse, receivedAt: number): void {
    this.#durationsMs.push(durationMs);
    const body: unknown = status === 200 ? JSON.parse(text) : null;
    const failure = body === null ? `HTTP ${status}` : findFailure(body);
    if (failure === undefined) this.#agesMs.push(receivedAt - oldestUpdatedAt(body));
    else this.addFailure(failure);
  }

  addFailure(code: string): void {
    this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1);
  }

  toResult(spec: ServerSpec, requestCounts: { received: number; rejected: number }): DashboardResult {
    return {
      spec,
      sent: this.sent,
      succeeded: this.#agesMs.length,
      failures: this.#failures,
      ...requestCounts,
      maxAgeSeconds: quantile(this.#agesMs, 1) / 1000,
      p50Ms: quantile(this.#durationsMs, 0.5),
      p99Ms: quantile(this.#durationsMs, 0.99),
    };
  }
}

/** Returns the first error's code, `rows missing` for an incomplete result, or undefined for a complete one. */
function findFailure(body: unknown): string | undefined {
  const [error] = listAt(body, 'errors');
  if (error !== undefined) {
    const code = at(error, 'extensions', 'code');
    return typeof code === 'string' ? code : 'no code';
  }
  const nodes = listAt(body, 'data', 'livestreams', 'nodes');
  const isComplete = nodes.length === 50 && nodes.every((node) => at(node, 'activeSession', 'id') !== undefined);
  return isComplete ? undefined : 'rows missing';
}

/** Returns the earliest `updatedAt` of all livestreams and sessions, in milliseconds since the Unix epoch. */
function oldestUpdatedAt(body: unknown): number {
  const nodes = listAt(body, 'data', 'livestreams', 'nodes');
  const timestamps = nodes.flatMap((node) => [at(node, 'updatedAt'), at(node, 'activeSession', 'updatedAt')]);
  return Math.min(...timestamps.map((timestamp) => Date.parse(String(timestamp))));
}
