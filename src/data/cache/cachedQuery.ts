import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type * as v from 'valibot';

import type { HybridTimestamp } from '../../cluster/hybridClock.ts';
import type { SharedValues } from '../../cluster/sharedValues.ts';
import { Cancellation } from '../../lib/cancellation.ts';
import type { Clock } from '../../lib/clock.ts';
import { raceAbort, sleep } from '../../lib/timeout.ts';
import type { Operation } from '../operation.ts';
import type { ReadPart } from '../operationReport.ts';
import type { Demand } from './demand.ts';
import { createEntryStore, type Entry, type EntryAddress, type EntryOptions } from './entryStore.ts';
import { allowsStale, createFreshness } from './freshness.ts';
import { createInFlightReads, type Lookup, type ReadOptions } from './inFlightReads.ts';
import type { Invalidations } from './invalidation.ts';
import type { LruStore } from './lruStore.ts';
import { createSharedCache } from './sharedCache.ts';
import type { TtlSettings } from './ttl.ts';

/** How one kind of read is done and cached. */
export interface CachedQueryOptions<Key, Value> extends EntryOptions<Key, Value>, ReadOptions<Key, Value> {
  /** Validates values that other replicas share. */
  schema: v.GenericSchema<unknown, Value>;
  /** Further tags of responses that contain the value: changes of these entities do not make the value stale, or its own tags cover them. */
  entityTags?(value: Value): string[];
  /** Whether a value that is requested shortly before the end of its TTL is refreshed in the background, so that nobody waits. */
  refreshAhead?: boolean;
}

/** A read-through cache for one kind of read, with stale-while-revalidate and single-flight. Accounts never share values. */
export interface CachedQuery<Key, Value> {
  /** Returns the cached value if it is fresh. Never waits for upstream. */
  getFresh(operation: Operation, key: Key): Value | undefined;
  /** Whether `get` would return at once, without an upstream request. */
  isFresh(operation: Operation, key: Key): boolean;
  /**
   * Returns the cached value if it is fresh, else a promise of a newer one. Serves a stale value if the newer one is slow or fails
   * in a way that is likely to pass, but never one that is not newer than `since`. Throws if the operation was aborted.
   */
  get(operation: Operation, key: Key, since?: HybridTimestamp): MaybePromise<Value>;
  /** Returns the cached value however old it is, unless it was invalidated. */
  getAnyAge(accountId: string, key: Key): Value | undefined;
  /** Returns when that value was true. */
  timestampOf(accountId: string, key: Key): HybridTimestamp | undefined;
  /** Caches a value that was true at `timestamp`, unless newer data is known. */
  set(accountId: string, key: Key, value: Value, timestamp: HybridTimestamp): void;
  /** Removes the value if it is older than `before`. */
  expire(accountId: string, key: Key, before: HybridTimestamp): void;
}

export type CreateQuery = <Key, Value extends object | null>(
  options: CachedQueryOptions<Key, Value>,
) => CachedQuery<Key, Value>;

/** What all cached queries share. */
export interface CachedQueryContext {
  clock: Clock;
  ttl: TtlSettings;
  invalidations: Invalidations;
  /** Null if there is only one replica. */
  sharedValues: SharedValues | null;
  store: LruStore;
  demand: Demand;
}

/** Before every other timestamp. */
const BEGINNING: HybridTimestamp = { logical: 0, wallTime: 0 };

