import { setTimeout as wait } from 'node:timers/promises';

import { Pool, request } from 'undici';

import { documentedConfig, startProxy } from '../proxies/startProxy.ts';
import { startBenchSandbox } from './benchUpstreams.ts';
import { type ServerProcess, startServerProcess } from './serverProcess.ts';
import { formatNumber, quantile } from './statistics.ts';

export interface FreshnessRunSize {
  /** Clients that send the same query once a second. */
  clients: number;
  seconds: number;
}

export const FULL_FRESHNESS_RUN: FreshnessRunSize = { clients: 1000, seconds: 60 };
export const SHORT_FRESHNESS_RUN: FreshnessRunSize = { clients: 20, seconds: 3 };

/** What the clients got, and what it cost. */
export interface FreshnessResult {
  /** Responses by nginx's `$upstream_cache_status`, such as `HIT`. */
  responses: ReadonlyMap<string, number>;
  /** Why requests have failed. */
  failures: string[];
  durationsMs: number[];
  /** The requests that reached the gateway in each second. */
  gatewayRequests: number[];
  upstreamRequests: number;
}

const QUERY = '{ livestreams(first: 50, filter: { status: LIVE }) { nodes { id name status } } }';
const PATH = `/graphql?query=${encodeURIComponent(QUERY)}`;
/** The maximum number of requests that may reach the gateway in a second. */
const MAX_GATEWAY_REQUESTS = 2;
/** RealtimeKit's documented limit. */
const QUOTA = { limit: 1200, windowSeconds: 300, lockoutSeconds: 300, enforced: true };

/**
 * Measures how many requests of clients that poll through nginx, configured as docs/deployment.md says, reach the gateway. Returns a
 * Markdown report and a description of each failed check. Throws a `ProxyNotInstalledError` if there is no nginx.
 */
export async function runFreshnessBenchmark(
  size: FreshnessRunSize,
  logProgress: (line: string) => void,
): Promise<{ report: string; failedChecks: string[] }> {
  logProgress(`${size.clients} clients poll through nginx for ${size.seconds} s`);
  const result = await measurePolling(size);
  return { report: formatFreshnessReport(size, result), failedChecks: checkFreshness(size, result) };
}

async function measurePolling(size: FreshnessRunSize): Promise<FreshnessResult> {
  const sandbox = await startBenchSandbox({ quota: QUOTA });
  const gateway = await startServerProcess('src/node.ts', {
    ...sandbox.env,
    PORT: '0',
    CACHE_HEADERS: 'public',
    // The log would show each request.
    LOG_LEVEL: 'warn',
  });
  try {
    const nginx = await startProxy(
      'nginx',
      withoutTls(documentedConfig('nginx caching')),
      new URL(gateway.origin).host,
    );
    try {
      await sandbox.clearRequests();
      const result = await poll(`http://${nginx.host}`, gateway, size);
      return { ...result, upstreamRequests: (await sandbox.requestCounts()).received };
    } finally {
      await nginx.end();
    }
  } finally {
    await gateway.stop();
    await sandbox.stop();
  }
}

/** TLS would be most of the clients' CPU. Adds a header field with the status of nginx's cache. */
function withoutTls(config: string): string {
  return config
    .replace('443 ssl http2', '80')
    .replaceAll(/ *ssl_certificate.*\n/g, '')
    .replace('location / {', 'location / {\n    add_header x-cache $upstream_cache_status always;');
}

async function poll(
  origin: string,
  gateway: ServerProcess,
  { clients, seconds }: FreshnessRunSize,
): Promise<Omit<FreshnessResult, 'upstreamRequests'>> {
  const pool = new Pool(origin, { connections: 100 });
  const responses = new Map<string, number>();
  const durationsMs: number[] = [];
  const failures: string[] = [];
  const send = async (): Promise<void> => {
    const startedAt = performance.now();
    const { statusCode, headers, body } = await pool.request({ path: PATH, method: 'GET' });
    const text = await body.text();
    durationsMs.push(performance.now() - startedAt);
    if (statusCode !== 200 || !text.startsWith('{"data":{"livestreams":')) failures.push(`${statusCode} ${text}`);
    const status = String(headers['x-cache']);
    responses.set(status, (responses.get(status) ?? 0) + 1);
  };
  const client = async (phase: number): Promise<void> => {
    await wait(1000 * phase);
    for (let second = 0; second < seconds; second += 1)
      await Promise.all([wait(1000), send().catch((error: unknown) => void failures.push(String(error)))]);
  };
  const gatewayRequests = countEachSecond(gateway.origin, seconds);
  await Promise.all(Array.from({ length: clients }, async (_, index) => client(index / clients)));
  await pool.destroy();
  return { responses, failures, durationsMs, gatewayRequests: await gatewayRequests };
}

/** Resolves with the number of operations that the gateway executes in each of the next seconds. */
async function countEachSecond(origin: string, seconds: number): Promise<number[]> {
  const counts: number[] = [];
  let before = await countOperations(origin);
  for (let second = 0; second < seconds; second += 1) {
    await wait(1000);
    const now = await countOperations(origin);
    counts.push(now - before);
    before = now;
  }
  return counts;
}

async function countOperations(origin: string): Promise<number> {
  const { body } = await request(`${origin}/metrics`);
  const values = (await body.text()).matchAll(/^realtimekit_graphql_operations_total\{.*\} (\d+)$/gm);
  return Array.from(values, ([, value]) => Number(value)).reduce((sum, value) => sum + value, 0);
}

/** Returns a description of each promise that was broken. */
export function checkFreshness({ clients, seconds }: FreshnessRunSize, result: FreshnessResult): string[] {
  const { failures, gatewayRequests, durationsMs } = result;
  const average = sum(gatewayRequests) / gatewayRequests.length;
  return [
    ...(failures.length === 0 ? [] : [`${failures.length} requests failed, the first one with: ${failures[0]}`]),
    ...(durationsMs.length >= clients * seconds * 0.9 ? [] : [`only ${durationsMs.length} requests were answered`]),
    ...(average <= MAX_GATEWAY_REQUESTS
      ? []
      : [`${formatNumber(average)} requests a second reached the gateway, more than ${MAX_GATEWAY_REQUESTS}`]),
  ];
}

export function formatFreshnessReport({ clients, seconds }: FreshnessRunSize, result: FreshnessResult): string {
  const { responses, durationsMs, gatewayRequests, upstreamRequests, failures } = result;
  const statuses = Array.from(responses, ([status, count]) => `${status} ${formatNumber(count)}`).join(', ');
  return [
    '# Freshness',
    '',
    `${formatNumber(clients)} clients request the list of what is live, each once a second for ${seconds} s, through nginx with a cache.`,
    '',
    '| requests | failed | by nginx | to the gateway per second | most in a second | to RealtimeKit per minute | p50 ms | p99 ms |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    `| ${[
      formatNumber(durationsMs.length),
      formatNumber(failures.length),
      statuses,
      formatNumber(sum(gatewayRequests) / gatewayRequests.length),
      formatNumber(Math.max(...gatewayRequests)),
      formatNumber((upstreamRequests * 60) / seconds),
      formatNumber(quantile(durationsMs, 0.5)),
      formatNumber(quantile(durationsMs, 0.99)),
    ].join(' | ')} |`,
    '',
  ].join('\n');
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
