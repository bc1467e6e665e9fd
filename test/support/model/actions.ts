import * as fc from 'fast-check';

import type { Fault } from '../../../src/sandbox/faults.ts';

/** Two credentials of one app. */
export const CREDENTIALS = ['A', 'B'] as const;
export type Credential = (typeof CREDENTIALS)[number];

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

/** The routes on which the sandbox can fail. The list of a meeting's livestreams is missing: the model reads the actual state there. */
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

/** How a request fails. `no-response` and `no-connection` are failures of the network; all others are the sandbox's faults. */
export interface Failure {
  kind: Fault['kind'] | 'no-response' | 'no-connection';
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
  { kind: 'no-response' },
  { kind: 'no-connection' },
];

export interface FaultAction {
  do: 'fail';
  failure: Failure;
  /** Where the sandbox's faults apply. A network failure hits any request. */
  routes: readonly string[];
  times: number;
  /** Whether the sandbox executes the request, so that only its response is lost. */
  isExecuted: boolean;
}

/** One step of a scenario. `pick` selects one of the existing meetings, livestreams or operations, modulo their number. */
export type Action =
  | { do: 'read'; credential: Credential; read: Read; pick: number }
  /** Many reads at once, so that the budget runs low. */
  | { do: 'burst'; credential: Credential; pick: number }
  | { do: 'start'; credential: Credential; pick: number; isSentTwice: boolean }
  | { do: 'stop'; credential: Credential; pick: number; selectsLivestream: boolean }
  | { do: 'wait'; durationMs: number }
  /** The caller of a running operation aborts it. */
  | { do: 'abort'; pick: number }
  | FaultAction;

/** How long each request takes to arrive, and its response to come back, in milliseconds. Repeated from the start when used up. */
export type Latencies = [up: number, down: number][];

export interface ModelScenario {
  actions: Action[];
  latencies: Latencies;
}

// The same credential and the same entity often, so that operations overlap.
const credential = fc.oneof({ weight: 3, arbitrary: fc.constant('A' as const) }, fc.constantFrom(...CREDENTIALS));
const pick = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(7));
const read = fc.record({
  do: fc.constant('read' as const),
  credential,
  // Many single livestreams can lead to a bulk read of the longest list, which takes the test long.
  read: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...READS.filter((name) => name !== 'livestreams')) },
    { weight: 1, arbitrary: fc.constant('livestreams' as const) },
  ),
  pick,
});
const burst = fc.record({ do: fc.constant('burst' as const), credential, pick });
const start = fc.record({ do: fc.constant('start' as const), credential, pick, isSentTwice: fc.boolean() });
const stop = fc.record({ do: fc.constant('stop' as const), credential, pick, selectsLivestream: fc.boolean() });
const short = fc.integer({ min: 1, max: 100 });
const medium = fc.integer({ min: 100, max: 3000 });
const long = fc.integer({ min: 3000, max: 80_000 });
const wait = fc.record({
  do: fc.constant('wait' as const),
  durationMs: fc.oneof({ weight: 3, arbitrary: short }, { weight: 6, arbitrary: medium }, long),
});
const abort = fc.record({ do: fc.constant('abort' as const), pick });
const fail = fc.record({
  do: fc.constant('fail' as const),
  failure: fc.constantFrom(...FAILURES),
  routes: fc.oneof(
    fc.constant([...ROUTES]),
    fc.uniqueArray(fc.constantFrom(...ROUTES), { minLength: 1, maxLength: 3 }),
  ),
  times: fc.integer({ min: 1, max: 3 }),
  isExecuted: fc.boolean(),
});
const latency = fc.oneof(
  { weight: 4, arbitrary: short },
  { weight: 2, arbitrary: medium },
  { weight: 1, arbitrary: fc.integer({ min: 3000, max: 9000 }) },
);

/** Random scenarios of up to 30 actions. */
export const modelScenarios: fc.Arbitrary<ModelScenario> = fc.record({
  actions: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: read },
      { weight: 6, arbitrary: wait },
      { weight: 1, arbitrary: burst },
      { weight: 2, arbitrary: start },
      { weight: 2, arbitrary: stop },
      { weight: 1, arbitrary: abort },
      { weight: 2, arbitrary: fail },
    ),
    { minLength: 1, maxLength: 30, size: 'max' },
  ),
  latencies: fc.array(fc.tuple(latency, latency), { minLength: 1, maxLength: 12, size: 'max' }),
});
