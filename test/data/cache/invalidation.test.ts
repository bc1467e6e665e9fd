import type { HybridTimestamp } from '../../../src/cluster/hybridClock.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { createInvalidations } from '../../../src/data/cache/invalidation.ts';

const TAG = 'livestream x';
const LEEWAY = 50;

interface Told {
  hash: string | null;
  tags: readonly string[];
  order: number;
}

/** Replicas whose clocks are off by so many milliseconds; what they tell waits until it is delivered. */
function replicasOf(...offsets: number[]) {
  let now = 1_000_000;
  const told: (Told & { from: number })[] = [];
  const replicas = offsets.map((offset, from) =>
    createInvalidations({
      now: () => now + offset,
      localNow: () => now,
      leewayMs: LEEWAY,
      publish: (hash, tags, order) => told.push({ hash, tags, order, from }),
    }),
  );
  return {
    replicas,
    pass: (milliseconds: number): void => {
      now += milliseconds;
    },
    /** All hear what the others have told. */
    deliver: (): void => {
      for (const { from, hash, tags, order } of told.splice(0))
        for (const [index, replica] of replicas.entries()) if (index !== from) replica.applyRemote(hash, tags, order);
    },
  };
}

describe('changes of another replica', () => {
  test('make void what was read here before, and nothing that is read after they were heard of', () => {
    const { replicas, deliver, pass } = replicasOf(0, 0);
    const [here, there] = replicas;
    const before = here?.now();
    pass(5);
    there?.invalidate('account', [TAG]);
    deliver();
    const after = here?.now();
    expect([before, after].map((moment) => moment && here?.isInvalidated('account', [TAG], moment))).toEqual([
      true,
      false,
    ]);
  });

  test('are none of another account’s, nor of what else there is', () => {
    const { replicas, deliver } = replicasOf(0, 0);
    const [here, there] = replicas;
    const before: HybridTimestamp = here?.now() ?? { logical: 0, wallTime: 0 };
    there?.invalidate('account 3', [TAG]);
    deliver();
    expect(here?.isInvalidated('other', [TAG], before)).toBe(false);
    expect(here?.isInvalidated('account', ['livestream y'], before)).toBe(false);
    // Whichever era of the account's token it is.
    expect(here?.isInvalidated('account 1', [TAG], before)).toBe(true);
  });

  test('of all accounts are everybody’s', () => {
    const { replicas, deliver } = replicasOf(0, 0);
    const [here, there] = replicas;
    const before: HybridTimestamp = here?.now() ?? { logical: 0, wallTime: 0 };
    there?.invalidate(null, [TAG]);
    deliver();
    expect(here?.isInvalidated('account', [TAG], before)).toBe(true);
  });

  test('are in order with what any of them reads, however their clocks differ within a few milliseconds', () => {
    const offset = fc.integer({ min: -LEEWAY / 2, max: LEEWAY / 2 });
    const step = fc.record({ who: fc.nat(2), kind: fc.constantFrom('read', 'change', 'hear', 'pass'), by: fc.nat(60) });
    fc.assert(
      fc.property(fc.tuple(offset, offset, offset), fc.array(step, { maxLength: 40 }), (offsets, steps) => {
        const { replicas, deliver, pass } = replicasOf(...offsets);
        let reads: HybridTimestamp[] = [];
        let wrong = 0;
        for (const { who, kind, by } of steps) {
          if (kind === 'pass') pass(by);
          else if (kind === 'hear') deliver();
          else if (kind === 'read') reads.push(replicas[who]?.now() ?? { logical: 0, wallTime: 0 });
          else {
            replicas[who]?.invalidate('account', [TAG]);
            deliver();
            for (const replica of replicas)
              for (const moment of reads) wrong += replica.isInvalidated('account', [TAG], moment) ? 0 : 1;
            reads = [];
            // Whoever has heard of it reads what is newer, for all.
            const next = replicas.map((replica) => replica.now());
            for (const replica of replicas)
              for (const moment of next) wrong += replica.isInvalidated('account', [TAG], moment) ? 1 : 0;
            reads.push(...next);
            // Changes do not come faster than clocks differ.
            pass(2 * LEEWAY);
          }
        }
        expect(wrong).toBe(0);
      }),
    );
  });
});

describe('what was missed', () => {
  test('makes void whatever was read before, whoever has read it, and nothing later', () => {
    const { replicas, pass } = replicasOf(0, 20);
    const [here, there] = replicas;
    const before = [here?.now(), there?.now()];
    here?.invalidateAll();
    pass(2 * LEEWAY);
    const after = [here?.now(), there?.now()];
    const isVoid = (moment: HybridTimestamp | undefined): unknown =>
      moment && here?.isInvalidated('account', ['anything'], moment);
    expect(before.map(isVoid)).toEqual([true, true]);
    expect(after.map(isVoid)).toEqual([false, false]);
  });
});
