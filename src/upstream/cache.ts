import { LRUCache } from 'lru-cache';

import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { sleep, unlessAborted } from './deadline.ts';
import { type Flight, startFlight } from './flight.ts';
import { type FreshnessSettings, leastAge } from './freshness.ts';
import type { Operation } from './operation.ts';
import { sizeOf } from './sizeOf.ts';

/** When something was so: its place among all reads and changes, and the time. */
export interface Moment {
  order: number;
  /** Milliseconds since the Unix epoch. */
  at: number;
}

/** One kind of read: how it is done, and how long its answers may be kept. */
export interface KindOptions<Key, Value> {
  /** The REST route, as the upstream report tells it. */
  route: string;
  keyOf(key: Key): string;
  /** `moment`: when this reading began. */
  load(operation: Operation, key: Key, moment: Moment): Promise<Value>;
  /** Milliseconds. */
  freshness(value: Value): number;
  /** What the value speaks of: a change of one of these makes it void. */
  tags(key: Key, value: Value): string[];
}

/** The answers to one kind of read, shared by all operations of an account, and the reads of it that are under way. */
export interface Kind<Key, Value> {
  /** What is at hand and fresh; undefined when it has to be read. */
  peek(operation: Operation, key: Key): Value | undefined;
  /**
   * Reads, unless it is at hand and fresh. An older answer is served when the newer one is slow to come, or fails in a way
   * that passes.
   */
  read(operation: Operation, key: Key): Promise<Value>;
  /** What is at hand, however old; undefined when nothing is. */
  held(accountId: string, key: Key): Value | undefined;
  /** Keeps what was so at `moment`, unless something newer is known. */
  put(accountId: string, key: Key, value: Value, moment: Moment): void;
  /** Forgets what was so before `moment`. */
  drop(accountId: string, key: Key, moment: Moment): void;
}

/** Memory that operations share, bounded, and kept apart by account. */
export interface Cache {
  kind<Key, Value extends object | null>(options: KindOptions<Key, Value>): Kind<Key, Value>;
  /** Everything about these tags is different from now on: what is kept is void, and so is what reads under way will tell. */
  changed(accountId: string, tags: readonly string[]): Moment;
}

export interface CacheOptions {
  clock: Clock;
  freshness: FreshnessSettings;
  /** Bytes, roughly, that one kind of read may take. */
  bytesPerKind: number;
}

/** Changes that are kept in mind: far more than an account's budget allows for as long as an answer may be served. */
const MOST_CHANGES = 10_000;

/** Failures that an older answer is better than. */
const PASSING: ReadonlySet<string> = new Set([
  'RATE_LIMITED',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_INVALID_RESPONSE',
  'QUERY_TOO_EXPENSIVE',
]);

interface Entry<Value> {
  value: Value;
  moment: Moment;
  /** Milliseconds. */
  freshness: number;
  /** With the account's id. */
  tags: string[];
}

