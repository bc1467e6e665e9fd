import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Clock } from '../../src/lib/clock.ts';
import { UpstreamError } from '../../src/domain/errors.ts';
import { createLocalBudget, type LocalBudget as Budget } from '../../src/budget/localBudget.ts';
import type { Reservation } from '../../src/realtimekit/requestContext.ts';
import { DEFAULT_TTL, stretchedTtl } from '../../src/data/cache/ttl.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { runs } from '../support/runs.ts';

type Kind = 'read' | 'mutation';
type Headers = Record<string, string>;

const OK = { status: 200, headers: {} };
const NOON = Date.UTC(2026, 0, 15, 12);

/** An answer that tells `remaining` requests until `resetSeconds` from now, of `limit` in `windowSeconds`. */
function telling(remaining: number, resetSeconds: number, limit = 20, windowSeconds = 60) {
  return { status: 200, headers: headersOf(remaining, resetSeconds, limit, windowSeconds) };
}

function headersOf(remaining: number, resetSeconds: number, limit: number, windowSeconds: number): Headers {
  return {
    ratelimit: `"default";r=${remaining};t=${resetSeconds}`,
    'ratelimit-policy': `"default";q=${limit};w=${windowSeconds}`,
  };
}

function start() {
  const clock = createFakeClock(NOON);
  return { clock, budget: createLocalBudget(clock) };
}

/** Seconds to wait, where the budget refuses; null where it lets a request through. */
function tryToSpend(budget: Budget, kind: Kind): Reservation | number {
  try {
    return budget.reserve(kind);
  } catch (error) {
    if (!(error instanceof UpstreamError) || error.retryAfterSeconds === undefined) throw error;
    expect([error.code, error.outcome]).toEqual(['RATE_LIMITED', 'notSent']);
    return error.retryAfterSeconds;
  }
}

/** The seconds that a refusal tells to wait; null: not refused, and the request comes to nothing. */
function refusal(budget: Budget, kind: Kind = 'read'): number | null {
  const spending = tryToSpend(budget, kind);
  if (typeof spending === 'number') return spending;
  spending.release(false);
  return null;
}

/** Spends until it is refused, at most `most` times, each request answered at once; gives how many were let through. */
function spendAll(budget: Budget, kind: Kind, most = 3000, answer: Parameters<Reservation['commit']>[0] = OK): number {
  for (let spent = 0; spent < most; spent += 1) {
    const spending = tryToSpend(budget, kind);
    if (typeof spending === 'number') return spent;
    spending.commit(answer);
  }
  return most;
}

describe('a budget of which upstream tells nothing', () => {
  test('is the documented one: 1,200 requests in five minutes', () => {
    const { budget } = start();
    expect(budget.snapshot()).toEqual({ limit: 1200, remaining: 1200, resetsAt: NOON + 300_000 });
    expect(budget.pressure()).toBe(1);
  });

  test('is counted by ourselves, and a tenth of it is kept for mutations', () => {
    const { budget } = start();
    expect(spendAll(budget, 'read')).toBe(1080);
    expect(budget.snapshot().remaining).toBe(120);
    expect(spendAll(budget, 'mutation')).toBe(120);
    expect(budget.snapshot().remaining).toBe(0);
    expect([refusal(budget), refusal(budget, 'mutation')]).toEqual([301, 301]);
  });

  test('lets mutations spend what reads could, too', () => {
    const { budget } = start();
    expect(spendAll(budget, 'mutation')).toBe(1200);
  });

  test('begins its window with the first request, and anew once five minutes have passed', () => {
    const { budget, clock } = start();
    clock.advance(1_000_000);
    expect(spendAll(budget, 'read')).toBe(1080);
    clock.advance(300_999);
    expect(refusal(budget)).toBe(1);
    clock.advance(1);
    expect(budget.snapshot()).toEqual({ limit: 1200, remaining: 1200, resetsAt: clock.now() + 300_000 });
    expect(spendAll(budget, 'read')).toBe(1080);
  });

  test('counts a request from the moment that it is sent', () => {
    const { budget } = start();
    const spent = Array.from({ length: 10 }, () => budget.reserve('read'));
    expect(budget.snapshot().remaining).toBe(1190);
    for (const spending of spent) spending.commit(OK);
    expect(budget.snapshot().remaining).toBe(1190);
  });

  test('counts a request whose answer was lost, and none that never left', () => {
    const { budget } = start();
    budget.reserve('read').release(true);
    expect(budget.snapshot().remaining).toBe(1199);
    budget.reserve('read').release(false);
    expect(budget.snapshot().remaining).toBe(1199);
  });
});

