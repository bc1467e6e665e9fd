import { type HybridTimestamp, logicalTimeAt } from '../../cluster/hybridClock.ts';
import { GatewayError } from '../../domain/errors.ts';
import type { Clock } from '../../lib/clock.ts';
import { type SingleFlight, startSingleFlight } from '../../lib/singleFlight.ts';
import type { Entities, Loaded } from '../../realtimekit/loaded.ts';
import type { Operation } from '../operation.ts';
import type { ReadPart } from '../operationReport.ts';
import type { Demand } from './demand.ts';
import type { Entry, EntryAddress, EntryStore } from './entryStore.ts';
import { allowsStale, type Freshness } from './freshness.ts';
import { ANY_TAG, type Invalidations } from './invalidation.ts';
import type { SharedCache, SharedEntry } from './sharedCache.ts';
import type { TtlSettings } from './ttl.ts';

/** How the values of one cached query are read. */
export interface ReadOptions<Key, Value> {
  /** The REST route, as the upstream report shows it. */
  route: string;
  /** Reads the value from upstream. `startedAt`: when the read started. */
  load(operation: Operation, key: Key, startedAt: HybridTimestamp): Promise<LoadResult<Value>>;
  /** Caches the entities of a response before its value is cached, and completes them with what is already known of them. */
  ingest?(operation: Operation, entities: Entities, timestamp: HybridTimestamp): void;
  /**
   * Called while the request budget is short, before a single read: caches a newer value together with others if that takes fewer
   * requests, and then resolves. Undefined if the value must be read alone. Never rejects. `stretchMs`: the minimum TTL meanwhile.
   */
  readTogether?: ReadTogether<Key>;
  /** Returns a value that another replica has read with its time as it is here. Default: values do not contain their time. */
  withTimestamp?(value: Value, timestamp: HybridTimestamp): Value;
  /** The entities to ingest from a value. Default: none. */
  entitiesIn?(value: Value, key: Key): Entities;
}

export interface LoadResult<Value> extends Loaded<Value> {
  /** When the value was true, if it consists of values that may have been cached. Default: when the read started. */
  timestamp?: HybridTimestamp;
}

export type ReadTogether<Key> = (lookup: Lookup<Key>, stretchMs: number) => Promise<unknown> | undefined;

/** One call of a cached query. The result must be newer than `since`. */
export interface Lookup<Key> extends EntryAddress<Key> {
  operation: Operation;
  since: HybridTimestamp;
}

export interface Read<Value> extends ReadPart {
  value: Value;
  /** The tags of the value's entry; empty if it has none, because newer data is known already. */
  tags: string[];
}

/** A read in flight. Its result is newer than `since`. */
interface ReadInFlight<Value> {
  flight: SingleFlight<Read<Value>>;
  startedAt: HybridTimestamp;
  since: HybridTimestamp;
}

interface InFlightReadsContext<Key, Value extends object | null> {
  clock: Clock;
  ttl: TtlSettings;
  invalidations: Invalidations;
  entries: EntryStore<Key, Value>;
  freshness: Freshness;
  demand: Demand;
  /** Null if there is only one replica. */
  sharedCache: SharedCache<Key, Value> | null;
  /** Returns the value of an entry that is fresh enough for the operation. */
  serveFresh: (lookup: Lookup<Key>, entry: Entry<Value>) => Value | undefined;
}

/**
 * Reads the missing values of one cached query: from what another replica has shared, or else from upstream. Lookups of the same key
 * share one read (request coalescing).
 */
