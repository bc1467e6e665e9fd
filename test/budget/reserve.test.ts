import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { merge, partition, rebase, unpartition } from '../../src/budget/partition.ts';
import { commit, reserve, snapshotOf } from '../../src/budget/reserve.ts';
import { parseBudget, serializeBudget } from '../../src/budget/serialize.ts';
import { type BudgetState, createBudgetState } from '../../src/budget/window.ts';

const NOW = 1_000_000;

/** Reserves until the budget is used up. Returns the number of reservations. */
function reserveAll(state: BudgetState, now: number, name: string): number {
  for (let reserved = 0; ; reserved += 1) {
    try {
      reserve(state, 'mutation', `${name} ${reserved}`, { now, maxInFlightMs: 1000 });
    } catch {
      return reserved;
    }
  }
}

function respond(remaining: number, limit = 100) {
  const policy = `"default";q=${limit};w=60`;
  return { status: 200, headers: { ratelimit: `"default";r=${remaining};t=60`, 'ratelimit-policy': policy } };
}

/** A state with `remaining` requests, as a response reported them, and up to `inFlight` requests in flight. */
function stateWith(remaining: number, inFlight: number): BudgetState {
  const state = createBudgetState('here');
  reserve(state, 'mutation', 'first', { now: NOW, maxInFlightMs: 1000 });
  commit(state, 'first', respond(remaining), { receivedAt: NOW, sentAt: NOW });
  for (let index = 0; index < inFlight; index += 1) {
    try {
      reserve(state, 'mutation', `shared ${index}`, { now: NOW, maxInFlightMs: 1000 });
    } catch {
      break;
    }
  }
  return state;
}

/** The arguments of `stateWith`. */
const states = fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 40 }));

describe('partitions of a budget', () => {
  test('never add up to more than what is left, even after each replica has learned what is left', () => {
    const counts = fc.integer({ min: 2, max: 6 });
    fc.assert(
      fc.property(states, counts, fc.array(fc.nat(5)), ([remaining, inFlight], partitionCount, order) => {
        const state = stateWith(remaining, inFlight);
        let left = remaining - state.reservations.size;
        const partitions = Array.from({ length: partitionCount }, () =>
          partition(state, { partitionCount, inFlight: 0, now: NOW }),
        );
        // One request after the other, each answered at once.
        for (const [index, replica] of [...order, ...partitions.keys(), ...partitions.keys()].entries()) {
          const own = partitions[replica % partitionCount];
          if (own === undefined) continue;
          try {
            reserve(own, 'mutation', `own ${index}`, { now: NOW + 1, maxInFlightMs: 1000 });
          } catch {
            continue;
          }
          left -= 1;
          commit(own, `own ${index}`, respond(Math.max(0, left)), { receivedAt: NOW + 1, sentAt: NOW + 1 });
        }
        const rest = partitions.reduce((sum, own, index) => sum + reserveAll(own, NOW + 2, `rest ${index}`), 0);
        expect(rest).toBeLessThanOrEqual(Math.max(0, left));
      }),
    );
  });

  test('leave the whole budget to a single replica', () => {
    const state = stateWith(60, 5);
    const expected = { ...state, partitionedAt: NOW, inFlight: 0 };
    expect(partition(state, { partitionCount: 1, inFlight: 0, now: NOW })).toEqual(expected);
  });

  test('merge into at most the smaller budget, in either order, and merging twice changes nothing', () => {
    fc.assert(
      fc.property(states, states, (sharedArguments, localArguments) => {
        const shared = stateWith(...sharedArguments);
        const local = partition(stateWith(...localArguments), { partitionCount: 2, inFlight: 0, now: NOW });
        const merged = merge(shared, local, NOW);
        const remaining = snapshotOf(unpartition(merged), NOW).remaining;
        expect(remaining).toBeLessThanOrEqual(
          Math.min(snapshotOf(shared, NOW).remaining, Math.max(0, localArguments[0] - localArguments[1])),
        );
        expect(unpartition(merge(unpartition(merged), local, NOW))).toEqual(unpartition(merged));
        expect(unpartition(rebase(shared, local))).toEqual(unpartition(shared));
        expect(snapshotOf(unpartition(merge(unpartition(local), shared, NOW)), NOW).remaining).toBe(remaining);
      }),
    );
  });

  test('merge without the count of a window that ended before the other one began', () => {
    const old = stateWith(3, 0);
    const later = createBudgetState('here');
    const now = NOW + 70_000;
    reserve(later, 'read', 'first', { now, maxInFlightMs: 1000 });
    commit(later, 'first', respond(80), { receivedAt: now, sentAt: now });
    expect(snapshotOf(merge(old, later, now), now).remaining).toBe(80);
    expect(snapshotOf(merge(later, old, now), now).remaining).toBe(80);
  });
});

describe('a serialized budget', () => {
  test('parses to the same state, without the partition', () => {
    const state = stateWith(60, 5);
    const text = serializeBudget(partition(state, { partitionCount: 3, inFlight: 2, now: NOW }));
    expect(parseBudget(text)).toMatchObject({ ...unpartition(state), partitionedAt: 0 });
  });
});
