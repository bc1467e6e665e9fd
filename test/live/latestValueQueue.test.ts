import { expect, test } from 'vitest';

import { createLatestValueQueue, type LatestValueQueue } from '../../src/live/latestValueQueue.ts';

/** A queue of strings. `endCount` returns how often `onEnd` was called. */
function createQueue(): { queue: LatestValueQueue<string>; endCount: () => number } {
  let endCount = 0;
  const queue = createLatestValueQueue<string>({
    isSame: (one, other) => one === other,
    onEnd: () => void (endCount += 1),
  });
  return { queue, endCount: () => endCount };
}

test('delivers the latest value of each key, in order of arrival of the keys', async () => {
  const { queue } = createQueue();
  for (const [key, value] of [
    ['a', 'A1'],
    ['b', 'B1'],
    ['a', 'A2'],
  ] as const)
    queue.push(key, value);
  expect([await queue.next(), await queue.next()]).toEqual([
    { done: false, value: 'A2' },
    { done: false, value: 'B1' },
  ]);
});

test('does not deliver a value that changed and changed back before it was read', async () => {
  const { queue } = createQueue();
  queue.push('a', 'A1');
  await queue.next();
  queue.push('a', 'A2');
  queue.push('a', 'A1');
  queue.push('b', 'B1');
  expect(await queue.next()).toEqual({ done: false, value: 'B1' });
});

test('ends all pending reads when the consumer returns, and calls onEnd once', async () => {
  const { queue, endCount } = createQueue();
  const waiting = [queue.next(), queue.next()];
  await queue.return();
  await queue.return();
  const done = { done: true, value: undefined };
  expect(await Promise.all(waiting)).toEqual([done, done]);
  queue.push('a', 'A1');
  expect(await queue.next()).toEqual(done);
  expect(endCount()).toBe(1);
});

test('rejects one read with the first error, before any waiting value, and then ends', async () => {
  const { queue, endCount } = createQueue();
  queue.push('a', 'A1');
  queue.fail(new Error('first'));
  queue.fail(new Error('second'));
  await expect(queue.next()).rejects.toThrow('first');
  expect(await queue.next()).toEqual({ done: true, value: undefined });
  expect(endCount()).toBe(1);
});

test('drops an error that the consumer has not read when it returns', async () => {
  const { queue, endCount } = createQueue();
  queue.fail(new Error('unread'));
  await queue.return();
  expect(await queue.next()).toEqual({ done: true, value: undefined });
  expect(endCount()).toBe(1);
});
