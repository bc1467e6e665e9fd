import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Priority } from '../../src/realtimekit/requestContext.ts';
import { createBudget, type Headers, NOON, OK, reporting, retryAfterSeconds, spendAll } from './localBudgetWorld.ts';

describe('a budget without rate-limit fields', () => {
  test('is the documented limit: 1,200 requests in five minutes', () => {
    const { budget } = createBudget();
    expect(budget.snapshot()).toEqual({ limit: 1200, remaining: 1200, resetsAt: NOON + 300_000 });
    expect(budget.pressure()).toBe(1);
  });

  test('is counted by the gateway, and a tenth of it is reserved for mutations', () => {
    const { budget } = createBudget();
    expect(spendAll(budget, 'read')).toBe(1080);
    expect(budget.snapshot().remaining).toBe(120);
    expect(spendAll(budget, 'mutation')).toBe(120);
    expect(budget.snapshot().remaining).toBe(0);
    expect([retryAfterSeconds(budget), retryAfterSeconds(budget, 'mutation')]).toEqual([301, 301]);
  });

  test('lets mutations spend the whole limit', () => {
    const { budget } = createBudget();
    expect(spendAll(budget, 'mutation')).toBe(1200);
  });

  test('starts its window with the first request, and a new one after five minutes', () => {
    const { budget, clock } = createBudget();
    clock.advance(1_000_000);
    expect(spendAll(budget, 'read')).toBe(1080);
    clock.advance(300_999);
    expect(retryAfterSeconds(budget)).toBe(1);
    clock.advance(1);
    expect(budget.snapshot()).toEqual({ limit: 1200, remaining: 1200, resetsAt: clock.now() + 300_000 });
    expect(spendAll(budget, 'read')).toBe(1080);
  });

  test('counts a request as soon as it is sent', () => {
    const { budget } = createBudget();
    const reservations = Array.from({ length: 10 }, () => budget.reserve('read'));
    expect(budget.snapshot().remaining).toBe(1190);
    for (const reservation of reservations) reservation.commit(OK);
    expect(budget.snapshot().remaining).toBe(1190);
  });

  test('counts a request whose response was lost, but not a request that was never sent', () => {
    const { budget } = createBudget();
    budget.reserve('read').release(true);
    expect(budget.snapshot().remaining).toBe(1199);
    budget.reserve('read').release(false);
    expect(budget.snapshot().remaining).toBe(1199);
  });
});

