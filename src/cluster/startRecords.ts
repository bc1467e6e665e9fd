import type { MaybePromise } from '@whatwg-node/promise-helpers';
import * as v from 'valibot';

import { type LivestreamRef, livestreamRefSchema } from '../domain/models.ts';
import { type StartInput, type StartOutcome, startInputSchema } from '../domain/startStop.ts';
import { ACQUIRE_TIMEOUT_MS } from './meetingLock.ts';
import type { Peers } from './peers.ts';

/** What others did in the meeting before this process got the lock: other replicas, or the process before an eviction. */
export type PriorStart =
  /** No start is pending. */
  | { kind: 'none' }
  /** Another replica completed the same start while this one waited for the lock. */
  | { kind: 'done'; livestream: LivestreamRef }
  /** Another process began a start, and ended before its outcome was known. `sentAt`: on this process's clock, in milliseconds. */
  | { kind: 'abandoned'; start: { input: StartInput; sentAt: number } }
  /** The store is unavailable, or the replica that holds the lock does not release it. */
  | { kind: 'unknown' };

/** How long the store remembers a start whose outcome is not known. */
const PENDING_TTL_MS = 300_000;
/** How long the store remembers a completed start: until every start that waited meanwhile has the lock, or no longer waits. */
const DONE_TTL_MS = ACQUIRE_TIMEOUT_MS + 1000;

/** The start in a meeting whose outcome is not known. `sentAt`: in milliseconds since the Unix epoch, on the store's clock. */
const pendingSchema = v.pipe(v.string(), v.parseJson(), v.object({ input: startInputSchema, sentAt: v.number() }));
/** A completed start. `doneAt`: in milliseconds since the Unix epoch, on the store's clock. */
const doneSchema = v.pipe(v.string(), v.parseJson(), v.object({ doneAt: v.number(), livestream: livestreamRefSchema }));

type PendingStart = v.InferOutput<typeof pendingSchema>;

export interface StartRecordsOptions extends Pick<Peers, 'prefix' | 'toStoreTime' | 'toLocalTime'> {
  /** Where the records are. */
  store: {
    now(): number;
    get(key: string): MaybePromise<string | null>;
    set(key: string, value: string, ttlMs: number): MaybePromise<void>;
  };
  /** Whether other replicas wait for the outcome. Default: true. */
  hasWaiters?: boolean;
  /** Waits until the request of the abandoned start recorded under `key` has arrived. By default, it has. */
  waitForArrival?: (key: string) => Promise<void>;
}

/**
 * The last starts in each meeting: the one whose outcome is not known, and for other replicas those that were completed lately. `meeting`
 * identifies the meeting together with its account. Use them with the meeting's lock only.
 */
export type StartRecords = ReturnType<typeof createStartRecords>;

export function createStartRecords(options: StartRecordsOptions) {
  const { store, prefix, toStoreTime, toLocalTime, hasWaiters = true, waitForArrival } = options;
  const pendingKeyOf = (meeting: string): string => `${prefix}start ${meeting}`;
  const doneKeyOf = (meeting: string, input: StartInput): string =>
    `${prefix}start-done ${meeting} ${identityOf(input)}`;
  const writePending = async (meeting: string, pending: PendingStart): Promise<void> =>
    store.set(pendingKeyOf(meeting), JSON.stringify(pending), PENDING_TTL_MS);

  /** The livestream of the same start if another replica has completed it since `requestedAt`; null if none has. */
  async function readDone(meeting: string, input: StartInput, requestedAt: number): Promise<LivestreamRef | null> {
    if (!hasWaiters) return null;
    const { success, output } = v.safeParse(doneSchema, await store.get(doneKeyOf(meeting, input)));
    return success && output.doneAt >= requestedAt ? output.livestream : null;
  }

  return {
    /** The store's time in milliseconds since the Unix epoch. */
    now: (): number => store.now(),

    /** Reads the records of the last starts, and records a pending one unless the same start is done. */
    async open(meeting: string, input: StartInput, requestedAt: number): Promise<PriorStart> {
      const { success, output } = v.safeParse(pendingSchema, await store.get(pendingKeyOf(meeting)));
      const done = await readDone(meeting, input, requestedAt);
      if (done !== null) return { kind: 'done', livestream: done };
      const abandoned = success ? output : null;
      if (abandoned !== null) await waitForArrival?.(pendingKeyOf(meeting));
      // This process may end too. The next one must then know since when the start may have created a livestream.
      const isContinued = abandoned !== null && isSameStart(abandoned.input, input);
      await writePending(meeting, { input, sentAt: isContinued ? abandoned.sentAt : store.now() });
      if (abandoned === null) return { kind: 'none' };
      return { kind: 'abandoned', start: { input: abandoned.input, sentAt: toLocalTime(abandoned.sentAt) } };
    },

    /**
     * Records the outcome. A start whose outcome is not known stays pending, also if another process began it, and if a different start
     * was rejected meanwhile.
     */
    async close(
      meeting: string,
      { input, prior, outcome }: { input: StartInput; prior: PriorStart; outcome: StartOutcome | null },
    ): Promise<void> {
      // Without the lock, the records belong to another replica. After the same start, nothing has changed.
      if (prior.kind === 'unknown' || prior.kind === 'done') return;
      if (outcome !== null && 'userError' in outcome && outcome.userError.code === 'OUTCOME_UNKNOWN') return;
      const livestream = outcome !== null && 'livestream' in outcome ? outcome.livestream : null;
      if (livestream !== null && hasWaiters) {
        const text = JSON.stringify({ doneAt: store.now(), livestream });
        await store.set(doneKeyOf(meeting, input), text, DONE_TTL_MS);
      }
      const abandoned = prior.kind === 'abandoned' ? prior.start : null;
      const isSettled =
        livestream !== null || (outcome !== null && abandoned !== null && isSameStart(abandoned.input, input));
      if (abandoned === null || isSettled) await store.set(pendingKeyOf(meeting), '', 1);
      else await writePending(meeting, { input: abandoned.input, sentAt: toStoreTime(abandoned.sentAt) });
    },
  };
}

/** Whether both starts have the same name and video size. */
export function isSameStart(left: StartInput, right: StartInput): boolean {
  return identityOf(left) === identityOf(right);
}

/** A text that only the same starts in a meeting have in common. */
function identityOf({ name, video }: StartInput): string {
  return JSON.stringify([name, video?.width, video?.height]);
}
