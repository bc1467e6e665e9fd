import type { HybridTimestamp } from '../../cluster/hybridClock.ts';
import type * as v from 'valibot';

import type { Clock } from '../../lib/clock.ts';
import { GatewayError } from '../../domain/errors.ts';
import { ANY_TAG, type Invalidations } from './invalidation.ts';
import { sleep, raceAbort } from '../../lib/timeout.ts';
import { createEntryStore, type Entry, type EntryOptions } from './entryStore.ts';
import { type SingleFlight, startSingleFlight } from '../../lib/singleFlight.ts';
import type { LruStore } from './lruStore.ts';
import { type TtlSettings, stretchedTtl } from './ttl.ts';
import type { Operation } from '../operation.ts';
import { createSharedCache } from './sharedCache.ts';
import { allowsStale } from './staleIfError.ts';
import type { SharedValues } from '../../cluster/sharedValues.ts';

/** One kind of read: how it is done, and how long its answers may be kept. */
export interface CachedQueryOptions<Key, Value> extends EntryOptions<Key, Value> {
  /** The REST route, as the upstream report tells it. */
  route: string;
  /** `moment`: when this reading began. */
  load(operation: Operation, key: Key, moment: HybridTimestamp): Promise<Value>;
  /** What a value tells beside itself, and is completed with, whoever has read it. */
  onValue?(operation: Operation, key: Key, value: Value, moment: HybridTimestamp): Value;
  /** What replicas pass on to each other; without it they do not. */
  schema?: v.GenericSchema<unknown, Value>;
  /** Whether what is asked for again and again is read anew shortly before it is too old, so that nobody waits for it. */
  refreshAhead?: boolean;
}

/** The answers to one kind of read, shared by all operations of an account, and the reads of it that are under way. */
export interface CachedQuery<Key, Value> {
  /** What is at hand and fresh; undefined when it has to be read. */
  getFresh(operation: Operation, key: Key): Value | undefined;
  /** Whether reading costs nothing. */
  isFresh(operation: Operation, key: Key): boolean;
  /**
   * Reads, unless it is at hand and fresh. An older answer is served when the newer one is slow to come, or fails in a way
   * that passes; none is that was read before `since`.
   */
  get(operation: Operation, key: Key, since?: HybridTimestamp): Promise<Value>;
  /** What is at hand, however old; undefined when nothing is. */
  getAnyAge(accountId: string, key: Key): Value | undefined;
  /** Keeps what was so at `moment`, unless something newer is known. */
  set(accountId: string, key: Key, value: Value, moment: HybridTimestamp): void;
  /** Forgets what was so before `moment`. */
  expire(accountId: string, key: Key, moment: HybridTimestamp): void;
}

/** What all kinds have in common. */
export interface CachedQueryContext {
  clock: Clock;
  ttl: TtlSettings;
  invalidations: Invalidations;
  /** What all replicas keep; null: there is but one. */
  sharedValues: SharedValues | null;
  store: LruStore;
}

/** How long before its end an answer is read anew that is asked for again: a second, or a tenth of its time. */
const refreshLeadMs = (milliseconds: number): number => Math.min(1000, milliseconds / 10);
/** Before all else. */
const BEGINNING: HybridTimestamp = { logical: 0, wallTime: 0 };