describe('a reported limit', () => {
  test('replaces the gateway’s own count from the first response on', () => {
    const { budget } = createBudget();
    spendAll(budget, 'read', 100);
    spendAll(budget, 'read', 1, reporting(7, 30, 20, 60));
    expect(budget.snapshot()).toEqual({ limit: 20, remaining: 7, resetsAt: NOON + 30_000 });
  });

  test('has the documented size and length if no policy is reported', () => {
    const { budget } = createBudget();
    spendAll(budget, 'read', 1, { status: 200, headers: { ratelimit: '"default";r=50;t=30' } });
    expect(budget.snapshot()).toEqual({ limit: 1200, remaining: 50, resetsAt: NOON + 30_000 });
  });

  test.each([
    ['what is left', reporting(30, 30, 20), { limit: 30, remaining: 30 }],
    ['one', reporting(0, 30, 0), { limit: 1, remaining: 0 }],
  ])('is at least %s, whatever the policy says', (_case, response, expected) => {
    const { budget } = createBudget();
    spendAll(budget, 'read', 1, response);
    expect(budget.snapshot()).toMatchObject(expected);
  });

  test('is read from responses with any status', () => {
    const { budget } = createBudget();
    const { headers } = reporting(7, 30);
    for (const status of [404, 409, 500]) spendAll(budget, 'mutation', 1, { status, headers });
    expect(budget.snapshot().remaining).toBe(7);
  });

  test('is reserved for mutations in its last tenth, and rejects mutations only when nothing is left', () => {
    const { budget } = createBudget();
    spendAll(budget, 'read', 1, reporting(5, 30));
    expect(spendAll(budget, 'read')).toBe(3);
    expect([retryAfterSeconds(budget), retryAfterSeconds(budget, 'mutation')]).toEqual([31, null]);
    expect(spendAll(budget, 'mutation')).toBe(2);
    expect(retryAfterSeconds(budget, 'mutation')).toBe(31);
  });

  test('is counted down by the gateway once responses no longer report it', () => {
    const { budget, clock } = createBudget();
    spendAll(budget, 'read', 1, reporting(10, 30));
    spendAll(budget, 'read', 3);
    expect(budget.snapshot()).toEqual({ limit: 20, remaining: 7, resetsAt: NOON + 30_000 });
    clock.advance(31_000);
    expect(spendAll(budget, 'mutation')).toBe(20);
    expect(retryAfterSeconds(budget, 'mutation')).toBe(61);
  });

  test('is not changed by malformed fields, except that the request is counted', () => {
    const { budget } = createBudget();
    spendAll(budget, 'read', 1, reporting(10, 30));
    for (const ratelimit of ['', 'garbage', '"default";r=-1;t=5', '"default";r=9', ';;,'])
      spendAll(budget, 'read', 1, { status: 200, headers: { ratelimit, 'ratelimit-policy': 'garbage' } });
    expect(budget.snapshot()).toEqual({ limit: 20, remaining: 5, resetsAt: NOON + 30_000 });
  });

  test('may be one of several: the tightest one decides, and a tenth of each is reserved', () => {
    const { budget, clock } = createBudget();
    const headers = {
      ratelimit: '"burst";r=4;t=5, "global";r=600;t=200',
      'ratelimit-policy': '"burst";q=20;w=10, "global";q=1200;w=300',
    };
    spendAll(budget, 'read', 1, { status: 200, headers });
    expect(budget.snapshot()).toEqual({ limit: 20, remaining: 4, resetsAt: NOON + 5000 });
    expect(spendAll(budget, 'read')).toBe(2);
    clock.advance(6000);
    expect(spendAll(budget, 'read')).toBe(18);
    expect(budget.snapshot()).toMatchObject({ limit: 20, remaining: 2 });
  });

  test('is counted down by responses that report only other limits', () => {
    const { budget } = createBudget();
    const both = { ratelimit: '"a";r=10;t=60, "b";r=10;t=60', 'ratelimit-policy': '"a";q=20;w=60, "b";q=20;w=60' };
    spendAll(budget, 'read', 1, { status: 200, headers: both });
    const one = { ratelimit: '"a";r=9;t=60', 'ratelimit-policy': '"a";q=20;w=60' };
    spendAll(budget, 'read', 3, { status: 200, headers: one });
    expect(budget.snapshot().remaining).toBe(7);
  });

  test('is forgotten two of its windows after its last report, while others are reported', () => {
    const { budget, clock } = createBudget();
    const old = { ratelimit: '"old";r=9;t=60', 'ratelimit-policy': '"old";q=10;w=60' };
    spendAll(budget, 'read', 1, { status: 200, headers: old });
    const current = { ratelimit: '"new";r=900;t=300', 'ratelimit-policy': '"new";q=1000;w=300' };
    spendAll(budget, 'read', 1, { status: 200, headers: current });
    clock.advance(119_000);
    expect(spendAll(budget, 'read', 30, { status: 200, headers: current })).toBe(9);
    clock.advance(81_000);
    expect(spendAll(budget, 'read', 30, { status: 200, headers: current })).toBe(30);
  });
});

describe('responses that arrive out of order', () => {
  test('never raise the count above what is left, and give the exact count once all have arrived', () => {
    const order = fc.integer({ min: 1, max: 20 }).chain((count) =>
      fc.shuffledSubarray(
        Array.from({ length: count }, (_, index) => index),
        { minLength: count, maxLength: count },
      ),
    );
    fc.assert(
      fc.property(order, fc.array(fc.nat(3000), { minLength: 20, maxLength: 20 }), (arrivals, pauses) => {
        const { budget, clock } = createBudget();
        const limit = 40;
        const reservations = arrivals.map(() => budget.reserve('read'));
        const left = limit - arrivals.length;
        for (const [index, arrival] of arrivals.entries()) {
          clock.advance(pauses[index] ?? 0);
          const resetSeconds = Math.ceil((NOON + 60_000 - clock.now()) / 1000);
          reservations[arrival]?.commit(reporting(limit - arrival - 1, resetSeconds, limit));
          expect(budget.snapshot().remaining).toBeLessThanOrEqual(left);
        }
        expect(budget.snapshot().remaining).toBe(left);
      }),
    );
  });

  test('do not make room for more requests than are left after those in flight', () => {
    const { budget } = createBudget();
    spendAll(budget, 'read', 1, reporting(10, 30));
    const inFlight = Array.from({ length: 8 }, () => budget.reserve('read'));
    expect(budget.snapshot().remaining).toBe(2);
    expect(retryAfterSeconds(budget)).not.toBeNull();
    for (const reservation of inFlight) reservation.release(false);
    expect([budget.snapshot().remaining, retryAfterSeconds(budget)]).toEqual([10, null]);
  });
});

