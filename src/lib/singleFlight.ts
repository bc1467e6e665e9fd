import { raceAbort } from './timeout.ts';

/** A read that is under way, for any number of callers. It is cancelled when the last of them has left. */
export interface SingleFlight<Value> {
  /** What the read gives; rejects with the signal's reason when this caller leaves. */
  join(signal: AbortSignal | undefined): Promise<Value>;
  /** From now on it goes on even when nobody waits. */
  detach(): void;
}

/** Starts `work`; `ended` is called once, when it has settled or been cancelled: from then on nobody is to join. */
export function startSingleFlight<Value>(
  work: (signal: AbortSignal) => Promise<Value>,
  ended: () => void,
): SingleFlight<Value> {
  const controller = new AbortController();
  let waiters = 0;
  let isOver = false;
  const end = (): void => {
    if (!isOver) ended();
    isOver = true;
  };
  const outcome = work(controller.signal).finally(end);
  // Whoever waits hears of a failure; with nobody left it concerns nobody.
  outcome.catch(() => {});

  function leave(): void {
    waiters -= 1;
    if (waiters > 0 || isOver) return;
    end();
    controller.abort(new Error('Everyone who waited for this read has left.'));
  }

  return {
    async join(signal) {
      waiters += 1;
      try {
        return await raceAbort(outcome, signal);
      } finally {
        leave();
      }
    },
    detach() {
      waiters += 1;
    },
  };
}
