import type { SharedValues } from '../../../src/cluster/sharedValues.ts';
import * as v from 'valibot';

import { createCache } from '../../../src/data/cache/cache.ts';
import type { CachedQueryOptions } from '../../../src/data/cache/cachedQuery.ts';
import { createInvalidations } from '../../../src/data/cache/invalidation.ts';
import { DEFAULT_TTL } from '../../../src/data/cache/ttl.ts';
import type { Operation } from '../../../src/data/operation.ts';
import { createFakeClock } from '../../support/fakeClock.ts';
import { createOperation } from '../../support/upstream.ts';

export interface Thing {
  text: string;
}

type ThingOptions = Partial<CachedQueryOptions<string, Thing | null>> & {
  maxBytes?: number;
  sharedValues?: SharedValues | null;
};

/** A cached query with a TTL of 2 s whose reads the test settles. `reads` has every read that was started, oldest first. */
export function createThingQuery({ maxBytes = 1_000_000, sharedValues = null, ...options }: ThingOptions = {}) {
  const clock = createFakeClock();
  const now = () => clock.now();
  const invalidations = createInvalidations({ now, localNow: now });
  const cache = createCache({ clock, ttl: DEFAULT_TTL, maxBytes, invalidations, sharedValues });
  const reads: (PromiseWithResolvers<Thing | null> & { operation: Operation })[] = [];
  const query = cache.createQuery<string, Thing | null>({
    route: '/things/{id}',
    keyOf: (key) => key,
    load: async (operation) => {
      const read = { ...Promise.withResolvers<Thing | null>(), operation };
      reads.push(read);
      return { value: await read.promise, entities: {} };
    },
    schema: v.nullable(v.object({ text: v.string() })),
    ttlMs: () => 2000,
    tags: (key) => [key],
    ...options,
  });
  const operation = (changes: Partial<Operation> = {}) => createOperation(clock, changes);
  /** Looks the key up as an operation of its own does. */
  async function get(key: string, changes: Partial<Operation> = {}): Promise<Thing | null> {
    return query.get(operation(changes), key);
  }
  /** Reads the key, with this text as upstream's value. */
  async function fill(key: string, text: string): Promise<void> {
    const reading = get(key);
    reads.at(-1)?.resolve({ text });
    await reading;
  }
  return { clock, cache, query, reads, operation, get, fill };
}