describe('what upstream tells', () => {
  test('goes before our own count, from the first answer on', () => {
    const { budget } = start();
    spendAll(budget, 'read', 100);
    spendAll(budget, 'read', 1, telling(7, 30, 20, 60));
    expect(budget.snapshot()).toEqual({ limit: 20, remaining: 7, resetsAt: NOON + 30_000 });
  });

  test('may be a limit without its policy: then the documented one is believed', () => {
    const { budget } = start();
    spendAll(budget, 'read', 1, { status: 200, headers: { ratelimit: '"default";r=50;t=30' } });
    expect(budget.snapshot()).toEqual({ limit: 1200, remaining: 50, resetsAt: NOON + 30_000 });
  });

  test('counts whatever the answer is', () => {
    const { budget } = start();
    const { headers } = telling(7, 30);
    for (const status of [404, 409, 500]) spendAll(budget, 'mutation', 1, { status, headers });
    expect(budget.snapshot().remaining).toBe(7);
  });

  test('keeps a tenth of what it tells for mutations, and refuses those only when nothing is left', () => {
    const { budget } = start();
    spendAll(budget, 'read', 1, telling(5, 30));
    expect(spendAll(budget, 'read')).toBe(3);
    expect([refusal(budget), refusal(budget, 'mutation')]).toEqual([31, null]);
    expect(spendAll(budget, 'mutation')).toBe(2);
    expect(refusal(budget, 'mutation')).toBe(31);
  });

  test('is counted down by ourselves once it is told no more', () => {
    const { budget, clock } = start();
    spendAll(budget, 'read', 1, telling(10, 30));
    spendAll(budget, 'read', 3);
    expect(budget.snapshot()).toEqual({ limit: 20, remaining: 7, resetsAt: NOON + 30_000 });
    clock.advance(31_000);
    expect(spendAll(budget, 'mutation')).toBe(20);
    expect(refusal(budget, 'mutation')).toBe(61);
  });

  test('is nothing where the headers are garbage, which then count nothing but the request', () => {
    const { budget } = start();
    spendAll(budget, 'read', 1, telling(10, 30));
    for (const ratelimit of ['', 'garbage', '"default";r=-1;t=5', '"default";r=9', ';;,'])
      spendAll(budget, 'read', 1, { status: 200, headers: { ratelimit, 'ratelimit-policy': 'garbage' } });
    expect(budget.snapshot()).toEqual({ limit: 20, remaining: 5, resetsAt: NOON + 30_000 });
  });

  test('may be several limits: the tightest decides, and each is left a tenth', () => {
    const { budget, clock } = start();
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

  test('is counted down for a limit of which an answer is silent', () => {
    const { budget } = start();
    const both = { ratelimit: '"a";r=10;t=60, "b";r=10;t=60', 'ratelimit-policy': '"a";q=20;w=60, "b";q=20;w=60' };
    spendAll(budget, 'read', 1, { status: 200, headers: both });
    const one = { ratelimit: '"a";r=9;t=60', 'ratelimit-policy': '"a";q=20;w=60' };
    spendAll(budget, 'read', 3, { status: 200, headers: one });
    expect(budget.snapshot().remaining).toBe(7);
  });
});

describe('answers that overtake each other', () => {
  test('never make the budget believe in more than is left, and once all are in it is exact', () => {
    const order = fc.integer({ min: 1, max: 20 }).chain((count) =>
      fc.shuffledSubarray(
        Array.from({ length: count }, (_, index) => index),
        { minLength: count, maxLength: count },
      ),
    );
    fc.assert(
      fc.property(order, fc.array(fc.nat(3000), { minLength: 20, maxLength: 20 }), (arrivals, pauses) => {
        const { budget, clock } = start();
        const limit = 40;
        const spent = arrivals.map(() => budget.reserve('read'));
        const left = limit - arrivals.length;
        for (const [index, arrival] of arrivals.entries()) {
          clock.advance(pauses[index] ?? 0);
          const resetSeconds = Math.ceil((NOON + 60_000 - clock.now()) / 1000);
          spent[arrival]?.commit(telling(limit - arrival - 1, resetSeconds, limit));
          expect(budget.snapshot().remaining).toBeLessThanOrEqual(left);
        }
        expect(budget.snapshot().remaining).toBe(left);
      }),
    );
  });

  test('leave room for those that are under way', () => {
    const { budget } = start();
    spendAll(budget, 'read', 1, telling(10, 30));
    const underWay = Array.from({ length: 8 }, () => budget.reserve('read'));
    expect(budget.snapshot().remaining).toBe(2);
    expect(refusal(budget)).not.toBeNull();
    for (const spending of underWay) spending.release(false);
    expect([budget.snapshot().remaining, refusal(budget)]).toEqual([10, null]);
  });
});

describe('the turn of a window', () => {
  test('is never believed in before it happens, however upstream rounds, and a moment after it at the latest', () => {
    const rounding = fc.constantFrom(Math.ceil, Math.floor, Math.round);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60_000 }), fc.nat(900), rounding, (untilEnd, latency, round) => {
        const { budget, clock } = start();
        const spending = budget.reserve('read');
        clock.advance(latency);
        spending.commit(telling(0, round(untilEnd / 1000)));
        const end = NOON + untilEnd;
        clock.advance(Math.max(0, end - clock.now() - 1));
        // An answer that came after the end says nothing of the time before it.
        expect(clock.now() >= end || refusal(budget, 'mutation') !== null).toBe(true);
        clock.advance(Math.max(0, end + 2001 + latency - clock.now()));
        expect([refusal(budget, 'mutation'), budget.snapshot().remaining]).toEqual([null, 20]);
      }),
    );
  });

  test('may be told by a header, before it is certain by our clock', () => {
    const { budget, clock } = start();
    spendAll(budget, 'read', 1, telling(5, 30));
    clock.advance(30_100);
    spendAll(budget, 'mutation', 1, telling(19, 60));
    expect(budget.snapshot()).toEqual({ limit: 20, remaining: 19, resetsAt: clock.now() + 60_000 });
  });

  test('is not undone by a late answer of the window before', () => {
    const { budget, clock } = start();
    spendAll(budget, 'read', 1, telling(5, 30));
    const [late, later] = [budget.reserve('mutation'), budget.reserve('mutation')];
    clock.advance(30_100);
    spendAll(budget, 'mutation', 1, telling(19, 60));
    clock.advance(5000);
    late.commit(telling(4, 1));
    later.commit(telling(0, 0));
    const { remaining, resetsAt } = budget.snapshot();
    expect(resetsAt).toBe(NOON + 90_100);
    // They may be taken for requests of this window, never for its end.
    expect(remaining).toBeGreaterThanOrEqual(17);
  });

  test('does not let a late answer of the window before fill up the one that runs', () => {
    const { budget, clock } = start();
    spendAll(budget, 'read', 1, telling(18, 30));
    const late = budget.reserve('mutation');
    clock.advance(30_100);
    spendAll(budget, 'mutation', 1, telling(3, 60));
    late.commit(telling(17, 1));
    expect(budget.snapshot().remaining).toBeLessThanOrEqual(3);
  });

  test('comes no sooner for a slow answer, and is corrected by a quick one', () => {
    const { budget, clock } = start();
    const slow = budget.reserve('read');
    clock.advance(9000);
    slow.commit(telling(0, 60));
    expect(budget.snapshot().resetsAt).toBe(NOON + 69_000);
    clock.advance(1000);
    expect(refusal(budget, 'mutation')).toBe(60);
  });

  test('may bring a limit that was lowered', () => {
    const { budget, clock } = start();
    spendAll(budget, 'read', 1, telling(19, 60));
    clock.advance(61_000);
    spendAll(budget, 'read', 1, telling(9, 60, 10));
    expect(budget.snapshot()).toEqual({ limit: 10, remaining: 9, resetsAt: clock.now() + 60_000 });
    expect(spendAll(budget, 'read')).toBe(8);
  });

  test('is heeded when it is told of one that others began while we were quiet', () => {
    const { budget, clock } = start();
    spendAll(budget, 'read', 1, telling(19, 60));
    clock.advance(101_000);
    spendAll(budget, 'read', 1, telling(3, 20));
    expect(budget.snapshot()).toEqual({ limit: 20, remaining: 3, resetsAt: clock.now() + 20_000 });
  });

  test('may bring a limit that was raised', () => {
    const { budget, clock } = start();
    spendAll(budget, 'read', 1, telling(19, 60));
    clock.advance(61_000);
    spendAll(budget, 'read', 1, telling(49, 60, 50));
    expect(budget.snapshot()).toEqual({ limit: 50, remaining: 49, resetsAt: clock.now() + 60_000 });
  });

  test('gives back what reads and mutations had, not only once', () => {
    const { budget, clock } = start();
    for (let window = 0; window < 5; window += 1) {
      let left = 20;
      while (refusal(budget) === null) {
        left -= 1;
        spendAll(budget, 'read', 1, telling(left, 60));
      }
      expect(left).toBe(2);
      clock.advance(61_000);
    }
  });
});

