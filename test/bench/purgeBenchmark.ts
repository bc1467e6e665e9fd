import { setTimeout as wait } from 'node:timers/promises';

import { Pool, request } from 'undici';

import { freePort } from '../support/ports.ts';
import { type BenchSandbox, startBenchSandbox } from './benchUpstreams.ts';
import { listAt, numberAt, stringAt } from './jsonPath.ts';
import { callApi, ensureLiveLivestreams, type LiveLivestream, registerWebhook } from './sandboxCalls.ts';
import { type ServerProcess, startServerProcess } from './serverProcess.ts';
import { formatNumber, quantile } from './statistics.ts';

export interface PurgeRunSize {
  /** Clients that request the list of what is live through the CDN, each once a second. */
  clients: number;
  /** Livestreams to stop, one after the other, without going through the gateway. */
  changes: number;
  /** The maximum time from one change being seen to the next one. */
  intervalMs: number;
}

export const FULL_PURGE_RUN: PurgeRunSize = { clients: 1000, changes: 100, intervalMs: 1000 };
export const SHORT_PURGE_RUN: PurgeRunSize = { clients: 20, changes: 2, intervalMs: 500 };

/** What one way of learning of changes costs and takes. */
export interface PurgeResult {
  name: string;
  /** From the request that stops a livestream until the CDN's list lacks it. */
  delaysMs: number[];
  requestsPerSecond: { clients: number; gateway: number; upstream: number };
  purges: number;
}

const LIST = '{ livestreams(first: 100, filter: { status: LIVE }) { nodes { id } } }';
const LIST_PATH = `/graphql?query=${encodeURIComponent(LIST)}`;
const PURGE_KEY = 'bench-purge-key';
/** How often the CDN's list is looked at. */
const PROBE_INTERVAL_MS = 10;
/** The maximum 99th percentile of the delays with webhooks and purges. */
const MAX_P99_MS = 1000;
/** Successive multiples of it, without their whole part, are evenly spread: the changes fall on all phases of what expires. */
const GOLDEN_RATIO = 0.618;
/** Longer than any response is stored. */
const SEEN_TIMEOUT_MS = 30_000;
/** RealtimeKit's documented limit. */
const QUOTA = { limit: 1200, windowSeconds: 300, lockoutSeconds: 300, enforced: true };

/** Measures the delays of changes, and what they cost. Returns a Markdown report and a description of each failed check. */
export async function runPurgeBenchmark(
  size: PurgeRunSize,
  logProgress: (line: string) => void,
): Promise<{ report: string; failedChecks: string[] }> {
  const results = await measurePurges(size, logProgress);
  return { report: formatPurgeReport(size, results), failedChecks: checkPurges(results) };
}

/** Returns a description of each promise that was broken. */
export function checkPurges(results: readonly PurgeResult[]): string[] {
  const slow = results.filter(({ purges, delaysMs }) => purges > 0 && quantile(delaysMs, 0.99) > MAX_P99_MS);
  return slow.map(({ name, delaysMs }) => `with ${name}, the p99 is ${formatNumber(quantile(delaysMs, 0.99))} ms`);
}

/**
 * Measures how soon a CDN in front of the gateway serves a change, while many clients poll it: without webhooks and purges, when what it
 * has stored expires; and with both.
 */
export async function measurePurges(size: PurgeRunSize, logProgress: (line: string) => void): Promise<PurgeResult[]> {
  const results: PurgeResult[] = [];
  for (const purges of [false, true]) {
    logProgress(purges ? 'with webhooks and purges' : 'without');
    results.push(await measureRun(size, purges));
  }
  return results;
}

