import { setTimeout as wait } from 'node:timers/promises';

import { createRandom } from '../../../src/sandbox/random.ts';
import { type BroadcastReport, countByName, runBroadcaster } from './broadcaster.ts';
import { runChaos } from './chaos.ts';
import { checkResults, findLeaks, type SoakResults } from './checks.ts';
import { chooseIds } from './chooseIds.ts';
import { SoakCounters } from './counters.ts';
import { runFaultSchedule } from './faultSchedule.ts';
import { createGraphqlClient } from './graphqlClient.ts';
import { runQueryLoad } from './queryLoad.ts';
import type { QueryIds } from './readQueries.ts';
import type { ResourceUsage } from './replicaProcess.ts';
import type { SandboxObserver } from './sandboxObserver.ts';
import { QUOTA, REPLICAS, type SoakEnvironment, startSoakEnvironment } from './soakEnvironment.ts';
import { formatSoakReport } from './soakReport.ts';
import { findStaleStates } from './staleSubscribers.ts';
import { createSubscriberPool, createTargets, type SubscriberPool } from './subscriberPool.ts';

export interface SoakOptions {
  /** The duration of the load, including the warm-up. */
  minutes: number;
  warmUpSeconds: number;
  /** The seed of everything random. */
  seed: number;
}

type LogProgress = (line: string) => void;

/** The query mix uses so few ids that one request budget can keep their entities fresh. */
const QUERIES_PER_SECOND = 90;
const BROADCASTERS = 6;
const SUBSCRIBERS = { permanent: 18, temporary: 12 };
/** After the load, pending starts and stops may have to wait for the next rate-limit window. */
const BROADCAST_TIMEOUT_SECONDS = 330;
/** After that, subscribers may have to wait for another rate-limit window until they receive the actual state. */
const SYNC_TIMEOUT_SECONDS = 330;
/** After that, the control replica must release its handles and sockets. */
const RELEASE_TIMEOUT_SECONDS = 120;
/** The process exits if the test exceeds its duration by this much. */
const MAX_OVERTIME_MS = 15 * 60_000;

/**
 * Runs load, upstream faults and chaos against several replicas. Returns a Markdown report and a description of each failed check.
 * Throws a `RedisNotInstalledError` if there is no redis-server.
 */
