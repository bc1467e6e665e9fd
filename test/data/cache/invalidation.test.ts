import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { HybridTimestamp } from '../../../src/cluster/hybridClock.ts';
import { createInvalidations } from '../../../src/data/cache/invalidation.ts';

const TAG = 'livestream x';
const LEEWAY_MS = 50;
const BEGINNING: HybridTimestamp = { logical: 0, wallTime: 0 };

interface PublishedInvalidation {
  tokenHash: string | null;
  tags: readonly string[];
  logical: number;
  from: number;
}

/** Replicas whose clocks are off by these milliseconds. Published invalidations wait until `deliver` is called. */
function createReplicas(...offsetsMs: number[]) {
  let now = 1_000_000;
  const published: PublishedInvalidation[] = [];
  const replicas = offsetsMs.map((offsetMs, from) =>
    createInvalidations({
      now: () => now + offsetMs,
      localNow: () => now,
      leewayMs: LEEWAY_MS,
      publish: (tokenHash, tags, logical) => published.push({ tokenHash, tags, logical, from }),
    }),
  );
  return {
    replicas,
    advance: (ms: number): void => {
      now += ms;
    },
    deliver: (): void => {
      for (const { from, tokenHash, tags, logical } of published.splice(0))
        for (const [index, replica] of replicas.entries())
          if (index !== from) replica.applyRemote(tokenHash, tags, logical);
    },
  };
}

describe('an invalidation of another replica', () => {
  test('applies to what was read before it, and not to what is read after it was received', () => {
    const { replicas, deliver, advance } = createReplicas(0, 0);
    const [here, there] = replicas;
    const before = here?.now();
    advance(5);
    there?.invalidate('account', [TAG]);
    deliver();
    const after = here?.now();
    const isInvalidated = [before, after].map(
      (timestamp) => timestamp && here?.isInvalidated('account', [TAG], timestamp),
    );
    expect(isInvalidated).toEqual([true, false]);
  });

  test('applies to its own account, in every generation of the id, and to its own tags', () => {
    const { replicas, deliver } = createReplicas(0, 0);
    const [here, there] = replicas;
    const before = here?.now() ?? BEGINNING;
    there?.invalidate('account 3', [TAG]);
    deliver();
    expect(here?.isInvalidated('other', [TAG], before)).toBe(false);
    expect(here?.isInvalidated('account', ['livestream y'], before)).toBe(false);
    expect(here?.isInvalidated('account 1', [TAG], before)).toBe(true);
  });

  test('applies to every account if it names none', () => {
    const { replicas, deliver } = createReplicas(0, 0);
    const [here, there] = replicas;
    const before = here?.now() ?? BEGINNING;
    there?.invalidate(null, [TAG]);
    deliver();
    expect(here?.isInvalidated('account', [TAG], before)).toBe(true);
  });

  test('is ordered correctly with the reads of all replicas if their clocks differ by less than the leeway', () => {
    const offset = fc.integer({ min: 1 - LEEWAY_MS / 2, max: LEEWAY_MS / 2 });
    const step = fc.record({
      replica: fc.nat(2),
      kind: fc.constantFrom('read', 'invalidate', 'deliver', 'advance'),
      ms: fc.nat(60),
    });
    fc.assert(
      fc.property(fc.tuple(offset, offset, offset), fc.array(step, { maxLength: 40 }), (offsets, steps) => {
        const { replicas, deliver, advance } = createReplicas(...offsets);
        let reads: HybridTimestamp[] = [];
        let errors = 0;
        for (const { replica: index, kind, ms } of steps) {
          if (kind === 'advance') advance(ms);
          else if (kind === 'deliver') deliver();
          else if (kind === 'read') reads.push(replicas[index]?.now() ?? BEGINNING);
          else {
            replicas[index]?.invalidate('account', [TAG]);
            deliver();
            for (const replica of replicas)
              for (const read of reads) errors += replica.isInvalidated('account', [TAG], read) ? 0 : 1;
            reads = [];
            // Every replica has received the invalidation: what it reads now is newer, for all replicas.
            const newReads = replicas.map((replica) => replica.now());
            for (const replica of replicas)
              for (const read of newReads) errors += replica.isInvalidated('account', [TAG], read) ? 1 : 0;
            reads.push(...newReads);
            // Invalidations do not follow each other faster than the clocks differ.
            advance(2 * LEEWAY_MS);
          }
        }
        expect(errors).toBe(0);
      }),
    );
  });
});

describe('invalidateAll', () => {
  test('applies to what any replica has read before, and not to what is read later', () => {
    const { replicas, advance } = createReplicas(0, 20);
    const [here, there] = replicas;
    const before = [here?.now(), there?.now()];
    here?.invalidateAll();
    advance(2 * LEEWAY_MS);
    const after = [here?.now(), there?.now()];
    const isInvalidated = (timestamp: HybridTimestamp | undefined): unknown =>
      timestamp && here?.isInvalidated('account', ['any tag'], timestamp);
    expect(before.map(isInvalidated)).toEqual([true, true]);
    expect(after.map(isInvalidated)).toEqual([false, false]);
  });
});
