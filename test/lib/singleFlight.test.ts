import { getEventListeners } from 'node:events';

import { describe, expect, test } from 'vitest';

import type { CancellationSignal } from '../../src/lib/cancellation.ts';
import { startSingleFlight } from '../../src/lib/singleFlight.ts';

/** A flight whose work the test settles; `observed` is what the work and `onEnd` got. */
function setUp() {
  const work = Promise.withResolvers<string>();
  const observed: { ends: number; signal: CancellationSignal } = { ends: 0, signal: new AbortController().signal };
  const flight = startSingleFlight(
    async (signal) => {
      observed.signal = signal;
      return work.promise;
    },
    () => {
      observed.ends += 1;
    },
  );
  return { flight, work, observed };
}

const REASON = new Error('gone');

describe('startSingleFlight', () => {
  test('gives every caller the same value', async () => {
    const { flight, work, observed } = setUp();
    const all = Promise.all([flight.join(undefined), flight.join(new AbortController().signal)]);
    work.resolve('value');
    expect(await all).toEqual(['value', 'value']);
    expect(observed.ends).toBe(1);
    expect(observed.signal.aborted).toBe(false);
  });

  test('gives every caller the same error', async () => {
    const { flight, work, observed } = setUp();
    const failure = new Error('failed');
    const all = Promise.allSettled([flight.join(undefined), flight.join(new AbortController().signal)]);
    work.reject(failure);
    expect(await all).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
    ]);
    expect(observed.ends).toBe(1);
  });

  test('leaves no unhandled rejection when detached work fails without callers', async () => {
    const { flight, work, observed } = setUp();
    flight.detach();
    work.reject(new Error('failed'));
    // An unhandled rejection fails the run.
    await new Promise((resolve) => setImmediate(resolve));
    expect(observed.ends).toBe(1);
  });

  test('rejects at once for a caller that aborts, and goes on for the others', async () => {
    const { flight, work, observed } = setUp();
    const leaver = new AbortController();
    const left = flight.join(leaver.signal);
    const stayed = flight.join(undefined);
    leaver.abort(REASON);
    await expect(left).rejects.toBe(REASON);
    expect(observed.signal.aborted).toBe(false);
    expect(observed.ends).toBe(0);
    work.resolve('value');
    expect(await stayed).toBe('value');
  });

  test('cancels the work once, when the last caller aborts', async () => {
    const { flight, work, observed } = setUp();
    const leavers = [new AbortController(), new AbortController()];
    const left = Promise.allSettled(leavers.map(({ signal }) => flight.join(signal)));
    for (const leaver of leavers) leaver.abort(REASON);
    await left;
    expect(observed.signal.aborted).toBe(true);
    expect(observed.ends).toBe(1);
    work.reject(REASON);
    await expect(flight.join(undefined)).rejects.toBe(REASON);
    expect(observed.ends).toBe(1);
  });

  test('does not cancel the work when a caller joins in the turn in which the last one aborts', async () => {
    const { flight, work, observed } = setUp();
    const leaver = new AbortController();
    const left = flight.join(leaver.signal);
    leaver.abort(REASON);
    const joined = flight.join(undefined);
    await expect(left).rejects.toBe(REASON);
    expect(observed.signal.aborted).toBe(false);
    work.resolve('value');
    expect(await joined).toBe('value');
  });

  test('cancels the work for a caller that has already aborted only if no other caller waits', async () => {
    const { flight, observed } = setUp();
    const waiter = new AbortController();
    const waiting = flight.join(waiter.signal);
    await expect(flight.join(AbortSignal.abort(REASON))).rejects.toBe(REASON);
    expect(observed.signal.aborted).toBe(false);
    waiter.abort(REASON);
    await expect(waiting).rejects.toBe(REASON);
    expect(observed.signal.aborted).toBe(true);

    const other = setUp();
    await expect(other.flight.join(AbortSignal.abort(REASON))).rejects.toBe(REASON);
    expect(other.observed.signal.aborted).toBe(true);
  });

  test('does not cancel detached work when the last caller aborts', async () => {
    const { flight, work, observed } = setUp();
    flight.detach();
    const leaver = new AbortController();
    const left = flight.join(leaver.signal);
    leaver.abort(REASON);
    await expect(left).rejects.toBe(REASON);
    expect(observed.signal.aborted).toBe(false);
    work.resolve('value');
    expect(await flight.join(undefined)).toBe('value');
  });

  test('leaves no listener on the signals of its callers, whether they abort or wait to the end', async () => {
    const callers = Array.from({ length: 3 }, () => new AbortController());
    const listeners = () => callers.map(({ signal }) => getEventListeners(signal, 'abort').length);
    const { flight, work } = setUp();
    const joined = callers.map(({ signal }) => flight.join(signal));
    expect(listeners()).toEqual([1, 1, 1]);
    callers[0]?.abort(REASON);
    work.resolve('value');
    await Promise.allSettled(joined);
    expect(listeners()).toEqual([0, 0, 0]);
  });
});
