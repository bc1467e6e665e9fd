import { expect, test } from 'vitest';

import { rateLimitFields } from '../../src/server/rateLimitFields.ts';

test.each([
  [30_000, 30],
  [29_001, 30],
  [1, 1],
  [0, 0],
  [-5000, 0],
])('a share that resets in %i ms is reported to reset in %i s, never too early', (resetsInMs, seconds) => {
  const now = Date.UTC(2026, 0, 15, 12);
  const share = { limit: 20, remaining: 7, resetsAt: now + resetsInMs, windowMs: 60_000 };
  expect(rateLimitFields(share, now)).toEqual({
    ratelimit: `"caller";r=7;t=${seconds}`,
    'ratelimit-policy': '"caller";q=20;w=60',
  });
});
