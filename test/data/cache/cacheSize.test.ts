import { describe, expect, test } from 'vitest';

import { byteSizeOf } from '../../../src/data/cache/entryStore.ts';
import type { LivestreamSession } from '../../../src/domain/models.ts';
import { createThingQuery } from './thingQuery.ts';
import { createTestDataSource } from './testDataSource.ts';

/** The minimum size of an entry besides its value and its key, in bytes. */
const ENTRY_BYTES = 400;
const KEYS = Array.from({ length: 5000 }, (_, index) => `key-${index}`);

describe('the memory of the cache', () => {
  test('stays within its maximum, and contains the values that were used last', () => {
    const { cache, query } = createThingQuery({ maxBytes: 20_000 });
    const readAt = cache.now();
    for (const key of KEYS) query.set('account', key, { text: `thing ${key}` }, readAt);
    const cached = KEYS.filter((key) => query.getAnyAge('account', key) !== undefined);
    const bytes = cached.reduce((sum, key) => sum + ENTRY_BYTES + byteSizeOf({ text: `thing ${key}` }), 0);
    expect(cached.length).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(20_000);
    expect(cached).toEqual(KEYS.slice(-cached.length));
  });

  test('stays within its maximum when all values are null', () => {
    const { cache, query } = createThingQuery({ maxBytes: 20_000 });
    const readAt = cache.now();
    for (const key of KEYS) query.set('account', key, null, readAt);
    const cached = KEYS.filter((key) => query.getAnyAge('account', key) !== undefined);
    expect(cached.length).toBeGreaterThan(0);
    expect(cached.length * ENTRY_BYTES).toBeLessThanOrEqual(20_000);
  });

  test('does not contain a value that is too large, nor the older value in its place', async () => {
    const { clock, query, reads, operation, get, fill } = createThingQuery({ maxBytes: 9000 });
    await fill('a', 'small');
    clock.advance(2000);
    const reading = get('a');
    reads[1]?.resolve({ text: 'x'.repeat(2000) });
    expect(await reading).toEqual({ text: 'x'.repeat(2000) });
    expect(query.getAnyAge('account', 'a')).toBeUndefined();
    await fill('b', 'small');
    expect(query.getFresh(operation(), 'b')).toEqual({ text: 'small' });
  });

  test('stays within its maximum when lists bring thousands of rows', async () => {
    const { dataSource, operationOf } = createTestDataSource({ cacheBytes: 10_000 });
    const { livestream, livestreams } = dataSource.reads;
    const operation = await operationOf('A');
    const query = { status: null, excludeMeetings: null, from: null, to: null, order: 'DESC' } as const;
    for (let page = 0; page < 30; page += 1) {
      const { rows } = await livestreams.get(operation, { query, range: { offset: page * 100, count: 100 } });
      expect(rows).toHaveLength(100);
    }
    const ids = Array.from({ length: 3000 }, (_, row) => `row-${row}`);
    const cached = ids.flatMap((id) => livestream.getAnyAge(operation.account.id, id) ?? []);
    const bytes = cached.reduce((sum, row) => sum + ENTRY_BYTES + byteSizeOf(row), 0);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(10_000);
  });

  test('can be filled by sessions alone', () => {
    const cacheBytes = 1_000_000;
    const { reads } = createTestDataSource({ cacheBytes }).dataSource;
    const readAt = reads.now();
    for (const id of KEYS) reads.session.set('account', id, sessionOf(id), readAt);
    const sessions = KEYS.flatMap((id) => reads.session.getAnyAge('account', id) ?? []);
    const bytes = sessions.reduce((sum, session) => sum + ENTRY_BYTES + byteSizeOf(session), 0);
    expect(bytes).toBeGreaterThan(0.9 * cacheBytes);
    expect(bytes).toBeLessThanOrEqual(cacheBytes);
  });
});

function sessionOf(id: string): LivestreamSession {
  const time = new Date(0);
  return {
    id,
    livestreamId: '5e9f1f5a-4a4f-4a53-8a6e-1f6f2c1d7b3e',
    errorMessage: null,
    ingestSeconds: 3600,
    viewerSeconds: 72_000,
    invokedAt: time,
    startedAt: time,
    stoppedAt: time,
    createdAt: time,
    updatedAt: time,
  };
}