describe('a refusal', () => {
  test('tells whole seconds, at least one, after which the request passes', () => {
    const wait = fc.nat(61_000);
    fc.assert(
      fc.property(fc.nat(60), wait, fc.constantFrom<Kind>('read', 'mutation'), (resetSeconds, pause, kind) => {
        const { budget, clock } = start();
        spendAll(budget, 'read', 1, telling(0, resetSeconds));
        clock.advance(pause);
        const seconds = refusal(budget, kind);
        fc.pre(seconds !== null);
        expect(Number.isInteger(seconds) && seconds >= 1).toBe(true);
        clock.advance(seconds * 1000);
        expect(refusal(budget, kind)).toBeNull();
      }),
    );
  });

  test('says in words what is kept and when to come again', () => {
    const { budget } = start();
    spendAll(budget, 'read', 1, telling(2, 29));
    expect(() => budget.reserve('read')).toThrow(/reserved for mutations. Try again in 30 s\.$/);
    spendAll(budget, 'mutation', 2);
    expect(() => budget.reserve('mutation')).toThrow('The request budget is used up. Try again in 30 s.');
  });
});

describe('after a 429', () => {
  const limited = (headers: Headers) => ({ status: 429, headers });

  test('nothing passes until its retry-after is over, be there ever so much left', () => {
    const { budget, clock } = start();
    spendAll(budget, 'read', 1, limited({ 'retry-after': '90', ...telling(15, 30).headers }));
    expect([refusal(budget), refusal(budget, 'mutation'), budget.pressure()]).toEqual([90, 90, Infinity]);
    expect(budget.snapshot()).toEqual({ limit: 20, remaining: 0, resetsAt: NOON + 90_000 });
    clock.advance(89_999);
    expect([refusal(budget), refusal(budget, 'mutation')]).toEqual([1, 1]);
    clock.advance(1);
    expect([refusal(budget), refusal(budget, 'mutation')]).toEqual([null, null]);
  });

  test.each([
    ['until the window that is used up ends', telling(0, 42).headers, 42],
    ['for ten seconds where something is left all the same', telling(3, 42).headers, 10],
    ['for the five minutes of a lock where nothing is told', {}, 300],
    ['for the five minutes of a lock where garbage is told', { 'retry-after': 'soon' }, 300],
    ['for the five minutes of a lock where a date is told', { 'retry-after': 'Thu, 15 Jan 2026 12:00:10 GMT' }, 300],
    ['for ten minutes at most, whatever is told', { 'retry-after': '999999' }, 600],
  ])('nothing passes %s', (_what, headers: Headers, seconds) => {
    const { budget, clock } = start();
    spendAll(budget, 'read', 1, limited(headers));
    expect(refusal(budget, 'mutation')).toBe(seconds);
    clock.advance(seconds * 1000 - 1);
    expect(refusal(budget, 'mutation')).not.toBeNull();
  });

  test('a second one does not shorten the wait of the first', () => {
    const { budget } = start();
    const spent = [budget.reserve('read'), budget.reserve('read'), budget.reserve('read')];
    for (const [index, seconds] of ['20', '300', '5'].entries()) {
      spent[index]?.commit(limited({ 'retry-after': seconds }));
    }
    expect(refusal(budget)).toBe(300);
  });

  test('a good answer that was under way does not end the wait', () => {
    const { budget } = start();
    const underWay = budget.reserve('read');
    spendAll(budget, 'read', 1, limited({ 'retry-after': '30' }));
    underWay.commit(telling(19, 60));
    expect([refusal(budget), budget.snapshot().remaining]).toEqual([30, 0]);
  });
});