export async function runSoak(
  options: SoakOptions,
  logProgress: LogProgress,
): Promise<{ report: string; failedChecks: string[] }> {
  const watchdog = setTimeout(
    () => {
      logProgress('The soak test did not finish in time.');
      process.exit(1);
    },
    options.minutes * 60_000 + MAX_OVERTIME_MS,
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const cleanUps: (() => Promise<void>)[] = [];
  try {
    const results = await runPhases(await startSoakEnvironment(options.seed, cleanUps), options, logProgress);
    const checks = checkResults(results);
    const failedChecks = checks
      .filter(({ hasPassed }) => !hasPassed)
      .map(({ promise, finding }) => `${promise}: ${finding}`);
    return { report: formatSoakReport(results, checks, describeSetup(options)), failedChecks };
  } finally {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
    clearTimeout(watchdog);
  }
}

async function runPhases(
  environment: SoakEnvironment,
  options: SoakOptions,
  logProgress: LogProgress,
): Promise<SoakResults> {
  const { replicas, observer } = environment;
  const counters = new SoakCounters();
  const load = { environment, counters, ...(await chooseIds(observer, BROADCASTERS)) };
  const initial = await replicas.control.measureResources();

  logProgress(`warming up for ${options.warmUpSeconds} s`);
  const warmUp = await runLoad(
    { ...load, seed: options.seed + 100, namePrefix: 'warm-up ', hasChaos: false },
    options.warmUpSeconds,
  );
  const warm = await releaseSubscribers(warmUp.subscribers, initial, environment);

  const seconds = Math.max(1, options.minutes * 60 - options.warmUpSeconds);
  logProgress(`load and chaos for ${seconds} s`);
  const soak = await runLoad({ ...load, seed: options.seed + 200, namePrefix: 'soak ', hasChaos: true }, seconds);
  logProgress('waiting until every subscriber has the actual state');
  const sync = await waitUntilSynced(soak.subscribers, observer);
  const final = await releaseSubscribers(soak.subscribers, initial, environment);
  await observer.collectRequests();
  const names = (await observer.livestreams()).flatMap(({ name }) => (name === null ? [] : [name]));
  const createdNames = names.filter((name) => name.startsWith('warm-up ') || name.startsWith('soak '));
  const broadcasts = [...warmUp.report.broadcasts, ...soak.report.broadcasts];
  return {
    operations: counters.operations,
    errorCodes: counters.errorCodes,
    brokenConnections: counters.brokenConnections,
    unanswered: counters.unanswered,
    quota: QUOTA,
    upstreamRequests: observer.upstreamRequests,
    broadcasts,
    createdCounts: countByName(broadcasts, createdNames),
    repeatedStarts: warmUp.report.repeatedStarts + soak.report.repeatedStarts,
    control: { initial, warm, final },
    restarts: replicas.restarts,
    replicaFailures: replicas.failures,
    redisDisruptions: soak.redisDisruptions,
    armedFaults: soak.armedFaults,
    subscribers: { ...sync, total: warmUp.subscribers.totalCount() + soak.subscribers.totalCount() },
    loggedErrors: replicas.loggedErrors(),
  };
}

interface LoadOptions {
  environment: SoakEnvironment;
  counters: SoakCounters;
  queryIds: QueryIds;
  idleMeetingIds: readonly string[];
  seed: number;
  namePrefix: string;
  hasChaos: boolean;
}

interface LoadResult {
  /** Still subscribed. */
  subscribers: SubscriberPool;
  report: BroadcastReport;
  redisDisruptions: Map<string, number>;
  armedFaults: Map<string, number>;
}

/** Runs all kinds of load concurrently for a while, then waits until all pending operations are finished. */
async function runLoad(options: LoadOptions, seconds: number): Promise<LoadResult> {
  const { environment, counters, queryIds, idleMeetingIds, seed, namePrefix, hasChaos } = options;
  const { replicas, observer, redis, sandbox } = environment;
  const startedAt = performance.now();
  const hasElapsed = (limitSeconds: number) => (): boolean => performance.now() - startedAt > limitSeconds * 1000;
  const isOver = hasElapsed(seconds);
  const isTimedOut = hasElapsed(seconds + BROADCAST_TIMEOUT_SECONDS);
  const client = createGraphqlClient(replicas, counters);
  const report: BroadcastReport = { broadcasts: [], repeatedStarts: 0 };
  const targets = createTargets(idleMeetingIds, queryIds.livestreams.slice(0, 6));
  const subscribers = createSubscriberPool({ replicas, counters, random: createRandom(seed), targets, ...SUBSCRIBERS });
  const broadcasters = idleMeetingIds.map(async (meetingId, index) => {
    const random = createRandom(seed + 10 + index);
    return runBroadcaster({ client, counters, random, namePrefix, meetingId, isOver, isTimedOut }, report);
  });
  const none = Promise.resolve(new Map<string, number>());
  const [redisDisruptions, armedFaults] = await Promise.all([
    hasChaos ? runChaos({ replicas, redis, random: createRandom(seed + 1) }, isOver) : none,
    hasChaos ? runFaultSchedule({ sandbox, observer, random: createRandom(seed + 2) }, isOver) : none,
    runQueryLoad({ client, counters, random: createRandom(seed + 3), ids: queryIds }, QUERIES_PER_SECOND, isOver),
    collectRequestsRepeatedly(observer, isOver),
    ...broadcasters,
  ]);
  await subscribers.freeze();
  await client.close();
  return { subscribers, report, redisDisruptions, armedFaults };
}

async function collectRequestsRepeatedly(observer: SandboxObserver, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await observer.collectRequests();
    await wait(5000);
  }
}

/** Waits until every subscriber has received the actual state, or until `SYNC_TIMEOUT_SECONDS` have passed. */
async function waitUntilSynced(
  pool: SubscriberPool,
  observer: SandboxObserver,
): Promise<Omit<SoakResults['subscribers'], 'total'>> {
  const startedAt = performance.now();
  for (;;) {
    const livestreams = await observer.livestreams();
    const subscribers = pool.subscribers();
    const stale = subscribers.flatMap((subscriber) => findStaleStates(subscriber, livestreams));
    const syncSeconds = (performance.now() - startedAt) / 1000;
    if (stale.length === 0 || syncSeconds > SYNC_TIMEOUT_SECONDS)
      return { remaining: subscribers.length, syncSeconds, stale };
    await wait(2000);
  }
}

/**
 * Ends all subscriptions, then waits until the control replica uses no more handles and sockets than initially, or until
 * `RELEASE_TIMEOUT_SECONDS` have passed. Returns its resources.
 */
async function releaseSubscribers(
  subscribers: SubscriberPool,
  initial: ResourceUsage,
  { replicas, observer }: SoakEnvironment,
): Promise<ResourceUsage> {
  subscribers.unsubscribeAll();
  for (const startedAt = performance.now(); ; await wait(2000)) {
    await observer.collectRequests();
    const usage = await replicas.control.measureResources();
    const isTimedOut = performance.now() - startedAt > RELEASE_TIMEOUT_SECONDS * 1000;
    if (isTimedOut || findLeaks(initial, usage).length === 0) return usage;
  }
}

function describeSetup({ minutes, seed }: SoakOptions): string {
  const duration = minutes === 1 ? 'One minute' : `${minutes} minutes`;
  return (
    `${duration} of load on ${REPLICAS} replicas that share one Redis: ${QUERIES_PER_SECOND} queries per second, ${BROADCASTERS} broadcasters that start and stop livestreams, ` +
    `${SUBSCRIBERS.permanent + SUBSCRIBERS.temporary} concurrent subscribers. The simulated API enforces ${QUOTA.limit} requests in ${QUOTA.windowSeconds} s. ` +
    `Seed ${seed}. Node ${process.versions.node}.`
  );
}
