import { describe, expect, test } from 'vitest';

import { createConcurrencyLimit } from '../../src/lib/concurrencyLimit.ts';

describe('a limit', () => {
  test('starts at once what may be under way, and the rest in their order as places become free', async () => {
    const limit = createConcurrencyLimit(2);
    const started: number[] = [];
    const works = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
    const results = works.map((work, index) =>
      limit(() => {
        started.push(index);
        return work.promise;
      }),
    );
    expect(started).toEqual([0, 1]);
    works[1]?.resolve(1);
    expect(await results[1]).toBe(1);
    await expect.poll(() => started).toEqual([0, 1, 2]);
    works[2]?.reject(new Error('failed'));
    await expect(results[2]).rejects.toThrow('failed');
    await expect.poll(() => started).toEqual([0, 1, 2, 3]);
    for (const [index, work] of works.entries()) work.resolve(index);
    expect(await Promise.all([results[0], results[3], results[4]])).toEqual([0, 3, 4]);
  });

  test('never lets more be under way than it may, whatever ends when', async () => {
    const limit = createConcurrencyLimit(3);
    let running = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      running -= 1;
    };
    await Promise.all(Array.from({ length: 50 }, () => limit(work)));
    expect([running, most]).toEqual([0, 3]);
  });
});
