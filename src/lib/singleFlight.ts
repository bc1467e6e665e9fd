import { Cancellation, type CancellationSignal } from './cancellation.ts';
import { raceAbort } from './timeout.ts';

/** Work that any number of callers wait for together. It is cancelled as soon as none of them waits any more. */
export interface SingleFlight<Value> {
  /** Waits for the result. Rejects with the signal's reason if the signal is aborted first. */
  join(signal: CancellationSignal | undefined): Promise<Value>;
  /** Lets the work go on even if nobody waits for it. */
  detach(): void;
}

/**
 * Starts `work`. `onEnd` is called once, when the work has settled or has been cancelled; nobody may join after that. Whoever starts
 * the work must join or detach it.
 */
export function startSingleFlight<Value>(
  work: (signal: CancellationSignal) => Promise<Value>,
  onEnd: () => void,
): SingleFlight<Value> {
  const cancellation = new Cancellation();
  let waiting = 0;
  let hasEnded = false;
  const end = (): void => {
    if (!hasEnded) onEnd();
    hasEnded = true;
  };
  const result = work(cancellation);
  // Every waiting caller gets the error. Without any, the rejection must not count as unhandled.
  result.then(end, end);

  function leave(): void {
    waiting -= 1;
    if (waiting > 0 || hasEnded) return;
    end();
    cancellation.abort(new Error('Nobody waits for this result any more.'));
  }

  return {
    join(signal) {
      waiting += 1;
      // An abort leaves at the end of the turn: until then, another caller may join.
      return raceAbort(result, signal, () => queueMicrotask(leave));
    },
    detach() {
      waiting += 1;
    },
  };
}
