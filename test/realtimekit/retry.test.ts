import { describe, expect, test } from 'vitest';
import { type ErrorDetails, UpstreamError } from '../../src/domain/errors.ts';
import { retryDelayMs, withRetry } from '../../src/realtimekit/retry.ts';
import { eventually } from '../support/eventually.ts';
import { createFakeClock } from '../support/fakeClock.ts';

const upstream = (status: number) => ({ status, code: null, message: null, ray: null });
const failed = (status: number, details: ErrorDetails = {}) =>
  new UpstreamError('unknown', 'UPSTREAM_UNAVAILABLE', 'Failed.', { upstream: upstream(status), ...details });
const rateLimited = (details: ErrorDetails = {}) =>
  new UpstreamError('rejected', 'RATE_LIMITED', 'Wait.', { upstream: upstream(429), ...details });
const timedOut = new UpstreamError('unknown', 'UPSTREAM_TIMEOUT', 'Late.');
const interrupted = new UpstreamError('unknown', 'UPSTREAM_UNAVAILABLE', 'Broken.');
const notSent = new UpstreamError('notSent', 'UPSTREAM_UNAVAILABLE', 'No connection.');
const invalid = new UpstreamError('unknown', 'UPSTREAM_INVALID_RESPONSE', 'Too long.');

describe('the delay before a retry', () => {
  test.each<[string, UpstreamError]>([
    ['408', failed(408)],
    ['500', failed(500)],
    ['502', failed(502)],
    ['503', failed(503)],
    ['504', failed(504)],
    ['a timeout', timedOut],
    ['a broken connection', interrupted],
    ['a refused connection', notSent],
    ...[520, 521, 522, 523, 524, 525, 526, 527, 530].map((status): [string, UpstreamError] => [
      `${status}`,
      failed(status),
    ]),
  ])('after %s is between half and all of a step that doubles', (_what, error) => {
    expect([0, 0.5, 1].map((random) => retryDelayMs(error, 0, random))).toEqual([100, 150, 200]);
    expect([0, 0.5, 1].map((random) => retryDelayMs(error, 1, random))).toEqual([200, 300, 400]);
  });

  test.each([400, 401, 403, 404, 409, 422, 501, 505, 519, 528, 529, 302, 200])('is null after status %i', (status) => {
    expect(retryDelayMs(failed(status), 0, 1)).toBeNull();
  });

  test('is null after an invalid response', () => {
    expect(retryDelayMs(invalid, 0, 1)).toBeNull();
  });

  test('is the Retry-After, but never shorter than the backoff', () => {
    expect(retryDelayMs(rateLimited({ retryAfterSeconds: 5 }), 0, 1)).toBe(5000);
    expect(retryDelayMs(rateLimited({ retryAfterSeconds: 0 }), 0, 1)).toBe(200);
    expect(retryDelayMs(failed(503, { retryAfterSeconds: 1 }), 1, 0)).toBe(1000);
  });

  test('is null if Retry-After is long, or missing in a 429', () => {
    expect(retryDelayMs(rateLimited(), 0, 1)).toBeNull();
    expect(retryDelayMs(rateLimited({ retryAfterSeconds: 6 }), 0, 1)).toBeNull();
    expect(retryDelayMs(rateLimited({ retryAfterSeconds: 300 }), 0, 1)).toBeNull();
    expect(retryDelayMs(failed(503, { retryAfterSeconds: 6 }), 0, 1)).toBeNull();
  });
});

describe('withRetry', () => {
  const policy = { maxRetries: 2, endsAt: Infinity, onFailure: () => {} };

  /** Runs attempts that fail with each of `failures` in turn, and then succeed; the clock advances at every delay. */
  async function run(failures: readonly Error[], idempotent: boolean) {
    const clock = createFakeClock();
    let attempts = 0;
    const { signal } = new AbortController();
    const work = withRetry({ ...policy, idempotent, clock, random: () => 0, signal }, async () => {
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

  test('retries a read until it succeeds, at most twice', async () => {
    expect(await run([interrupted], true)).toEqual({ attempts: 2, result: 'done', pending: 0 });
    expect(await run([interrupted, timedOut], true)).toEqual({ attempts: 3, result: 'done', pending: 0 });
    expect(await run([notSent, failed(503), timedOut], true)).toEqual({ attempts: 3, result: timedOut, pending: 0 });
  });

  test('does not retry a read after an error that is not transient', async () => {
    expect(await run([failed(501)], true)).toMatchObject({ attempts: 1 });
    expect(await run([rateLimited()], true)).toMatchObject({ attempts: 1 });
  });

  test.each([
    ['a timeout', timedOut],
    ['a broken connection', interrupted],
    ['500', failed(500)],
    ['502', failed(502)],
    ['503', failed(503)],
    ['520', failed(520)],
    ['429 with a short Retry-After', rateLimited({ retryAfterSeconds: 1 })],
  ])('does not retry a POST after %s', async (_what, failure) => {
    expect(await run([failure], false)).toEqual({ attempts: 1, result: failure, pending: 0 });
  });

  test('retries a POST that was not sent, until it may have arrived', async () => {
    expect(await run([notSent, notSent], false)).toMatchObject({ attempts: 3, result: 'done' });
    expect(await run([notSent, interrupted], false)).toMatchObject({ attempts: 2, result: interrupted });
  });

  test('does not retry after an error that is not an UpstreamError', async () => {
    const bug = new TypeError('a bug');
    expect(await run([bug], true)).toEqual({ attempts: 1, result: bug, pending: 0 });
  });

  test('ends the delay and does not retry when the signal is aborted', async () => {
    const clock = createFakeClock();
    const caller = new AbortController();
    const reason = new Error('left');
    let attempts = 0;
    const options = { ...policy, idempotent: true, clock, random: () => 1, signal: caller.signal };
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
