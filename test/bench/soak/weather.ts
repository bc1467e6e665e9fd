import { setTimeout as wait } from 'node:timers/promises';

import type { Fault } from '../../../src/sandbox/faults.ts';
import type { Random } from '../../../src/sandbox/random.ts';
import type { BenchSandbox } from '../upstream.ts';
import type { Observer } from './observer.ts';
import { picked } from './queries.ts';
import { countUp } from './tally.ts';

const START = { method: 'POST', route: '/meetings/{meeting_id}/livestreams' };
const STOP = { method: 'POST', route: '/meetings/{meeting_id}/active-livestream/stop' };

/** What may go wrong upstream; the first of them strike mutations, so that those are struck at all. */
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
/** Milliseconds for every answer, at random. */
const LATENCIES = [0, 0, 0, 50, 200, 800];
/** Milliseconds between two changes of it. */
const SPELL = { from: 1500, to: 5000 };

/** Has faults and slowness come and go at random until `isOver`, then lets all be well; gives how often each kind was armed. */
export async function makeWeather(
  { sandbox, observer, random }: { sandbox: BenchSandbox; observer: Observer; random: Random },
  isOver: () => boolean,
): Promise<Map<string, number>> {
  const armed = new Map<string, number>();
  while (!isOver()) {
    const faults = Array.from({ length: random.between(0, 3) }, () => ({
      ...picked(random, FAULTS),
      times: random.between(1, 3),
    }));
    for (const { kind, times } of faults) countUp(armed, kind, times);
    await observer.fail(faults);
    await sandbox.configure({ latencyMs: picked(random, LATENCIES) });
    const until = performance.now() + random.between(SPELL.from, SPELL.to);
    while (performance.now() < until && !isOver()) await wait(100);
  }
  await observer.fail([]);
  await sandbox.configure({ latencyMs: 0 });
  return armed;
}
