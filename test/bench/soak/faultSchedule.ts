import { setTimeout as wait } from 'node:timers/promises';

import type { Fault } from '../../../src/sandbox/faults.ts';
import type { Random } from '../../../src/sandbox/random.ts';
import type { BenchSandbox } from '../benchUpstreams.ts';
import { increment } from './counters.ts';
import { pickRandom } from './readQueries.ts';
import type { SandboxObserver } from './sandboxObserver.ts';

const START = { method: 'POST', route: '/meetings/{meeting_id}/livestreams' };
const STOP = { method: 'POST', route: '/meetings/{meeting_id}/active-livestream/stop' };

/** Some faults apply to mutations only: mutations are too rare to be hit by the general faults often. */
const FAULTS: readonly Fault[] = [
  { ...START, kind: 'reset', after: true },
  { ...START, kind: 'reset' },
  { ...START, kind: 'truncated' },
  { ...START, kind: 'status', status: 502, after: true },
  { ...START, kind: 'hang' },
  { ...START, kind: 'empty', after: true },
  { ...STOP, kind: 'reset', after: true },
  { ...STOP, kind: 'status', status: 503 },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'status', status: 503, retryAfterSeconds: 1 },
  { kind: 'hang' },
  { kind: 'reset' },
  { kind: 'reset', after: true },
  { kind: 'truncated' },
  { kind: 'html' },
  { kind: 'empty' },
  { kind: 'not-json' },
  { kind: 'huge' },
  { kind: 'redirect' },
  { kind: 'drip' },
];
/** Upstream's latency is picked from these values. */
const LATENCIES_MS = [0, 0, 0, 50, 200, 800];
/** The time until faults and latency change. */
const MIN_INTERVAL_MS = 1500;
const MAX_INTERVAL_MS = 5000;

/**
 * Changes upstream's faults and latency at random until `isOver`, then removes them. Returns how often each kind of fault was armed,
 * which is the most often it can have occurred.
 */
export async function runFaultSchedule(
  { sandbox, observer, random }: { sandbox: BenchSandbox; observer: SandboxObserver; random: Random },
  isOver: () => boolean,
): Promise<Map<string, number>> {
  const armedFaults = new Map<string, number>();
  while (!isOver()) {
    const faults = Array.from({ length: random.between(0, 3) }, () => ({
      ...pickRandom(random, FAULTS),
      times: random.between(1, 3),
    }));
    for (const { kind, times } of faults) increment(armedFaults, kind, times);
    await observer.setFaults(faults);
    await sandbox.configure({ latencyMs: pickRandom(random, LATENCIES_MS) });
    const nextAt = performance.now() + random.between(MIN_INTERVAL_MS, MAX_INTERVAL_MS);
    while (performance.now() < nextAt && !isOver()) await wait(100);
  }
  await observer.setFaults([]);
  await sandbox.configure({ latencyMs: 0 });
  return armedFaults;
}
