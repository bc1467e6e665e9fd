import { describe, expect, test } from 'vitest';

import type { Held } from './soak/replica.ts';
import { writeReport } from './soak/report.ts';
import { codesIn, Tally } from './soak/tally.ts';
import { type Figures, judge } from './soak/verdict.ts';
import { mostInWindow } from './soak/windows.ts';
import { wrongOf } from './soak/wrong.ts';

const HELD: Held = {
  heapBytes: 30_000_000,
  residentBytes: 100_000_000,
  sockets: 5,
  resources: { TCPServerWrap: 1, TCPSocketWrap: 2 },
};
const SECOND = 1000;

/** A run in which every promise was kept. */
const GOOD: Figures = {
  kinds: new Map([['livestream', { sent: 2, whole: 1, milliseconds: [3, 4] }]]),
  codes: new Map([['UPSTREAM_TIMEOUT', 1]]),
  broken: new Map([
    ['SIGKILL, operation', 3],
    ['SIGTERM, subscription', 2],
  ]),
  givenUp: 0,
  quota: { limit: 3, windowSeconds: 10 },
  harvest: {
    times: [0, SECOND, 2 * SECOND, 10 * SECOND],
    routes: new Map(),
    starts: 2,
    stops: 2,
    trapped: 0,
    refused: 0,
  },
  wants: [
    { name: 'one', meetingId: 'a', told: 'by the answer' },
    { name: 'two', meetingId: 'a', told: 'by reading back' },
  ],
  created: new Map([
    ['one', 1],
    ['two', 1],
  ]),
  repeated: 1,
  control: { fresh: HELD, warm: HELD, end: HELD },
  endings: new Map([['SIGKILL', 1]]),
  accidents: [],
  redis: new Map([['redis crash', 1]]),
  faults: new Map([['hang', 2]]),
  viewers: { came: 9, survived: 4, seconds: 2, wrong: [] },
  errors: new Map(),
};

/** What is broken in a run that is good but for this. */
function brokenIn(change: Partial<Figures>): string[] {
  return judge({ ...GOOD, ...change }).flatMap(({ what, isKept, found }) => (isKept ? [] : [`${what}: ${found}`]));
}

/** The same, as the replica that is never ended is at the end. */
function brokenAtTheEnd(change: Partial<Held>): string[] {
  return brokenIn({ control: { fresh: HELD, warm: HELD, end: { ...HELD, ...change } } });
}