describe('pressure', () => {
  /** The pressure with `remaining` of 1,000 left and `resetSeconds` of 100 to go. */
  function pressureOf(remaining: number, resetSeconds: number): number {
    const { budget } = start();
    spendAll(budget, 'mutation', 1, telling(remaining, resetSeconds, 1000, 100));
    return budget.pressure();
  }

  test('is one where the budget shrinks evenly with its window, and below where it shrinks slower', () => {
    expect(pressureOf(550, 49)).toBeCloseTo(1);
    expect(pressureOf(990, 49)).toBeLessThan(0.6);
  });

  test('is infinite where nothing is left for reads', () => {
    for (const remaining of [100, 99, 1, 0]) expect(pressureOf(remaining, 50)).toBe(Infinity);
    expect(pressureOf(101, 50)).toBeLessThan(Infinity);
  });

  test('grows with each request that is spent and falls with each second that passes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 102, max: 1000 }), fc.integer({ min: 1, max: 98 }), (remaining, seconds) => {
        const pressure = pressureOf(remaining, seconds);
        expect(pressure).toBeGreaterThan(0);
        expect(pressureOf(remaining - 1, seconds)).toBeGreaterThan(pressure);
        expect(pressureOf(remaining, seconds + 1)).toBeGreaterThan(pressure);
      }),
    );
  });

  test('counts what is under way', () => {
    const { budget } = start();
    spendAll(budget, 'read', 1, telling(19, 60));
    const before = budget.pressure();
    const underWay = budget.reserve('read');
    expect(budget.pressure()).toBeGreaterThan(before);
    underWay.release(false);
    expect(budget.pressure()).toBe(before);
  });

  test('is that of the tightest limit', () => {
    const { budget } = start();
    const ratelimit = '"a";r=1000;t=60, "b";r=3;t=60';
    const headers = { ratelimit, 'ratelimit-policy': '"a";q=1000;w=60, "b";q=20;w=60' };
    spendAll(budget, 'read', 1, { status: 200, headers });
    expect(budget.pressure()).toBeGreaterThan(10);
  });
});

