import * as v from 'valibot';

import type { HybridTimestamp } from '../../cluster/hybridClock.ts';
import { NO_LEASE, type SharedValue, type SharedValues } from '../../cluster/sharedValues.ts';
import type { CancellationSignal } from '../../lib/cancellation.ts';
import type { Clock } from '../../lib/clock.ts';
import { tokenHashOf } from '../account.ts';
import type { EntryAddress, EntryOptions } from './entryStore.ts';
import type { Invalidations } from './invalidation.ts';
import { TOKEN_REVOKED } from './tags.ts';

interface SharedCacheOptions<Key, Value> extends Pick<EntryOptions<Key, Value>, 'keyOf' | 'tags'> {
  sharedValues: SharedValues;
  clock: Clock;
  invalidations: Pick<Invalidations, 'isInvalidated'>;
  /** The REST route. Queries of the same route must differ in the form of their keys. */
  route: string;
  /** Validates shared values: another version of the gateway may have written them. */
  schema: v.GenericSchema<unknown, Value>;
}

/** A cached value as replicas exchange it. */
export interface SharedEntry<Value> extends SharedValue {
  value: Value;
}

export type SharedCache<Key, Value extends object | null> = ReturnType<typeof createSharedCache<Key, Value>>;

interface FillOptions<Value, Result> {
  /** A shared value must be newer than this. */
  since: HybridTimestamp;
  /** A shared value that is newer than this logical time is probably fresh. */
  freshSince: number;
  /** Returns the value to use instead of `shared`, which is valid and was not invalidated; undefined if it is not fresh. */
  accept: (shared: SharedEntry<Value>) => Result | undefined;
  /** Reads the value from upstream. */
  load: () => Promise<Result>;
  signal: CancellationSignal | undefined;
}

/** How long to wait for another replica that is loading the same value before loading it without a lease. */
const LEASE_WAIT_MS = 5000;

/** The second level of one query's cache, which all replicas share. */
export function createSharedCache<Key, Value extends object | null>(options: SharedCacheOptions<Key, Value>) {
  const { sharedValues, clock, invalidations, route, schema } = options;
  const idOf = ({ accountId, key }: EntryAddress<Key>): string =>
    `${tokenHashOf(accountId)} ${route} ${options.keyOf(key)}`;

  /** Returns the value if it is valid, newer than `since` and was not invalidated. */
  function validate(
    { accountId, key }: EntryAddress<Key>,
    { value, timestamp }: SharedValue,
    since: HybridTimestamp,
  ): SharedEntry<Value> | null {
    const { success, output } = v.safeParse(schema, value);
    if (!success || timestamp.logical <= since.logical) return null;
    const tags = [TOKEN_REVOKED, ...options.tags(key, output, accountId)];
    return invalidations.isInvalidated(accountId, tags, timestamp) ? null : { value: output, timestamp };
  }

  return {
    set: (address: EntryAddress<Key>, entry: SharedEntry<Value>, ttlMs: number): void =>
      sharedValues.set(idOf(address), entry, ttlMs),
    delete: (address: EntryAddress<Key>): void => sharedValues.delete(idOf(address)),
    /** Cross-replica single-flight: returns the shared value if it is accepted; otherwise takes the lease and loads the value. */
    async fillOnce<Result>(
      address: EntryAddress<Key>,
      { since, freshSince, accept, load, signal }: FillOptions<Value, Result>,
    ): Promise<Result> {
      const endsAt = clock.now() + LEASE_WAIT_MS;
      const query = {
        since: Math.max(since.logical, freshSince),
        accept: (shared: SharedValue) => {
          const entry = validate(address, shared, since);
          return entry === null ? undefined : accept(entry);
        },
        signal,
      };
      for (;;) {
        signal?.throwIfAborted();
        const found =
          clock.now() < endsAt ? await sharedValues.getOrAcquire(idOf(address), query) : { lease: NO_LEASE };
        if (found === null) continue;
        if ('value' in found) return found.value;
        try {
          return await load();
        } finally {
          found.lease.release();
        }
      }
    },
  };
}
