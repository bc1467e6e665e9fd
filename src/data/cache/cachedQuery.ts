import type { Moment } from '../../cluster/hybridClock.ts';
import type * as v from 'valibot';

import type { Clock } from '../../lib/clock.ts';
import { GatewayError } from '../../domain/errors.ts';
import { ANYTHING, type Changes } from './invalidation.ts';
import { sleep, unlessAborted } from '../../lib/timeout.ts';
import { createEntries, type Entry, type EntryOptions } from './entryStore.ts';
import { type Flight, startFlight } from '../../lib/singleFlight.ts';
import { type FreshnessSettings, leastAge } from './ttl.ts';
import type { Operation } from '../operation.ts';
import { createOthersReads } from './sharedCache.ts';
import { isPassing } from './staleIfError.ts';
import type { SecondLevel } from '../../cluster/sharedValues.ts';

/** One kind of read: how it is done, and how long its answers may be kept. */
export interface KindOptions<Key, Value> extends EntryOptions<Key, Value> {
  /** The REST route, as the upstream report tells it. */
  route: string;
  /** `moment`: when this reading began. */
  load(operation: Operation, key: Key, moment: Moment): Promise<Value>;
  /** What a value tells beside itself, and is completed with, whoever has read it. */
  take?(operation: Operation, key: Key, value: Value, moment: Moment): Value;
  /** What replicas pass on to each other; without it they do not. */
  schema?: v.GenericSchema<unknown, Value>;
  /** Whether what is asked for again and again is read anew shortly before it is too old, so that nobody waits for it. */
  readsAhead?: boolean;
}

/** The answers to one kind of read, shared by all operations of an account, and the reads of it that are under way. */
export interface Kind<Key, Value> {
  /** What is at hand and fresh; undefined when it has to be read. */
  peek(operation: Operation, key: Key): Value | undefined;
  /** Whether reading costs nothing. */
  isFresh(operation: Operation, key: Key): boolean;
  /**
   * Reads, unless it is at hand and fresh. An older answer is served when the newer one is slow to come, or fails in a way
   * that passes; none is that was read before `since`.
   */
  read(operation: Operation, key: Key, since?: Moment): Promise<Value>;
  /** What is at hand, however old; undefined when nothing is. */
  held(accountId: string, key: Key): Value | undefined;
  /** Keeps what was so at `moment`, unless something newer is known. */
  put(accountId: string, key: Key, value: Value, moment: Moment): void;
  /** Forgets what was so before `moment`. */
  drop(accountId: string, key: Key, moment: Moment): void;
}

/** What all kinds have in common. */
export interface KindContext {
  clock: Clock;
  freshness: FreshnessSettings;
  changes: Changes;
  /** What all replicas keep; null: there is but one. */
  second: SecondLevel | null;
  /** What this kind may keep in memory, in bytes, roughly. */
  share: number;
}

/** How long before its end an answer is read anew that is asked for again: a second, or a tenth of its time. */
const aheadOf = (milliseconds: number): number => Math.min(1000, milliseconds / 10);
/** Before all else. */
const BEGINNING: Moment = { order: 0, at: 0 };