describe('the age to which answers are stretched', () => {
  const pressure = fc.double({ min: 0, max: 1e6, noNaN: true });

  test('is none while the budget lasts, and the bound of stale answers when nothing is left', () => {
    for (const easy of [0, 0.5, 1, 1.1]) expect(stretchedTtl(easy, DEFAULT_TTL)).toBe(0);
    expect(stretchedTtl(Infinity, DEFAULT_TTL)).toBe(DEFAULT_TTL.maxStaleMs);
  });

  test('grows with the pressure, within its bounds and without a jump', () => {
    fc.assert(
      fc.property(pressure, fc.double({ min: 0, max: 10, noNaN: true }), (low, more) => {
        const [younger, older] = [stretchedTtl(low, DEFAULT_TTL), stretchedTtl(low + more, DEFAULT_TTL)];
        expect(younger).toBeGreaterThanOrEqual(0);
        expect(older).toBeGreaterThanOrEqual(younger);
        expect(older).toBeLessThanOrEqual(DEFAULT_TTL.maxStaleMs);
        expect(older - younger).toBeLessThanOrEqual(DEFAULT_TTL.maxStaleMs * more + 1e-6);
      }),
    );
  });

  test('grows by less than a second with each request of 1,200 until few are left', () => {
    const { budget } = start();
    let before = 0;
    for (let left = 1199; left > 240; left -= 1) {
      spendAll(budget, 'read', 1, telling(left, 299, 1200, 300));
      const age = stretchedTtl(budget.pressure(), DEFAULT_TTL);
      expect(age - before).toBeGreaterThanOrEqual(0);
      expect(age - before).toBeLessThan(1000);
      before = age;
    }
    expect(before).toBeGreaterThan(40_000);
  });
});

