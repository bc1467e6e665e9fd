import type { HybridTimestamp } from '../../cluster/hybridClock.ts';
import { GatewayError } from '../../domain/errors.ts';
import type { Clock } from '../../lib/clock.ts';
import { type SingleFlight, startSingleFlight } from '../../lib/singleFlight.ts';
import type { Operation } from '../operation.ts';
import type { Entry, EntryAddress, EntryStore } from './entryStore.ts';
import { ANY_TAG, type Invalidations } from './invalidation.ts';
import type { SharedCache } from './sharedCache.ts';
import { allowsStale } from './staleIfError.ts';
import type { TtlSettings } from './ttl.ts';

/** How the values of one cached query are read. */
export interface ReadOptions<Key, Value> {
  /** The REST route, as the upstream report shows it. */
  route: string;
  /** Reads the value from upstream. `startedAt`: when the read started. */
  load(operation: Operation, key: Key, startedAt: HybridTimestamp): Promise<Value>;
  /**
   * Called with every value that was read, by this replica or by another one, and returns the value to cache. Caches the entities
   * that the value contains, and completes the value with what is already known of them.
   */
  onValue?(operation: Operation, key: Key, value: Value, timestamp: HybridTimestamp): Value;
}

/** One call of a cached query. The result must be newer than `since`. */
export interface Lookup<Key> extends EntryAddress<Key> {
  operation: Operation;
  since: HybridTimestamp;
}

/** Reads the missing values of one cached query. Lookups of the same key share one read (request coalescing). */
export interface InFlightReads<Key, Value> {
  /** Joins a read in flight whose result will be new enough, or else starts a read. The caller must join or detach the flight. */
  joinOrStart(lookup: Lookup<Key>): { flight: SingleFlight<Value>; isJoined: boolean };
  isInFlight(address: EntryAddress<Key>): boolean;
}

export interface InFlightReadsContext<Key, Value> {
  clock: Clock;
  ttl: TtlSettings;
  invalidations: Invalidations;
  entries: EntryStore<Key, Value>;
  /** Null if replicas do not share the values. */
  sharedCache: SharedCache<Key, Value> | null;
  /** Caches a value that was read. */
  set: (address: EntryAddress<Key>, value: Value, timestamp: HybridTimestamp) => void;
  /** Returns the value of an entry that is fresh enough for the operation. */
  serveFresh: (lookup: Lookup<Key>, entry: Entry<Value>) => Value | undefined;
}

/** A read in flight. Its result is newer than `since`. */
interface ReadInFlight<Value> {
  flight: SingleFlight<Value>;
  startedAt: HybridTimestamp;
  since: HybridTimestamp;
}

export function createInFlightReads<Key, Value extends object | null>(
  { clock, ttl, invalidations, entries, sharedCache, set, serveFresh }: InFlightReadsContext<Key, Value>,
  options: ReadOptions<Key, Value>,
): InFlightReads<Key, Value> {
  const { route } = options;
  const inFlight = new Map<string, ReadInFlight<Value>>();

  async function readUpstream(lookup: Lookup<Key>, startedAt: HybridTimestamp): Promise<Value> {
    const { operation, key } = lookup;
    try {
      const loaded = await options.load(operation, key, startedAt);
      const value = options.onValue?.(operation, key, loaded, startedAt) ?? loaded;
      set(lookup, value, startedAt);
      return value;
    } catch (error) {
      // A value that may no longer be read may no longer be served either.
      if (error instanceof GatewayError && !allowsStale(error)) {
        entries.delete(lookup, startedAt);
        sharedCache?.delete(lookup);
      }
      throw error;
    }
  }

  /** Returns the value that another replica has shared if it is fresh, and caches it in any case. */
  async function readShared(lookup: Lookup<Key>): Promise<Value | undefined> {
    const { operation, key, since } = lookup;
    const shared = await sharedCache?.get(lookup, since);
    if (!shared) return undefined;
    const { value, timestamp } = shared;
    set(lookup, options.onValue?.(operation, key, value, timestamp) ?? value, timestamp);
    const entry = entries.get(lookup, since);
    return entry && serveFresh(lookup, entry);
  }

  async function read(lookup: Lookup<Key>, startedAt: HybridTimestamp): Promise<Value> {
    const readThis = async (): Promise<Value> => readUpstream(lookup, startedAt);
    if (sharedCache === null) return readThis();
    const { signal } = lookup.operation;
    return sharedCache.fillOnce(lookup, { getShared: async () => readShared(lookup), load: readThis, signal });
  }

  /** Whether the result of a read in flight is new enough: it must not be older than `since`, nor than the account's last change. */
  function canJoin(current: ReadInFlight<Value>, { accountId, since }: Lookup<Key>): boolean {
    const isNewer =
      current.since.logical >= since.logical ||
      // Where another replica may have read the value, the start of this read says nothing about its age.
      (sharedCache === null && current.startedAt.logical >= since.logical);
    return isNewer && !invalidations.isInvalidated(accountId, [ANY_TAG], current.startedAt);
  }

  return {
    isInFlight: ({ id }) => inFlight.has(id),
    joinOrStart(lookup) {
      const { id, operation, since } = lookup;
      const current = inFlight.get(id);
      if (current !== undefined && canJoin(current, lookup)) {
        // The value may be as old as the start of the read.
        const age = clock.now() - current.startedAt.wallTime;
        operation.report.recordHit(route, age <= Math.min(ttl.statusMs, ttl.negativeMs) ? 'coalesced' : 'stale');
        return { flight: current.flight, isJoined: true };
      }
      const startedAt = invalidations.now();
      const flight = startSingleFlight(
        async (signal) => read({ ...lookup, operation: { ...operation, signal } }, startedAt),
        () => {
          if (inFlight.get(id)?.flight === flight) inFlight.delete(id);
        },
      );
      inFlight.set(id, { flight, startedAt, since });
      return { flight, isJoined: false };
    },
  };
}