describe('the end of a window', () => {
  test('is never assumed too early, and at most two seconds too late, however RealtimeKit rounds', () => {
    const rounding = fc.constantFrom(Math.ceil, Math.floor, Math.round);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60_000 }), fc.nat(900), rounding, (untilEnd, latency, round) => {
        const { budget, clock } = createBudget();
        const reservation = budget.reserve('read');
        clock.advance(latency);
        reservation.commit(reporting(0, round(untilEnd / 1000)));
        const end = NOON + untilEnd;
        clock.advance(Math.max(0, end - clock.now() - 1));
        // A response that arrived after the end proves nothing about the time before it.
        expect(clock.now() >= end || retryAfterSeconds(budget, 'mutation') !== null).toBe(true);
        clock.advance(Math.max(0, end + 2001 + latency - clock.now()));
        expect([retryAfterSeconds(budget, 'mutation'), budget.snapshot().remaining]).toEqual([null, 20]);
      }),
    );
  });

  test('can be reported by a response before it is certain by the gateway’s clock', () => {
    const { budget, clock } = createBudget();
    spendAll(budget, 'read', 1, reporting(5, 30));
    clock.advance(30_100);
    spendAll(budget, 'mutation', 1, reporting(19, 60));
    expect(budget.snapshot()).toEqual({ limit: 20, remaining: 19, resetsAt: clock.now() + 60_000 });
  });

  test('is not undone by a late response of the previous window', () => {
    const { budget, clock } = createBudget();
    spendAll(budget, 'read', 1, reporting(5, 30));
    const [late, later] = [budget.reserve('mutation'), budget.reserve('mutation')];
    clock.advance(30_100);
    spendAll(budget, 'mutation', 1, reporting(19, 60));
    clock.advance(5000);
    late.commit(reporting(4, 1));
    later.commit(reporting(0, 0));
    const { remaining, resetsAt } = budget.snapshot();
    expect(resetsAt).toBe(NOON + 90_100);
    // The late responses may count as requests of this window, but must not move its end.
    expect(remaining).toBeGreaterThanOrEqual(17);
  });

  test('does not let a late response of the previous window raise the count of the current one', () => {
    const { budget, clock } = createBudget();
    spendAll(budget, 'read', 1, reporting(18, 30));
    const late = budget.reserve('mutation');
    clock.advance(30_100);
    spendAll(budget, 'mutation', 1, reporting(3, 60));
    late.commit(reporting(17, 1));
    expect(budget.snapshot().remaining).toBeLessThanOrEqual(3);
  });

  test('is computed from the time at which the response arrived', () => {
    const { budget, clock } = createBudget();
    const slow = budget.reserve('read');
    clock.advance(9000);
    slow.commit(reporting(0, 60));
    expect(budget.snapshot().resetsAt).toBe(NOON + 69_000);
    clock.advance(1000);
    expect(retryAfterSeconds(budget, 'mutation')).toBe(60);
  });

  test('can bring a lower limit', () => {
    const { budget, clock } = createBudget();
    spendAll(budget, 'read', 1, reporting(19, 60));
    clock.advance(61_000);
    spendAll(budget, 'read', 1, reporting(9, 60, 10));
    expect(budget.snapshot()).toEqual({ limit: 10, remaining: 9, resetsAt: clock.now() + 60_000 });
    expect(spendAll(budget, 'read')).toBe(8);
  });

  test('is taken from a response if other consumers of the token started the window', () => {
    const { budget, clock } = createBudget();
    spendAll(budget, 'read', 1, reporting(19, 60));
    clock.advance(101_000);
    spendAll(budget, 'read', 1, reporting(3, 20));
    expect(budget.snapshot()).toEqual({ limit: 20, remaining: 3, resetsAt: clock.now() + 20_000 });
  });

  test('can bring a higher limit', () => {
    const { budget, clock } = createBudget();
    spendAll(budget, 'read', 1, reporting(19, 60));
    clock.advance(61_000);
    spendAll(budget, 'read', 1, reporting(49, 60, 50));
    expect(budget.snapshot()).toEqual({ limit: 50, remaining: 49, resetsAt: clock.now() + 60_000 });
  });

  test('restores the whole budget every time', () => {
    const { budget, clock } = createBudget();
    for (let window = 0; window < 5; window += 1) {
      let left = 20;
      while (retryAfterSeconds(budget) === null) {
        left -= 1;
        spendAll(budget, 'read', 1, reporting(left, 60));
      }
      expect(left).toBe(2);
      clock.advance(61_000);
    }
  });
});