export function createInFlightReads<Key, Value extends object | null>(
  { clock, ttl, invalidations, entries, freshness, demand, sharedCache, serveFresh }: InFlightReadsContext<Key, Value>,
  options: ReadOptions<Key, Value>,
) {
  const { route } = options;
  const inFlight = new Map<string, ReadInFlight<Value>>();

  /** Joins a read in flight whose result will be new enough, or else starts a read. The caller must join or detach the flight. */
  function joinOrStart(lookup: Lookup<Key>): { flight: SingleFlight<Read<Value>>; isJoined: boolean } {
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
      (signal) => read({ ...lookup, operation: { ...operation, signal } }, startedAt),
      () => {
        if (inFlight.get(id)?.flight === flight) inFlight.delete(id);
      },
    );
    inFlight.set(id, { flight, startedAt, since });
    return { flight, isJoined: false };
  }

  /** Whether the result of a read in flight is new enough: it must not be older than `since`, nor than the account's last change. */
  function canJoin(current: ReadInFlight<Value>, { accountId, since }: Lookup<Key>): boolean {
    const isNewer =
      current.since.logical >= since.logical ||
      // Where another replica may have read the value, the start of this read says nothing about its age.
      (sharedCache === null && current.startedAt.logical >= since.logical);
    return isNewer && !invalidations.isInvalidated(accountId, [ANY_TAG], current.startedAt);
  }

  /** From what another replica has shared, or from upstream. */
  const read =
    sharedCache === null
      ? readUpstream
      : (lookup: Lookup<Key>, startedAt: HybridTimestamp): Promise<Read<Value>> =>
          sharedCache.fillOnce(lookup, {
            since: lookup.since,
            // While TTLs are stretched, a value in the first half of its TTL is worth taking over.
            freshSince:
              startedAt.logical - logicalTimeAt(Math.max(ttl.statusMs, freshness.stretchMs(lookup.operation) / 2)),
            accept: (shared) => acceptShared(lookup, shared),
            load: () => readUpstream(lookup, startedAt),
            signal: lookup.operation.signal,
          });

  async function readUpstream(lookup: Lookup<Key>, startedAt: HybridTimestamp): Promise<Read<Value>> {
    const { operation, key } = lookup;
    const stretchMs = freshness.stretchMs(operation);
    // The reserve for mutations does not pay for others' values.
    if (stretchMs > 0 && operation.priority === 'read') {
      const reading = options.readTogether?.(lookup, stretchMs);
      if (reading !== undefined) await reading;
      const fresh = reading && findFresh(lookup);
      if (fresh !== undefined) return fresh;
      const known = entries.get(lookup);
      if (known !== undefined) demand.recordRefresh(operation.account, known);
    }
    try {
      const { value, entities, timestamp = startedAt } = await options.load(operation, key, startedAt);
      options.ingest?.(operation, { ...options.entitiesIn?.(value, key), ...entities }, startedAt);
      const entry = entries.set(lookup, value, timestamp);
      return toRead(value, entry) ?? { value, readAt: timestamp.wallTime, freshUntil: 0, tags: [] };
    } catch (error) {
      // A value that may no longer be read may no longer be served either.
      if (error instanceof GatewayError && !allowsStale(error)) {
        entries.delete(lookup, startedAt);
        sharedCache?.delete(lookup);
      }
      throw error;
    }
  }

  /** Caches a value that another replica has shared, and returns it if it is fresh. */
  function acceptShared(
    lookup: Lookup<Key>,
    { value: shared, timestamp }: SharedEntry<Value>,
  ): Read<Value> | undefined {
    const { operation, key } = lookup;
    const value = options.withTimestamp?.(shared, timestamp) ?? shared;
    options.ingest?.(operation, options.entitiesIn?.(value, key) ?? {}, timestamp);
    entries.set(lookup, value, timestamp);
    return findFresh(lookup);
  }

  /** The value that was cached meanwhile, if it is fresh. */
  function findFresh(lookup: Lookup<Key>): Read<Value> | undefined {
    const entry = entries.get(lookup, lookup.since);
    const fresh = entry && serveFresh(lookup, entry);
    return fresh === undefined ? undefined : toRead(fresh, entry);
  }

  function toRead(value: Value, entry: Entry<Value> | undefined): Read<Value> | undefined {
    return entry && { value, ...freshness.partOf(entry), tags: entry.tags };
  }

  return { joinOrStart, isInFlight: ({ id }: EntryAddress<Key>): boolean => inFlight.has(id) };
}
