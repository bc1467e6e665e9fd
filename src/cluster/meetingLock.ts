import type { Peers } from './peers.ts';
import { StoreUnavailableError } from './sharedStore.ts';

/**
 * Runs `work` while nobody else holds the lock of `meeting`, and returns its result. `isHeld`: false if the lock was not available in
 * time.
 */
export type MeetingLock = <Result>(meeting: string, work: (isHeld: boolean) => Promise<Result>) => Promise<Result>;

/** The lock of a replica that sends no heartbeat for this time is free. */
export const LOCK_TTL_MS = 6000;
const HEARTBEAT_INTERVAL_MS = 2000;
/** How long a start waits for the lock: longer than a start takes with its reading back. */
export const ACQUIRE_TIMEOUT_MS = 60_000;

/** A lock in this process. */
export function createMeetingLock(): MeetingLock {
  /** For each meeting, what the next one waits for. */
  const tails = new Map<string, Promise<void>>();
  return async (meeting, work) => {
    const before = tails.get(meeting);
    const { promise, resolve } = Promise.withResolvers<void>();
    tails.set(meeting, promise);
    await before;
    try {
      return await work(true);
    } finally {
      resolve();
      if (tails.get(meeting) === promise) tails.delete(meeting);
    }
  };
}

/** A lock that all replicas share. */
export function createSharedMeetingLock({ store, prefix, clock, leases }: Peers): MeetingLock {
  /** The heartbeats of the locks that this replica holds. */
  const beats = new Set<() => void>();
  store.onReconnect(() => {
    for (const beat of beats) beat();
  });

  /** Rejects with `StoreUnavailableError` if the lock is not available in time. */
  async function acquire(lockKey: string, holder: string): Promise<void> {
    const endsAt = clock.now() + ACQUIRE_TIMEOUT_MS;
    const take = async (): Promise<boolean> =>
      (await store.compareAndSwap(lockKey, null, holder, LOCK_TTL_MS)).isSwapped;
    while (clock.now() < endsAt) if (await leases.acquire(lockKey, HEARTBEAT_INTERVAL_MS, take)) return;
    throw new StoreUnavailableError('Another replica did not release the start lock in time.');
  }

  /** Extends the lock, or takes it again if it was lost and is free. */
  async function extend(lockKey: string, holder: string, isReleased: () => boolean): Promise<void> {
    const { isSwapped, current } = await store.compareAndSwap(lockKey, holder, holder, LOCK_TTL_MS);
    if (isSwapped || current !== null || isReleased()) return;
    await store.compareAndSwap(lockKey, null, holder, LOCK_TTL_MS);
    // The work may have ended in the meantime.
    if (isReleased()) await leases.release(lockKey, holder);
  }

  /** Extends the lock until the returned function is called: in intervals, and at once after an outage, in which the store may have lost it. */
  function startHeartbeat(lockKey: string, holder: string): () => void {
    let isReleased = false;
    let cancel = (): void => {};
    const beat = (): void => {
      cancel();
      extend(lockKey, holder, () => isReleased).catch(() => {});
      cancel = clock.after(HEARTBEAT_INTERVAL_MS, beat);
    };
    cancel = clock.after(HEARTBEAT_INTERVAL_MS, beat);
    beats.add(beat);
    return () => {
      isReleased = true;
      beats.delete(beat);
      cancel();
    };
  }

  return async (meeting, work) => {
    const lockKey = `${prefix}start-lock ${meeting}`;
    const holder = crypto.randomUUID();
    let stopHeartbeat = (): void => {};
    const hold = async (): Promise<boolean> => {
      await acquire(lockKey, holder);
      stopHeartbeat = startHeartbeat(lockKey, holder);
      return true;
    };
    try {
      return await work(await hold().catch(() => false));
    } finally {
      stopHeartbeat();
      await leases.release(lockKey, holder);
    }
  };
}
