import * as v from 'valibot';

import type { HybridTimestamp } from './hybridClock.ts';
import { createStoreClock } from './storeClock.ts';
import { createLeases, type LeasesOptions } from './lease.ts';

/** What one replica has read and all may serve. */
export interface SharedValue {
  value: unknown;
  moment: HybridTimestamp;
}

/** Whoever has it reads for all. */
export interface Lease {
  release(): void;
}

/** The cache's second level: what all replicas keep in common. While it is away there is nothing in it. */
export interface SharedValues {
  find(id: string): Promise<SharedValue | null>;
  /** Keeps it for so many milliseconds. */
  set(id: string, kept: SharedValue, milliseconds: number): void;
  drop(id: string): void;
  /** Null: another replica was reading it, and by now is not any more. */
  acquireLease(id: string, signal: AbortSignal | undefined): Promise<Lease | null>;
}

export interface SharedValuesOptions extends LeasesOptions {
  /** What all keys begin with. */
  prefix: string;
}

/** Characters: what is asked for in longer words is kept by nobody else. */
const LONGEST_ID = 500;
/** How long a replica may take to read, in milliseconds: another one then does. */
const READING_TAKES = 5000;

const keptText = v.pipe(v.string(), v.parseJson(), v.object({ value: v.unknown(), order: v.number(), at: v.number() }));

export function createSharedValues({ store, bus, prefix, clock }: SharedValuesOptions): SharedValues {
  const turns = createLeases({ store, bus, clock });
  const keyOf = (id: string): string => `${prefix}kept ${id}`;
  const { toStoreTime, toLocalTime } = createStoreClock(store, clock);

  return {
    async find(id) {
      if (!store.isUp() || id.length > LONGEST_ID) return null;
      const text = await store.get(keyOf(id)).catch(() => null);
      const { success, output } = v.safeParse(keptText, text);
      if (!success) return null;
      const { value, order: logical, at } = output;
      return { value, moment: { logical, wallTime: toLocalTime(at), fromPeer: true } };
    },
    set(id, { value, moment: { logical, wallTime } }, milliseconds) {
      if (!store.isUp() || id.length > LONGEST_ID) return;
      const text = JSON.stringify({ value, order: logical, at: toStoreTime(wallTime) });
      store.set(keyOf(id), text, Math.ceil(milliseconds)).catch(() => {});
    },
    drop(id) {
      if (store.isUp()) store.set(keyOf(id), '', 1).catch(() => {});
    },
    async acquireLease(id, signal) {
      if (!store.isUp() || id.length > LONGEST_ID) return NO_LEASE;
      const key = `${prefix}reading ${id}`;
      const holder = crypto.randomUUID();
      try {
        const isOurs = await turns.acquire(key, holder, { ttlMs: READING_TAKES, waitTimeoutMs: READING_TAKES }, signal);
        return isOurs ? { release: () => void turns.release(key, holder) } : null;
      } catch {
        return NO_LEASE;
      }
    },
  };
}

/** There are no others. */
const NO_LEASE: Lease = { release: () => {} };
