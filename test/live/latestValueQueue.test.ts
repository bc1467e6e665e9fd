import { expect, test } from 'vitest';

import { createLatestValueQueue, type LatestValueQueue } from '../../src/live/latestValueQueue.ts';

function mailboxOf(): { mailbox: LatestValueQueue<string>; ends: () => number } {
  let ends = 0;
  const mailbox = createLatestValueQueue<string>({
    isSame: (one, other) => one === other,
    onEnd: () => void (ends += 1),
  });
  return { mailbox, ends: () => ends };
}

test('of each key the latest is given, in the order in which the keys began to wait', async () => {
  const { mailbox } = mailboxOf();
  for (const [key, value] of [
    ['a', 'A1'],
    ['b', 'B1'],
    ['a', 'A2'],
  ] as const)
    mailbox.push(key, value);
  expect([await mailbox.next(), await mailbox.next()]).toEqual([
    { done: false, value: 'A2' },
    { done: false, value: 'B1' },
  ]);
});

test('what became of something and back again while nobody read is no news', async () => {
  const { mailbox } = mailboxOf();
  mailbox.push('a', 'A1');
  await mailbox.next();
  mailbox.push('a', 'A2');
  mailbox.push('a', 'A1');
  mailbox.push('b', 'B1');
  expect(await mailbox.next()).toEqual({ done: false, value: 'B1' });
});

test('a reader who leaves while it waits is let go, as often as it asks, and only once', async () => {
  const { mailbox, ends } = mailboxOf();
  const waiting = [mailbox.next(), mailbox.next()];
  await mailbox.return();
  await mailbox.return();
  const done = { done: true, value: undefined };
  expect(await Promise.all(waiting)).toEqual([done, done]);
  mailbox.push('a', 'A1');
  expect(await mailbox.next()).toEqual(done);
  expect(ends()).toBe(1);
});

test('a failure goes before whatever waits, is told once, and is the end', async () => {
  const { mailbox, ends } = mailboxOf();
  mailbox.push('a', 'A1');
  mailbox.fail(new Error('first'));
  mailbox.fail(new Error('second'));
  await expect(mailbox.next()).rejects.toThrow('first');
  expect(await mailbox.next()).toEqual({ done: true, value: undefined });
  expect(ends()).toBe(1);
});

test('a failure that comes after the reader has left reaches nobody', async () => {
  const { mailbox, ends } = mailboxOf();
  mailbox.fail(new Error('unheard'));
  await mailbox.return();
  expect(await mailbox.next()).toEqual({ done: true, value: undefined });
  expect(ends()).toBe(1);
});
