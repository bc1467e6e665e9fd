import type { Moment } from '../../cluster/hybridClock.ts';
import * as v from 'valibot';

import type { Clock } from '../../lib/clock.ts';
import { tokenHashOf } from '../account.ts';
import type { Changes } from './invalidation.ts';
import type { Entry } from './entryStore.ts';
import type { Operation } from '../operation.ts';
import type { SecondLevel } from '../../cluster/sharedValues.ts';
import { REFUSED } from './tags.ts';

export interface OthersReadsOptions<Key, Value> {
  /** What all replicas keep. */
  second: SecondLevel;
  clock: Clock;
  changes: Pick<Changes, 'isVoid'>;
  /** The REST route: kinds are told apart by it, and by what their keys look like. */
  route: string;
  keyOf(key: Key): string;
  tags(key: Key, value: Value, accountId: string): string[];
  /** Whoever wrote it may be of another version. */
  schema: v.GenericSchema<unknown, Value>;
}

/** The answers of one kind that all replicas have in common. */
export interface OthersReads<Key, Value> {
  /** What another replica has read, if it was so after `since` and still holds. */
  find(accountId: string, key: Key, since: Moment): Promise<{ value: Value; moment: Moment } | null>;
  /** Gives it to the others for so many milliseconds. */
  keep(accountId: string, key: Key, entry: Pick<Entry<Value>, 'value' | 'moment'>, milliseconds: number): void;
  drop(accountId: string, key: Key): void;
  /** Reads, unless another replica has, or is about to: `adopt` gives what it has read, undefined where that does not do. */
  readOnce(operation: Operation, key: Key, ways: Ways<Value>): Promise<Value>;
}

/** How a value is come by. */
export interface Ways<Value> {
  adopt: () => Promise<Value | undefined>;
  read: () => Promise<Value>;
}

/** How long another replica that reads the same is waited for, in milliseconds. */
const PATIENCE = 5000;

export function createOthersReads<Key, Value extends object | null>(
  options: OthersReadsOptions<Key, Value>,
): OthersReads<Key, Value> {
  const { second, clock, changes, route, schema } = options;
  const idOf = (accountId: string, key: Key): string => `${tokenHashOf(accountId)} ${route} ${options.keyOf(key)}`;

  return {
    async find(accountId, key, since) {
      const kept = await second.find(idOf(accountId, key));
      if (kept === null || kept.moment.order <= since.order) return null;
      const { success, output } = v.safeParse(schema, kept.value);
      if (!success) return null;
      const tags = [REFUSED, ...options.tags(key, output, accountId)];
      return changes.isVoid(accountId, tags, kept.moment) ? null : { value: output, moment: kept.moment };
    },
    keep: (accountId, key, { value, moment }, milliseconds) =>
      second.keep(idOf(accountId, key), { value, moment }, milliseconds),
    drop: (accountId, key) => second.drop(idOf(accountId, key)),
    async readOnce({ account, signal }, key, { adopt, read }) {
      const endsAt = clock.now() + PATIENCE;
      for (;;) {
        const adopted = await adopt();
        if (adopted !== undefined) return adopted;
        signal?.throwIfAborted();
        const isPatient = clock.now() < endsAt;
        const claim = isPatient ? await second.claim(idOf(account.id, key), signal) : UNCLAIMED;
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