export function createKind<Key, Value extends object | null>(
  { clock, freshness, changes, second, share }: KindContext,
  options: KindOptions<Key, Value>,
): Kind<Key, Value> {
  const { route, schema } = options;
  const entries = createEntries({ changes, stale: freshness.stale, share }, options);
  const others =
    schema === undefined || second === null ? null : createOthersReads({ ...options, schema, second, clock, changes });
  /** `since`: nothing older is what a flight gives. */
  const flights = new Map<string, { flight: Flight<Value>; moment: Moment; since: Moment }>();
  const flightId = ({ account }: Operation, key: Key): string => `${account.id} ${options.keyOf(key)}`;

  /** Fresh by its class; or as fresh as the budget allows, which is `stale`; or to be read again. */
  function stateOf(operation: Operation, entry: Entry<Value>): 'cache' | 'stale' | 'old' {
    const age = clock.now() - entry.moment.at;
    if (age < Math.max(entry.freshness, operation.maxPeerAgeMs ?? 0)) return 'cache';
    return age < leastAge(operation.account.budget.pressure(), freshness) ? 'stale' : 'old';
  }

  function put(accountId: string, key: Key, value: Value, moment: Moment): void {
    const entry = entries.put(accountId, key, value, moment);
    if (entry === undefined || moment.isShared !== undefined) return;
    others?.keep(accountId, key, entry, entry.freshness + freshness.stale);
  }

  function peek(operation: Operation, key: Key): Value | undefined {
    const entry = entries.find(operation.account.id, key);
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

  function goodUntil({ moment, freshness: lasts }: Entry<Value>): number {
    return moment.at + lasts - (options.readsAhead === true ? aheadOf(lasts) : 0);
  }

  /** In the background, once, and only while the budget is easy. */
  function readAhead(operation: Operation, key: Key, { moment }: Entry<Value>): void {
    const isShort = leastAge(operation.account.budget.pressure(), freshness) > 0;
    if (isShort || flights.has(flightId(operation, key))) return;
    fly(operation, key, moment).flight.keep();
  }

  /** What another replica has read, if it is newer than `since`. It is kept here too, however old. */
  async function adopt(operation: Operation, key: Key, since: Moment): Promise<Value | undefined> {
    const { id } = operation.account;
    const found = await others?.find(id, key, since);
    if (!found) return undefined;
    const { value, moment } = found;
    put(id, key, options.take?.(operation, key, value, moment) ?? value, moment);
    const entry = entries.find(id, key, since);
    return entry && serve(operation, key, entry);
  }

  /** Reads, unless another replica has, or is about to. */
  async function obtain(operation: Operation, key: Key, moment: Moment, since: Moment): Promise<Value> {
    const read = async (): Promise<Value> => readUpstream(operation, key, moment);
    return others === null
      ? read()
      : others.readOnce(operation, key, { adopt: async () => adopt(operation, key, since), read });
  }

  async function readUpstream(operation: Operation, key: Key, moment: Moment): Promise<Value> {
    try {
      const loaded = await options.load(operation, key, moment);
      const value = options.take?.(operation, key, loaded, moment) ?? loaded;
      put(operation.account.id, key, value, moment);
      return value;
    } catch (error) {
      // What may not be read any more is not served either.
      if (error instanceof GatewayError && !isPassing(error)) {
        entries.drop(operation.account.id, key, moment);
        others?.drop(operation.account.id, key);
      }
      throw error;
    }
  }

  /** Joins the read that is under way, unless it began before `since` or before the account's last change. */
  function fly(operation: Operation, key: Key, since = BEGINNING): { flight: Flight<Value>; isJoined: boolean } {
    const accountId = operation.account.id;
    const id = flightId(operation, key);
    const underWay = flights.get(id);
    const isTooOld =
      underWay === undefined ||
      (underWay.since.order < since.order && (others !== null || underWay.moment.order < since.order)) ||
      changes.isVoid(accountId, [ANYTHING], underWay.moment);
    if (!isTooOld) {
      // What it gives was so when it began at the earliest.
      const age = clock.now() - underWay.moment.at;
      operation.report.recordHit(route, age <= Math.min(freshness.status, freshness.nothing) ? 'coalesced' : 'stale');
      return { flight: underWay.flight, isJoined: true };
    }
    const moment = changes.now();
    const flight = startFlight(
      async (signal) => obtain({ ...operation, signal }, key, moment, since),
      () => {
        if (flights.get(id)?.flight === flight) flights.delete(id);
      },
    );
    flights.set(id, { flight, moment, since });
    return { flight, isJoined: false };
  }

  /** What was read is true for as long as it is kept: not at all where something newer is known. */
  function limit(operation: Operation, key: Key, value: Value): void {
    const entry = entries.find(operation.account.id, key);
    operation.report.capFreshUntil(entry?.value === value ? goodUntil(entry) : 0);
  }

  /** A failure that is another operation's own matter is none of this one's. */
  async function load(operation: Operation, key: Key, since?: Moment): Promise<Value> {
    const { flight, isJoined } = fly(operation, key, since);
    try {
      const value = await flight.join(operation.signal);
      limit(operation, key, value);
      return value;
    } catch (error) {
      if (isJoined && isPassing(error) && error.code === 'QUERY_TOO_EXPENSIVE') return load(operation, key, since);
      const entry = entries.find(operation.account.id, key, since);
      if (entry === undefined || !isPassing(error) || !isServable(entry)) throw error;
      return serveStale(operation, entry);
    }
  }

  /** Waits for the newer answer, but not for long. */
  async function revalidate(operation: Operation, key: Key, entry: Entry<Value>, since?: Moment): Promise<Value> {
    const { flight } = fly(operation, key, since);
    flight.keep();
    const waiting = new AbortController();
    const newer = flight.join(operation.signal).catch((error: unknown) => {
      if (isPassing(error)) return undefined;
      throw error;
    });
    const patience = sleep(freshness.staleWait, clock, waiting.signal).catch(() => undefined);
    try {
      const value = await unlessAborted(Promise.race([newer, patience]), operation.signal);
      if (value !== undefined) {
        limit(operation, key, value);
        return value;
      }
    } finally {
      waiting.abort();
    }
    return serveStale(operation, entry);
  }

  function isServable({ moment, freshness: lasts }: Entry<Value>): boolean {
    return clock.now() - moment.at < lasts + freshness.stale;
  }

  function serveStale({ report }: Operation, { value }: Entry<Value>): Value {
    report.recordHit(route, 'stale');
    report.capFreshUntil(0);
    return value;
  }

  return {
    peek,
    put,
    isFresh(operation, key) {
      const entry = entries.find(operation.account.id, key);
      return entry !== undefined && stateOf(operation, entry) !== 'old';
    },
    async read(operation, key, since) {
      operation.signal?.throwIfAborted();
      const entry = entries.find(operation.account.id, key, since);
      if (entry === undefined) return load(operation, key, since);
      const fresh = serve(operation, key, entry);
      if (fresh !== undefined) return fresh;
      return isServable(entry) ? revalidate(operation, key, entry, since) : load(operation, key, since);
    },
    held: (accountId, key) => entries.find(accountId, key)?.value,
    drop: (accountId, key, moment) => entries.drop(accountId, key, moment),
  };
}
