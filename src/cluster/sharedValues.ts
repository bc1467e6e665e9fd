import * as v from 'valibot';

import type { CancellationSignal } from '../lib/cancellation.ts';
import type { HybridTimestamp } from './hybridClock.ts';
import { createLeases, type LeasesOptions } from './lease.ts';
import { createStoreClock } from './storeClock.ts';

/** A value that one replica has read and all may serve. */
export interface SharedValue {
  value: unknown;
  timestamp: HybridTimestamp;
}

/** The right to read a value on behalf of all replicas. */
export interface Lease {
  release(): void;
}

/** The second level of the cache, which all replicas share. It is empty while the store is unavailable. */
export interface SharedValues {
  get(id: string): Promise<SharedValue | null>;
  set(id: string, value: SharedValue, ttlMs: number): void;
  delete(id: string): void;
  /**
   * Returns null once another replica's lease has ended: its value may be there now. Returns a lease without effect if the store
   * is unavailable or `signal` is aborted. Never rejects.
   */
  acquireLease(id: string, signal: CancellationSignal | undefined): Promise<Lease | null>;
}

export interface SharedValuesOptions extends LeasesOptions {
  /** How all keys in the store begin. */
  prefix: string;
}

/** Values with a longer id (in characters) are not shared. */
const MAX_ID_LENGTH = 500;
/** How long one replica may take to read a value before another one reads it too. */
const LEASE_TTL_MS = 5000;

const NO_LEASE: Lease = { release: () => {} };

/** `wallTime`: in milliseconds since the Unix epoch, on the store's clock. */
const valueSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ value: v.unknown(), logical: v.number(), wallTime: v.number() }),
);

export function createSharedValues({ store, bus, prefix, clock }: SharedValuesOptions): SharedValues {
  const leases = createLeases({ store, bus, clock });
  const { toStoreTime, toLocalTime } = createStoreClock(store, clock);
  const valueKey = (id: string): string => `${prefix}value ${id}`;
  const isShared = (id: string): boolean => store.isUp() && id.length <= MAX_ID_LENGTH;

  return {
    async get(id) {
      if (!isShared(id)) return null;
      const text = await store.get(valueKey(id)).catch(() => null);
      const { success, output } = v.safeParse(valueSchema, text);
      if (!success) return null;
      const { value, logical, wallTime } = output;
      return { value, timestamp: { logical, wallTime: toLocalTime(wallTime), fromPeer: true } };
    },
    set(id, { value, timestamp: { logical, wallTime } }, ttlMs) {
      if (!isShared(id)) return;
      const text = JSON.stringify({ value, logical, wallTime: toStoreTime(wallTime) });
      store.set(valueKey(id), text, Math.ceil(ttlMs)).catch(() => {});
    },
    delete(id) {
      if (store.isUp()) store.set(valueKey(id), '', 1).catch(() => {});
    },
    async acquireLease(id, signal) {
      if (!isShared(id)) return NO_LEASE;
      const key = `${prefix}lease ${id}`;
      const holder = crypto.randomUUID();
      const times = { ttlMs: LEASE_TTL_MS, waitTimeoutMs: LEASE_TTL_MS };
      try {
        const isAcquired = await leases.acquire(key, holder, times, signal);
        return isAcquired ? { release: () => void leases.release(key, holder) } : null;
      } catch {
        return NO_LEASE;
      }
    },
  };
}
