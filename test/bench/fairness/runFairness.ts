import { createHash } from 'node:crypto';

import { startBenchSandbox } from '../benchUpstreams.ts';
import { startServerProcess } from '../serverProcess.ts';
import { countPerFixedWindow } from '../soak/peakRequests.ts';
import { startRedis } from '../soak/redisProcess.ts';
import { createSandboxObserver } from '../soak/sandboxObserver.ts';
import { createCaller, noOutcomes } from './askers.ts';
import { checkFairness, type FairnessQuota, type FairnessRun, formatFairnessReport } from './fairnessReport.ts';

export interface FairnessOptions {
  /** Scaled down, with the rate of RealtimeKit's quota. */
  quota: FairnessQuota;
  /** How often the polite caller is measured in turn alone and beside the greedy one: the load of a machine changes. */
  rounds: number;
  aloneSeconds: number;
  besideSeconds: number;
  /** The numbers of replicas to measure with. */
  replicaCounts: readonly number[];
}

export const FULL_FAIRNESS_RUN: FairnessOptions = {
  quota: { limit: 240, windowSeconds: 60 },
  rounds: 2,
  aloneSeconds: 60,
  besideSeconds: 130,
  replicaCounts: [1, 3],
};

/** Shows that everything works. */
export const SHORT_FAIRNESS_RUN: FairnessOptions = {
  quota: { limit: 40, windowSeconds: 10 },
  rounds: 1,
  aloneSeconds: 2,
  besideSeconds: 12,
  replicaCounts: [1],
};

type LogProgress = (line: string) => void;

/** The time of a response from upstream. */
const LATENCY_MS = 100;
/** Replicas with a new Redis lease nothing for 30 s and their timeout. */
const UPSTREAM_TIMEOUT_MS = 8000;
const LEASE_WARM_UP_SECONDS = 45;
const KEYS = { polite: 'key of the polite caller', greedy: 'key of the greedy caller' };
/** Upstream's request log is bounded. */
const COLLECT_INTERVAL_MS = 5000;

/**
 * Measures what a caller that asks for one new thing a second gets beside one that asks without limit. Returns a Markdown report and a
 * description of each broken promise. Throws a `RedisNotInstalledError` if several replicas should be measured without redis-server.
 */
export async function runFairness(
  options: FairnessOptions,
  logProgress: LogProgress,
): Promise<{ report: string; failedChecks: string[] }> {
  const runs: FairnessRun[] = [];
  for (const replicas of options.replicaCounts) {
    const cleanUps: (() => Promise<void>)[] = [];
    try {
      runs.push(await measureRun(options, replicas, cleanUps, logProgress));
    } finally {
      for (const cleanUp of cleanUps.toReversed()) await cleanUp();
    }
  }
  const failedChecks = runs
    .flatMap(checkFairness)
    .filter(({ hasPassed }) => !hasPassed)
    .map(({ promise, finding }) => `${promise}: ${finding}`);
  return { report: formatFairnessReport(runs, describeSetup(options)), failedChecks };
}

async function measureRun(
  { quota, rounds, aloneSeconds, besideSeconds }: FairnessOptions,
  replicas: number,
  cleanUps: (() => Promise<void>)[],
  logProgress: LogProgress,
): Promise<FairnessRun> {
  const redis = replicas > 1 ? await startRedis(Date.now()) : null;
  if (redis !== null) cleanUps.push(redis.stop);
  const sandbox = await startBenchSandbox({
    latencyMs: LATENCY_MS,
    quota: { ...quota, lockoutSeconds: quota.windowSeconds, enforced: true },
  });
  cleanUps.push(sandbox.stop);
  const env = {
    ...sandbox.env,
    ...(redis === null ? {} : { REDIS_URL: redis.url, REPLICAS: String(replicas) }),
    PORT: '0',
    AUTH: 'api-key',
    API_KEYS: Object.entries(KEYS)
      .map(([name, key]) => `${name} ${createHash('sha256').update(key).digest('hex')} livestream:read`)
      .join(','),
    UPSTREAM_TIMEOUT_MS: String(UPSTREAM_TIMEOUT_MS),
    LOG_LEVEL: 'warn',
  };
  const origins: string[] = [];
  for (let started = 0; started < replicas; started += 1) {
    const { origin, stop } = await startServerProcess('src/node.ts', env);
    cleanUps.push(stop);
    origins.push(origin);
  }
  const observer = createSandboxObserver(sandbox);
  const polite = createCaller(origins, KEYS.polite);
  const greedy = createCaller(origins, KEYS.greedy);
  cleanUps.push(polite.close, greedy.close);

  logProgress(`${replicas} replica(s): warming up`);
  await polite.askEachSecond(redis === null ? 2 : LEASE_WARM_UP_SECONDS, noOutcomes());
  const collector = setInterval(() => void observer.collectRequests().catch(() => {}), COLLECT_INTERVAL_MS);
  const [alone, beside, greedyOutcomes] = [noOutcomes(), noOutcomes(), noOutcomes()];
  /** When both callers were asking. */
  const periods: { startsAt: number; endsAt: number }[] = [];
  try {
    for (let round = 1; round <= rounds; round += 1) {
      logProgress(`round ${round} of ${rounds}: the polite caller alone, then both`);
      await polite.askEachSecond(aloneSeconds, alone);
      const startsAt = Date.now();
      const stopping = new AbortController();
      const asking = greedy.askWithoutLimit(stopping.signal, greedyOutcomes);
      await polite.askEachSecond(besideSeconds, beside).finally(() => stopping.abort());
      periods.push({ startsAt, endsAt: Date.now() });
      await asking;
    }
  } finally {
    clearInterval(collector);
  }
  await observer.collectRequests();

  const { receivedAtMs, rejected } = observer.upstreamRequests;
  const windowMs = quota.windowSeconds * 1000;
  const windows = countPerFixedWindow(
    receivedAtMs.toSorted((left, right) => left - right),
    windowMs,
  );
  const isWithinPeriod = (time: number): boolean =>
    periods.some(({ startsAt, endsAt }) => time >= startsAt && time + windowMs <= endsAt);
  return {
    replicas,
    quota,
    alone,
    beside,
    greedy: greedyOutcomes,
    peak: Math.max(...windows.map(({ count }) => count)),
    rejected,
    perWindow: windows.filter(({ startsAt }) => isWithinPeriod(startsAt)).map(({ count }) => count),
  };
}

function describeSetup({ quota, rounds, aloneSeconds, besideSeconds }: FairnessOptions): string {
  return (
    `Upstream enforces ${quota.limit} requests in ${quota.windowSeconds} s, and responds after ${LATENCY_MS} ms. A polite caller asks for one livestream a second that ` +
    `nobody has asked for: in ${rounds} round(s), for ${aloneSeconds} s alone and for ${besideSeconds} s beside a greedy one, which asks for others over 10 connections without heeding errors.`
  );
}
