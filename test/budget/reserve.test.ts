import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { partition, merge, rebase, unpartition } from '../../src/budget/partition.ts';
import { commit, reserve, snapshotOf } from '../../src/budget/reserve.ts';
import { budgetFromText, budgetToText } from '../../src/budget/serialize.ts';
import { type BudgetState, newBudgetState } from '../../src/budget/window.ts';

const NOW = 1_000_000;

/** Takes whatever there is; gives how many. */
function takeAll(state: BudgetState, now: number, name: string): number {
  for (let taken = 0; ; taken += 1) {
    try {
      reserve(state, 'mutation', `${name} ${taken}`, { now, held: 1000 });
    } catch {
      return taken;
    }
  }
}

function answer(remaining: number, limit = 100) {
  const policy = `"default";q=${limit};w=60`;
  return { status: 200, headers: { ratelimit: `"default";r=${remaining};t=60`, 'ratelimit-policy': policy } };
}

/** One that was told how much is left, and has so many requests under way. */
function stateWith(left: number, underWay: number): BudgetState {
  const state = newBudgetState('here');
  reserve(state, 'mutation', 'first', { now: NOW, held: 1000 });
  commit(state, 'first', answer(left), { now: NOW, sentAt: NOW });
  for (let index = 0; index < underWay; index += 1) {
    try {
      reserve(state, 'mutation', `common ${index}`, { now: NOW, held: 1000 });
    } catch {
      break;
    }
  }
  return state;
}

const states = fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 40 }));

test('all parts together are never more than there is, also after each has learned what is left', () => {
  fc.assert(
    fc.property(states, fc.integer({ min: 2, max: 6 }), fc.array(fc.nat(5)), ([left, underWay], parts, order) => {
      const state = stateWith(left, underWay);
      let real = left - state.tickets.size;
      const alone = Array.from({ length: parts }, () => partition(state, { parts, inFlight: 0, now: NOW }));
      // One after the other, each answered at once.
      for (const [index, who] of [...order, ...alone.keys(), ...alone.keys()].entries()) {
        const one = alone[who % parts];
        if (one === undefined) continue;
        try {
          reserve(one, 'mutation', `own ${index}`, { now: NOW + 1, held: 1000 });
        } catch {
          continue;
        }
        real -= 1;
        commit(one, `own ${index}`, answer(Math.max(0, real)), { now: NOW + 1, sentAt: NOW + 1 });
      }
      const rest = alone.reduce((sum, one, index) => sum + takeAll(one, NOW + 2, `rest ${index}`), 0);
      expect(rest).toBeLessThanOrEqual(Math.max(0, real));
    }),
  );
});

test('one that comes alone has everything, and knows what it knew', () => {
  const state = stateWith(60, 5);
  expect(partition(state, { parts: 1, inFlight: 0, now: NOW })).toEqual({ ...state, dividedAt: NOW, inFlight: 0 });
});

test('joined, two never have more than either, whoever tells first, and saying it again changes nothing', () => {
  fc.assert(
    fc.property(states, states, (one, other) => {
      const [left, right] = [stateWith(...one), partition(stateWith(...other), { parts: 2, inFlight: 0, now: NOW })];
      const both = merge(left, right, NOW);
      const remaining = snapshotOf(unpartition(both), NOW).remaining;
      expect(remaining).toBeLessThanOrEqual(
        Math.min(snapshotOf(left, NOW).remaining, Math.max(0, other[0] - other[1])),
      );
      expect(unpartition(merge(unpartition(both), right, NOW))).toEqual(unpartition(both));
      expect(unpartition(rebase(left, right))).toEqual(unpartition(left));
      expect(snapshotOf(unpartition(merge(unpartition(right), left, NOW)), NOW).remaining).toBe(remaining);
    }),
  );
});

test('of a window that has ended before the other’s began nothing is taken over', () => {
  const old = stateWith(3, 0);
  const later = newBudgetState('here');
  const now = NOW + 70_000;
  reserve(later, 'read', 'first', { now, held: 1000 });
  commit(later, 'first', answer(80), { now, sentAt: now });
  expect(snapshotOf(merge(old, later, now), now).remaining).toBe(80);
  expect(snapshotOf(merge(later, old, now), now).remaining).toBe(80);
});

test('in text it is the same, without what is one’s own', () => {
  const state = stateWith(60, 5);
  expect(budgetFromText(budgetToText(partition(state, { parts: 3, inFlight: 2, now: NOW })))).toMatchObject({
    ...unpartition(state),
    dividedAt: 0,
  });
});