export function createCache({ clock, freshness, bytesPerKind }: CacheOptions): Cache {
  const changes = new LRUCache<string, number>({ max: MOST_CHANGES });
  let order = 0;
  let lastChange = 0;

  function now(): Moment {
    order += 1;
    return { order, at: clock.now() };
  }

  function isVoid(tags: readonly string[], moment: Moment): boolean {
    return moment.order < lastChange && tags.some((tag) => (changes.get(tag) ?? 0) > moment.order);
  }

  function kind<Key, Value extends object | null>(options: KindOptions<Key, Value>): Kind<Key, Value> {
    const { route } = options;
    const entries = new LRUCache<string, Entry<Value>>({
      maxSize: bytesPerKind,
      sizeCalculation: ({ value }) => sizeOf(value),
    });
    const flights = new Map<string, { flight: Flight<Value>; moment: Moment }>();
    const idOf = (accountId: string, key: Key): string => `${accountId} ${options.keyOf(key)}`;

    function find(id: string): Entry<Value> | undefined {
      const entry = entries.get(id);
      return entry === undefined || isVoid(entry.tags, entry.moment) ? undefined : entry;
    }

    function put(accountId: string, key: Key, value: Value, moment: Moment): void {
      const id = idOf(accountId, key);
      const tags = options.tags(key, value).map((tag) => `${accountId} ${tag}`);
      const isOlder = (find(id)?.moment.order ?? 0) > moment.order;
      if (isOlder || isVoid(tags, moment)) return;
      entries.set(id, { value, moment, freshness: options.freshness(value), tags });
    }

    function peek(operation: Operation, key: Key): Value | undefined {
      const entry = find(idOf(operation.account.id, key));
      if (entry === undefined) return undefined;
      const age = clock.now() - entry.moment.at;
      const isFresh = age < entry.freshness;
      if (!isFresh && age >= leastAge(operation.account.budget.pressure(), freshness)) return undefined;
      operation.trace.serve(route, isFresh ? 'cache' : 'stale');
      return entry.value;
    }

    /** Joins the read that is under way, unless something was changed since it began. */
    function fly(operation: Operation, key: Key): { flight: Flight<Value>; isJoined: boolean } {
      const id = idOf(operation.account.id, key);
      const underWay = flights.get(id);
      if (underWay !== undefined && underWay.moment.order > lastChange) {
        operation.trace.serve(route, 'coalesced');
        return { flight: underWay.flight, isJoined: true };
      }
      const moment = now();
      const flight = startFlight(
        async (signal) => {
          const value = await options.load({ ...operation, signal }, key, moment);
          put(operation.account.id, key, value, moment);
          return value;
        },
        () => {
          if (flights.get(id)?.flight === flight) flights.delete(id);
        },
      );
      flights.set(id, { flight, moment });
      return { flight, isJoined: false };
    }

    /** A failure that is another operation's own matter is none of this one's. */
    async function load(operation: Operation, key: Key): Promise<Value> {
      const { flight, isJoined } = fly(operation, key);
      try {
        return await flight.join(operation.signal);
      } catch (error) {
        if (isJoined && isPassing(error) && error.code === 'QUERY_TOO_EXPENSIVE') return load(operation, key);
        throw error;
      }
    }

    /** Waits for the newer answer, but not for long. */
    async function revalidate(operation: Operation, key: Key, entry: Entry<Value>): Promise<Value> {
      const { flight } = fly(operation, key);
      flight.keep();
      const waiting = new AbortController();
      const newer = flight.join(operation.signal).catch((error: unknown) => {
        if (isPassing(error)) return undefined;
        throw error;
      });
      const patience = sleep(freshness.staleWait, clock, waiting.signal).catch(() => undefined);
      try {
        const value = await unlessAborted(Promise.race([newer, patience]), operation.signal);
        if (value !== undefined) return value;
      } finally {
        waiting.abort();
      }
      operation.trace.serve(route, 'stale');
      return entry.value;
    }

    return {
      peek,
      put,
      async read(operation, key) {
        const fresh = peek(operation, key);
        if (fresh !== undefined) return fresh;
        const entry = find(idOf(operation.account.id, key));
        const isServable = entry !== undefined && clock.now() - entry.moment.at < entry.freshness + freshness.stale;
        return isServable ? revalidate(operation, key, entry) : load(operation, key);
      },
      held: (accountId, key) => find(idOf(accountId, key))?.value,
      drop(accountId, key, moment) {
        const id = idOf(accountId, key);
        if ((entries.get(id)?.moment.order ?? 0) < moment.order) entries.delete(id);
      },
    };
  }

  return {
    kind,
    changed(accountId, tags) {
      const moment = now();
      lastChange = moment.order;
      for (const tag of tags) changes.set(`${accountId} ${tag}`, moment.order);
      return moment;
    },
  };
}

function isPassing(error: unknown): error is GatewayError {
  return error instanceof GatewayError && PASSING.has(error.code);
}