describe('a simulated upstream with 20 requests in 60 seconds', () => {
  test.each([
    ['from the first request', false],
    ['from the first request', true],
    ['by the clock', false],
    ['by the clock', true],
  ] as const)('is never asked beyond its limit when nobody else spends (windows %s, slow: %s)', (windows, slow) => {
    fc.assert(
      fc.property(steps({ slow }), fc.constantFrom(Math.ceil, Math.floor), (todo, round) => {
        const { most, knowinglyOver } = simulate(todo, { round, windows });
        expect([most <= LIMIT, knowinglyOver]).toEqual([true, 0]);
      }),
    );
  });

  test.each(['from the first request', 'by the clock'] as const)(
    'is asked for nothing that an answer told to be too much when others spend too (windows %s)',
    (windows) => {
      fc.assert(
        fc.property(steps({ others: 8 }), fc.constantFrom(Math.ceil, Math.floor), (todo, round) => {
          expect(simulate(todo, { round, windows }).knowinglyOver).toBe(0);
        }),
      );
    },
  );

  test('is asked for all that it gives to reads in each window, by whoever keeps asking', () => {
    const eager: Step = {
      pause: 500,
      requests: 3,
      kind: 'read',
      out: 20,
      back: [30, 60, 10],
      isLost: false,
      others: 0,
    };
    const { perWindow } = simulate(
      Array.from({ length: 600 }, () => eager),
      {
        round: Math.ceil,
        windows: 'from the first request',
      },
    );
    expect(perWindow.length).toBeGreaterThanOrEqual(4);
    for (const requests of perWindow) expect(requests).toBe(18);
  });
});

const LIMIT = 20;
const WINDOW = 60_000;

/** Time passes, others spend, and then so many requests are attempted at once. */
interface Step {
  /** Milliseconds. */
  pause: number;
  requests: number;
  kind: Kind;
  /** Milliseconds until a request arrives. */
  out: number;
  /** Milliseconds until each answer is back: a later one may overtake. */
  back: number[];
  /** Whether the answers never come. */
  isLost: boolean;
  /** Requests that others send with the same token, before ours. */
  others: number;
}

function steps({ others = 0, loses = false, slow = false } = {}): fc.Arbitrary<Step[]> {
  const step = fc.record({
    pause: fc.oneof(fc.nat(500), fc.nat(5000), fc.nat(90_000)),
    requests: fc.nat(12),
    kind: fc.constantFrom<Kind>('read', 'mutation'),
    out: fc.nat(slow ? 5000 : 450),
    back: fc.array(fc.nat(slow ? 5000 : 450), { minLength: 1, maxLength: 12 }),
    isLost: loses ? fc.boolean() : fc.constant(false),
    others: fc.nat(others),
  });
  return fc.array(step, { maxLength: 60 });
}

interface Simulation {
  round: (seconds: number) => number;
  /** When upstream begins a window. */
  windows: 'from the first request' | 'by the clock';
}

/** What a fixed-window upstream saw. */
interface Seen {
  /** The most requests in one window. */
  most: number;
  /** Requests in each window that is over. */
  perWindow: number[];
  /** Requests of ours that were sent although an answer of the same window had told that there was no room for them. */
  knowinglyOver: number;
}

function simulate(todo: readonly Step[], { round, windows }: Simulation): Seen {
  const clock = createFakeClock(NOON);
  const budget = createLocalBudget(clock);
  const upstream = createUpstream(clock, windows);
  /** What answers have told of the window that runs, and our requests under way. */
  let told = { window: -1, remaining: Infinity };
  let underWay = 0;
  let knowinglyOver = 0;

  function send({ kind, out, isLost }: Pick<Step, 'kind' | 'out' | 'isLost'>, back: number): void {
    const spending = tryToSpend(budget, kind);
    if (typeof spending === 'number') return;
    if (told.window === upstream.window() && told.remaining - underWay < 1) knowinglyOver += 1;
    underWay += 1;
    clock.after(out, () => {
      const { window, remaining, resetMs } = upstream.take();
      clock.after(back, () => {
        underWay -= 1;
        if (isLost) return spending.release(true);
        if (window > told.window) told = { window, remaining };
        else if (window === told.window) told.remaining = Math.min(told.remaining, remaining);
        const resetSeconds = round(resetMs / 1000);
        return spending.commit(telling(remaining, resetSeconds, LIMIT, WINDOW / 1000));
      });
    });
  }

  // Until the first answer it is the documented limit that holds.
  send({ kind: 'read', out: 0, isLost: false }, 0);
  for (const step of todo) {
    clock.advance(step.pause);
    for (let index = 0; index < step.others; index += 1) upstream.take();
    for (let index = 0; index < step.requests; index += 1) send(step, step.back[index % step.back.length] ?? 0);
  }
  clock.advance(2 * WINDOW);
  return { ...upstream.seen(), knowinglyOver };
}