export function formatPurgeReport({ clients }: PurgeRunSize, results: readonly PurgeResult[]): string {
  const rows = results.map(({ name, delaysMs, requestsPerSecond: { clients, gateway, upstream }, purges }) => {
    const delays = [0.5, 0.99, 1].map((fraction) => quantile(delaysMs, fraction));
    return `| ${[name, ...[...delays, clients, gateway, upstream, purges].map(formatNumber)].join(' | ')} |`;
  });
  return [
    '# Purges',
    '',
    `${formatNumber(clients)} clients request the list of what is live, each once a second, through a CDN. Livestreams are stopped without going through the gateway. Delays are measured from the request that stops a livestream until the CDN's list lacks it.`,
    '',
    '| changes reach the CDN by | p50 ms | p99 ms | longest ms | requests to the CDN per second | to the gateway | to RealtimeKit | purges |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

async function measureRun(size: PurgeRunSize, purges: boolean): Promise<PurgeResult> {
  const processes: Pick<ServerProcess, 'stop'>[] = [];
  const sandbox = await startBenchSandbox({ goLiveAfterMs: 0, quota: QUOTA });
  try {
    processes.push(sandbox);
    const port = String(await freePort());
    const gatewayOrigin = `http://127.0.0.1:${port}`;
    const cdn = await startServerProcess('test/bench/servers/cdn.ts', { GATEWAY_ORIGIN: gatewayOrigin, PURGE_KEY });
    processes.push(cdn);
    const gateway = await startServerProcess('src/node.ts', {
      ...sandbox.env,
      PORT: port,
      CACHE_HEADERS: 'public',
      WEBHOOK_KEY_URL: `${sandbox.origin}/.well-known/webhooks.json`,
      ...(purges ? { PURGE_ROUTER_URL: `${cdn.origin}/invalidation`, PURGE_ROUTER_KEY: PURGE_KEY } : {}),
    });
    processes.push(gateway);
    if (purges) await registerWebhook(sandbox, `${gatewayOrigin}/webhooks/realtimekit`);
    return await measureChanges(size, sandbox, cdn.origin, purges ? 'webhooks and purges' : 'expiry');
  } finally {
    await Promise.all(processes.map(async (each) => each.stop()));
  }
}

async function measureChanges(
  size: PurgeRunSize,
  sandbox: BenchSandbox,
  cdnOrigin: string,
  name: string,
): Promise<PurgeResult> {
  const pool = new Pool(cdnOrigin, { connections: 64 });
  // The first webhook fetches the public key.
  const [first, ...livestreams] = await ensureLiveLivestreams(sandbox, size.changes + 1);
  const clients = pollEachSecond(size.clients, async () => void (await list(pool)));
  try {
    if (first !== undefined) await delayOf(first, sandbox, pool);
    await wait(1000);
    await sandbox.clearRequests();
    const before = await cdnCounts(cdnOrigin);
    const startedAt = performance.now();
    const delaysMs: number[] = [];
    for (const [index, livestream] of livestreams.entries()) {
      delaysMs.push(await delayOf(livestream, sandbox, pool));
      await wait(size.intervalMs * ((index * GOLDEN_RATIO) % 1));
    }
    await wait(size.intervalMs);
    const seconds = (performance.now() - startedAt) / 1000;
    const after = await cdnCounts(cdnOrigin);
    const { received } = await sandbox.requestCounts();
    return {
      name,
      delaysMs,
      requestsPerSecond: {
        clients: (after.hits + after.originRequests - before.hits - before.originRequests) / seconds,
        gateway: (after.originRequests - before.originRequests) / seconds,
        // Each change is a request of the benchmark.
        upstream: (received - size.changes) / seconds,
      },
      purges: after.purges - before.purges,
    };
  } finally {
    await clients.stop();
    await pool.destroy();
  }
}

/** Stops a livestream without going through the gateway, and waits until the list that the CDN serves lacks it. */
async function delayOf({ id, meetingId }: LiveLivestream, sandbox: BenchSandbox, pool: Pool): Promise<number> {
  const changedAt = performance.now();
  await callApi(sandbox, 'POST', `/meetings/${meetingId}/active-livestream/stop`, {});
  while ((await list(pool)).includes(id)) {
    if (performance.now() - changedAt > SEEN_TIMEOUT_MS) throw new Error('The CDN still serves what was true before.');
    await wait(PROBE_INTERVAL_MS);
  }
  return performance.now() - changedAt;
}

/** Calls `poll` for each client once a second, evenly spread. A call that takes longer delays that client's next one. */
function pollEachSecond(clients: number, poll: () => Promise<void>): { stop: () => Promise<void> } {
  const stopped = new AbortController();
  const all = Array.from({ length: clients }, async (_, index) => {
    await wait((index * 1000) / clients);
    while (!stopped.signal.aborted) {
      const startedAt = performance.now();
      await poll();
      await wait(Math.max(0, startedAt + 1000 - performance.now()));
    }
  });
  return {
    async stop() {
      stopped.abort();
      await Promise.all(all);
    },
  };
}

/** The ids of what is live, as the CDN says. */
async function list(pool: Pool): Promise<string[]> {
  const { statusCode, body } = await pool.request({
    path: LIST_PATH,
    method: 'GET',
    headers: { accept: 'application/json' },
  });
  const text = await body.text();
  if (statusCode !== 200 || text.includes('"errors"')) throw new Error(`The CDN responded with ${statusCode}: ${text}`);
  return listAt(JSON.parse(text), 'data', 'livestreams', 'nodes').map((node) => stringAt(node, 'id'));
}

async function cdnCounts(origin: string) {
  const counts: unknown = await (await request(`${origin}/__cdn`)).body.json();
  return {
    hits: numberAt(counts, 'hits'),
    originRequests: numberAt(counts, 'originRequests'),
    purges: numberAt(counts, 'purges'),
  };
}
