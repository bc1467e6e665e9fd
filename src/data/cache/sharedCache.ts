import * as v from 'valibot';

import type { HybridTimestamp } from '../../cluster/hybridClock.ts';
import type { SharedValue, SharedValues } from '../../cluster/sharedValues.ts';
import type { CancellationSignal } from '../../lib/cancellation.ts';
import type { Clock } from '../../lib/clock.ts';
import { tokenHashOf } from '../account.ts';
import type { EntryAddress } from './entryStore.ts';
import type { Invalidations } from './invalidation.ts';
import { TOKEN_REVOKED } from './tags.ts';

export interface SharedCacheOptions<Key, Value> {
  sharedValues: SharedValues;
  clock: Clock;
  invalidations: Pick<Invalidations, 'isInvalidated'>;
  /** The REST route. Queries of the same route must differ in the form of their keys. */
  route: string;
  keyOf(key: Key): string;
  tags(key: Key, value: Value, accountId: string): string[];
  /** Validates shared values: another version of the gateway may have written them. */
  schema: v.GenericSchema<unknown, Value>;
}

/** A cached value as replicas exchange it. */
export interface SharedEntry<Value> extends SharedValue {
  value: Value;
}

/** The second level of one query's cache, which all replicas share. */
export interface SharedCache<Key, Value> {
  /** Returns the value if it is valid, newer than `since` and was not invalidated. */
  get(address: EntryAddress<Key>, since: HybridTimestamp): Promise<SharedEntry<Value> | null>;
  set(address: EntryAddress<Key>, entry: SharedEntry<Value>, ttlMs: number): void;
  delete(address: EntryAddress<Key>): void;
  /** Cross-replica single-flight: returns the shared value if there is one; otherwise takes the lease and loads the value. */
  fillOnce<Result>(address: EntryAddress<Key>, options: FillOptions<Result>): Promise<Result>;
}

export interface FillOptions<Result> {
  /** Returns the value that another replica has shared, or undefined if there is none that will do. */
  getShared: () => Promise<Result | undefined>;
  /** Reads the value from upstream. */
  load: () => Promise<Result>;
  signal: CancellationSignal | undefined;
}

/** How long to wait for another replica that is loading the same value before loading it without a lease. */
const LEASE_WAIT_MS = 5000;

export function createSharedCache<Key, Value extends object | null>(
  options: SharedCacheOptions<Key, Value>,
): SharedCache<Key, Value> {
  const { sharedValues, clock, invalidations, route, schema } = options;
  const idOf = ({ accountId, key }: EntryAddress<Key>): string =>
    `${tokenHashOf(accountId)} ${route} ${options.keyOf(key)}`;

  return {
    async get(address, since) {
      const shared = await sharedValues.get(idOf(address));
      if (shared === null || shared.timestamp.logical <= since.logical) return null;
      const { success, output } = v.safeParse(schema, shared.value);
      if (!success) return null;
      const { accountId, key } = address;
      const tags = [TOKEN_REVOKED, ...options.tags(key, output, accountId)];
      const { timestamp } = shared;
      return invalidations.isInvalidated(accountId, tags, timestamp) ? null : { value: output, timestamp };
    },
    set: (address, { value, timestamp }, ttlMs) => sharedValues.set(idOf(address), { value, timestamp }, ttlMs),
    delete: (address) => sharedValues.delete(idOf(address)),
    async fillOnce(address, { getShared, load, signal }) {
      const endsAt = clock.now() + LEASE_WAIT_MS;
      for (;;) {
        const shared = await getShared();
        if (shared !== undefined) return shared;
        signal?.throwIfAborted();
        const mayWait = clock.now() < endsAt;
        const lease = mayWait ? await sharedValues.acquireLease(idOf(address), signal) : NO_LEASE;
        if (lease === null) continue;
        try {
          // Another replica may have shared the value just before this one got the lease.
          const sharedMeanwhile = await getShared();
          return sharedMeanwhile === undefined ? await load() : sharedMeanwhile;
        } finally {
          lease.release();
        }
      }
    },
  };
}

const NO_LEASE = { release: (): void => {} };
