import { describe, expect, test } from 'vitest';

import { createThrottledWarning } from '../../src/lib/throttledWarning.ts';
import { createFakeClock } from '../support/fakeClock.ts';

function setUp() {
  const clock = createFakeClock();
  const warnings: [count: number, reason: string][] = [];
  const warn = createThrottledWarning(clock, (count, reason: string) => warnings.push([count, reason]));
  return { clock, warnings, warn };
}

describe('createThrottledWarning', () => {
  test('warns at the first occurrence', () => {
    const { warnings, warn } = setUp();
    warn(3, 'first');
    expect(warnings).toEqual([[3, 'first']]);
  });

  test('does not warn again within a minute', () => {
    const { clock, warnings, warn } = setUp();
    warn(1, 'first');
    clock.advance(59_999);
    warn(1, 'second');
    expect(warnings).toHaveLength(1);
  });

  test('warns again after a minute, with the total since the previous warning and the latest details', () => {
    const { clock, warnings, warn } = setUp();
    warn(1, 'first');
    warn(2, 'second');
    clock.advance(60_000);
    warn(4, 'third');
    clock.advance(60_000);
    warn(8, 'fourth');
    expect(warnings).toEqual([
      [1, 'first'],
      [6, 'third'],
      [8, 'fourth'],
    ]);
  });

  test('is silent while the problem does not occur', () => {
    const { clock, warnings, warn } = setUp();
    warn(1, 'first');
    warn(1, 'second');
    clock.advance(600_000);
    expect(warnings).toHaveLength(1);
  });
});
