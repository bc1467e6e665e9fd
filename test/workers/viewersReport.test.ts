import { describe, expect, test } from 'vitest';

import type { SeenChange } from './bench/livestreamChanges.ts';
import { checkViewers, formatViewersReport, type ViewersResults } from './bench/viewersReport.ts';

const CHANGE: SeenChange = { source: 'webhooks', status: 'LIVE', livestreamId: 'a', delaysMs: [10, 30], missed: [] };

/** A run that keeps every promise. */
const PASSING: ViewersResults = {
  size: { viewers: 10, meetings: 1, minutes: 2, maxPauseSeconds: 0 },
  minutes: 2,
  changes: [CHANGE, { ...CHANGE, status: 'IDLE' }],
  viewers: { connections: 20, webSockets: 10, sentMessages: 40, events: 30, outOfOrder: [], repeated: [], errors: [] },
  connections: 10,
  resyncs: [
    { seconds: 2, stale: [] },
    { seconds: 0.1, stale: [] },
  ],
  object: { starts: 2, requests: 25, alarms: 4, rowsWritten: 100 },
  upstream: {
    receivedAtMs: [1, 2, 3],
    countByRoute: new Map(),
    starts: 1,
    stops: 1,
    followedRedirects: 0,
    rejected: 0,
  },
};

/** What the checks find after a change to the passing run. */
const failuresWith = (change: Partial<ViewersResults>): string[] =>
  checkViewers({ ...PASSING, ...change }).flatMap(({ hasPassed, finding }) => (hasPassed ? [] : [finding]));

describe('the benchmark with viewers', () => {
  test('finds nothing if every promise was kept', () => {
    expect(failuresWith({})).toEqual([]);
    const report = formatViewersReport(PASSING);
    expect(report).toContain('| webhooks | 2 | 10 | 30 | 30 |');
    expect(report).toContain('| messages of viewers over WebSocket | 40 | 20 | 4 |');
  });

  test('says what a day of 1,000 viewers costs', () => {
    const report = formatViewersReport(PASSING);
    // 24,000 connections and 2.5 other requests a minute; 48,000 messages to connect, and 2 others per viewer and minute.
    expect(report).toContain('| requests to the Worker | 27,600 | 0.0083 |');
    expect(report).toContain('| requests to the object, with a twentieth of the messages | 176,880 | 0.0265 |');
    expect(report).toContain('| GB-s of the object | 10,800 | 0.1350 |');
    expect(report).toContain('| rows written | 74,880 | 0.0749 |');
  });

  test.each<[string, Partial<ViewersResults>, string]>([
    ['a viewer that misses a change', { changes: [CHANGE, { ...CHANGE, missed: ['one'] }] }, '1: one'],
    ['that nothing has changed', { changes: [] }, '0'],
    ['events out of order', { viewers: { ...PASSING.viewers, outOfOrder: ['late'] } }, '1: late'],
    ['events that repeat a state', { viewers: { ...PASSING.viewers, repeated: ['a', 'b', 'c', 'd'] } }, '4: a; b; c'],
    ['events with errors', { viewers: { ...PASSING.viewers, errors: ['oops'] } }, '1: oops'],
    ['an object that was never restarted', { object: { ...PASSING.object, starts: 1 } }, '1 starts'],
    [
      'a viewer that does not come back',
      { resyncs: [{ seconds: 60, stale: ['gone'] }, PASSING.resyncs[1]] },
      '1: gone',
    ],
    ['a viewer that is stale in the end', { resyncs: [PASSING.resyncs[0], { seconds: 60, stale: ['old'] }] }, '1: old'],
    ['requests that RealtimeKit rejects', { upstream: { ...PASSING.upstream, rejected: 2 } }, '2 rejected'],
  ])('finds %s', (_what, change, finding) => {
    expect(failuresWith(change)).toEqual([finding]);
  });
});
