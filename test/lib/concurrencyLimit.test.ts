import { describe, expect, test } from 'vitest';

import { createConcurrencyLimit } from '../../src/lib/concurrencyLimit.ts';

describe('createConcurrencyLimit', () => {
  test('starts tasks synchronously up to the limit, and the rest in order as others settle', async () => {
    const limit = createConcurrencyLimit(2);
    const started: number[] = [];
    const tasks = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
    const results = tasks.map((task, index) =>
      limit(() => {
        started.push(index);
        return task.promise;
      }),
    );
    expect(started).toEqual([0, 1]);
    tasks[1]?.resolve(1);
    expect(await results[1]).toBe(1);
    await expect.poll(() => started).toEqual([0, 1, 2]);
    tasks[2]?.reject(new Error('failed'));
    await expect(results[2]).rejects.toThrow('failed');
    await expect.poll(() => started).toEqual([0, 1, 2, 3]);
    for (const [index, task] of tasks.entries()) task.resolve(index);
    expect(await Promise.all([results[0], results[3], results[4]])).toEqual([0, 3, 4]);
  });

  test('never runs more tasks than the limit at the same time', async () => {
    const limit = createConcurrencyLimit(3);
    let running = 0;
    let maxRunning = 0;
    const task = async (): Promise<void> => {
      running += 1;
      maxRunning = Math.max(maxRunning, running);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      running -= 1;
    };
    await Promise.all(Array.from({ length: 50 }, () => limit(task)));
    expect([running, maxRunning]).toEqual([0, 3]);
  });
});
