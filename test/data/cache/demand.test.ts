import { describe, expect, test } from 'vitest';

import type { Operation } from '../../../src/data/operation.ts';
import { createThingQuery } from './thingQuery.ts';

/** At this pressure, an entry with an average demand is read again after 16 seconds. */
const PRESSURE = 1.5;

/** A query of an account under pressure. The value of the key `page` has 50 rows. */
function createPressedQuery(pressure = PRESSURE) {
  const world = createThingQuery({ sizeOf: (value) => (value?.text === 'page' ? 50 : 1) });
  const { clock, query, reads, fill } = world;
  const { account } = world.operation();
  const budget = { ...account.budget, pressure: () => pressure };
  const operation = (): Operation => world.operation({ account: { ...account, budget } });

  /** Reads the keys, and then asks for each as often in a second as `demand` says. Returns the age at which each is read again. */
  async function agesAtRefresh(demand: Record<string, number>): Promise<Record<string, number>> {
    for (const key of Object.keys(demand)) await fill(key, key);
    const ages: Record<string, number> = {};
    for (let second = 1; second <= 62; second += 1) {
      clock.advance(1000);
      for (const [key, times] of Object.entries(demand)) {
        const before = reads.length;
        for (let time = 0; time < times; time += 1) {
          if (query.getFresh(operation(), key) === undefined) void query.get(operation(), key);
        }
        if (reads.length > before) ages[key] ??= second;
        reads.at(-1)?.resolve({ text: key });
        await Promise.resolve();
      }
    }
    return ages;
  }

  return { ...world, operation, agesAtRefresh };
}

describe('while the budget is tight', () => {
  test('what is asked for equally often is refreshed equally often', async () => {
    const { agesAtRefresh } = createPressedQuery();
    expect(await agesAtRefresh({ a: 1, b: 1, c: 1 })).toEqual({ a: 16, b: 16, c: 16 });
  });

  test('what many ask for is refreshed sooner than what one asks for, by the square root of the demand, and three times as often at most', async () => {
    const { agesAtRefresh } = createPressedQuery();
    const first = await agesAtRefresh({ watched: 9, other: 3 });
    const { watched = NaN, other = NaN } = await agesAtRefresh({ watched: 9, other: 3 });
    expect(first['other']).toBeGreaterThan(first['watched'] ?? NaN);
    expect(other / watched).toBeGreaterThan(1.3);
    expect(other / watched).toBeLessThan(2);
    const { many = NaN, few = NaN } = await agesAtRefresh({ many: 200, few: 1 });
    expect(few / many).toBeGreaterThan(2.4);
    expect(few / many).toBeLessThan(3.5);
  });

  test('a page with many rows is refreshed sooner than a value that is asked for as often', async () => {
    const { agesAtRefresh } = createPressedQuery();
    await agesAtRefresh({ page: 1, a: 1, b: 1, c: 1 });
    const { page = NaN, a = NaN } = await agesAtRefresh({ page: 1, a: 1, b: 1, c: 1 });
    expect(a / page).toBeGreaterThan(1.5);
  });

  test('what nobody asks for any more is not refreshed at all', async () => {
    const { agesAtRefresh, reads } = createPressedQuery();
    expect(await agesAtRefresh({ asked: 1, forgotten: 0 })).toEqual({ asked: 16 });
    // One read of each, and three refreshes of the one that is asked for.
    expect(reads).toHaveLength(5);
  });
});

test('while the budget is easy, demand changes nothing', async () => {
  const { agesAtRefresh } = createPressedQuery(1);
  expect(await agesAtRefresh({ watched: 9, other: 1 })).toEqual({ watched: 2, other: 2 });
});
