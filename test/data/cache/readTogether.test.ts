import { expect, test } from 'vitest';

import type { Operation } from '../../../src/data/operation.ts';
import { createThingQuery } from './thingQuery.ts';

/** A query whose values can be read together. `together` counts these reads; each caches `value` unless it is null. */
function createQuery({ pressure = 1.5, value = 'together' }: { pressure?: number; value?: string | null } = {}) {
  const counts = { together: 0 };
  const world = createThingQuery({
    async readTogether({ key }) {
      counts.together += 1;
      if (value !== null) world.query.set('account', key, { text: value }, world.cache.now());
    },
  });
  const { account } = world.operation();
  const operation = (changes: Partial<Operation> = {}): Operation =>
    world.operation({ account: { ...account, budget: { ...account.budget, pressure: () => pressure } }, ...changes });
  return { ...world, counts, operation };
}

test('while the budget is tight, a value that was read together with others is served without a read of its own', async () => {
  const { clock, query, reads, counts, fill, operation } = createQuery();
  await fill('a', 'old');
  clock.advance(20_000);
  expect(await query.get(operation(), 'a')).toEqual({ text: 'together' });
  expect([counts.together, reads.length]).toEqual([1, 1]);
});

test('a value that was not read together with others, or is not new enough, is read alone', async () => {
  for (const value of [null, 'together']) {
    const { cache, query, reads, counts, operation } = createQuery({ value });
    const later = cache.ago(-1000);
    const reading = query.get(operation(), 'a', value === null ? undefined : later);
    await expect.poll(() => reads.length).toBe(1);
    reads[0]?.resolve({ text: 'alone' });
    expect(await reading).toEqual({ text: 'alone' });
    expect(counts.together).toBe(1);
  }
});

test('a value that was invalidated while it was read together with others is read alone', async () => {
  const { cache, query, reads, operation } = createThingQuery({
    async readTogether() {
      const readAt = cache.now();
      cache.invalidate('account', ['a']);
      query.set('account', 'a', { text: 'before the change' }, readAt);
    },
  });
  const { account } = operation();
  const tight = { account: { ...account, budget: { ...account.budget, pressure: () => 1.5 } } };
  const reading = query.get(operation(tight), 'a');
  await expect.poll(() => reads.length).toBe(1);
  reads[0]?.resolve({ text: 'alone' });
  expect(await reading).toEqual({ text: 'alone' });
});

test('nothing is read together while the budget is easy, or for a mutation', () => {
  const easy = createQuery({ pressure: 1.1 });
  void easy.query.get(easy.operation(), 'a');
  const tight = createQuery();
  void tight.query.get(tight.operation({ priority: 'mutation' }), 'a');
  // Both reads have started at once.
  expect([easy.counts.together, easy.reads.length]).toEqual([0, 1]);
  expect([tight.counts.together, tight.reads.length]).toEqual([0, 1]);
});
