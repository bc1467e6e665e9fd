import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

import { type BenchSandbox, startBenchSandbox } from '../../bench/benchUpstreams.ts';
import { createHttpClient } from '../../bench/httpClient.ts';
import { numberAt } from '../../bench/jsonPath.ts';
import { callApi } from '../../bench/sandboxCalls.ts';
import { createSandboxObserver, type SandboxObserver } from '../../bench/soak/sandboxObserver.ts';
import { findStaleStates } from '../../bench/soak/staleSubscribers.ts';
import type { SubscriptionTransport } from '../../bench/subscriptionClients.ts';
import { COUNTS_PATH, type ObjectCounts } from './objectCounts.ts';
import { GATEWAY_SETTINGS, KEY_HEADERS } from './cpuBenchmark.ts';
import { type ChangeSource, createLivestreamChanges, type SeenChange } from './livestreamChanges.ts';
import { createCounts, openViewer, type Viewer } from './viewer.ts';
import {
  checkViewers,
  formatViewersReport,
  type Resync,
  type ViewersResults,
  type ViewersRunSize,
} from './viewersReport.ts';
import { startWorkerProcess, type WorkerProcess } from './workerProcess.ts';

export const fullViewersRun = (minutes: number): ViewersRunSize => ({
  viewers: 500,
  meetings: 8,
  minutes,
  maxPauseSeconds: 12,
});
export const SHORT_VIEWERS_RUN: ViewersRunSize = { viewers: 12, meetings: 2, minutes: 0.2, maxPauseSeconds: 0 };

const TRANSPORTS: readonly SubscriptionTransport[] = ['SSE', 'WebSocket'];
/** RealtimeKit's documented limit. */
const QUOTA = { limit: 1200, windowSeconds: 300, lockoutSeconds: 300, enforced: true };
const GO_LIVE_AFTER_MS = 3000;
/** An inactive livestream is polled every 60 s while webhooks arrive. */
const CHANGE_TIMEOUT_MS = 90_000;
const SYNC_TIMEOUT_MS = 60_000;
/** Upstream's request log is bounded. */
const COLLECT_INTERVAL_MS = 5000;
/** Connections that are opened concurrently. */
const BATCH_SIZE = 50;

type LogProgress = (line: string) => void;

/**
 * Lets many viewers subscribe to the deployed Worker while livestreams start and stop: through the gateway, reported by webhooks, and,
 * in the second half, without webhooks. In between, everything is restarted. `scriptPath`: the script of `countingWorker.ts`. Returns a
 * Markdown report and a description of each broken promise.
 */
export async function runViewersBenchmark(
  scriptPath: string,
  size: ViewersRunSize,
  logProgress: LogProgress,
): Promise<{ report: string; failedChecks: string[] }> {
  const sandbox = await startBenchSandbox({ goLiveAfterMs: GO_LIVE_AFTER_MS, quota: QUOTA });
  const worker = await startWorkerProcess(readFileSync(scriptPath, 'utf8'), {
    ...GATEWAY_SETTINGS,
    ...sandbox.env,
    WEBHOOK_KEY_URL: `${sandbox.origin}/.well-known/webhooks.json`,
  });
  try {
    const results = await runViewers(sandbox, worker, size, logProgress);
    const failedChecks = checkViewers(results).filter(({ hasPassed }) => !hasPassed);
    return {
      report: formatViewersReport(results),
      failedChecks: failedChecks.map(({ promise, finding }) => `${promise}: ${finding}`),
    };
  } finally {
    await worker.stop();
    await sandbox.stop();
  }
}

