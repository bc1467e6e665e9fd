import { setTimeout as wait } from 'node:timers/promises';

import type { Random } from '../../../src/sandbox/random.ts';
import type { Fleet } from './fleet.ts';
import type { Tally } from './tally.ts';
import { type Target, type Viewer, watch } from './viewer.ts';

/** Those who watch: some stay, the others come and go. */
export interface Crowd {
  /** Those who watch now. */
  viewers(): readonly Viewer[];
  /** How many came in all. */
  came(): number;
  /** From now on nobody comes or goes. */
  settle(): Promise<void>;
  leave(): void;
}

export interface CrowdOptions {
  fleet: Fleet;
  tally: Tally;
  random: Random;
  targets: readonly Target[];
  stay: number;
  comeAndGo: number;
}

/** How long one who goes again watches, in milliseconds. */
const VISIT = { from: 3000, to: 40_000 };

export function gather({ fleet, tally, random, targets, stay, comeAndGo }: CrowdOptions): Crowd {
  const viewers = new Set<Viewer>();
  let came = 0;
  const settled = new AbortController();

  function come(): Viewer {
    // Every target in turn, so that each has some of every kind.
    const target = targets[came % targets.length] ?? { livestreamId: null, meetingId: null };
    const line = random.between(0, 1) === 0 ? 'SSE' : 'WebSocket';
    came += 1;
    const viewer = watch({ fleet, tally, line, target, patience: () => random.between(200, 1500) });
    viewers.add(viewer);
    return viewer;
  }

  async function visit(): Promise<void> {
    while (!settled.signal.aborted) {
      const viewer = come();
      const milliseconds = random.between(VISIT.from, VISIT.to);
      await wait(milliseconds, null, { signal: settled.signal }).catch(() => null);
      if (settled.signal.aborted) return;
      viewer.leave();
      viewers.delete(viewer);
    }
  }

  for (let index = 0; index < stay; index += 1) come();
  const visits = Array.from({ length: comeAndGo }, visit);
  return {
    viewers: () => [...viewers],
    came: () => came,
    async settle() {
      settled.abort();
      await Promise.all(visits);
    },
    leave() {
      for (const viewer of viewers) viewer.leave();
      viewers.clear();
    },
  };
}

/** Everything, each of these meetings, each of these livestreams. */
export function targetsOf(meetingIds: readonly string[], livestreamIds: readonly string[]): Target[] {
  return [
    { livestreamId: null, meetingId: null },
    ...meetingIds.map((meetingId) => ({ livestreamId: null, meetingId })),
    ...livestreamIds.map((livestreamId) => ({ livestreamId, meetingId: null })),
  ];
}
