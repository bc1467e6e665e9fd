import type { MaybePromise } from '@whatwg-node/promise-helpers';
import * as v from 'valibot';

import { type LivestreamRef, livestreamRefSchema } from '../domain/models.ts';
import { type StartInput, type StartOutcome, startInputSchema } from '../domain/startStop.ts';
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

/** The last start in each meeting. `meeting` identifies the meeting together with its account. Use them with the meeting's lock only. */
export type StartRecords = ReturnType<typeof createStartRecords>;

export function createStartRecords(options: StartRecordsOptions) {
  const { store, toStoreTime, toLocalTime, hasWaiters = true, waitForArrival } = options;
  const keyOf = (meeting: string): string => `${options.prefix}start ${meeting}`;
  const write = async (meeting: string, record: StartRecord): Promise<void> =>
    store.set(keyOf(meeting), JSON.stringify(record), record.kind === 'done' ? DONE_TTL_MS : PENDING_TTL_MS);

  return {
    /** The store's time in milliseconds since the Unix epoch. */
    now: (): number => store.now(),

    /** Reads the record of the last start, and replaces it by a pending one unless that start is the same and done. */
    async open(meeting: string, input: StartInput, requestedAt: number): Promise<PriorStart> {
      const { success, output } = v.safeParse(recordSchema, await store.get(keyOf(meeting)));
      const last = success ? output : null;
      if (last?.kind === 'done' && last.doneAt >= requestedAt && isSameStart(last.input, input)) {
        return { kind: 'done', livestream: last.livestream };
      }
      const abandoned = last?.kind === 'pending' ? last : null;
      if (abandoned !== null) await waitForArrival?.(keyOf(meeting));
      // This process may end too. The next one must then know since when the start may have created a livestream.
      const isContinued = abandoned !== null && isSameStart(abandoned.input, input);
      await write(meeting, { kind: 'pending', input, sentAt: isContinued ? abandoned.sentAt : store.now() });
      if (abandoned === null) return { kind: 'none' };
      return { kind: 'abandoned', start: { input: abandoned.input, sentAt: toLocalTime(abandoned.sentAt) } };
    },

    /** Records the outcome. A start whose outcome is not known stays pending, also if another process began it. */
    async close(
      meeting: string,
      { input, prior, outcome }: { input: StartInput; prior: PriorStart; outcome: StartOutcome | null },
    ): Promise<void> {
      // Without the lock, the record belongs to another replica.
      if (prior.kind === 'unknown') return;
      if (outcome === null && prior.kind === 'abandoned') {
        const { start } = prior;
        await write(meeting, { kind: 'pending', input: start.input, sentAt: toStoreTime(start.sentAt) });
        return;
      }
      if (outcome !== null && 'userError' in outcome && outcome.userError.code === 'OUTCOME_UNKNOWN') return;
      const livestream = outcome !== null && 'livestream' in outcome ? outcome.livestream : null;
      if (livestream === null || !hasWaiters) await store.set(keyOf(meeting), '', 1);
      else await write(meeting, { kind: 'done', input, doneAt: store.now(), livestream });
    },
  };
}

/** Whether both starts have the same name and video size. */
export function isSameStart(left: StartInput, right: StartInput): boolean {
  return (
    left.name === right.name && left.video?.width === right.video?.width && left.video?.height === right.video?.height
  );
}
