import { LRUCache } from 'lru-cache';

import type { Clock } from '../lib/clock.ts';
import type { Operation } from './operation.ts';

/** A list whose length is remembered. */
export interface MeasuredList {
  /** Unique among the lists. */
  name: string;
  /** The expected number of pages until the length is known. */
  assumedPages: number;
}

/** How long to remember a list's length: long enough to plan with, short enough to try the list again. */
export const LIST_LENGTH_TTL_MS = 300_000;
const MAX_LIST_LENGTHS = 10_000;

/** The number of pages of each list, by account; infinite if the list cannot be used. */
export function createListLengths(clock: Clock) {
  const lengths = new LRUCache<string, { pages: number; expiresAt: number }>({ max: MAX_LIST_LENGTHS });
  return {
    remember({ account }: Operation, { name }: MeasuredList, pages: number, ttlMs = LIST_LENGTH_TTL_MS): void {
      lengths.set(`${account.id} ${name}`, { pages, expiresAt: clock.now() + ttlMs });
    },
    estimate({ account }: Operation, { name, assumedPages }: MeasuredList): number {
      const known = lengths.get(`${account.id} ${name}`);
      return known !== undefined && clock.now() < known.expiresAt ? known.pages : assumedPages;
    },
  };
}