export function createCachedQuery<Key, Value extends object | null>(
  { clock, ttl, invalidations, sharedValues, store, demand }: CachedQueryContext,
  options: CachedQueryOptions<Key, Value>,
): CachedQuery<Key, Value> {
  const { route } = options;
  const freshness = createFreshness({ clock, ttl, demand }, options.refreshAhead === true);
  const sharedCache = sharedValues && createSharedCache({ ...options, sharedValues, clock, invalidations });
  const entries = createEntryStore<Key, Value>({ store, invalidations, maxStaleMs: ttl.maxStaleMs, onStored }, options);
  const reads = createInFlightReads(
    { clock, ttl, invalidations, entries, freshness, demand, sharedCache, serveFresh },
    options,
  );

  /** Shares a stored entry with the other replicas, unless one of them has shared it. */
  function onStored(address: EntryAddress<Key>, entry: Entry<Value>): void {
    if (entry.timestamp.fromPeer === undefined) sharedCache?.set(address, entry, entry.ttlMs + ttl.maxStaleMs);
  }

  function addressOf(accountId: string, key: Key): EntryAddress<Key> {
    return { accountId, key, id: `${accountId} ${options.keyOf(key)}` };
  }

  function lookUp(operation: Operation, key: Key, since = BEGINNING): Lookup<Key> {
    return { ...addressOf(operation.account.id, key), operation, since };
  }

  /** Returns the value of a fresh entry and records the hit. Refreshes the entry in the background if it is about to expire. */
  function serveFresh(lookup: Lookup<Key>, entry: Entry<Value>): Value | undefined {
    const { operation } = lookup;
    const state = freshness.stateOf(operation, entry);
    if (state === 'expired') return undefined;
    entry.hits += 1;
    const part = freshness.partOf(entry);
    operation.report.recordHit(route, state);
    recordPart(operation, part, entry);
    if (state === 'cache' && clock.now() >= part.freshUntil) refreshInBackground(lookup, entry);
    return entry.value;
  }

  /** Does nothing while the request budget is short. */
  function refreshInBackground(lookup: Lookup<Key>, { timestamp }: Entry<Value>): void {
    if (freshness.stretchMs(lookup.operation) > 0 || reads.isInFlight(lookup)) return;
    reads.joinOrStart({ ...lookup, since: timestamp }).flight.detach();
  }

  function serveStale({ operation }: Lookup<Key>, entry: Entry<Value>): Value {
    operation.report.recordHit(route, 'stale');
    recordPart(operation, { readAt: entry.timestamp.wallTime, freshUntil: 0 }, entry);
    return entry.value;
  }

  /** Records a part of the operation's result, and what the part depends on if somebody wants to know. */
  function recordPart({ report }: Operation, part: ReadPart, { value, tags }: Pick<Entry<Value>, 'value' | 'tags'>) {
    report.recordPart(part);
    const { tags: recorded } = report;
    if (recorded === undefined) return;
    for (const tag of tags) recorded.add(tag);
    for (const tag of options.entityTags?.(value) ?? []) recorded.add(tag);
  }

  /** Waits for the value. Falls back to a stale one if the read fails in a way that is likely to pass. */
  async function load(lookup: Lookup<Key>): Promise<Value> {
    const { operation } = lookup;
    const { flight, isJoined } = reads.joinOrStart(lookup);
    try {
      const read = await flight.join(operation.signal);
      recordPart(operation, read, read);
      return read.value;
    } catch (error) {
      if (!allowsStale(error)) throw error;
      // The operation that started the read had used up its requests, or its caller's share. That does not concern this operation.
      if (isJoined && (error.code === 'QUERY_TOO_EXPENSIVE' || error.scope === 'caller')) return load(lookup);
      const entry = entries.get(lookup, lookup.since);
      if (entry === undefined || !freshness.isServableStale(entry)) throw error;
      return serveStale(lookup, entry);
    }
  }

  /** Stale-while-revalidate: waits for a newer value, but only for a short time. */
  async function revalidate(lookup: Lookup<Key>, entry: Entry<Value>): Promise<Value> {
    const { operation } = lookup;
    const { signal } = operation;
    const { flight } = reads.joinOrStart(lookup);
    flight.detach();
    const waiting = new Cancellation();
    const newer = flight.join(signal).catch((error: unknown) => {
      if (allowsStale(error)) return undefined;
      throw error;
    });
    const timeout = sleep(ttl.revalidateTimeoutMs, clock, waiting).catch(() => undefined);
    try {
      const read = await raceAbort(Promise.race([newer, timeout]), signal);
      if (read !== undefined) {
        recordPart(operation, read, read);
        return read.value;
      }
    } finally {
      waiting.abort(undefined);
    }
    return serveStale(lookup, entry);
  }

  return {
    getFresh(operation, key) {
      const lookup = lookUp(operation, key);
      const entry = entries.get(lookup);
      return entry && serveFresh(lookup, entry);
    },
    isFresh(operation, key) {
      const entry = entries.get(addressOf(operation.account.id, key));
      return entry !== undefined && freshness.stateOf(operation, entry) !== 'expired';
    },
    get(operation, key, since) {
      operation.signal?.throwIfAborted();
      const lookup = lookUp(operation, key, since);
      const entry = entries.get(lookup, since);
      if (entry === undefined) return load(lookup);
      const fresh = serveFresh(lookup, entry);
      if (fresh !== undefined) return fresh;
      return freshness.isServableStale(entry) ? revalidate(lookup, entry) : load(lookup);
    },
    getAnyAge: (accountId, key) => entries.get(addressOf(accountId, key))?.value,
    timestampOf: (accountId, key) => entries.get(addressOf(accountId, key))?.timestamp,
    set: (accountId, key, value, timestamp) => void entries.set(addressOf(accountId, key), value, timestamp),
    expire: (accountId, key, before) => entries.delete(addressOf(accountId, key), before),
  };
}
