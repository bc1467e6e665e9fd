import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { sleep, withTimeout } from '../../src/lib/timeout.ts';
import { createFakeClock } from '../support/fakeClock.ts';

const late = new Error('late');

function set(signal?: AbortSignal) {
  const clock = createFakeClock();
  return { clock, options: { milliseconds: 1000, clock, signal, expired: () => late } };
}

/** Work that goes on for ever, heedless of its signal. */
const hanging = () => new Promise<never>(() => {});

describe('a deadline', () => {
  test('gives what the work gives, and leaves no timer and no listener', async () => {
    const caller = new AbortController();
    const { clock, options } = set(caller.signal);
    expect(await withTimeout(options, async () => 'done')).toBe('done');
    expect([clock.pending(), getEventListeners(caller.signal, 'abort')]).toEqual([0, []]);
  });

  test('ends work that hangs, not a millisecond early', async () => {
    const caller = new AbortController();
    const { clock, options } = set(caller.signal);
    let isOver = false;
    const work = withTimeout(options, hanging).finally(() => (isOver = true));
    clock.advance(999);
    await Promise.resolve();
    expect([isOver, clock.pending()]).toEqual([false, 1]);
    clock.advance(1);
    await expect(work).rejects.toBe(late);
    expect([clock.pending(), getEventListeners(caller.signal, 'abort')]).toEqual([0, []]);
  });

  test('tells the work why it ends', async () => {
    const { clock, options } = set();
    let told: AbortSignal | undefined;
    const work = withTimeout(options, (signal) => {
      told = signal;
      return hanging();
    });
    expect(told?.aborted).toBe(false);
    clock.advance(1000);
    await expect(work).rejects.toBe(late);
    expect(told?.reason).toBe(late);
  });

  test('leaves nothing behind when the work fails, at once or later', async () => {
    const caller = new AbortController();
    const { clock, options } = set(caller.signal);
    const failure = new Error('failed');
    const failsAtOnce = (): Promise<never> => {
      throw failure;
    };
    await expect(withTimeout(options, failsAtOnce)).rejects.toBe(failure);
    await expect(withTimeout(options, () => Promise.reject(failure))).rejects.toBe(failure);
    expect([clock.pending(), getEventListeners(caller.signal, 'abort')]).toEqual([0, []]);
  });

  test("passes the caller's own reason on, to the work too", async () => {
    const caller = new AbortController();
    const { clock, options } = set(caller.signal);
    const left = new Error('left');
    let told: AbortSignal | undefined;
    const work = withTimeout(options, (signal) => {
      told = signal;
      return hanging();
    });
    caller.abort(left);
    await expect(work).rejects.toBe(left);
    expect(told?.reason).toBe(left);
    expect([clock.pending(), getEventListeners(caller.signal, 'abort')]).toEqual([0, []]);
  });

  test('does not begin for a caller who has left', async () => {
    const left = new Error('left');
    const { clock, options } = set(AbortSignal.abort(left));
    let began = false;
    const work = withTimeout(options, () => {
      began = true;
      return hanging();
    });
    await expect(work).rejects.toBe(left);
    expect([began, clock.pending()]).toEqual([false, 0]);
  });

  test('rejects with an Error even where the reason is none', async () => {
    const caller = new AbortController();
    const work = withTimeout(set(caller.signal).options, hanging);
    caller.abort('a word');
    await expect(work).rejects.toMatchObject({ cause: 'a word' });
    await expect(work).rejects.toBeInstanceOf(Error);
  });

  test('within another ends with the one that comes first', async () => {
    const { clock, options } = set();
    const outerLate = new Error('outer');
    const outer = { ...options, milliseconds: 500, expired: () => outerLate };
    const work = withTimeout(outer, (signal) => withTimeout({ ...options, signal }, hanging));
    expect(clock.pending()).toBe(2);
    clock.advance(500);
    await expect(work).rejects.toBe(outerLate);
    expect(clock.pending()).toBe(0);
  });
});

describe('a sleep', () => {
  test('ends when its time has come', async () => {
    const clock = createFakeClock();
    const slept = sleep(300, clock, new AbortController().signal);
    clock.advance(300);
    expect(await slept).toBeUndefined();
    expect(clock.pending()).toBe(0);
  });

  test('ends with its caller, and cancels its timer', async () => {
    const clock = createFakeClock();
    const caller = new AbortController();
    const left = new Error('left');
    const slept = sleep(300, clock, caller.signal);
    caller.abort(left);
    await expect(slept).rejects.toBe(left);
    await expect(sleep(300, clock, caller.signal)).rejects.toBe(left);
    expect(clock.pending()).toBe(0);
  });
});
