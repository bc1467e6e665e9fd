import { setTimeout as wait } from 'node:timers/promises';

import { type BenchSandbox, startBenchSandbox } from './benchUpstreams.ts';
import { callApi, ensureLiveLivestreams, type LiveLivestream, registerWebhook } from './sandboxCalls.ts';
import { startServerProcess } from './serverProcess.ts';
import { openSseSubscribers, type SseSubscribers } from './sseSubscribers.ts';
import { formatNumber, quantile } from './statistics.ts';

export interface SubscriptionRunSize {
  livestreams: number;
  subscribersPerLivestream: number;
  /** Livestreams to stop in each run, without going through the gateway. */
  changes: number;
  /** The period over which the changes are spread. */
  changeSeconds: number;
  /** The period without changes in which upstream requests are counted. */
  idleSeconds: number;
}

export const FULL_SUBSCRIPTION_RUN: SubscriptionRunSize = {
  livestreams: 100,
  subscribersPerLivestream: 50,
  changes: 20,
  changeSeconds: 57,
  idleSeconds: 60,
};
export const SHORT_SUBSCRIPTION_RUN: SubscriptionRunSize = {
  livestreams: 4,
  subscribersPerLivestream: 5,
  changes: 1,
  changeSeconds: 0,
  idleSeconds: 1,
};

/** The results with one way of finding changes: polling or webhooks. */
interface SubscriptionResult {
  name: string;
  idleRequestsPerMinute: number;
  /** From each change to its arrival at each subscriber. */
  delaysMs: number[];
  /** From each change to its arrival at the last subscriber of the livestream. */
  lastDelaysMs: number[];
}

/** RealtimeKit's documented limit. */
const QUOTA = { limit: 1200, windowSeconds: 300, lockoutSeconds: 300, enforced: true };

/**
 * Measures the gateway's memory per subscriber, its idle upstream requests, and the delay until subscribers receive a change.
 * Returns a Markdown report.
 */
export async function runSubscriptionBenchmark(
  size: SubscriptionRunSize,
  logProgress: (line: string) => void,
): Promise<string> {
  const sandbox = await startBenchSandbox({ goLiveAfterMs: 0, quota: QUOTA });
  const gateway = await startServerProcess('src/node.ts', {
    ...sandbox.env,
    PORT: '0',
    SUBSCRIPTIONS_PER_CALLER: '10000',
    WEBHOOK_KEY_URL: `${sandbox.origin}/.well-known/webhooks.json`,
  });
  let subscribers: SseSubscribers | undefined;
  try {
    const livestreams = await ensureLiveLivestreams(sandbox, size.livestreams);
    const subscriberCount = livestreams.length * size.subscribersPerLivestream;
    const bytesBefore = (await gateway.usage()).residentBytes;
    logProgress(`${subscriberCount} subscribers of ${livestreams.length} livestreams`);
    subscribers = await openSseSubscribers(
      gateway.origin,
      livestreams.map(({ id }) => id),
      size.subscribersPerLivestream,
    );
    await wait(2000);
    const bytesPerSubscriber = ((await gateway.usage()).residentBytes - bytesBefore) / subscriberCount;
    const setup = { sandbox, subscribers, size };
    logProgress('without webhooks');
    const polling = await measureRun('polling', setup, livestreams.slice(0, size.changes));
    await registerWebhook(sandbox, `${gateway.origin}/webhooks/realtimekit`);
    // The gateway relies on webhooks only after it has received the first one.
    await measureChange(setup, livestreams[size.changes]);
    logProgress('with webhooks');
    const webhooks = await measureRun('webhooks', setup, livestreams.slice(size.changes + 1, 2 * size.changes + 1));
    return formatReport(subscriberCount, livestreams.length, bytesPerSubscriber, [polling, webhooks]);
  } finally {
    subscribers?.close();
    await gateway.stop();
    await sandbox.stop();
  }
}

interface Setup {
  sandbox: BenchSandbox;
  subscribers: SseSubscribers;
  size: SubscriptionRunSize;
}

async function measureRun(
  name: string,
  setup: Setup,
  livestreams: readonly LiveLivestream[],
): Promise<SubscriptionResult> {
  const { sandbox, size } = setup;
  await sandbox.clearRequests();
  await wait(size.idleSeconds * 1000);
  const { received } = await sandbox.requestCounts();
  const delaysPerChange = await Promise.all(
    livestreams.map(async (livestream, index) => {
      // Spread the changes, so that they fall on all phases of the poll interval.
      await wait((size.changeSeconds * 1000 * index) / livestreams.length);
      return measureChange(setup, livestream);
    }),
  );
  return {
    name,
    idleRequestsPerMinute: (received * 60) / size.idleSeconds,
    delaysMs: delaysPerChange.flat(),
    lastDelaysMs: delaysPerChange.map((delays) => Math.max(...delays)),
  };
}

/** Stops a livestream without going through the gateway. Returns each subscriber's delay in milliseconds. */
async function measureChange(
  { sandbox, subscribers }: Setup,
  livestream: LiveLivestream | undefined,
): Promise<number[]> {
  if (livestream === undefined) throw new Error('There are too few livestreams.');
  const changedAt = performance.now();
  await callApi(sandbox, 'POST', `/meetings/${livestream.meetingId}/active-livestream/stop`, {});
  const receivedAt = await subscribers.waitForStatus(livestream.id, 'IDLE');
  return receivedAt.map((time) => time - changedAt);
}

function formatReport(
  subscriberCount: number,
  livestreamCount: number,
  bytesPerSubscriber: number,
  results: readonly SubscriptionResult[],
): string {
  const rows = results.map(({ name, idleRequestsPerMinute, delaysMs, lastDelaysMs }) => {
    const cells = [
      idleRequestsPerMinute,
      quantile(delaysMs, 0.5),
      quantile(delaysMs, 0.99),
      quantile(lastDelaysMs, 0.5),
      quantile(lastDelaysMs, 0.99),
    ];
    return `| ${[name, ...cells.map(formatNumber)].join(' | ')} |`;
  });
  return [
    '# Subscriptions',
    '',
    `${formatNumber(subscriberCount)} subscribers of ${livestreamCount} livestreams over SSE, each with its own connection, on the same machine as the gateway. Each subscriber takes ${formatNumber(bytesPerSubscriber / 1024)} KB of the gateway's memory.`,
    'Livestreams are stopped without going through the gateway. Delays are measured from the request that stops a livestream.',
    '',
    '| changes found by | upstream requests per minute, idle | p50 ms | p99 ms | last subscriber, p50 ms | last subscriber, p99 ms |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
