import { setTimeout as wait } from 'node:timers/promises';

import type { Random } from '../../../src/sandbox/random.ts';
import type { Fleet } from './fleet.ts';
import type { Redis } from './redis.ts';
import { countUp } from './tally.ts';

type Deed = 'drain' | 'crash' | 'redis crash' | 'redis pause';

/** A round of it: each of these once, in any order. */
const ROUND: readonly Deed[] = ['drain', 'crash', 'redis crash', 'drain', 'redis pause', 'crash'];
/** Milliseconds between two deeds. */
const CALM = { from: 3000, to: 9000 };

/** Ends replicas and Redis at random until `isOver`, then has all stand again; gives how often Redis was struck, by how. */
export async function makeChaos(
  { fleet, redis, random }: { fleet: Fleet; redis: Redis; random: Random },
  isOver: () => boolean,
): Promise<Map<string, number>> {
  const struck = new Map<string, number>();
  const restarts: Promise<unknown>[] = [];
  let deeds: readonly Deed[] = [];
  for (;;) {
    const until = performance.now() + random.between(CALM.from, CALM.to);
    while (performance.now() < until && !isOver()) await wait(100);
    if (isOver()) break;
    const [deed = 'drain', ...others] = deeds.length === 0 ? random.shuffled(ROUND) : deeds;
    deeds = others;
    switch (deed) {
      // The next deed may come while it drains or is away.
      case 'drain':
        restarts.push(fleet.restart('SIGTERM', random.between(0, 1), random.between(0, 2000)));
        break;
      case 'crash':
        restarts.push(fleet.restart('SIGKILL', random.between(0, 1), random.between(0, 4000)));
        break;
      case 'redis crash':
        countUp(struck, deed);
        await redis.crash(random.between(0, 8000));
        break;
      case 'redis pause':
        countUp(struck, deed);
        await redis.pause(random.between(1000, 8000));
        break;
      default:
        deed satisfies never;
    }
  }
  await Promise.all(restarts);
  await fleet.whole();
  return struck;
}
