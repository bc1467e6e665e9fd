import { describe, expect, test } from 'vitest';

import { byteSizeOf } from '../../../src/data/cache/byteSize.ts';
import { createLruStore } from '../../../src/data/cache/lruStore.ts';
import { createDataSource } from '../../../src/data/dataSource.ts';
import { DEFAULT_CACHING } from '../../../src/data/cachingSettings.ts';
import type { LivestreamSession } from '../../../src/domain/models.ts';
import { createFakeClock } from '../../support/fakeClock.ts';
import { APP } from '../../support/upstream.ts';

const sizeOf = (text: string): number => text.length;
const keys = (count: number): string[] => Array.from({ length: count }, (_, index) => `key-${index}`);

describe('createLruStore', () => {
  test('keeps equal keys of different namespaces apart', () => {
    const store = createLruStore(10_000);
    const [first, second] = [store.createNamespace(sizeOf), store.createNamespace(sizeOf)];
    first.set('key', 'one');
    expect(second.get('key')).toBeUndefined();
    second.set('key', 'two');
    expect([first.get('key'), second.get('key')]).toEqual(['one', 'two']);
    second.delete('key');
    expect([first.get('key'), second.get('key')]).toEqual(['one', undefined]);
  });

  test('evicts the least recently used value, whichever namespace it belongs to', () => {
    const store = createLruStore(10_000);
    const [first, second] = [store.createNamespace(sizeOf), store.createNamespace(sizeOf)];
    for (const key of keys(4)) first.set(key, 'x'.repeat(2000));
    expect(first.get('key-0')).toBeDefined();
    second.set('key-1', 'x'.repeat(2000));
    expect(keys(4).filter((key) => first.get(key) !== undefined)).toEqual(['key-0', 'key-2', 'key-3']);
    expect(second.get('key-1')).toBeDefined();
  });

  test('does not store a value larger than a quarter of the store, and evicts nothing for it', () => {
    const store = createLruStore(10_000);
    const namespace = store.createNamespace(sizeOf);
    for (const key of keys(4)) namespace.set(key, 'x'.repeat(2000));
    namespace.set('large', 'x'.repeat(2500));
    expect(namespace.get('large')).toBeUndefined();
    expect(keys(4).every((key) => namespace.get(key) !== undefined)).toBe(true);
  });

  test('counts the keys', () => {
    const store = createLruStore(10_000);
    const namespace = store.createNamespace(() => 1);
    const long = keys(100).map((key) => key.padEnd(500, '.'));
    for (const key of long) namespace.set(key, '');
    const stored = long.filter((key) => namespace.get(key) !== undefined);
    expect(stored.length).toBeGreaterThan(0);
    expect(stored.length).toBeLessThanOrEqual(10);
  });
});

/** An ended session with texts of a realistic length. */
const sessionOf = (id: string): LivestreamSession => ({
  id,
  livestreamId: '5e9f1f5a-4a4f-4a53-8a6e-1f6f2c1d7b3e',
  errorMessage: null,
  ingestSeconds: 3600,
  viewerSeconds: 72_000,
  invokedAt: new Date(0),
  startedAt: new Date(0),
  stoppedAt: new Date(0),
  createdAt: new Date(0),
  updatedAt: new Date(0),
});

describe('the cache', () => {
  test('can be filled by sessions alone', () => {
    const cacheBytes = 1_000_000;
    const { reads } = createDataSource({
      ...DEFAULT_CACHING,
      ...APP,
      cacheBytes,
      baseUrl: 'https://api.test',
      attemptTimeoutMs: 10_000,
      totalTimeoutMs: 25_000,
      transport: () => Promise.reject(new Error('No request is expected.')),
      clock: createFakeClock(),
      random: () => 0,
      requestsPerSecond: 0,
    });
    const readAt = reads.now();
    for (const id of keys(5000)) reads.session.set('account', id, sessionOf(id), readAt);
    const sessions = keys(5000).flatMap((id) => reads.session.getAnyAge('account', id) ?? []);
    const bytes = sessions.reduce((sum, session) => sum + ENTRY_BYTES + byteSizeOf(session), 0);
    expect(bytes).toBeGreaterThan(0.9 * cacheBytes);
    expect(bytes).toBeLessThanOrEqual(cacheBytes);
  });
});

/** The size of an entry besides its value and its key, in bytes. */
const ENTRY_BYTES = 400;
