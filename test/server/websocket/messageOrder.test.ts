import { describe, expect, test } from 'vitest';

import { createMessageOrder } from '../../../src/server/websocket/messageOrder.ts';

/** Collects the messages that are handled. An operation ends when `end` is called with its text. */
function start() {
  const handled: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  let isOpen = true;
  const inOrder = createMessageOrder(() => isOpen);
  const handle = async (text: string): Promise<void> => {
    handled.push(text);
    if (!text.startsWith('subscribe')) return;
    const end = Promise.withResolvers<void>();
    ends.set(text, end);
    await end.promise;
  };
  return {
    handled,
    /** Receives a message, such as `subscribe 1 first`. */
    receive: (text: string): void => {
      const [type, id] = text.split(' ');
      void inOrder({ text, type, id }, handle).catch(() => {});
    },
    end: (text: string) => ends.get(text)?.resolve(),
    fail: (text: string) => ends.get(text)?.reject(new Error('Failed.')),
    close: () => (isOpen = false),
  };
}

describe('a message of a completed operation', () => {
  test('waits until the operation has ended, while those of other operations are handled', async () => {
    const { handled, receive, end } = start();
    const early = ['subscribe 1 first', 'complete 1'];
    const late = ['subscribe 1 second', 'complete 1 second', 'subscribe 1 third'];
    const others = ['ping', 'subscribe 2', 'complete 2', 'complete 3'];
    [...early, ...late, ...others].forEach(receive);
    expect(handled).toEqual([...early, ...others]);
    end('subscribe 1 first');
    await expect.poll(() => handled.slice(6)).toEqual(late.slice(0, 2));
    end('subscribe 1 second');
    await expect.poll(() => handled.slice(6)).toEqual(late);
  });

  test('is handled after the operation has failed', async () => {
    const { handled, receive, fail } = start();
    ['subscribe 1', 'complete 1', 'subscribe 1 again'].forEach(receive);
    fail('subscribe 1');
    await expect.poll(() => handled).toContain('subscribe 1 again');
  });

  test('is dropped if the connection is closed first', async () => {
    const { handled, receive, end, close } = start();
    ['subscribe 1', 'complete 1', 'subscribe 1 again'].forEach(receive);
    close();
    end('subscribe 1');
    await new Promise(setImmediate);
    expect(handled).toEqual(['subscribe 1', 'complete 1']);
  });
});

test('a second operation with the id of one in progress is handled at once', () => {
  const { handled, receive } = start();
  ['subscribe 1', 'subscribe 1 again'].forEach(receive);
  expect(handled).toHaveLength(2);
});
