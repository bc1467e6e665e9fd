import { expect, test } from 'vitest';

import { createPendingWork } from '../../src/lib/pendingWork.ts';

/** What happened, in order. */
function noting() {
  const order: string[] = [];
  return { order, note: (what: string) => () => void order.push(what) };
}

test('where nothing is under way there is nothing to wait for', async () => {
  await expect(createPendingWork().whenIdle()).resolves.toBeUndefined();
});

test('all who wait are told when the last has ended, however each did', async () => {
  const work = createPendingWork();
  const { order, note } = noting();
  const end = work.start();
  const failing = Promise.withResolvers<undefined>();
  const failed = work.track(failing.promise).catch(note('failed'));
  const waiting = [work.whenIdle().then(note('one')), work.whenIdle().then(note('two'))];
  expect(work.size()).toBe(2);
  end();
  failing.reject(new Error('No'));
  await Promise.all([failed, ...waiting]);
  expect(order.toSorted()).toEqual(['failed', 'one', 'two']);
  expect(work.size()).toBe(0);
});

test('one that ends twice does not end another', async () => {
  const work = createPendingWork();
  const { order, note } = noting();
  const end = work.start();
  const endOther = work.start();
  const waiting = work.whenIdle().then(note('none'));
  end();
  end();
  await Promise.resolve();
  expect([order, work.size()]).toEqual([[], 1]);
  endOther();
  await waiting;
  expect(order).toEqual(['none']);
});
