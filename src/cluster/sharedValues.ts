import * as v from 'valibot';

import type { CancellationSignal } from '../lib/cancellation.ts';
import type { HybridTimestamp } from './hybridClock.ts';
import type { Peers } from './peers.ts';

/** A value that one replica has read and all may serve. */
export interface SharedValue {
  value: unknown;
  timestamp: HybridTimestamp;
}

/** The right to read a value on behalf of all replicas. */
export interface Lease {
  release(): void;
}

interface ValueQuery<Value> {
  /** No lease is taken if the value is newer than this logical time, since it will probably do. */
  since: number;
  /** Returns what the shared value is good for; undefined if it will not do. */
  accept: (shared: SharedValue) => Value | undefined;
  signal: CancellationSignal | undefined;
}

/** The second level of the cache, which all replicas share. It is empty while the store is unavailable. */
export type SharedValues = ReturnType<typeof createSharedValues>;

/** Values with a longer id (in characters) are not shared. */
const MAX_ID_LENGTH = 500;
/** How long one replica may take to read a value before another one reads it too. */
const LEASE_TTL_MS = 5000;

/** A logical time that no value exceeds: the lease is taken whatever the value is. */
const NEVER = Number.MAX_SAFE_INTEGER;

export const NO_LEASE: Lease = { release: () => {} };

/** `wallTime`: in milliseconds since the Unix epoch, on the store's clock. */
const valueSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ logical: v.number(), value: v.unknown(), wallTime: v.number() }),
);

export function createSharedValues({ store, prefix, leases, toStoreTime, toLocalTime }: Peers) {
  const valueKey = (id: string): string => `${prefix}value ${id}`;
  const isShared = (id: string): boolean => store.isUp() && id.length <= MAX_ID_LENGTH;

  function parseValue(text: string | null): SharedValue | null {
    const { success, output } = v.safeParse(valueSchema, text);
    if (!success) return null;
    const { value, logical, wallTime } = output;
    return { value, timestamp: { logical, wallTime: toLocalTime(wallTime), fromPeer: true } };
  }

  return {
    /**
     * Returns the accepted value, or else the lease. Returns null once another replica's lease has ended: its value may be there now.
     * Returns a lease without effect if the store is unavailable or `signal` is aborted. Never rejects.
     */
    async getOrAcquire<Value>(
      id: string,
      { since, accept, signal }: ValueQuery<Value>,
    ): Promise<{ value: Value } | { lease: Lease } | null> {
      if (!isShared(id)) return { lease: NO_LEASE };
      const key = `${prefix}lease ${id}`;
      const holder = crypto.randomUUID();
      const lease: Lease = { release: () => void leases.release(key, holder) };
      let accepted: { value: Value } | null = null;
      const take = async (newerThan: number): Promise<boolean> => {
        const lock = { key, holder, ttlMs: LEASE_TTL_MS };
        const { value: text, isLocked } = await store.getOrLock(valueKey(id), newerThan, lock);
        const shared = parseValue(text);
        const value = shared === null ? undefined : accept(shared);
        if (value === undefined) return isLocked || (newerThan < NEVER && take(NEVER));
        if (isLocked) lease.release();
        accepted = { value };
        return true;
      };
      try {
        const isDone = await leases.acquire(key, LEASE_TTL_MS, async () => take(since), signal);
        return isDone ? (accepted ?? { lease }) : null;
      } catch {
        return { lease: NO_LEASE };
      }
    },
    set(id: string, { value, timestamp: { logical, wallTime } }: SharedValue, ttlMs: number): void {
      if (!isShared(id)) return;
      const text = JSON.stringify({ logical, value, wallTime: toStoreTime(wallTime) });
      store.set(valueKey(id), text, Math.ceil(ttlMs)).catch(() => {});
    },
    delete(id: string): void {
      if (store.isUp()) store.set(valueKey(id), '', 1).catch(() => {});
    },
  };
}
