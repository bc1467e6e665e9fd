import type { StartInput } from '../domain/startStop.ts';
import * as v from 'valibot';

import type { LivestreamRef } from '../domain/models.ts';
import { StoreUnavailableError } from './sharedStore.ts';
import type { StartOutcome } from '../domain/startStop.ts';
import { livestreamRefSchema } from '../domain/schemas.ts';
import { createStoreClock } from './storeClock.ts';
import { createLeases, type LeasesOptions } from './lease.ts';

/** A start that was begun. */
export interface BegunStart {
  input: StartInput;
  /** When it was sent, in milliseconds since the Unix epoch. */
  sentAt: number;
}

/** What others know of a start, when it is this replica's turn. */
export type PriorStart =
  /** None is under way. */
  | { kind: 'none' }
  /** Another replica has carried out an equal start in the meantime. */
  | { kind: 'done'; livestream: LivestreamRef }
  /** Another replica has begun one, and ended before it was settled. */
  | { kind: 'abandoned'; start: BegunStart }
  /** Nobody can tell. */
  | { kind: 'unknown' };

/** Lets one replica at a time start a livestream in a meeting. */
export interface StartLock {
  /** Runs `start` when it is this one's turn, and tells the others what it began and what came of it. `meeting`: the account's, too. */
  run(meeting: string, input: StartInput, start: (before: PriorStart) => Promise<StartOutcome>): Promise<StartOutcome>;
}

export interface StartLockOptions extends LeasesOptions {
  /** What all keys begin with. */
  prefix: string;
}

/** Milliseconds after which a replica that does not say that it lives has ended. */
const LOCK_TTL_MS = 6000;
/** How often it says so, in milliseconds. */
const RENEWED = 2000;
/** How long a start is waited for in all, in milliseconds: longer than one takes with the reading back. */
const LONGEST_WAIT = 60_000;
/** How long what was begun is known, in milliseconds. */
const BEGUN_IS_KNOWN = 300_000;
/** How long those who waited may take to ask what came of it, in milliseconds. */
const DONE_IS_KNOWN = 10_000;

const recordText = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    input: v.object({
      meetingId: v.string(),
      name: v.nullable(v.string()),
      video: v.nullable(v.object({ width: v.number(), height: v.number() })),
    }),
    /** By the store's clock: when it was sent; once it is done, when that was known. */
    sentAt: v.number(),
    livestream: v.nullable(livestreamRefSchema),
  }),
);

export function createStartLock({ store, bus, prefix, clock }: StartLockOptions): StartLock {
  const turns = createLeases({ store, bus, clock });
  const { toStoreTime, toLocalTime } = createStoreClock(store, clock);

  /** Waits until the lock is this replica's. */
  async function acquire(lock: string, holder: string): Promise<void> {
    const endsAt = clock.now() + LONGEST_WAIT;
    while (clock.now() < endsAt)
      if (await turns.acquire(lock, holder, { ttlMs: LOCK_TTL_MS, waitTimeoutMs: RENEWED })) return;
    throw new StoreUnavailableError('Another replica does not come to an end.');
  }

  /** Says that this replica lives, until it is told to stop. */
  function heartbeat(lock: string, holder: string): () => void {
    let cancel = (): void => {};
    const again = (): void => {
      cancel = clock.after(RENEWED, () => {
        store.compareAndSwap(lock, holder, holder, LOCK_TTL_MS).catch(() => {});
        again();
      });
    };
    again();
    return () => cancel();
  }

  /** What is known once it is this one's turn, which is then said to have begun. */
  async function openRecord(record: string, input: StartInput, cameAt: number): Promise<PriorStart> {
    const { success, output } = v.safeParse(recordText, await store.get(record));
    const isDone = success && output.livestream !== null && output.sentAt >= cameAt && isSameStart(output.input, input);
    if (isDone && output.livestream !== null) return { kind: 'done', livestream: output.livestream };
    const abandoned = success && output.livestream === null ? output : null;
    // Whoever takes over a start may end too: the next one is to know since when there can be a livestream of it.
    const isTakenOver = abandoned !== null && isSameStart(abandoned.input, input);
    const sentAt = isTakenOver ? abandoned.sentAt : store.now();
    await store.set(record, textOf({ input, sentAt, livestream: null }), BEGUN_IS_KNOWN);
    if (abandoned === null) return { kind: 'none' };
    return { kind: 'abandoned', start: { input: abandoned.input, sentAt: toLocalTime(abandoned.sentAt) } };
  }

  /** What is not known to have ended is left as begun, also where another replica began it and nobody could see what came of it. */
  async function closeRecord(
    record: string,
    { input, before, outcome }: { input: StartInput; before: PriorStart; outcome: StartOutcome | null },
  ): Promise<void> {
    // What stands there is another replica's.
    if (before.kind === 'unknown') return;
    if (outcome === null && before.kind === 'abandoned') {
      const { input: begun, sentAt } = before.start;
      await store.set(record, textOf({ input: begun, sentAt: toStoreTime(sentAt), livestream: null }), BEGUN_IS_KNOWN);
      return;
    }
    if (outcome !== null && 'userError' in outcome && outcome.userError.code === 'OUTCOME_UNKNOWN') return;
    const livestream = outcome !== null && 'livestream' in outcome ? outcome.livestream : null;
    if (livestream === null) await store.set(record, '', 1);
    else await store.set(record, textOf({ input, sentAt: store.now(), livestream }), DONE_IS_KNOWN);
  }

  return {
    async run(meeting, input, start) {
      const lock = `${prefix}starting ${meeting}`;
      const record = `${prefix}start ${meeting}`;
      const holder = crypto.randomUUID();
      let stop = (): void => {};
      let outcome: StartOutcome | null = null;
      let before: PriorStart = UNKNOWN;
      const prepare = async (): Promise<PriorStart> => {
        const cameAt = store.now();
        await acquire(lock, holder);
        stop = heartbeat(lock, holder);
        return openRecord(record, input, cameAt);
      };
      try {
        before = await prepare().catch(() => UNKNOWN);
        outcome = await start(before);
        return outcome;
      } finally {
        stop();
        await closeRecord(record, { input, before, outcome }).catch(() => {});
        await turns.release(lock, holder);
      }
    },
  };
}

const UNKNOWN: PriorStart = { kind: 'unknown' };

const textOf = (record: v.InferOutput<typeof recordText>): string => JSON.stringify(record);

/** Whether both ask for the same. */
export function isSameStart(one: StartInput, other: StartInput): boolean {
  return (
    one.name === other.name && one.video?.width === other.video?.width && one.video?.height === other.video?.height
  );
}