describe('a rejected reservation', () => {
  test('has whole seconds to wait, at least one, after which the request is let through', () => {
    const wait = fc.nat(61_000);
    fc.assert(
      fc.property(fc.nat(60), wait, fc.constantFrom<Priority>('read', 'mutation'), (resetSeconds, pause, priority) => {
        const { budget, clock } = createBudget();
        spendAll(budget, 'read', 1, reporting(0, resetSeconds));
        clock.advance(pause);
        const seconds = retryAfterSeconds(budget, priority);
        fc.pre(seconds !== null);
        expect(Number.isInteger(seconds) && seconds >= 1).toBe(true);
        clock.advance(seconds * 1000);
        expect(retryAfterSeconds(budget, priority)).toBeNull();
      }),
    );
  });

  test('says in its message what is reserved and when to try again', () => {
    const { budget } = createBudget();
    spendAll(budget, 'read', 1, reporting(2, 29));
    expect(() => budget.reserve('read')).toThrow(/reserved for mutations. Try again in 30 s\.$/);
    spendAll(budget, 'mutation', 2);
    expect(() => budget.reserve('mutation')).toThrow('The request budget is used up. Try again in 30 s.');
  });
});

describe('after a 429', () => {
  const limited = (headers: Headers) => ({ status: 429, headers });

  test('no request is let through before Retry-After, even if requests are left', () => {
    const { budget, clock } = createBudget();
    spendAll(budget, 'read', 1, limited({ 'retry-after': '90', ...reporting(15, 30).headers }));
    expect([retryAfterSeconds(budget), retryAfterSeconds(budget, 'mutation'), budget.pressure()]).toEqual([
      90,
      90,
      Infinity,
    ]);
    expect(budget.snapshot()).toEqual({ limit: 20, remaining: 0, resetsAt: NOON + 90_000 });
    clock.advance(89_999);
    expect([retryAfterSeconds(budget), retryAfterSeconds(budget, 'mutation')]).toEqual([1, 1]);
    clock.advance(1);
    expect([retryAfterSeconds(budget), retryAfterSeconds(budget, 'mutation')]).toEqual([null, null]);
  });

  test.each([
    ['until the end of the window that is used up', reporting(0, 42).headers, 42],
    ['for ten seconds if requests are left', reporting(3, 42).headers, 10],
    ['for ten seconds if the window that is used up ends at once', reporting(0, 0).headers, 10],
    ['for five minutes if the response has no rate-limit field', {}, 300],
    ['for five minutes if Retry-After is malformed', { 'retry-after': 'soon' }, 300],
    ['for five minutes if Retry-After is a date', { 'retry-after': 'Thu, 15 Jan 2026 12:00:10 GMT' }, 300],
    ['for ten minutes at most, however long Retry-After is', { 'retry-after': '999999' }, 600],
  ])('no request is let through %s', (_case, headers: Headers, seconds) => {
    const { budget, clock } = createBudget();
    spendAll(budget, 'read', 1, limited(headers));
    expect(retryAfterSeconds(budget, 'mutation')).toBe(seconds);
    clock.advance(seconds * 1000 - 1);
    expect(retryAfterSeconds(budget, 'mutation')).not.toBeNull();
  });

  test('a second 429 does not shorten the first lockout', () => {
    const { budget } = createBudget();
    const reservations = [budget.reserve('read'), budget.reserve('read'), budget.reserve('read')];
    for (const [index, seconds] of ['20', '300', '5'].entries()) {
      reservations[index]?.commit(limited({ 'retry-after': seconds }));
    }
    expect(retryAfterSeconds(budget)).toBe(300);
  });

  test('a successful response to an earlier request does not end the lockout', () => {
    const { budget } = createBudget();
    const inFlight = budget.reserve('read');
    spendAll(budget, 'read', 1, limited({ 'retry-after': '30' }));
    inFlight.commit(reporting(19, 60));
    expect([retryAfterSeconds(budget), budget.snapshot().remaining]).toEqual([30, 0]);
  });
});

