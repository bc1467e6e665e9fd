import { describe, expect, test } from 'vitest';

import { checkResults, type SoakResults } from './soak/checks.ts';
import { errorCodesOf, SoakCounters } from './soak/counters.ts';
import { findPeakRequests } from './soak/peakRequests.ts';
import type { ResourceUsage } from './soak/replicaProcess.ts';
import { formatSoakReport } from './soak/soakReport.ts';
import { findStaleStates } from './soak/staleSubscribers.ts';

const USAGE: ResourceUsage = {
  heapBytes: 30_000_000,
  residentBytes: 100_000_000,
  sockets: 5,
  resources: { TCPServerWrap: 1, TCPSocketWrap: 2 },
};
const SECOND_MS = 1000;

/** Results with which every check passes. */
const PASSING: SoakResults = {
  operations: new Map([['livestream', { sent: 2, succeeded: 1, durationsMs: [3, 4] }]]),
  errorCodes: new Map([['UPSTREAM_TIMEOUT', 1]]),
  brokenConnections: new Map([
    ['SIGKILL, operation', 3],
    ['SIGTERM, subscription', 2],
  ]),
  unanswered: 0,
  quota: { limit: 3, windowSeconds: 10 },
  upstreamRequests: {
    receivedAtMs: [0, SECOND_MS, 2 * SECOND_MS, 10 * SECOND_MS],
    countByRoute: new Map(),
    starts: 2,
    stops: 2,
    followedRedirects: 0,
    rejected: 0,
  },
  broadcasts: [
    { name: 'one', meetingId: 'a', confirmedBy: 'mutation' },
    { name: 'two', meetingId: 'a', confirmedBy: 'reading back' },
  ],
  createdCounts: new Map([
    ['one', 1],
    ['two', 1],
  ]),
  repeatedStarts: 1,
  control: { initial: USAGE, warm: USAGE, final: USAGE },
  restarts: new Map([['SIGKILL', 1]]),
  replicaFailures: [],
  redisDisruptions: new Map([['redis crash', 1]]),
  armedFaults: new Map([['hang', 2]]),
  subscribers: { total: 9, remaining: 4, syncSeconds: 2, stale: [] },
  loggedErrors: new Map(),
};

/** The failed checks after a change to the passing results. */
function failuresWith(change: Partial<SoakResults>): string[] {
  return checkResults({ ...PASSING, ...change }).flatMap(({ promise, hasPassed, finding }) =>
    hasPassed ? [] : [`${promise}: ${finding}`],
  );
}

/** The failed checks after a change to the control replica's final resources. */
function failuresWithFinalUsage(change: Partial<ResourceUsage>): string[] {
  return failuresWith({ control: { initial: USAGE, warm: USAGE, final: { ...USAGE, ...change } } });
}

describe('the checks of a soak test', () => {
  test('pass when every promise was kept', () => {
    expect(failuresWith({})).toEqual([]);
  });

  test('name a livestream that was started twice, and one that was lost', () => {
    expect(failuresWith({ createdCounts: new Map([...PASSING.createdCounts, ['two', 2]]) })).toEqual([
      'No livestream is started twice: two',
    ]);
    expect(failuresWith({ createdCounts: new Map([...PASSING.createdCounts, ['two', 0]]) })).toEqual([
      'No livestream is lost: two',
    ]);
  });

  test('name a livestream whose start was never confirmed, and one that nobody requested', () => {
    const broadcasts = [...PASSING.broadcasts, { name: 'three', meetingId: 'a', confirmedBy: null }];
    expect(failuresWith({ broadcasts, createdCounts: new Map([...PASSING.createdCounts, ['three', 0]]) })).toEqual([
      'Every broadcaster learns that its livestream is active: three',
    ]);
    expect(failuresWith({ createdCounts: new Map([...PASSING.createdCounts, ['four', 1]]) })).toEqual([
      'Only requested livestreams are started: four',
    ]);
  });

  test('name an unexpected error code, and count unanswered operations', () => {
    expect(failuresWith({ errorCodes: new Map([...PASSING.errorCodes, ['INTERNAL_SERVER_ERROR', 1]]) })).toEqual([
      'Every error code is expected: INTERNAL_SERVER_ERROR',
    ]);
    expect(failuresWith({ unanswered: 1 })).toEqual(['Every operation gets a response in the end: 1 unanswered']);
  });

  test('fail when a connection breaks without a stop of its replica, or an operation breaks during a drain', () => {
    const counters = new SoakCounters();
    const { brokenConnections } = counters;
    counters.recordBrokenConnection(null, 'operation', 'other side closed');
    expect(failuresWith({ brokenConnections })).toEqual([
      'Connections break only when a replica is stopped: unexpected: other side closed',
    ]);
    brokenConnections.clear();
    counters.recordBrokenConnection('SIGKILL', 'operation', 'other side closed');
    counters.recordBrokenConnection('SIGTERM', 'subscription', 'an event stream broke');
    expect(failuresWith({ brokenConnections })).toEqual([]);
    counters.recordBrokenConnection('SIGTERM', 'operation', 'other side closed');
    expect(failuresWith({ brokenConnections })).toEqual(['A rolling restart breaks no operation: 1 broken']);
  });

  test('accept a heap growth of 10 % and no more', () => {
    expect(failuresWithFinalUsage({ heapBytes: 33_000_000 })).toEqual([]);
    expect(failuresWithFinalUsage({ heapBytes: 33_300_000 })).toEqual(['The heap grows by at most 10 %: 11.0 %']);
  });

  test('name leaked handles and sockets', () => {
    const promise = 'No handle or socket leaks';
    expect(failuresWithFinalUsage({ sockets: 4, resources: {} })).toEqual([]);
    expect(failuresWithFinalUsage({ sockets: 6 })).toEqual([`${promise}: open sockets: 6, initially 5`]);
    expect(failuresWithFinalUsage({ resources: { Timeout: 1 } })).toEqual([`${promise}: Timeout: 1, initially 0`]);
  });

  test('count 429 responses, followed redirects, and requests in one upstream window', () => {
    const { upstreamRequests } = PASSING;
    expect(failuresWith({ upstreamRequests: { ...upstreamRequests, rejected: 1 } })).toEqual([
      'Upstream sends no 429: 1 429 responses',
    ]);
    expect(failuresWith({ upstreamRequests: { ...upstreamRequests, followedRedirects: 1 } })).toEqual([
      'The gateway follows no redirect: 1 followed',
    ]);
    const receivedAtMs = [...upstreamRequests.receivedAtMs, 9999];
    expect(failuresWith({ upstreamRequests: { ...upstreamRequests, receivedAtMs } })).toEqual([
      'At most 3 upstream requests in 10 s: at most 4',
    ]);
  });

  test('fail when a replica exits unexpectedly, or a subscriber has a stale state', () => {
    expect(failuresWith({ replicaFailures: ['control exited unexpectedly (1)'] })).toHaveLength(1);
    const stale = ['SSE all livestreams: received nothing'];
    expect(failuresWith({ subscribers: { ...PASSING.subscribers, stale } })).toHaveLength(1);
  });
});

