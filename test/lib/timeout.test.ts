import { getEventListeners } from 'node:events';

import { describe, expect, test } from 'vitest';

import type { CancellationSignal } from '../../src/lib/cancellation.ts';
import { sleep, withTimeout } from '../../src/lib/timeout.ts';
import { createFakeClock } from '../support/fakeClock.ts';

const timeoutError = new Error('timed out');

function setUp(signal?: AbortSignal) {
  const clock = createFakeClock();
  return { clock, options: { timeoutMs: 1000, clock, signal, createError: () => timeoutError } };
}

/** Work that never settles, whatever its signal says. */
const hang = () => new Promise<never>(() => {});

describe('withTimeout', () => {
  test('resolves with the result of the work, and leaves no timer and no listener', async () => {
    const caller = new AbortController();
    const { clock, options } = setUp(caller.signal);
    expect(await withTimeout(options, async () => 'done')).toBe('done');
    expect([clock.pending(), getEventListeners(caller.signal, 'abort')]).toEqual([0, []]);
  });

  test('rejects work that hangs at the timeout, and not a millisecond before', async () => {
    const caller = new AbortController();
    const { clock, options } = setUp(caller.signal);
    let isSettled = false;
    const work = withTimeout(options, hang).finally(() => (isSettled = true));
    clock.advance(999);
    await Promise.resolve();
    expect([isSettled, clock.pending()]).toEqual([false, 1]);
    clock.advance(1);
    await expect(work).rejects.toBe(timeoutError);
    expect([clock.pending(), getEventListeners(caller.signal, 'abort')]).toEqual([0, []]);
  });

  test('aborts the signal of the work with the timeout error', async () => {
    const { clock, options } = setUp();
    let workSignal: CancellationSignal | undefined;
    const work = withTimeout(options, (signal) => {
      workSignal = signal;
      return hang();
    });
    expect(workSignal?.aborted).toBe(false);
    clock.advance(1000);
    await expect(work).rejects.toBe(timeoutError);
    expect(workSignal?.reason).toBe(timeoutError);
  });

  test('leaves no timer and no listener when the work throws or rejects', async () => {
    const caller = new AbortController();
    const { clock, options } = setUp(caller.signal);
    const failure = new Error('failed');
    const throwAtOnce = (): Promise<never> => {
      throw failure;
    };
    await expect(withTimeout(options, throwAtOnce)).rejects.toBe(failure);
    await expect(withTimeout(options, () => Promise.reject(failure))).rejects.toBe(failure);
    expect([clock.pending(), getEventListeners(caller.signal, 'abort')]).toEqual([0, []]);
  });

  test('rejects with the reason of an aborted signal, and passes the reason on to the work', async () => {
    const caller = new AbortController();
    const { clock, options } = setUp(caller.signal);
    const reason = new Error('left');
    let workSignal: CancellationSignal | undefined;
    const work = withTimeout(options, (signal) => {
      workSignal = signal;
      return hang();
    });
    caller.abort(reason);
    await expect(work).rejects.toBe(reason);
    expect(workSignal?.reason).toBe(reason);
    expect([clock.pending(), getEventListeners(caller.signal, 'abort')]).toEqual([0, []]);
  });

  test('does not start the work when the signal is already aborted', async () => {
    const reason = new Error('left');
    const { clock, options } = setUp(AbortSignal.abort(reason));
    let hasStarted = false;
    const work = withTimeout(options, () => {
      hasStarted = true;
      return hang();
    });
    await expect(work).rejects.toBe(reason);
    expect([hasStarted, clock.pending()]).toEqual([false, 0]);
  });

  test('rejects with an Error even when the abort reason is not an Error', async () => {
    const caller = new AbortController();
    const work = withTimeout(setUp(caller.signal).options, hang);
    caller.abort('a word');
    await expect(work).rejects.toMatchObject({ cause: 'a word' });
    await expect(work).rejects.toBeInstanceOf(Error);
  });

  test('ends with the shorter timeout when two are nested', async () => {
    const { clock, options } = setUp();
    const outerError = new Error('outer');
    const outer = { ...options, timeoutMs: 500, createError: () => outerError };
    const work = withTimeout(outer, (signal) => withTimeout({ ...options, signal }, hang));
    expect(clock.pending()).toBe(2);
    clock.advance(500);
    await expect(work).rejects.toBe(outerError);
    expect(clock.pending()).toBe(0);
  });
});

describe('sleep', () => {
  test('resolves after the given time', async () => {
    const clock = createFakeClock();
    const slept = sleep(300, clock, new AbortController().signal);
    clock.advance(300);
    expect(await slept).toBeUndefined();
    expect(clock.pending()).toBe(0);
  });

  test('rejects when its signal is aborted, and cancels its timer', async () => {
    const clock = createFakeClock();
    const caller = new AbortController();
    const reason = new Error('left');
    const slept = sleep(300, clock, caller.signal);
    caller.abort(reason);
    await expect(slept).rejects.toBe(reason);
    await expect(sleep(300, clock, caller.signal)).rejects.toBe(reason);
    expect(clock.pending()).toBe(0);
  });
});
