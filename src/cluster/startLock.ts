import * as v from 'valibot';

import { type LivestreamRef, livestreamRefSchema } from '../domain/models.ts';
import { type StartInput, type StartOutcome, startInputSchema } from '../domain/startStop.ts';
import type { Peers } from './peers.ts';
import { StoreUnavailableError } from './sharedStore.ts';

/** What other replicas did in the meeting before this one got the lock. */
export type PriorStart =
  /** No start is pending. */
  | { kind: 'none' }
  /** Another replica completed the same start while this one waited for the lock. */
  | { kind: 'done'; livestream: LivestreamRef }
  /** Another replica began a start, and ended before its outcome was known. `sentAt`: on this process's clock, in milliseconds. */
  | { kind: 'abandoned'; start: { input: StartInput; sentAt: number } }
  /** The store is unavailable, or the replica that holds the lock does not release it. */
  | { kind: 'unknown' };

/** Lets one replica at a time start a livestream in a meeting. */
export type StartLock = ReturnType<typeof createStartLock>;

/** The lock of a replica that sends no heartbeat for this time is free. */
const LOCK_TTL_MS = 6000;
const HEARTBEAT_INTERVAL_MS = 2000;
/** How long a start waits for the lock: longer than a start takes with its reading back. */
const ACQUIRE_TIMEOUT_MS = 60_000;
/** How long the store remembers a start whose outcome is not known. */
const PENDING_TTL_MS = 300_000;
/** How long the store remembers a completed start: time for the replicas that waited to read it. */
const DONE_TTL_MS = 10_000;

/** The last start in a meeting. Times are in milliseconds since the Unix epoch, on the store's clock. */
const recordSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.variant('kind', [
    v.object({ kind: v.literal('pending'), input: startInputSchema, sentAt: v.number() }),
    v.object({ kind: v.literal('done'), input: startInputSchema, doneAt: v.number(), livestream: livestreamRefSchema }),
  ]),
);

type StartRecord = v.InferOutput<typeof recordSchema>;

export function createStartLock({ store, prefix, clock, leases, toStoreTime, toLocalTime }: Peers) {
  /** Rejects with `StoreUnavailableError` if the lock is not available in time. */
  async function acquire(lockKey: string, holder: string): Promise<void> {
    const endsAt = clock.now() + ACQUIRE_TIMEOUT_MS;
    const take = async (): Promise<boolean> =>
      (await store.compareAndSwap(lockKey, null, holder, LOCK_TTL_MS)).isSwapped;
    while (clock.now() < endsAt) if (await leases.acquire(lockKey, HEARTBEAT_INTERVAL_MS, take)) return;
    throw new StoreUnavailableError('Another replica did not release the start lock in time.');
  }

  /** Extends the lock until the returned function is called. */
  function startHeartbeat(lockKey: string, holder: string): () => void {
    let cancel = (): void => {};
    const schedule = (): void => {
      cancel = clock.after(HEARTBEAT_INTERVAL_MS, () => {
        store.compareAndSwap(lockKey, holder, holder, LOCK_TTL_MS).catch(() => {});
        schedule();
      });
    };
    schedule();
    return () => cancel();
  }

  const write = async (key: string, record: StartRecord): Promise<void> =>
    store.set(key, JSON.stringify(record), record.kind === 'done' ? DONE_TTL_MS : PENDING_TTL_MS);

  /** Reads the record of the last start, and replaces it by a pending one unless that start is the same and done. */
  async function openRecord(key: string, input: StartInput, requestedAt: number): Promise<PriorStart> {
    const { success, output } = v.safeParse(recordSchema, await store.get(key));
    const last = success ? output : null;
    if (last?.kind === 'done' && last.doneAt >= requestedAt && isSameStart(last.input, input)) {
      return { kind: 'done', livestream: last.livestream };
    }
    const abandoned = last?.kind === 'pending' ? last : null;
    // This replica may end too. The next one must then know since when the start may have created a livestream.
    const isContinued = abandoned !== null && isSameStart(abandoned.input, input);
    await write(key, { kind: 'pending', input, sentAt: isContinued ? abandoned.sentAt : store.now() });
    if (abandoned === null) return { kind: 'none' };
    return { kind: 'abandoned', start: { input: abandoned.input, sentAt: toLocalTime(abandoned.sentAt) } };
  }

  /** Records the outcome. A start whose outcome is not known stays pending, also if another replica began it. */
  async function closeRecord(
    key: string,
    { input, prior, outcome }: { input: StartInput; prior: PriorStart; outcome: StartOutcome | null },
  ): Promise<void> {
    // Without the lock, the record belongs to another replica.
    if (prior.kind === 'unknown') return;
    if (outcome === null && prior.kind === 'abandoned') {
      const { start } = prior;
      await write(key, { kind: 'pending', input: start.input, sentAt: toStoreTime(start.sentAt) });
      return;
    }
    if (outcome !== null && 'userError' in outcome && outcome.userError.code === 'OUTCOME_UNKNOWN') return;
    const livestream = outcome !== null && 'livestream' in outcome ? outcome.livestream : null;
    if (livestream === null) await store.set(key, '', 1);
    else await write(key, { kind: 'done', input, doneAt: store.now(), livestream });
  }

  return {
    /**
     * Waits for the lock, runs `start` and records its outcome for the other replicas. `meeting`: identifies the meeting together
     * with its account. Runs `start` without the lock, with a prior start of the kind `unknown`, if the lock is not available.
     */
    async run(
      meeting: string,
      input: StartInput,
      start: (prior: PriorStart) => Promise<StartOutcome>,
    ): Promise<StartOutcome> {
      const lockKey = `${prefix}start-lock ${meeting}`;
      const recordKey = `${prefix}start ${meeting}`;
      const holder = crypto.randomUUID();
      let stopHeartbeat = (): void => {};
      let outcome: StartOutcome | null = null;
      let prior: PriorStart = UNKNOWN;
      const prepare = async (): Promise<PriorStart> => {
        const requestedAt = store.now();
        await acquire(lockKey, holder);
        stopHeartbeat = startHeartbeat(lockKey, holder);
        return openRecord(recordKey, input, requestedAt);
      };
      try {
        prior = await prepare().catch(() => UNKNOWN);
        outcome = await start(prior);
        return outcome;
      } finally {
        stopHeartbeat();
        await closeRecord(recordKey, { input, prior, outcome }).catch(() => {});
        await leases.release(lockKey, holder);
      }
    },
  };
}

const UNKNOWN: PriorStart = { kind: 'unknown' };

/** Whether both starts have the same name and video size. */
export function isSameStart(left: StartInput, right: StartInput): boolean {
  return (
    left.name === right.name && left.video?.width === right.video?.width && left.video?.height === right.video?.height
  );
}
