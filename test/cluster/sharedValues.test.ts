import { describe, expect, test } from 'vitest';

import { createBus } from '../../src/cluster/bus.ts';
import { createSharedValues, type SharedValues } from '../../src/cluster/sharedValues.ts';
import { createMemoryStore } from '../support/memoryStore.ts';
import { createSteppedClock } from '../support/model/clock.ts';

/** Several replicas' view of what all keep; each takes the time to be another one. */
function levelsOf(...offsets: number[]) {
  const clock = createSteppedClock(() => false);
  const store = createMemoryStore({ clock });
  const all = offsets.map((offset) => {
    const own = store.connect();
    const local = {
      now: () => clock.now() + offset,
      after: (...timer: Parameters<typeof clock.after>) => clock.after(...timer),
    };
    const bus = createBus(own);
    return {
      store: own,
      clock: local,
      level: createSharedValues({ store: own, bus, prefix: 'app ', clock: local }),
    };
  });
  const [one, other] = all;
  if (one === undefined || other === undefined) throw new Error('Several are at least two.');
  return { clock, store, one, other };
}

/** What a promise has come to by now. */
async function now<T>(promise: Promise<T>): Promise<T | 'waits'> {
  await new Promise((resolve) => setImmediate(resolve));
  return Promise.race([promise, Promise.resolve('waits' as const)]);
}

const claimOf = async (level: SharedValues, signal?: AbortSignal) => level.acquireLease('id', signal);

describe('what is kept for all', () => {
  test('has the same age for each of them, whatever time it takes it to be', async () => {
    const { clock, one, other } = levelsOf(0, 3_600_000);
    one.level.set('id', { value: { name: 'x' }, timestamp: { logical: 7, wallTime: one.clock.now() - 500 } }, 2000);
    await clock.pass(100);
    const found = await other.level.get('id');
    expect(found).toEqual({
      value: { name: 'x' },
      moment: { logical: 7, wallTime: other.clock.now() - 600, fromPeer: true },
    });
    await clock.pass(2000);
    expect(await other.level.get('id')).toBeNull();
  });

  test('is nothing where the store is away, slow to say so, or has garbage', async () => {
    const { store, one, other } = levelsOf(0, 0);
    store.put('app value id', '{"value":1,"logical":"7","wallTime":1}');
    expect(await one.level.get('id')).toBeNull();
    store.put('app value id', '{"value":1,"logical":7,"wallTime":1}');
    expect(await one.level.get('id')).not.toBeNull();
    one.store.decideOutcomes(() => 'lost');
    expect(await one.level.get('id')).toBeNull();
    expect(await one.level.get('id')).toBeNull();
    other.store.break();
    other.level.set('id', { value: 2, timestamp: { logical: 8, wallTime: 2 } }, 2000);
    expect(await now(claimOf(other.level))).not.toBe('waits');
  });

  test('is not what is asked for in very long words', async () => {
    const { clock, store, one, other } = levelsOf(0, 0);
    const id = 'x'.repeat(501);
    one.level.set(id, { value: 1, timestamp: { logical: 1, wallTime: 1 } }, 2000);
    await clock.pass(0);
    expect(store.entries().size).toBe(0);
    expect(await now(one.level.acquireLease(id, undefined))).not.toBe('waits');
    expect(await now(other.level.acquireLease(id, undefined))).not.toBe('waits');
  });
});

describe('whoever reads for all', () => {
  test('is one at a time; the others wait until it has ended', async () => {
    const { one, other } = levelsOf(0, 0);
    const claim = await claimOf(one.level);
    const waiting = claimOf(other.level);
    expect(await now(waiting)).toBe('waits');
    claim?.release();
    expect(await waiting).toBeNull();
    expect(await claimOf(other.level)).not.toBeNull();
  });

  test('is waited for five seconds at most, should it have died', async () => {
    const { clock, one, other } = levelsOf(0, 0);
    await claimOf(one.level);
    const waiting = claimOf(other.level);
    await clock.pass(4999);
    expect(await now(waiting)).toBe('waits');
    await clock.pass(1);
    expect(await waiting).toBeNull();
    expect(await now(claimOf(other.level))).not.toBe('waits');
    expect(clock.pending()).toBe(0);
  });

  test('does not keep those waiting who leave', async () => {
    const { clock, one, other } = levelsOf(0, 0);
    await claimOf(one.level);
    const leaver = new AbortController();
    const waiting = claimOf(other.level, leaver.signal);
    expect(await now(waiting)).toBe('waits');
    leaver.abort(new Error('Left'));
    expect(await now(waiting)).not.toBe('waits');
    expect(clock.pending()).toBe(0);
  });

  test('that was too slow does not end the turn of the next', async () => {
    const { clock, one, other } = levelsOf(0, 0);
    const slow = await claimOf(one.level);
    await clock.pass(5000);
    await claimOf(other.level);
    slow?.release();
    await clock.pass(0);
    const third = claimOf(one.level);
    expect(await now(third)).toBe('waits');
    await clock.pass(5000);
    await third;
  });
});
