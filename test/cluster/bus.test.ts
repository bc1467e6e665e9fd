import { expect, test } from 'vitest';

import { type BusMessage, createBus } from '../../src/cluster/bus.ts';
import { logicalTimeAt } from '../../src/cluster/hybridClock.ts';
import { createPeers } from '../../src/cluster/peers.ts';
import { createInvalidations } from '../../src/data/cache/invalidation.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { createMemoryStore } from '../support/memoryStore.ts';

test('a message up to a minute ahead of the store is accepted, and a later one is ignored', async () => {
  const clock = createFakeClock();
  const store = createMemoryStore({ clock });
  const received: string[] = [];
  createBus(store.connect()).subscribe((message) => {
    if (message.kind === 'invalidate') received.push(...message.tags);
  });
  const { publish } = createBus(store.connect());
  for (const aheadMs of [60_001, 60_000])
    publish({
      kind: 'invalidate',
      tokenHash: null,
      tags: [String(aheadMs)],
      logical: logicalTimeAt(clock.now() + aheadMs),
    });
  await expect.poll(() => received).toEqual(['60000']);
});

test('replicas learn of each other’s changes at once, even if one of them started without the store and with a fast clock', async () => {
  const clock = createFakeClock();
  const store = createMemoryStore({ clock });
  const received: BusMessage[] = [];
  const open = (options: Parameters<typeof store.connect>[0]) => {
    const connection = store.connect(options);
    const { bus, logicalNow } = createPeers({ store: connection, prefix: 'app ' }, clock);
    const invalidations = createInvalidations({
      now: logicalNow,
      localNow: () => clock.now(),
      leewayMs: 50,
      publish: (tokenHash, tags, logical) => bus.publish({ kind: 'invalidate', tokenHash, tags: [...tags], logical }),
    });
    bus.subscribe((message) => {
      received.push(message);
      if (message.kind === 'gap') invalidations.invalidateAll();
      if (message.kind === 'invalidate') invalidations.applyRemote(message.tokenHash, message.tags, message.logical);
    });
    invalidations.invalidateAll();
    return { connection, invalidations };
  };
  const here = open({});
  const ahead = open({ isUp: false, ownClockAheadMs: 3_600_000 });
  const readWithoutStore = ahead.invalidations.now();
  clock.advance(1000);
  ahead.connection.heal();
  expect(ahead.invalidations.isInvalidated('account', ['tag'], readWithoutStore)).toBe(true);
  clock.advance(1000);
  received.length = 0;
  for (const [from, to] of [
    [here, ahead],
    [ahead, here],
  ] as const) {
    const read = to.invalidations.now();
    from.invalidations.invalidate('account', ['tag']);
    await expect.poll(() => to.invalidations.isInvalidated('account', ['tag'], read)).toBe(true);
    clock.advance(1000);
  }
  expect(received.map(({ kind }) => kind)).toEqual(['invalidate', 'invalidate']);
});
