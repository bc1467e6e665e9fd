import { describe, expect, test } from 'vitest';
import { type ErrorDetails, UpstreamError } from '../../src/domain/errors.ts';
import { retryDelay, withRetry } from '../../src/realtimekit/retry.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { eventually } from '../support/upstream.ts';

const facts = (status: number) => ({ status, code: null, message: null, ray: null });
const answered = (status: number, details: ErrorDetails = {}) =>
  new UpstreamError('unknown', 'UPSTREAM_UNAVAILABLE', 'Failed.', { upstream: facts(status), ...details });
const limited = (details: ErrorDetails = {}) =>
  new UpstreamError('rejected', 'RATE_LIMITED', 'Wait.', { upstream: facts(429), ...details });
const timedOut = new UpstreamError('unknown', 'UPSTREAM_TIMEOUT', 'Late.');
const interrupted = new UpstreamError('unknown', 'UPSTREAM_UNAVAILABLE', 'Broken.');
const unsent = new UpstreamError('notSent', 'UPSTREAM_UNAVAILABLE', 'No connection.');
const unreadable = new UpstreamError('unknown', 'UPSTREAM_INVALID_RESPONSE', 'Too long.');

describe('the delay before a repetition', () => {
  test.each([
    ['408', answered(408)],
    ['502', answered(502)],
    ['503', answered(503)],
    ['504', answered(504)],
    ['a timeout', timedOut],
    ['a broken connection', interrupted],
    ['a refused connection', unsent],
  ])('after %s lies between half and the whole of a step that doubles', (_what, error) => {
    expect([0, 0.5, 1].map((random) => retryDelay(error, 0, random))).toEqual([100, 150, 200]);
    expect([0, 0.5, 1].map((random) => retryDelay(error, 1, random))).toEqual([200, 300, 400]);
  });

  test.each([400, 401, 403, 404, 409, 422, 500, 501, 505, 520, 524, 302, 200])('is none after %i', (status) => {
    expect(retryDelay(answered(status), 0, 1)).toBeNull();
  });

  test('is none where the answer came and cannot be read', () => {
    expect(retryDelay(unreadable, 0, 1)).toBeNull();
  });

  test('is what Retry-After says, and never shorter than the step', () => {
    expect(retryDelay(limited({ retryAfterSeconds: 5 }), 0, 1)).toBe(5000);
    expect(retryDelay(limited({ retryAfterSeconds: 0 }), 0, 1)).toBe(200);
    expect(retryDelay(answered(503, { retryAfterSeconds: 1 }), 1, 0)).toBe(1000);
  });

  test('is none where Retry-After is long, or missing in a 429', () => {
    expect(retryDelay(limited(), 0, 1)).toBeNull();
    expect(retryDelay(limited({ retryAfterSeconds: 6 }), 0, 1)).toBeNull();
    expect(retryDelay(limited({ retryAfterSeconds: 300 }), 0, 1)).toBeNull();
    expect(retryDelay(answered(503, { retryAfterSeconds: 6 }), 0, 1)).toBeNull();
  });
});

describe('repeating', () => {
  /** Runs attempts that fail in turn with `failures`, and then succeed; time moves on at every wait. */
  async function run(failures: readonly Error[], idempotent: boolean) {
    const clock = createFakeClock();
    let attempts = 0;
    const { signal } = new AbortController();
    const work = withRetry({ idempotent, clock, random: () => 0, signal, endsAt: Infinity }, async () => {
      const failure = failures[attempts];
      attempts += 1;
      if (failure !== undefined) throw failure;
      return 'done';
    }).catch((error: unknown) => error);
    let settled = false;
    void work.then(() => (settled = true));
    for (;;) {
      await eventually(() => expect(settled || clock.pending() > 0).toBe(true));
      if (settled) break;
      clock.advance(10_000);
    }
    return { attempts, result: await work, pending: clock.pending() };
  }

  test('a read is repeated until it succeeds, at most twice', async () => {
    expect(await run([interrupted], true)).toEqual({ attempts: 2, result: 'done', pending: 0 });
    expect(await run([interrupted, timedOut], true)).toEqual({ attempts: 3, result: 'done', pending: 0 });
    expect(await run([unsent, answered(503), timedOut], true)).toEqual({ attempts: 3, result: timedOut, pending: 0 });
  });

  test('a read that fails for good is sent once', async () => {
    expect(await run([answered(500)], true)).toMatchObject({ attempts: 1 });
    expect(await run([limited()], true)).toMatchObject({ attempts: 1 });
  });

  test.each([
    ['a timeout', timedOut],
    ['a broken connection', interrupted],
    ['502', answered(502)],
    ['503', answered(503)],
    ['429 with a short Retry-After', limited({ retryAfterSeconds: 1 })],
  ])('a POST is never repeated after %s', async (_what, failure) => {
    expect(await run([failure], false)).toEqual({ attempts: 1, result: failure, pending: 0 });
  });

  test('a POST that never left is repeated, and no more once it may have arrived', async () => {
    expect(await run([unsent, unsent], false)).toMatchObject({ attempts: 3, result: 'done' });
    expect(await run([unsent, interrupted], false)).toMatchObject({ attempts: 2, result: interrupted });
  });

  test('an error of ours is not taken for a passing one', async () => {
    const bug = new TypeError('a bug');
    expect(await run([bug], true)).toEqual({ attempts: 1, result: bug, pending: 0 });
  });

  test('a caller who leaves ends the wait, and nothing more is sent', async () => {
    const clock = createFakeClock();
    const caller = new AbortController();
    const reason = new Error('left');
    let attempts = 0;
    const options = { idempotent: true, clock, random: () => 1, signal: caller.signal, endsAt: Infinity };
    const work = withRetry(options, () => {
      attempts += 1;
      return Promise.reject(interrupted);
    });
    await eventually(() => expect(clock.pending()).toBe(1));
    caller.abort(reason);
    await expect(work).rejects.toBe(reason);
    expect([attempts, clock.pending()]).toEqual([1, 0]);
  });
});
