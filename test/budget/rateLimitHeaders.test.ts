import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseRateLimits } from '../../src/budget/rateLimitHeaders.ts';
import { runs } from '../support/runs.ts';

const read = (ratelimit: string, policy?: string) =>
  parseRateLimits({ ratelimit, ...(policy === undefined ? {} : { 'ratelimit-policy': policy }) });

describe('what upstream tells of its limit', () => {
  test('is what is left, until when, of how much, in how long', () => {
    expect(read('"default";r=50;t=30', '"default";q=100;w=60')).toEqual([
      { name: 'default', remaining: 50, resetSeconds: 30, limit: 100, windowSeconds: 60 },
    ]);
  });

  test('belongs together where each header tells one thing, though the names differ', () => {
    expect(read('"default";r=50;t=30', '"burst";q=100;w=60')).toEqual([
      { name: 'default', remaining: 50, resetSeconds: 30, limit: 100, windowSeconds: 60 },
    ]);
  });

  test('is told apart by name where there are several', () => {
    const policies = '"global";q=1200;w=300, "burst";q=100;w=60';
    expect(read('"burst";r=7;t=12, "global";r=900;t=200', policies)).toEqual([
      { name: 'burst', remaining: 7, resetSeconds: 12, limit: 100, windowSeconds: 60 },
      { name: 'global', remaining: 900, resetSeconds: 200, limit: 1200, windowSeconds: 300 },
    ]);
  });

  test('is never a policy of another name where there are several', () => {
    const [limit] = read('"default";r=50;t=30', '"burst";q=100;w=60, "global";q=1200;w=300');
    expect(limit).toEqual({ name: 'default', remaining: 50, resetSeconds: 30, limit: null, windowSeconds: null });
  });

  test('may come without a policy, or with half of one', () => {
    expect(read('"default";r=50;t=30')).toMatchObject([{ limit: null, windowSeconds: null }]);
    expect(read('"default";r=50;t=30', '"default";q=100')).toMatchObject([{ limit: 100, windowSeconds: null }]);
    expect(read('"default";r=50;t=30', '"default";w=60')).toMatchObject([{ limit: null, windowSeconds: 60 }]);
  });

  test('is found in whatever order, with whatever blanks and further parameters, with or without a name', () => {
    const expected = { remaining: 50, resetSeconds: 30, limit: 100, windowSeconds: 60 };
    const told = [
      read('"default"; t=30; r=50', '"default" ; w=60 ; q=100'),
      read('default;r=50;t=30', 'default;q=100;w=60'),
      read('"default";pk=:Zm9v:;r=50;t=30', '"default";qu="requests";q=100;w=60;comment="x"'),
      read(' ,"default";r=50;t=30, ', ',,"default";q=100;w=60'),
    ];
    for (const limits of told) expect(limits).toEqual([{ name: 'default', ...expected }]);
    expect(read(';r=50;t=30', ';q=100;w=60')).toEqual([{ name: '', ...expected }]);
  });

  test('may be that nothing is left, or that the window ends now', () => {
    expect(read('"default";r=0;t=0', '"default";q=0;w=0')).toEqual([
      { name: 'default', remaining: 0, resetSeconds: 0, limit: 0, windowSeconds: 0 },
    ]);
  });

  test.each([
    ['nothing at all', ''],
    ['a name alone', '"default"'],
    ['no remaining', '"default";t=30'],
    ['no reset', '"default";r=50'],
    ['a negative remaining', '"default";r=-1;t=30'],
    ['a negative reset', '"default";r=1;t=-30'],
    ['a fraction', '"default";r=1.5;t=30'],
    ['a word for a number', '"default";r=many;t=30'],
    ['a number beyond reason', '"default";r=99999999999999999999;t=30'],
    ['a quoted number', '"default";r="50";t=30'],
    ['another writing of numbers', '"default";r=0x10;t=1e3'],
    ['the older form', '50, 30'],
    ['a page', '<!DOCTYPE html><html></html>'],
    ['blanks and separators', ' ;;, ;,; '],
  ])('is nothing where the header holds %s', (_what, header) => {
    expect(read(header, '"default";q=100;w=60')).toEqual([]);
  });

  test('is nothing where the header is missing, with or without a policy', () => {
    expect(parseRateLimits({})).toEqual([]);
    expect(parseRateLimits({ 'ratelimit-policy': '"default";q=100;w=60' })).toEqual([]);
  });

  test('keeps the usable one of two limits', () => {
    const [limit, ...others] = read('"broken";r=;t=1, "default";r=50;t=30', '"default";q=100;w=60, "broken";q=x');
    expect([limit?.name, limit?.remaining, others]).toEqual(['default', 50, []]);
  });

  test('is whole numbers from 0 up, or not told, whatever the headers hold', () => {
    const part = fc.oneof(
      fc.string(),
      fc.constantFrom('"default"', 'r=', 't=', 'q=', 'w=', ';', ',', '=', '"', 'r=5', 't=9', 'q=7', 'w=3', ' '),
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
          expect(name).not.toContain('"');
          for (const number of [remaining, resetSeconds, limit ?? 0, windowSeconds ?? 0]) {
            expect(Number.isSafeInteger(number) && number >= 0).toBe(true);
          }
        }
      }),
      { numRuns: runs(200) },
    );
  });

  test('comes back as it was written, for any limits with names of their own', () => {
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
      fc.property(limits, (told) => {
        const ratelimit = told.map(({ name, remaining: r, resetSeconds: t }) => `"${name}";r=${r};t=${t}`).join(', ');
        const policy = told.map(({ name, limit: q, windowSeconds: w }) => `"${name}";q=${q};w=${w}`).toReversed();
        expect(read(ratelimit, policy.join(', '))).toEqual(told);
      }),
    );
  });
});
