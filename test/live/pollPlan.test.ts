import { describe, expect, test } from 'vitest';

import { planSingleReads, type PollPlanInput, usesLists } from '../../src/live/pollPlan.ts';
import { livestreamOf, publishedState } from './states.ts';

const NO_TOPICS = { livestreamIds: [], meetingIds: [], isAppWide: false };

function plan(changes: Partial<PollPlanInput>) {
  return planSingleReads({
    topics: NO_TOPICS,
    active: null,
    published: new Map(),
    polledAt: () => 0,
    now: 100_000,
    maxIdleAgeMs: 10_000,
    replicaCount: 1,
    ...changes,
  });
}

/** Published states of these livestreams, with the logical times at which they were read. */
function publishedOf(...states: [id: string, logical: number, status?: 'LIVE' | 'IDLE'][]) {
  return new Map(
    states.map(([id, logical, status = 'LIVE']) => [id, publishedState(livestreamOf({ id, status }), logical)]),
  );
}

describe('the lists of active livestreams', () => {
  test.each([
    [{ ...NO_TOPICS, livestreamIds: ['a'], meetingIds: ['m'] }, false],
    [{ ...NO_TOPICS, livestreamIds: ['a', 'b'], meetingIds: ['m'] }, true],
    [{ ...NO_TOPICS, isAppWide: true }, true],
  ])('are read for the topics %o: %s', (topics, isExpected) => {
    expect(usesLists(topics)).toBe(isExpected);
  });
});

describe('single reads', () => {
  test('without the lists cover everything that has a subscriber, oldest state first', () => {
    const topics = { ...NO_TOPICS, livestreamIds: ['a', 'b'], meetingIds: ['m'] };
    const published = publishedOf(['a', 20], ['b', 10]);
    expect(plan({ topics, published })).toEqual({ livestreamIds: ['b', 'a'], meetingIds: ['m'] });
  });

  test('beside complete lists cover the livestreams that were active and are not listed any more', () => {
    const topics = { ...NO_TOPICS, livestreamIds: ['a', 'b', 'c'], meetingIds: ['m'] };
    const active = { livestreams: [livestreamOf({ id: 'a' })], isComplete: true };
    const published = publishedOf(['a', 20], ['b', 10], ['c', 30, 'IDLE']);
    expect(plan({ topics, active, published, now: 1000 })).toEqual({ livestreamIds: ['b'], meetingIds: [] });
  });

  test('beside complete lists cover the three oldest inactive livestreams, divided among the replicas', () => {
    const topics = { ...NO_TOPICS, livestreamIds: ['a', 'b', 'c', 'd'] };
    const active = { livestreams: [], isComplete: true };
    const published = publishedOf(['a', 40, 'IDLE'], ['b', 30, 'IDLE'], ['c', 20, 'IDLE'], ['d', 10, 'IDLE']);
    const input = { topics, active, published };
    expect(plan(input).livestreamIds).toEqual(['d', 'c', 'b']);
    expect(plan({ ...input, replicaCount: 3 }).livestreamIds).toEqual(['d']);
    expect(plan({ ...input, maxIdleAgeMs: 1_000_000 }).livestreamIds).toEqual([]);
  });

  test('of inactive livestreams go on with the next ones, although polling the last ones showed nothing new', () => {
    const topics = { ...NO_TOPICS, livestreamIds: ['a', 'b', 'c', 'd', 'unknown'] };
    const active = { livestreams: [], isComplete: true };
    const published = publishedOf(['a', 40, 'IDLE'], ['b', 30, 'IDLE'], ['c', 20, 'IDLE'], ['d', 10, 'IDLE']);
    const polledAt = (id: string): number => (id === 'a' || id === 'b' ? 0 : 89_000);
    const input = { topics, active, published, polledAt };
    expect(plan(input).livestreamIds).toEqual(['b', 'a', 'c']);
    expect(plan({ ...input, maxIdleAgeMs: 12_000 }).livestreamIds).toEqual(['b', 'a']);
  });

  test('beside the lists cover three of the listed livestreams that have no session, those polled longest ago', () => {
    const livestreams = ['a', 'b', 'c', 'd', 'e'].map((id) => livestreamOf({ id }));
    const active = { livestreams, isComplete: true };
    const published = publishedOf(['a', 20], ['b', 20], ['c', 20], ['d', 20], ['e', 20]);
    for (const [id, sessionId] of [
      ['a', 'session'],
      ['b', undefined],
    ] as const)
      published.set(id, { ...publishedState(livestreamOf({ id })), sessionId });
    const polledAt = (id: string): number => ({ c: 90_000, d: 95_000, e: 80_000 })[id] ?? 0;
    const topics = { ...NO_TOPICS, isAppWide: true };
    const input = { topics, active, published, polledAt };
    expect(plan(input).livestreamIds).toEqual(['e', 'c']);
    expect(plan({ ...input, now: 110_000 }).livestreamIds).toEqual(['e', 'c', 'd']);
    expect(plan({ ...input, now: 110_000, replicaCount: 3 }).livestreamIds).toEqual(['e']);
  });
});