async function runViewers(
  sandbox: BenchSandbox,
  worker: WorkerProcess,
  size: ViewersRunSize,
  logProgress: LogProgress,
): Promise<ViewersResults> {
  const observer = createSandboxObserver(sandbox);
  const [spare = '', ...meetingIds] = (await observer.idleMeetingIds()).slice(0, size.meetings + 1);
  /** Requests of this account are not the gateway's. */
  const others = { ...sandbox, env: { ...sandbox.env, CLOUDFLARE_ACCOUNT_ID: 'observer' } };
  await observer.registerWebhook(`${worker.origin}/webhooks/realtimekit`);
  await callApi(others, 'POST', `/meetings/${spare}/livestreams`, {});
  const client = createHttpClient(worker.origin, size.meetings, KEY_HEADERS);
  const counts = createCounts();
  const viewers: Viewer[] = [];
  const collector = setInterval(() => void observer.collectRequests().catch(() => {}), COLLECT_INTERVAL_MS);
  try {
    logProgress(`${size.viewers} viewers`);
    await openViewers(worker, viewers, counts, [null, spare, ...meetingIds], size.viewers);
    const connections = counts.connections;
    const changes = createLivestreamChanges({
      client,
      sandbox: others,
      viewers,
      goLiveAfterMs: GO_LIVE_AFTER_MS,
      timeoutMs: CHANGE_TIMEOUT_MS,
    });
    const startedAt = performance.now();
    const seen: SeenChange[] = [];
    const runFor = async (milliseconds: number, sources: readonly ChangeSource[]): Promise<void> => {
      const endsAt = performance.now() + milliseconds;
      await Promise.all(
        meetingIds.map(async (meetingId, index) => {
          for (let cycle = index; performance.now() < endsAt; cycle += 1) {
            const source = sources[cycle % sources.length] ?? 'mutations';
            const start = await changes.start(meetingId, source);
            await wait(Math.random() * size.maxPauseSeconds * 1000);
            seen.push(start, await changes.stop(start.livestreamId, meetingId, source));
            await wait(Math.random() * size.maxPauseSeconds * 1000);
          }
        }),
      );
    };
    const half = size.minutes * 30_000;
    logProgress('with webhooks');
    await runFor(half, ['mutations', 'webhooks']);
    logProgress('restarting the Worker');
    const before = await readCounts(worker);
    await worker.restart();
    await callApi(others, 'POST', `/meetings/${spare}/active-livestream/stop`, {});
    const resync = await waitForPresentState(viewers, observer);
    logProgress('without webhooks');
    await sandbox.configure({ webhooks: { enabled: false } });
    await runFor(half, ['mutations', 'polling']);
    const last = await waitForPresentState(viewers, observer);
    await observer.collectRequests();
    return {
      size,
      minutes: (performance.now() - startedAt) / 60_000,
      changes: seen,
      viewers: { ...counts },
      connections,
      resyncs: [resync, last],
      object: sumOf(before, await readCounts(worker)),
      upstream: observer.upstreamRequests,
    };
  } finally {
    clearInterval(collector);
    for (const viewer of viewers) viewer.close();
    await client.close();
  }
}

/** Opens viewers with each transport of each target in turn. `null`: all livestreams. Resolves when all are connected. */
async function openViewers(
  { origin }: WorkerProcess,
  viewers: Viewer[],
  counts: ReturnType<typeof createCounts>,
  targets: readonly (string | null)[],
  count: number,
): Promise<void> {
  while (viewers.length < count) {
    const transport = TRANSPORTS[viewers.length % TRANSPORTS.length] ?? 'SSE';
    const meetingId = targets[Math.floor(viewers.length / TRANSPORTS.length) % targets.length] ?? null;
    const target = { livestreamId: null, meetingId };
    viewers.push(openViewer({ origin, headers: KEY_HEADERS, transport, target, counts }));
    if (viewers.length % BATCH_SIZE === 0 || viewers.length === count) await waitUntilConnected(viewers);
  }
}

async function waitUntilConnected(viewers: readonly Viewer[]): Promise<void> {
  const deadline = performance.now() + SYNC_TIMEOUT_MS;
  while (viewers.some((viewer) => viewer.connectedAt() === null)) {
    if (performance.now() > deadline) throw new Error('Not all viewers could connect.');
    await wait(20);
  }
}

/** Waits until every viewer is connected and has the present state of all livestreams, for a minute at most. */
async function waitForPresentState(viewers: readonly Viewer[], observer: SandboxObserver): Promise<Resync> {
  const startedAt = performance.now();
  for (;;) {
    const livestreams = await observer.livestreams();
    const stale = viewers.flatMap((viewer) =>
      viewer.connectedAt() === null ? [`${viewer.transport}: not connected`] : findStaleStates(viewer, livestreams),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    if (stale.length === 0 || seconds * 1000 > SYNC_TIMEOUT_MS) return { seconds, stale };
    await wait(200);
  }
}

async function readCounts({ origin }: WorkerProcess): Promise<ObjectCounts> {
  const response = await fetch(`${origin}${COUNTS_PATH}`);
  const counts: unknown = await response.json();
  const read = (key: keyof ObjectCounts): number => numberAt(counts, key);
  return {
    starts: read('starts'),
    requests: read('requests'),
    alarms: read('alarms'),
    rowsWritten: read('rowsWritten'),
  };
}

function sumOf(left: ObjectCounts, right: ObjectCounts): ObjectCounts {
  return {
    starts: left.starts + right.starts,
    requests: left.requests + right.requests,
    alarms: left.alarms + right.alarms,
    rowsWritten: left.rowsWritten + right.rowsWritten,
  };
}
