import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseRateLimits } from '../../src/budget/rateLimitHeaders.ts';
import { runs } from '../support/runs.ts';

const parse = (ratelimit: string, policy?: string) =>
  parseRateLimits({ ratelimit, ...(policy === undefined ? {} : { 'ratelimit-policy': policy }) });

describe('parsing the Ratelimit and Ratelimit-Policy fields', () => {
  test('returns the remaining requests, the reset, the limit and the window', () => {
    expect(parse('"default";r=50;t=30', '"default";q=100;w=60')).toEqual([
      { name: 'default', remaining: 50, resetSeconds: 30, limit: 100, windowSeconds: 60 },
    ]);
  });

  test('pairs a single limit with a single policy even if their names differ', () => {
    expect(parse('"default";r=50;t=30', '"burst";q=100;w=60')).toEqual([
      { name: 'default', remaining: 50, resetSeconds: 30, limit: 100, windowSeconds: 60 },
    ]);
  });

  test('pairs several limits with their policies by name', () => {
    const policies = '"global";q=1200;w=300, "burst";q=100;w=60';
    expect(parse('"burst";r=7;t=12, "global";r=900;t=200', policies)).toEqual([
      { name: 'burst', remaining: 7, resetSeconds: 12, limit: 100, windowSeconds: 60 },
      { name: 'global', remaining: 900, resetSeconds: 200, limit: 1200, windowSeconds: 300 },
    ]);
  });

  test('ignores spaces around a name', () => {
    expect(parse('" default ";r=50;t=30')).toMatchObject([{ name: 'default' }]);
    const limits = parse('" burst";r=7;t=12, "global ";r=900;t=200', '"global";q=1200;w=300, "burst ";q=100;w=60');
    expect(limits).toMatchObject([
      { name: 'burst', limit: 100 },
      { name: 'global', limit: 1200 },
    ]);
  });

  test('does not pair a limit with one of several policies of other names', () => {
    const [limit] = parse('"default";r=50;t=30', '"burst";q=100;w=60, "global";q=1200;w=300');
    expect(limit).toEqual({ name: 'default', remaining: 50, resetSeconds: 30, limit: null, windowSeconds: null });
  });

  test('returns null for a missing policy, or a missing half of one', () => {
    expect(parse('"default";r=50;t=30')).toMatchObject([{ limit: null, windowSeconds: null }]);
    expect(parse('"default";r=50;t=30', '"default";q=100')).toMatchObject([{ limit: 100, windowSeconds: null }]);
    expect(parse('"default";r=50;t=30', '"default";w=60')).toMatchObject([{ limit: null, windowSeconds: 60 }]);
  });

  test('accepts any order of parameters, extra spaces, commas and parameters, and a missing name', () => {
    const expected = { remaining: 50, resetSeconds: 30, limit: 100, windowSeconds: 60 };
    const parsed = [
      parse('"default"; t=30; r=50', '"default" ; w=60 ; q=100'),
      parse('default;r=50;t=30', 'default;q=100;w=60'),
      parse('"default";pk=:Zm9v:;r=50;t=30', '"default";qu="requests";q=100;w=60;comment="x"'),
      parse(' ,"default";r=50;t=30, ', ',,"default";q=100;w=60'),
    ];
    for (const limits of parsed) expect(limits).toEqual([{ name: 'default', ...expected }]);
    expect(parse(';r=50;t=30', ';q=100;w=60')).toEqual([{ name: '', ...expected }]);
  });

  test('reads a comma, a semicolon and an escaped quote inside a quoted name', () => {
    const limits = String.raw`"reads, \"small\"; cheap";r=7;t=12, "writes\\";r=900;t=200`;
    const policies = String.raw`"writes\\";q=1200;w=300,"reads, \"small\"; cheap";q=100;w=60`;
    expect(parse(limits, policies)).toEqual([
      { name: 'reads, "small"; cheap', remaining: 7, resetSeconds: 12, limit: 100, windowSeconds: 60 },
      { name: 'writes\\', remaining: 900, resetSeconds: 200, limit: 1200, windowSeconds: 300 },
    ]);
  });

  test('reads eight limits of a response at most', () => {
    const items = Array.from({ length: 9 }, (_, index) => `"limit, ${index}";r=${index};t=1`);
    expect(parse(items.join()).map(({ remaining }) => remaining)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('accepts zeros', () => {
    expect(parse('"default";r=0;t=0', '"default";q=0;w=0')).toEqual([
      { name: 'default', remaining: 0, resetSeconds: 0, limit: 0, windowSeconds: 0 },
    ]);
  });

  test.each([
    ['an empty string', ''],
    ['only a name', '"default"'],
    ['no remaining requests', '"default";t=30'],
    ['no reset', '"default";r=50'],
    ['a negative number of remaining requests', '"default";r=-1;t=30'],
    ['a negative reset', '"default";r=1;t=-30'],
    ['a fraction', '"default";r=1.5;t=30'],
    ['a word instead of a number', '"default";r=many;t=30'],
    ['a number with 20 digits', '"default";r=99999999999999999999;t=30'],
    ['a number with ten digits', '"default";r=1000000000;t=30'],
    ['a quoted number', '"default";r="50";t=30'],
    ['hexadecimal and exponential numbers', '"default";r=0x10;t=1e3'],
    ['the form of an older draft', '50, 30'],
    ['an HTML page', '<!DOCTYPE html><html></html>'],
    ['only spaces and separators', ' ;;, ;,; '],
  ])('returns nothing for %s', (_case, header) => {
    expect(parse(header, '"default";q=100;w=60')).toEqual([]);
  });

  test('returns nothing if the field is missing, with or without a policy', () => {
    expect(parseRateLimits({})).toEqual([]);
    expect(parseRateLimits({ 'ratelimit-policy': '"default";q=100;w=60' })).toEqual([]);
  });

  test('skips only the malformed one of two limits', () => {
    const [limit, ...others] = parse('"broken";r=;t=1, "default";r=50;t=30', '"default";q=100;w=60, "broken";q=x');
    expect([limit?.name, limit?.remaining, others]).toEqual(['default', 50, []]);
  });

  test('returns whole numbers from 0 up or nothing, and never throws, whatever the fields contain', () => {
    const part = fc.oneof(
      fc.string(),
      fc.constantFrom('"default"', 'r=', 't=', 'q=', 'w=', ';', ',', '=', '"', '\\', 'r=5', 't=9', 'q=7', 'w=3', ' '),
      fc.integer().map(String),
      fc.double().map(String),
    );
    const header = fc.option(
      fc.array(part, { maxLength: 14 }).map((parts) => parts.join('')),
      { nil: undefined },
    );
    fc.assert(
      fc.property(header, header, (limits, policies) => {
        const headers = {
          ...(limits === undefined ? {} : { ratelimit: limits }),
          ...(policies === undefined ? {} : { 'ratelimit-policy': policies }),
        };
        for (const { name, remaining, resetSeconds, limit, windowSeconds } of parseRateLimits(headers)) {
          const hasEscapedQuote = limits?.includes('\\"') === true;
          expect(hasEscapedQuote || !name.includes('"')).toBe(true);
          for (const number of [remaining, resetSeconds, limit ?? 0, windowSeconds ?? 0]) {
            expect(Number.isSafeInteger(number) && number >= 0).toBe(true);
          }
        }
      }),
      { numRuns: runs(200) },
    );
  });

  test('returns any limits with unique names as they were written', () => {
    const number = fc.nat(999_999_999);
    const limits = fc.uniqueArray(
      fc.record({
        name: fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/),
        remaining: number,
        resetSeconds: number,
        limit: number,
        windowSeconds: number,
      }),
      { selector: ({ name }) => name, maxLength: 5 },
    );
    fc.assert(
      fc.property(limits, (written) => {
        const ratelimit = written
          .map(({ name, remaining: r, resetSeconds: t }) => `"${name}";r=${r};t=${t}`)
          .join(', ');
        const policy = written.map(({ name, limit: q, windowSeconds: w }) => `"${name}";q=${q};w=${w}`).toReversed();
        expect(parse(ratelimit, policy.join(', '))).toEqual(written);
      }),
    );
  });
});

describe('parsing the X-Ratelimit fields of before 2025', () => {
  const older = (limit: string, remaining: string, reset: string, others: Record<string, string> = {}) =>
    parseRateLimits({
      'x-ratelimit-limit': limit,
      'x-ratelimit-remaining': remaining,
      'x-ratelimit-reset': reset,
      ...others,
    });

  test('returns the limit, the remaining requests and the seconds until the reset', () => {
    const limit = { name: '', remaining: 50, resetSeconds: 30, limit: 1200, windowSeconds: null };
    expect(older('1200', '50', '30')).toEqual([limit]);
    const date = 'Sun, 29 Nov 2026 10:00:00 GMT';
    expect(older('1200', '50', String(Date.parse(date) / 1000 + 30), { date })).toEqual([limit]);
    expect(older('1200', '50', String(Date.parse(date) / 1000 - 5), { date })).toEqual([{ ...limit, resetSeconds: 0 }]);
    expect(older('many', '50', '30')).toEqual([{ ...limit, limit: null }]);
  });

  test.each([
    ['', '30'],
    ['-1', '30'],
    ['1e3', '30'],
    ['50', ''],
    ['50', 'soon'],
    ['50', '1795946400'],
    ['9999999999', '30'],
  ])('returns nothing if they say %j remaining and a reset of %j', (remaining, reset) => {
    expect(older('1200', remaining, reset)).toEqual([]);
  });

  test('ignores them beside a Ratelimit field', () => {
    const ratelimit = '"default";r=7;t=9';
    expect(older('1200', '50', '30', { ratelimit })).toMatchObject([{ remaining: 7, resetSeconds: 9 }]);
  });
});
