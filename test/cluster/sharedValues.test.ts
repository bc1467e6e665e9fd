import { describe, expect, test } from 'vitest';

import { createPeers } from '../../src/cluster/peers.ts';
import { createSharedValues, type Lease, type SharedValue, type SharedValues } from '../../src/cluster/sharedValues.ts';
import { createMemoryStore } from '../support/memoryStore.ts';
import { createSteppedClock } from '../support/model/clock.ts';

/** Two replicas that share a store. `offsets`: how far their own clocks are from the store's, in milliseconds. */
function createReplicas(...offsets: [number, number]) {
  const clock = createSteppedClock(() => false);
  const store = createMemoryStore({ clock });
  const create = (offsetMs: number) => {
    const connection = store.connect();
    const local = {
      now: () => clock.now() + offsetMs,
      after: (...timer: Parameters<typeof clock.after>) => clock.after(...timer),
    };
    const values = createSharedValues(createPeers({ store: connection, prefix: 'app ' }, local));
    return { store: connection, clock: local, values };
  };
  return { clock, store, first: create(offsets[0]), second: create(offsets[1]) };
}

/** The promise's value, or 'pending' if it has not settled after a turn of the event loop. */
async function settledValue<T>(promise: Promise<T>): Promise<T | 'pending'> {
  await new Promise((resolve) => setImmediate(resolve));
  return Promise.race([promise, Promise.resolve('pending' as const)]);
}

/** The lease, the value if there is one, or null once another replica's lease has ended. */
async function acquire(values: SharedValues, signal?: AbortSignal, id = 'id'): Promise<Lease | null> {
  const found = await values.getOrAcquire(id, { since: 0, accept: () => undefined, signal });
  return found !== null && 'lease' in found ? found.lease : null;
}

/** The shared value; null if there is none. */
async function get(values: SharedValues): Promise<SharedValue | null> {
  const found = await values.getOrAcquire('id', { since: 0, accept: (shared) => shared, signal: undefined });
  if (found === null || 'value' in found) return found?.value ?? null;
  found.lease.release();
  return null;
}

describe('a shared value', () => {
  test('has the same age for every replica, even if their clocks differ by an hour', async () => {
    const { clock, first, second } = createReplicas(0, 3_600_000);
    const timestamp = { logical: 7, wallTime: first.clock.now() - 500 };
    first.values.set('id', { value: { name: 'x' }, timestamp }, 2000);
    await clock.pass(100);
    const found = await get(second.values);
    expect(found).toEqual({
      value: { name: 'x' },
      timestamp: { logical: 7, wallTime: second.clock.now() - 600, fromPeer: true },
    });
    await clock.pass(2000);
    expect(await get(second.values)).toBeNull();
  });

  test('is null if the store is unavailable, does not answer, or has a malformed value', async () => {
    const { store, first, second } = createReplicas(0, 0);
    store.put('app value id', '{"value":1,"logical":"7","wallTime":1}');
    expect(await get(first.values)).toBeNull();
    store.put('app value id', '{"value":1,"logical":7,"wallTime":1}');
    expect(await get(first.values)).not.toBeNull();
    first.store.decideOutcomes(() => 'lost');
    expect(await get(first.values)).toBeNull();
    expect(await get(first.values)).toBeNull();
    second.store.break();
    second.values.set('id', { value: 2, timestamp: { logical: 8, wallTime: 2 } }, 2000);
    expect(await settledValue(acquire(second.values))).not.toBe('pending');
  });

  test('is not stored under an id of more than 500 characters', async () => {
    const { clock, store, first, second } = createReplicas(0, 0);
    const id = 'x'.repeat(501);
    first.values.set(id, { value: 1, timestamp: { logical: 1, wallTime: 1 } }, 2000);
    await clock.pass(0);
    expect(store.entries().size).toBe(0);
    expect(await settledValue(acquire(first.values, undefined, id))).not.toBe('pending');
    expect(await settledValue(acquire(second.values, undefined, id))).not.toBe('pending');
  });
});

describe('a shared value and its lease', () => {
  /** Counts the commands of a replica, by name. */
  function countCommands({ store }: ReturnType<typeof createReplicas>['first']): string[] {
    const commands: string[] = [];
    store.decideOutcomes((command) => {
      commands.push(command);
      return 'done';
    });
    return commands;
  }
  const timestamp = { logical: 7, wallTime: 1 };

  test('take one round trip, whether there is a value or none', async () => {
    const { first, second } = createReplicas(0, 0);
    const commands = countCommands(first);
    expect(await acquire(first.values)).not.toBeNull();
    expect(commands).toEqual(['getOrLock']);
    first.values.set('id', { value: 1, timestamp }, 2000);
    const others = countCommands(second);
    expect(await get(second.values)).toMatchObject({ value: 1 });
    expect(others).toEqual(['getOrLock']);
  });

  test('are both there if the value is old: the lease is given back if the value will do', async () => {
    const { clock, first, second } = createReplicas(0, 0);
    first.values.set('id', { value: 1, timestamp }, 2000);
    const query = { since: 7, signal: undefined };
    const used = await first.values.getOrAcquire('id', { ...query, accept: ({ value }) => value });
    expect(used).toEqual({ value: 1 });
    await clock.pass(0);
    const unused = await second.values.getOrAcquire('id', { ...query, accept: () => undefined });
    expect(unused).toHaveProperty('lease');
  });

  test('are asked for once more if the value is new but will not do', async () => {
    const { first, second } = createReplicas(0, 0);
    second.values.set('id', { value: 1, timestamp }, 2000);
    const commands = countCommands(first);
    expect(await acquire(first.values)).not.toBeNull();
    expect(commands).toEqual(['getOrLock', 'getOrLock']);
  });
});

describe('the lease of a shared value', () => {
  test('has one holder at a time; other replicas wait for its release', async () => {
    const { first, second } = createReplicas(0, 0);
    const lease = await acquire(first.values);
    const waiting = acquire(second.values);
    expect(await settledValue(waiting)).toBe('pending');
    lease?.release();
    expect(await waiting).toBeNull();
    expect(await acquire(second.values)).not.toBeNull();
  });

  test('expires after five seconds if its holder has died', async () => {
    const { clock, first, second } = createReplicas(0, 0);
    await acquire(first.values);
    const waiting = acquire(second.values);
    await clock.pass(4999);
    expect(await settledValue(waiting)).toBe('pending');
    await clock.pass(1);
    expect(await waiting).toBeNull();
    expect(await settledValue(acquire(second.values))).not.toBe('pending');
    expect(clock.pending()).toBe(0);
  });

  test('is no longer waited for after the caller aborts', async () => {
    const { clock, first, second } = createReplicas(0, 0);
    await acquire(first.values);
    const caller = new AbortController();
    const waiting = acquire(second.values, caller.signal);
    expect(await settledValue(waiting)).toBe('pending');
    caller.abort(new Error('Left'));
    expect(await settledValue(waiting)).not.toBe('pending');
    expect(clock.pending()).toBe(0);
  });

  test('is not released by an earlier holder whose lease has expired', async () => {
    const { clock, first, second } = createReplicas(0, 0);
    const expired = await acquire(first.values);
    await clock.pass(5000);
    await acquire(second.values);
    expired?.release();
    await clock.pass(0);
    const third = acquire(first.values);
    expect(await settledValue(third)).toBe('pending');
    await clock.pass(5000);
    await third;
  });
});
