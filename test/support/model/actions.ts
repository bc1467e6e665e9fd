import * as fc from 'fast-check';

import type { Fault } from '../../../src/sandbox/faults.ts';

/** Two credentials of one app. */
export const OWNERS = ['A', 'B'] as const;
export type Owner = (typeof OWNERS)[number];

export const READS = [
  'active',
  'actives',
  'livestream',
  'livestreams',
  'liveList',
  'meetingList',
  'meeting',
  'meetings',
  'session',
  'sessions',
  'budget',
] as const;
export type Read = (typeof READS)[number];

/** Where the sandbox can fail; the list of one meeting's livestreams is left out, for there the model looks up the truth. */
const ROUTES = [
  '/meetings',
  '/meetings/{meeting_id}',
  '/meetings/{meeting_id}/active-livestream',
  '/meetings/{meeting_id}/active-livestream/stop',
  '/meetings/{meeting_id}/livestreams',
  '/livestreams',
  '/livestreams/{livestream_id}',
  '/livestreams/{livestream_id}/active-livestream-session',
  '/livestreams/sessions/{livestream_session_id}',
];

/** How requests fail; `unanswered` and `unconnected` are the network's doing, all others the sandbox's faults. */
export interface Failure {
  kind: Fault['kind'] | 'unanswered' | 'unconnected';
  status?: number;
  retryAfterSeconds?: number;
}

const FAILURES: Failure[] = [
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'status', status: 503, retryAfterSeconds: 2 },
  { kind: 'status', status: 429, retryAfterSeconds: 3 },
  { kind: 'status', status: 429, retryAfterSeconds: 20 },
  { kind: 'html' },
  { kind: 'reset' },
  { kind: 'truncated' },
  { kind: 'empty' },
  { kind: 'not-json' },
  { kind: 'unanswered' },
  { kind: 'unconnected' },
];

export interface Break {
  do: 'break';
  failure: Failure;
  /** Of the sandbox's faults. */
  routes: readonly string[];
  times: number;
  /** The request is carried out, and only its answer lost. */
  after: boolean;
}

/** What happens; a number that picks something counts round and round what there is to pick from. */
export type Action =
  | { do: 'read'; who: Owner; read: Read; pick: number }
  /** Much at once, so that the budget runs low. */
  | { do: 'burst'; who: Owner; pick: number }
  | { do: 'start'; who: Owner; pick: number; isTwice: boolean }
  | { do: 'stop'; who: Owner; pick: number; looksUp: boolean }
  | { do: 'pass'; milliseconds: number }
  /** The caller of one of the open operations leaves. */
  | { do: 'leave'; pick: number }
  | Break;

/** How long, in milliseconds, each request takes to arrive and its answer to come back; used round and round. */
export type Latencies = [up: number, down: number][];

export interface Story {
  actions: Action[];
  latencies: Latencies;
}

// Often the same, so that operations meet.
const who = fc.oneof({ weight: 3, arbitrary: fc.constant('A' as const) }, fc.constantFrom(...OWNERS));
const pick = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(7));
const read = fc.record({
  do: fc.constant('read' as const),
  who,
  // Many livestreams are as many pages of the longest list: they cost the test its time.
  read: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...READS.filter((one) => one !== 'livestreams')) },
    { weight: 1, arbitrary: fc.constant('livestreams' as const) },
  ),
  pick,
});
const burst = fc.record({ do: fc.constant('burst' as const), who, pick });
const start = fc.record({ do: fc.constant('start' as const), who, pick, isTwice: fc.boolean() });
const stop = fc.record({ do: fc.constant('stop' as const), who, pick, looksUp: fc.boolean() });
const short = fc.integer({ min: 1, max: 100 });
const middling = fc.integer({ min: 100, max: 3000 });
const long = fc.integer({ min: 3000, max: 80_000 });
const pass = fc.record({
  do: fc.constant('pass' as const),
  milliseconds: fc.oneof({ weight: 3, arbitrary: short }, { weight: 6, arbitrary: middling }, long),
});
const leave = fc.record({ do: fc.constant('leave' as const), pick });
const failing = fc.record({
  do: fc.constant('break' as const),
  failure: fc.constantFrom(...FAILURES),
  routes: fc.oneof(
    fc.constant([...ROUTES]),
    fc.uniqueArray(fc.constantFrom(...ROUTES), { minLength: 1, maxLength: 3 }),
  ),
  times: fc.integer({ min: 1, max: 3 }),
  after: fc.boolean(),
});
const latency = fc.oneof(
  { weight: 4, arbitrary: short },
  { weight: 2, arbitrary: middling },
  { weight: 1, arbitrary: fc.integer({ min: 3000, max: 9000 }) },
);

export const stories: fc.Arbitrary<Story> = fc.record({
  actions: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: read },
      { weight: 6, arbitrary: pass },
      { weight: 1, arbitrary: burst },
      { weight: 2, arbitrary: start },
      { weight: 2, arbitrary: stop },
      { weight: 1, arbitrary: leave },
      { weight: 2, arbitrary: failing },
    ),
    { minLength: 1, maxLength: 30, size: 'max' },
  ),
  latencies: fc.array(fc.tuple(latency, latency), { minLength: 1, maxLength: 12, size: 'max' }),
});