function createUpstream(clock: Clock, windows: Simulation['windows']) {
  const counts: number[] = [];
  let endsAt = 0;

  function turn(): void {
    if (clock.now() < endsAt) return;
    const beganAt = windows === 'by the clock' ? Math.floor(clock.now() / WINDOW) * WINDOW : clock.now();
    endsAt = beganAt + WINDOW;
    counts.push(0);
  }

  return {
    /** The number of the window that runs; -1 where none does. */
    window: () => (clock.now() < endsAt ? counts.length - 1 : -1),
    take() {
      turn();
      const window = counts.length - 1;
      const used = (counts[window] ?? 0) + 1;
      counts[window] = used;
      return { window, remaining: Math.max(0, LIMIT - used), resetMs: endsAt - clock.now() };
    },
    seen: () => ({ most: Math.max(0, ...counts), perWindow: counts.slice(0, -1) }),
  };
}

describe('a budget that is shared with others, or that answers were lost of', () => {
  test('lets a read pass where the limit is one, and keeps its pressure a number', () => {
    const { budget } = start();
    spendAll(budget, 'read', 1, telling(1, 1, 1, 1));
    expect(budget.pressure()).toBeGreaterThan(0);
    expect(refusal(budget)).toBeNull();
  });

  test('refuses for as long as the longest of the limits that are used up', () => {
    const { budget } = start();
    const ratelimit = '"burst";r=0;t=5, "global";r=0;t=200';
    const headers = { ratelimit, 'ratelimit-policy': '"burst";q=20;w=10, "global";q=1200;w=300' };
    spendAll(budget, 'read', 1, { status: 200, headers });
    expect(refusal(budget, 'mutation')).toBe(201);
  });

  test('refuses for a moment alone where it is only those under way that leave no room', () => {
    const { budget } = start();
    spendAll(budget, 'read', 1, telling(19, 60));
    const underWay = Array.from({ length: 11 }, () => budget.reserve('read'));
    underWay.at(-1)?.commit(telling(8, 60));
    expect(refusal(budget, 'mutation')).toBe(1);
  });

  test('does not take the answer to an earlier request for the count of one that was lost', () => {
    const { budget } = start();
    spendAll(budget, 'read', 1, telling(19, 60));
    const earlier = budget.reserve('read');
    budget.reserve('read').release(true);
    earlier.commit(telling(18, 60));
    expect(budget.snapshot().remaining).toBe(17);
  });

  test('believes the answer to a later request, where it lost many that upstream never saw', () => {
    const { budget, clock } = start();
    spendAll(budget, 'read', 1, telling(19, 60));
    for (let lost = 0; lost < 10; lost += 1) budget.reserve('read').release(true);
    spendAll(budget, 'read', 1, telling(18, 60));
    expect(budget.snapshot().remaining).toBe(8);
    // Until then it might still have been on its way.
    clock.advance(10_000);
    spendAll(budget, 'read', 1, telling(17, 50));
    expect(budget.snapshot().remaining).toBe(17);
  });

  test.each([
    ['lost answers', { loses: true }, 'from the first request'],
    ['lost answers and windows by the clock', { loses: true }, 'by the clock'],
  ] as const)('never passes the limit with %s', (_what, kind, windows) => {
    fc.assert(
      fc.property(steps(kind), fc.constantFrom(Math.ceil, Math.floor), (todo, round) => {
        const { most, knowinglyOver } = simulate(todo, { round, windows });
        expect([most <= LIMIT, knowinglyOver]).toEqual([true, 0]);
      }),
      { numRuns: runs(75) },
    );
  });
});