describe('after the clock was set back, a budget', () => {
  const HOUR = 3_600_000;

  test('that is used up lets requests through again when a whole window has passed', () => {
    const { budget, clock } = createBudget();
    spendAll(budget, 'mutation', 1, reporting(0, 200, 1200, 300));
    clock.advance(-HOUR);
    expect(retryAfterSeconds(budget, 'mutation')).toBe(301);
    clock.advance(301_000);
    expect(spendAll(budget, 'mutation')).toBe(1200);
  });

  test('is still what was left', () => {
    const { budget, clock } = createBudget();
    spendAll(budget, 'read', 1, reporting(900, 200, 1200, 300));
    clock.advance(-HOUR);
    expect(budget.snapshot().remaining).toBe(900);
  });

  test('lasts as long as requests are sent at an even pace', () => {
    const { budget, clock } = createBudget();
    let window = { endsAt: 0, used: 0 };
    let rejected = 0;
    for (let second = 0; second < 4000; second += 1) {
      clock.advance(second === 100 ? -HOUR : 1000);
      if (second >= window.endsAt) window = { endsAt: second + 300, used: 0 };
      window.used += 3;
      const response = reporting(1200 - window.used, window.endsAt - second, 1200, 300);
      rejected += 3 - spendAll(budget, 'read', 3, response);
    }
    expect(rejected).toBe(0);
  });

  test('is locked out for five minutes at most', () => {
    const { budget, clock } = createBudget();
    spendAll(budget, 'read', 1, { status: 429, headers: { 'retry-after': '300' } });
    clock.advance(-HOUR);
    expect(retryAfterSeconds(budget)).toBe(300);
    clock.advance(300_000);
    expect(retryAfterSeconds(budget)).toBeNull();
  });

  test('still counts the requests that were in flight', () => {
    const { budget, clock } = createBudget();
    spendAll(budget, 'read', 1, reporting(19, 60));
    const [answered, lost] = [budget.reserve('read'), budget.reserve('read')];
    lost.release(true);
    clock.advance(-HOUR);
    answered.commit(reporting(18, 60));
    expect(budget.snapshot().remaining).toBe(17);
  });

  test('is not under more pressure than before', () => {
    const { budget, clock } = createBudget();
    spendAll(budget, 'read', 100);
    const before = budget.pressure();
    clock.advance(-HOUR);
    expect(budget.pressure()).toBeCloseTo(before, 1);
  });
});

describe('a budget with other consumers of the token, or with lost responses', () => {
  test('lets a read through if the limit is one, with a finite pressure', () => {
    const { budget } = createBudget();
    spendAll(budget, 'read', 1, reporting(1, 1, 1, 1));
    expect(budget.pressure()).toBeGreaterThan(0);
    expect(retryAfterSeconds(budget)).toBeNull();
  });

  test('rejects until the last of the used-up limits resets', () => {
    const { budget } = createBudget();
    const ratelimit = '"burst";r=0;t=5, "global";r=0;t=200';
    const headers = { ratelimit, 'ratelimit-policy': '"burst";q=20;w=10, "global";q=1200;w=300' };
    spendAll(budget, 'read', 1, { status: 200, headers });
    expect(retryAfterSeconds(budget, 'mutation')).toBe(201);
  });

  test('rejects for one second if only requests in flight are in the way', () => {
    const { budget } = createBudget();
    spendAll(budget, 'read', 1, reporting(19, 60));
    const inFlight = Array.from({ length: 11 }, () => budget.reserve('read'));
    inFlight.at(-1)?.commit(reporting(8, 60));
    expect(retryAfterSeconds(budget, 'mutation')).toBe(1);
  });

  test('does not count a lost request as reported by the response to an earlier one', () => {
    const { budget } = createBudget();
    spendAll(budget, 'read', 1, reporting(19, 60));
    const earlier = budget.reserve('read');
    budget.reserve('read').release(true);
    earlier.commit(reporting(18, 60));
    expect(budget.snapshot().remaining).toBe(17);
  });

  test('trusts the response to a later request if lost requests never reached RealtimeKit', () => {
    const { budget, clock } = createBudget();
    spendAll(budget, 'read', 1, reporting(19, 60));
    for (let lost = 0; lost < 10; lost += 1) budget.reserve('read').release(true);
    spendAll(budget, 'read', 1, reporting(18, 60));
    expect(budget.snapshot().remaining).toBe(8);
    // Until now, a lost request might still have been on its way.
    clock.advance(10_000);
    spendAll(budget, 'read', 1, reporting(17, 50));
    expect(budget.snapshot().remaining).toBe(17);
  });
});