describe('the verdict on a soak', () => {
  test('is that all was kept where it was', () => {
    expect(brokenIn({})).toEqual([]);
  });

  test('names a livestream that was started twice, and one that was lost', () => {
    expect(brokenIn({ created: new Map([...GOOD.created, ['two', 2]]) })).toEqual(['None is started twice: two']);
    expect(brokenIn({ created: new Map([...GOOD.created, ['two', 0]]) })).toEqual(['No start is lost: two']);
  });

  test('names a livestream that its host never learned of, and one that nobody wanted', () => {
    const wants = [...GOOD.wants, { name: 'three', meetingId: 'a', told: null }];
    expect(brokenIn({ wants, created: new Map([...GOOD.created, ['three', 0]]) })).toEqual([
      'Every host learns that its livestream runs: three',
    ]);
    expect(brokenIn({ created: new Map([...GOOD.created, ['four', 1]]) })).toEqual([
      'Only what is wanted is started: four',
    ]);
  });

  test('names a code that nothing explains', () => {
    expect(brokenIn({ codes: new Map([...GOOD.codes, ['INTERNAL_SERVER_ERROR', 1]]) })).toEqual([
      'Every error code is explained: INTERNAL_SERVER_ERROR',
    ]);
    expect(brokenIn({ givenUp: 1 })).toEqual(['Every operation is answered in the end: 1 given up']);
  });

  test('names connections that broke although nobody ended the replica, or although it drained', () => {
    const tally = new Tally();
    tally.broke(null, 'operation', 'other side closed');
    expect(brokenIn({ broken: tally.broken })).toEqual([
      'Connections break only where a replica was told to end: unexplained: other side closed',
    ]);
    tally.broken.clear();
    tally.broke('SIGKILL', 'operation', 'other side closed');
    tally.broke('SIGTERM', 'subscription', 'an event stream broke');
    expect(brokenIn({ broken: tally.broken })).toEqual([]);
    tally.broke('SIGTERM', 'operation', 'other side closed');
    expect(brokenIn({ broken: tally.broken })).toEqual(['A rolling restart breaks no operation: 1 broken']);
  });

  test('lets the heap grow by a tenth, and no more', () => {
    expect(brokenAtTheEnd({ heapBytes: 33_000_000 })).toEqual([]);
    expect(brokenAtTheEnd({ heapBytes: 33_300_000 })).toEqual(['The heap grows by 10 % at most: 11.0 %']);
  });

  test('names handles and sockets that were left behind', () => {
    const what = 'Handles and sockets are back to the start';
    expect(brokenAtTheEnd({ sockets: 4, resources: {} })).toEqual([]);
    expect(brokenAtTheEnd({ sockets: 6 })).toEqual([`${what}: open sockets: 6, at the start 5`]);
    expect(brokenAtTheEnd({ resources: { Timeout: 1 } })).toEqual([`${what}: Timeout: 1, at the start 0`]);
  });

  test('counts what upstream refused, and what came in one of its windows', () => {
    const { harvest } = GOOD;
    expect(brokenIn({ harvest: { ...harvest, refused: 1 } })).toEqual([
      'Upstream refuses nothing for its quota: 1 times 429',
    ]);
    expect(brokenIn({ harvest: { ...harvest, trapped: 1 } })).toEqual(['No redirect is followed: 1 followed']);
    expect(brokenIn({ harvest: { ...harvest, times: [...harvest.times, 9999] } })).toEqual([
      'At most 3 upstream requests in 10 s: 4 at most',
    ]);
  });

  test('names replicas that ended by themselves, and what some who watch do not know', () => {
    expect(brokenIn({ accidents: ['control ended by itself (1)'] })).toHaveLength(1);
    expect(brokenIn({ viewers: { ...GOOD.viewers, wrong: ['SSE everything: told nothing'] } })).toHaveLength(1);
  });

  test('stands in the report, beside what explains each code', () => {
    const figures = { ...GOOD, givenUp: 1 };
    const report = writeReport(figures, judge(figures), 'How it ran.');
    expect(report).toContain('| Every operation is answered in the end | 1 given up | **BROKEN** |');
    expect(report).toContain('| None is started twice | yes | kept |');
    expect(report).toContain('| UPSTREAM_TIMEOUT | 1 | upstream hung, or was slower than an attempt may be |');
  });
});

test('requests are counted in windows as upstream has them, and wherever they begin', () => {
  // Each window begins with the first request after the one before: 0 to 10, 11 to 21.
  const times = [0, 8, 9, 11, 12, 21].map((seconds) => seconds * SECOND);
  expect(mostInWindow(times.toReversed(), 10 * SECOND)).toEqual({ counted: 3, anywhere: 4 });
  expect(mostInWindow([], 10 * SECOND)).toEqual({ counted: 0, anywhere: 0 });
});

test('an operation counts once for each code in its errors and in what its mutations refuse', () => {
  const error = (code: string) => ({ message: 'No.', extensions: { code } });
  const body = {
    data: { startLivestream: { userErrors: [{ code: 'CONFLICT' }] } },
    errors: [error('RATE_LIMITED'), error('RATE_LIMITED'), { message: 'No.' }],
  };
  expect(codesIn(body)).toEqual(new Set(['RATE_LIMITED', 'without a code', 'userErrors: CONFLICT']));
  expect(codesIn({ data: { livestream: null } })).toEqual(new Set());
});

describe('somebody who watches a meeting', () => {
  const live = { id: 'l', name: null, meetingId: 'm', isActive: true, state: 'LIVE' };
  const watching = (told: [string, string][]) => ({
    line: 'SSE' as const,
    target: { livestreamId: null, meetingId: 'm' },
    told: new Map(told),
  });

  test('has to know what runs in it', () => {
    expect(wrongOf(watching([['l', 'LIVE']]), [live])).toEqual([]);
    expect(wrongOf(watching([]), [live])).toEqual(['SSE m: told nothing, so is LIVE']);
    expect(wrongOf(watching([]), [{ ...live, meetingId: 'other' }])).toEqual([]);
  });

  test('has to know that what was told has ended', () => {
    const ended = { ...live, isActive: false, state: 'IDLE' };
    expect(wrongOf(watching([]), [ended])).toEqual([]);
    expect(wrongOf(watching([['l', 'LIVE']]), [ended])).toEqual(['SSE m: told LIVE, so is IDLE']);
  });
});
