import { setTimeout as wait } from 'node:timers/promises';

import type { Random } from '../../../src/sandbox/random.ts';
import { increment } from './counters.ts';
import type { RedisProcess } from './redisProcess.ts';
import type { ReplicaSet } from './replicaSet.ts';

type Disruption = 'drain' | 'crash' | 'redis crash' | 'redis pause';

/** Each round causes these disruptions once, in random order. */
const ROUND: readonly Disruption[] = ['drain', 'crash', 'redis crash', 'drain', 'redis pause', 'crash'];
/** The time between two disruptions. */
const MIN_INTERVAL_MS = 3000;
const MAX_INTERVAL_MS = 9000;

/**
 * Stops replicas and disrupts Redis at random until `isOver`, then waits until all replicas are ready again. Returns the number of
 * Redis disruptions by kind.
 */
export async function runChaos(
  { replicas, redis, random }: { replicas: ReplicaSet; redis: RedisProcess; random: Random },
  isOver: () => boolean,
): Promise<Map<string, number>> {
  const redisDisruptions = new Map<string, number>();
  const restarts: Promise<void>[] = [];
  let upcoming: readonly Disruption[] = [];
  for (;;) {
    const nextAt = performance.now() + random.between(MIN_INTERVAL_MS, MAX_INTERVAL_MS);
    while (performance.now() < nextAt && !isOver()) await wait(100);
    if (isOver()) break;
    const [disruption = 'drain', ...rest] = upcoming.length === 0 ? random.shuffled(ROUND) : upcoming;
    upcoming = rest;
    switch (disruption) {
      // Restarts are not awaited here, so that they overlap with the next disruptions.
      case 'drain':
        restarts.push(replicas.restart('SIGTERM', random.between(0, 1), random.between(0, 2000)));
        break;
      case 'crash':
        restarts.push(replicas.restart('SIGKILL', random.between(0, 1), random.between(0, 4000)));
        break;
      case 'redis crash':
        increment(redisDisruptions, disruption);
        await redis.crash(random.between(0, 8000));
        break;
      case 'redis pause':
        increment(redisDisruptions, disruption);
        await redis.pause(random.between(1000, 8000));
        break;
      default:
        disruption satisfies never;
    }
  }
  await Promise.all(restarts);
  await replicas.waitUntilReady();
  return redisDisruptions;
}
