import type { Clock } from '../lib/clock.ts';
import type { SharedStore } from './sharedStore.ts';
import { sleep, unlessAborted } from '../lib/timeout.ts';
import type { Replicas } from './bus.ts';

/** What one replica does at a time, each thing under its key in the store. */
export interface Turns {
  /**
   * Whether it is this one's turn: then for so many milliseconds, or until it is ended. If not, that is told once the other one's has
   * ended, or after as many as this one has patience for. Rejects where the store is away, or with the signal's reason.
   */
  take(key: string, holder: string, times: TurnTimes, signal?: AbortSignal): Promise<boolean>;
  /** Ends a turn, and tells those who wait; never rejects. */
  end(key: string, holder: string): Promise<void>;
}

/** In milliseconds. */
export interface TurnTimes {
  lasts: number;
  patience: number;
}

export interface TurnsOptions {
  store: SharedStore;
  replicas: Pick<Replicas, 'tell' | 'turnEnded'>;
  clock: Clock;
}

export function createTurns({ store, replicas, clock }: TurnsOptions): Turns {
  return {
    async take(key, holder, { lasts, patience }, signal) {
      const waiting = new AbortController();
      // Before it is asked for: it may end in between.
      const ended = replicas.turnEnded(key, waiting.signal);
      try {
        const { isSwapped } = await store.swap(key, null, holder, lasts);
        if (!isSwapped) await unlessAborted(Promise.race([ended, sleep(patience, clock, waiting.signal)]), signal);
        return isSwapped;
      } finally {
        waiting.abort();
      }
    },
    async end(key, holder) {
      await store.swap(key, holder, null, 1).catch(() => {});
      replicas.tell({ kind: 'turn', key });
    },
  };
}
