import type { HybridTimestamp } from '../../cluster/hybridClock.ts';
import * as v from 'valibot';

import type { Clock } from '../../lib/clock.ts';
import { tokenHashOf } from '../account.ts';
import type { Invalidations } from './invalidation.ts';
import type { Entry } from './entryStore.ts';
import type { Operation } from '../operation.ts';
import type { SharedValues } from '../../cluster/sharedValues.ts';
import { TOKEN_REVOKED } from './tags.ts';

export interface SharedCacheOptions<Key, Value> {
  /** What all replicas keep. */
  sharedValues: SharedValues;
  clock: Clock;
  invalidations: Pick<Invalidations, 'isInvalidated'>;
  /** The REST route: kinds are told apart by it, and by what their keys look like. */
  route: string;
  keyOf(key: Key): string;
  tags(key: Key, value: Value, accountId: string): string[];
  /** Whoever wrote it may be of another version. */
  schema: v.GenericSchema<unknown, Value>;
}

/** The answers of one kind that all replicas have in common. */
export interface SharedCache<Key, Value> {
  /** What another replica has read, if it was so after `since` and still holds. */
  get(accountId: string, key: Key, since: HybridTimestamp): Promise<{ value: Value; moment: HybridTimestamp } | null>;
  /** Gives it to the others for so many milliseconds. */
  set(accountId: string, key: Key, entry: Pick<Entry<Value>, 'value' | 'timestamp'>, milliseconds: number): void;
  drop(accountId: string, key: Key): void;
  /** Reads, unless another replica has, or is about to: `adopt` gives what it has read, undefined where that does not do. */
  fillOnce(operation: Operation, key: Key, ways: FillOptions<Value>): Promise<Value>;
}

/** How a value is come by. */
export interface FillOptions<Value> {
  adopt: () => Promise<Value | undefined>;
  read: () => Promise<Value>;
}

/** How long another replica that reads the same is waited for, in milliseconds. */
const LEASE_WAIT_MS = 5000;

export function createSharedCache<Key, Value extends object | null>(
  options: SharedCacheOptions<Key, Value>,
): SharedCache<Key, Value> {
  const { sharedValues, clock, invalidations, route, schema } = options;
  const idOf = (accountId: string, key: Key): string => `${tokenHashOf(accountId)} ${route} ${options.keyOf(key)}`;

  return {
    async get(accountId, key, since) {
      const kept = await sharedValues.get(idOf(accountId, key));
      if (kept === null || kept.timestamp.logical <= since.logical) return null;
      const { success, output } = v.safeParse(schema, kept.value);
      if (!success) return null;
      const tags = [TOKEN_REVOKED, ...options.tags(key, output, accountId)];
      return invalidations.isInvalidated(accountId, tags, kept.timestamp)
        ? null
        : { value: output, moment: kept.timestamp };
    },
    set: (accountId, key, { value, timestamp }, milliseconds) =>
      sharedValues.set(idOf(accountId, key), { value, timestamp: timestamp }, milliseconds),
    drop: (accountId, key) => sharedValues.delete(idOf(accountId, key)),
    async fillOnce({ account, signal }, key, { adopt, read }) {
      const endsAt = clock.now() + LEASE_WAIT_MS;
      for (;;) {
        const adopted = await adopt();
        if (adopted !== undefined) return adopted;
        signal?.throwIfAborted();
        const isPatient = clock.now() < endsAt;
        const claim = isPatient ? await sharedValues.acquireLease(idOf(account.id, key), signal) : UNCLAIMED;
        if (claim === null) continue;
        try {
          // It may have been read just before.
          return (await adopt()) ?? (await read());
        } finally {
          claim.release();
        }
      }
    },
  };
}

/** Another replica reads the same, or did, for so long that nobody waits any more. */
const UNCLAIMED = { release: (): void => {} };