export function createCachedQuery<Key, Value extends object | null>(
  { clock, ttl, invalidations, sharedValues, store }: CachedQueryContext,
  options: CachedQueryOptions<Key, Value>,
): CachedQuery<Key, Value> {
  const { route, schema } = options;
  const entries = createEntryStore({ changes: invalidations, stale: ttl.maxStaleMs, store }, options);
  const others =
    schema === undefined || sharedValues === null
      ? null
      : createSharedCache({ ...options, schema, sharedValues: sharedValues, clock, invalidations: invalidations });
  /** `since`: nothing older is what a flight gives. */
  const flights = new Map<string, { flight: SingleFlight<Value>; moment: HybridTimestamp; since: HybridTimestamp }>();
  const flightId = ({ account }: Operation, key: Key): string => `${account.id} ${options.keyOf(key)}`;

  /** Fresh by its class; or as fresh as the budget allows, which is `stale`; or to be read again. */
  function stateOf(operation: Operation, entry: Entry<Value>): 'cache' | 'stale' | 'old' {
    const age = clock.now() - entry.timestamp.wallTime;
    if (age < Math.max(entry.ttlMs, operation.maxPeerAgeMs ?? 0)) return 'cache';
    return age < stretchedTtl(operation.account.budget.pressure(), ttl) ? 'stale' : 'old';
  }

  function set(accountId: string, key: Key, value: Value, moment: HybridTimestamp): void {
    const entry = entries.set(accountId, key, value, moment);
    if (entry === undefined || moment.fromPeer !== undefined) return;
    others?.set(accountId, key, entry, entry.ttlMs + ttl.maxStaleMs);
  }

  function getFresh(operation: Operation, key: Key): Value | undefined {
    const entry = entries.get(operation.account.id, key);
    return entry && serve(operation, key, entry);
  }

  /** The entry's value, if it need not be read again. */
  function serve(operation: Operation, key: Key, entry: Entry<Value>): Value | undefined {
    const state = stateOf(operation, entry);
    if (state === 'old') return undefined;
    operation.report.recordHit(route, state);
    operation.report.capFreshUntil(state === 'cache' ? goodUntil(entry) : 0);
    if (state === 'cache' && clock.now() >= goodUntil(entry)) readAhead(operation, key, entry);
    return entry.value;
  }

  function goodUntil({ timestamp, ttlMs: lasts }: Entry<Value>): number {
    return timestamp.wallTime + lasts - (options.refreshAhead === true ? refreshLeadMs(lasts) : 0);
  }

  /** In the background, once, and only while the budget is easy. */
  function readAhead(operation: Operation, key: Key, { timestamp }: Entry<Value>): void {
    const isShort = stretchedTtl(operation.account.budget.pressure(), ttl) > 0;
    if (isShort || flights.has(flightId(operation, key))) return;
    joinOrStart(operation, key, timestamp).flight.detach();
  }

  /** What another replica has read, if it is newer than `since`. It is kept here too, however old. */
  async function fillFromPeers(operation: Operation, key: Key, since: HybridTimestamp): Promise<Value | undefined> {
    const { id } = operation.account;
    const found = await others?.get(id, key, since);
    if (!found) return undefined;
    const { value, moment } = found;
    set(id, key, options.onValue?.(operation, key, value, moment) ?? value, moment);
    const entry = entries.get(id, key, since);
    return entry && serve(operation, key, entry);
  }

  /** Reads, unless another replica has, or is about to. */
  async function fill(operation: Operation, key: Key, moment: HybridTimestamp, since: HybridTimestamp): Promise<Value> {
    const read = async (): Promise<Value> => readUpstream(operation, key, moment);
    return others === null
      ? read()
      : others.fillOnce(operation, key, { adopt: async () => fillFromPeers(operation, key, since), read });
  }

  async function readUpstream(operation: Operation, key: Key, moment: HybridTimestamp): Promise<Value> {
    try {
      const loaded = await options.load(operation, key, moment);
      const value = options.onValue?.(operation, key, loaded, moment) ?? loaded;
      set(operation.account.id, key, value, moment);
      return value;
    } catch (error) {
      // What may not be read any more is not served either.
      if (error instanceof GatewayError && !allowsStale(error)) {
        entries.drop(operation.account.id, key, moment);
        others?.drop(operation.account.id, key);
      }
      throw error;
    }
  }

  /** Joins the read that is under way, unless it began before `since` or before the account's last change. */
  function joinOrStart(
    operation: Operation,
    key: Key,
    since = BEGINNING,
  ): { flight: SingleFlight<Value>; isJoined: boolean } {
    const accountId = operation.account.id;
    const id = flightId(operation, key);
    const underWay = flights.get(id);
    const isTooOld =
      underWay === undefined ||
      (underWay.since.logical < since.logical && (others !== null || underWay.moment.logical < since.logical)) ||
      invalidations.isInvalidated(accountId, [ANY_TAG], underWay.moment);
    if (!isTooOld) {
      // What it gives was so when it began at the earliest.
      const age = clock.now() - underWay.moment.wallTime;
      operation.report.recordHit(route, age <= Math.min(ttl.statusMs, ttl.negativeMs) ? 'coalesced' : 'stale');
      return { flight: underWay.flight, isJoined: true };
    }
    const moment = invalidations.now();
    const flight = startSingleFlight(
      async (signal) => fill({ ...operation, signal }, key, moment, since),
      () => {
        if (flights.get(id)?.flight === flight) flights.delete(id);
      },
    );
    flights.set(id, { flight, moment, since });
    return { flight, isJoined: false };
  }

  /** What was read is true for as long as it is kept: not at all where something newer is known. */
  function limit(operation: Operation, key: Key, value: Value): void {
    const entry = entries.get(operation.account.id, key);
    operation.report.capFreshUntil(entry?.value === value ? goodUntil(entry) : 0);
  }

  /** A failure that is another operation's own matter is none of this one's. */
  async function load(operation: Operation, key: Key, since?: HybridTimestamp): Promise<Value> {
    const { flight, isJoined } = joinOrStart(operation, key, since);
    try {
      const value = await flight.join(operation.signal);
      limit(operation, key, value);
      return value;
    } catch (error) {
      if (isJoined && allowsStale(error) && error.code === 'QUERY_TOO_EXPENSIVE') return load(operation, key, since);
      const entry = entries.get(operation.account.id, key, since);
      if (entry === undefined || !allowsStale(error) || !isServable(entry)) throw error;
      return serveStale(operation, entry);
    }
  }

  /** Waits for the newer answer, but not for long. */
  async function revalidate(
    operation: Operation,
    key: Key,
    entry: Entry<Value>,
    since?: HybridTimestamp,
  ): Promise<Value> {
    const { flight } = joinOrStart(operation, key, since);
    flight.detach();
    const waiting = new AbortController();
    const newer = flight.join(operation.signal).catch((error: unknown) => {
      if (allowsStale(error)) return undefined;
      throw error;
    });
    const patience = sleep(ttl.revalidateTimeoutMs, clock, waiting.signal).catch(() => undefined);
    try {
      const value = await raceAbort(Promise.race([newer, patience]), operation.signal);
      if (value !== undefined) {
        limit(operation, key, value);
        return value;
      }
    } finally {
      waiting.abort();
    }
    return serveStale(operation, entry);
  }

  function isServable({ timestamp, ttlMs: lasts }: Entry<Value>): boolean {
    return clock.now() - timestamp.wallTime < lasts + ttl.maxStaleMs;
  }

  function serveStale({ report }: Operation, { value }: Entry<Value>): Value {
    report.recordHit(route, 'stale');
    report.capFreshUntil(0);
    return value;
  }

  return {
    getFresh,
    set,
    isFresh(operation, key) {
      const entry = entries.get(operation.account.id, key);
      return entry !== undefined && stateOf(operation, entry) !== 'old';
    },
    async get(operation, key, since) {
      operation.signal?.throwIfAborted();
      const entry = entries.get(operation.account.id, key, since);
      if (entry === undefined) return load(operation, key, since);
      const fresh = serve(operation, key, entry);
      if (fresh !== undefined) return fresh;
      return isServable(entry) ? revalidate(operation, key, entry, since) : load(operation, key, since);
    },
    getAnyAge: (accountId, key) => entries.get(accountId, key)?.value,
    expire: (accountId, key, moment) => entries.drop(accountId, key, moment),
  };
}
