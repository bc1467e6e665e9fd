import { getEventListeners } from 'node:events';

import { describe, expect, test } from 'vitest';

import { startSingleFlight } from '../../src/lib/singleFlight.ts';

/** A flight whose work ends when the test says so. */
function take() {
  const work = Promise.withResolvers<string>();
  const seen = { ended: 0, signal: new AbortController().signal };
  const flight = startSingleFlight(
    async (signal) => {
      seen.signal = signal;
      return work.promise;
    },
    () => {
      seen.ended += 1;
    },
  );
  return { flight, work, seen };
}

const REASON = new Error('gone');

describe('a read under way', () => {
  test('gives all who wait for it the same value', async () => {
    const { flight, work, seen } = take();
    const all = Promise.all([flight.join(undefined), flight.join(new AbortController().signal)]);
    work.resolve('value');
    expect(await all).toEqual(['value', 'value']);
    expect(seen.ended).toBe(1);
    expect(seen.signal.aborted).toBe(false);
  });

  test('gives all who wait for it the same failure', async () => {
    const { flight, work, seen } = take();
    const failure = new Error('failed');
    const all = Promise.allSettled([flight.join(undefined), flight.join(new AbortController().signal)]);
    work.reject(failure);
    expect(await all).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
    ]);
    expect(seen.ended).toBe(1);
  });

  test('that fails when nobody waits for it any more harms nobody', async () => {
    const { flight, work, seen } = take();
    flight.detach();
    work.reject(new Error('failed'));
    // An unhandled rejection fails the run.
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen.ended).toBe(1);
  });

  test('goes on when one of its callers leaves, who hears why at once', async () => {
    const { flight, work, seen } = take();
    const leaver = new AbortController();
    const left = flight.join(leaver.signal);
    const stayed = flight.join(undefined);
    leaver.abort(REASON);
    await expect(left).rejects.toBe(REASON);
    expect(seen.signal.aborted).toBe(false);
    expect(seen.ended).toBe(0);
    work.resolve('value');
    expect(await stayed).toBe('value');
  });

  test('is cancelled, once, when the last of its callers leaves', async () => {
    const { flight, work, seen } = take();
    const leavers = [new AbortController(), new AbortController()];
    const left = Promise.allSettled(leavers.map(({ signal }) => flight.join(signal)));
    for (const leaver of leavers) leaver.abort(REASON);
    await left;
    expect(seen.signal.aborted).toBe(true);
    expect(seen.ended).toBe(1);
    work.reject(REASON);
    await expect(flight.join(undefined)).rejects.toBe(REASON);
    expect(seen.ended).toBe(1);
  });

  test('is not cancelled while somebody joins in the moment that the last one leaves', async () => {
    const { flight, work, seen } = take();
    const leaver = new AbortController();
    const left = flight.join(leaver.signal);
    leaver.abort(REASON);
    const joined = flight.join(undefined);
    await expect(left).rejects.toBe(REASON);
    expect(seen.signal.aborted).toBe(false);
    work.resolve('value');
    expect(await joined).toBe('value');
  });

  test('is no concern of a caller who has left already, unless it is the only one', async () => {
    const { flight, seen } = take();
    const waiter = new AbortController();
    const waits = flight.join(waiter.signal);
    await expect(flight.join(AbortSignal.abort(REASON))).rejects.toBe(REASON);
    expect(seen.signal.aborted).toBe(false);
    waiter.abort(REASON);
    await expect(waits).rejects.toBe(REASON);
    expect(seen.signal.aborted).toBe(true);

    const other = take();
    await expect(other.flight.join(AbortSignal.abort(REASON))).rejects.toBe(REASON);
    expect(other.seen.signal.aborted).toBe(true);
  });

  test('goes on without anyone when it is to be kept', async () => {
    const { flight, work, seen } = take();
    flight.detach();
    const leaver = new AbortController();
    const left = flight.join(leaver.signal);
    leaver.abort(REASON);
    await expect(left).rejects.toBe(REASON);
    expect(seen.signal.aborted).toBe(false);
    work.resolve('value');
    expect(await flight.join(undefined)).toBe('value');
  });

  test('leaves no listener at its callers’ signals, however it ends', async () => {
    const callers = Array.from({ length: 3 }, () => new AbortController());
    const waiting = () => callers.map(({ signal }) => getEventListeners(signal, 'abort').length);
    const { flight, work } = take();
    const joined = callers.map(({ signal }) => flight.join(signal));
    expect(waiting()).toEqual([1, 1, 1]);
    callers[0]?.abort(REASON);
    work.resolve('value');
    await Promise.allSettled(joined);
    expect(waiting()).toEqual([0, 0, 0]);
  });
});
