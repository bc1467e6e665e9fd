import { describe, expect, test } from 'vitest';

import { createLruStore } from '../../../src/data/cache/lruStore.ts';

const sizeOf = (text: string): number => text.length;
const keys = (count: number): string[] => Array.from({ length: count }, (_, index) => `key-${index}`);
const TEXT = 'x'.repeat(2000);

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
    for (const key of keys(4)) first.set(key, TEXT);
    expect(first.get('key-0')).toBe(TEXT);
    second.set('key-1', TEXT);
    expect(keys(4).filter((key) => first.get(key) !== undefined)).toEqual(['key-0', 'key-2', 'key-3']);
    expect(second.get('key-1')).toBe(TEXT);
  });

  test('does not store a value larger than a quarter of the store, and evicts nothing for it', () => {
    const namespace = createLruStore(10_000).createNamespace(sizeOf);
    for (const key of keys(4)) namespace.set(key, TEXT);
    namespace.set('large', 'x'.repeat(2500));
    expect(namespace.get('large')).toBeUndefined();
    expect(keys(4).every((key) => namespace.get(key) !== undefined)).toBe(true);
  });

  test('stores nothing if its size is 0', () => {
    const namespace = createLruStore(0).createNamespace(sizeOf);
    namespace.set('key', '');
    expect(namespace.get('key')).toBeUndefined();
  });

  test('counts the size of the keys', () => {
    const namespace = createLruStore(10_000).createNamespace(() => 1);
    const longKeys = keys(100).map((key) => key.padEnd(500, '.'));
    for (const key of longKeys) namespace.set(key, '');
    const stored = longKeys.filter((key) => namespace.get(key) !== undefined);
    expect(stored.length).toBeGreaterThan(0);
    expect(stored.length).toBeLessThanOrEqual(10);
  });
});
