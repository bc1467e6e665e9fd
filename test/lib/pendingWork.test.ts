import { describe, expect, test } from 'vitest';

import { createPendingWork } from '../../src/lib/pendingWork.ts';

/** Records events in the order in which they happen. */
function createRecorder() {
  const events: string[] = [];
  return { events, record: (event: string) => () => void events.push(event) };
}

describe('whenIdle', () => {
  test('resolves at once when no work is pending', async () => {
    await expect(createPendingWork().whenIdle()).resolves.toBeUndefined();
  });

  test('resolves for every waiting caller when the last work has ended, even if work failed', async () => {
    const work = createPendingWork();
    const { events, record } = createRecorder();
    const end = work.start();
    const failing = Promise.withResolvers<undefined>();
    const failed = work.track(failing.promise).catch(record('failed'));
    const waiting = [work.whenIdle().then(record('one')), work.whenIdle().then(record('two'))];
    expect(work.size()).toBe(2);
    end();
    failing.reject(new Error('No'));
    await Promise.all([failed, ...waiting]);
    expect(events.toSorted()).toEqual(['failed', 'one', 'two']);
    expect(work.size()).toBe(0);
  });

  test('waits for other work when one piece of work reports its end twice', async () => {
    const work = createPendingWork();
    const { events, record } = createRecorder();
    const end = work.start();
    const endOther = work.start();
    const waiting = work.whenIdle().then(record('idle'));
    end();
    end();
    await Promise.resolve();
    expect([events, work.size()]).toEqual([[], 1]);
    endOther();
    await waiting;
    expect(events).toEqual(['idle']);
  });
});