test('the report of a soak test contains each check and the cause of each error code', () => {
  const results = { ...PASSING, unanswered: 1 };
  const report = formatSoakReport(results, checkResults(results), 'The setup.');
  expect(report).toContain('| Every operation gets a response in the end | 1 unanswered | **BROKEN** |');
  expect(report).toContain('| No livestream is started twice | yes | kept |');
  expect(report).toContain('| UPSTREAM_TIMEOUT | 1 | upstream hung, or was slower than the timeout of an attempt |');
});

test('findPeakRequests counts requests in fixed and in sliding windows', () => {
  // Each fixed window begins with the first request after the previous window's end: 0 to 10, 11 to 21.
  const timesMs = [0, 8, 9, 11, 12, 21].map((seconds) => seconds * SECOND_MS);
  expect(findPeakRequests(timesMs.toReversed(), 10 * SECOND_MS)).toEqual({ fixedWindow: 3, slidingWindow: 4 });
  expect(findPeakRequests([], 10 * SECOND_MS)).toEqual({ fixedWindow: 0, slidingWindow: 0 });
});

test('errorCodesOf returns each code of errors and userErrors once', () => {
  const error = (code: string) => ({ message: 'No.', extensions: { code } });
  const body = {
    data: { startLivestream: { userErrors: [{ code: 'CONFLICT' }] } },
    errors: [error('RATE_LIMITED'), error('RATE_LIMITED'), { message: 'No.' }],
  };
  expect(errorCodesOf(body)).toEqual(new Set(['RATE_LIMITED', 'no code', 'userErrors: CONFLICT']));
  expect(errorCodesOf({ data: { livestream: null } })).toEqual(new Set());
});

describe('a subscriber of a meeting', () => {
  const live = { id: 'l', name: null, meetingId: 'm', isActive: true, state: 'LIVE' };
  const subscriber = (receivedStates: [string, string][]) => ({
    transport: 'SSE' as const,
    target: { livestreamId: null, meetingId: 'm' },
    receivedStates: new Map(receivedStates),
  });

  test('is stale until it has received the active livestream of its meeting', () => {
    expect(findStaleStates(subscriber([['l', 'LIVE']]), [live])).toEqual([]);
    expect(findStaleStates(subscriber([]), [live])).toEqual(['SSE m: received nothing, actual state LIVE']);
    expect(findStaleStates(subscriber([]), [{ ...live, meetingId: 'other' }])).toEqual([]);
  });

  test('is stale until it has received the end of a livestream that it has received', () => {
    const ended = { ...live, isActive: false, state: 'IDLE' };
    expect(findStaleStates(subscriber([]), [ended])).toEqual([]);
    expect(findStaleStates(subscriber([['l', 'LIVE']]), [ended])).toEqual(['SSE m: received LIVE, actual state IDLE']);
  });
});
