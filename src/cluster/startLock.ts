import type { StartInput, StartOutcome } from '../domain/startStop.ts';
import type { Clock } from '../lib/clock.ts';
import type { SavedState } from '../lib/savedState.ts';
import { sleep } from '../lib/timeout.ts';
import { KEY_PREFIX } from './keys.ts';
import { createMeetingLock, createSharedMeetingLock, LOCK_TTL_MS, type MeetingLock } from './meetingLock.ts';
import type { Peers } from './peers.ts';
import { createStartRecords, type PriorStart, type StartRecords } from './startRecords.ts';

/** Lets one start at a time run in a meeting, and hands over a start whose process ended. */
export interface StartLock {
  /**
   * Waits for the lock, runs `start` and records its outcome for other processes. `meeting`: identifies the meeting together with its
   * account. Runs `start` without the lock, with a prior start of the kind `unknown`, if the lock or the record is not available.
   */
  run(meeting: string, input: StartInput, start: (prior: PriorStart) => Promise<StartOutcome>): Promise<StartOutcome>;
}

const UNKNOWN: PriorStart = { kind: 'unknown' };

/** For several replicas. */
export function createStartLock(peers: Peers): StartLock {
  return combine(createSharedMeetingLock(peers), createStartRecords(peers));
}

/** For a single replica that may be evicted. */
export function createSavedStartLock(savedState: SavedState, clock: Clock): StartLock {
  const settledAt = clock.now() + LOCK_TTL_MS;
  /** The records that this process has written before `settledAt`. */
  const ownKeys = new Set<string>();
  const records = createStartRecords({
    store: {
      now: () => clock.now(),
      get: (key) => savedState.get(key),
      set(key, text, ttlMs) {
        if (clock.now() < settledAt) ownKeys.add(key);
        savedState.set(key, text, ttlMs);
      },
    },
    prefix: KEY_PREFIX,
    toStoreTime: (time) => time,
    toLocalTime: (time) => time,
    // A start that is equal to a pending one joins it, so the stream key is never saved.
    hasWaiters: false,
    // The process before this one has sent nothing since. Replicas wait as long for the lock of one that died.
    async waitForArrival(key) {
      // No longer than that if the clock was set back.
      const waitMs = Math.min(settledAt - clock.now(), LOCK_TTL_MS);
      if (waitMs > 0 && !ownKeys.has(key)) await sleep(waitMs, clock);
    },
  });
  return combine(createMeetingLock(), records);
}

function combine(withLock: MeetingLock, records: StartRecords): StartLock {
  return {
    async run(meeting, input, start) {
      const requestedAt = records.now();
      return withLock(meeting, async (isHeld) => {
        let prior = UNKNOWN;
        let outcome: StartOutcome | null = null;
        try {
          if (isHeld) prior = await records.open(meeting, input, requestedAt).catch(() => UNKNOWN);
          outcome = await start(prior);
          return outcome;
        } finally {
          await records.close(meeting, { input, prior, outcome }).catch(() => {});
        }
      });
    },
  };
}
