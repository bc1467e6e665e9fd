import { expect, test } from 'vitest';

import { timeoutMs } from '../support/runs.ts';
import { checkPurges, formatPurgeReport, measurePurges, SHORT_PURGE_RUN } from './purgeBenchmark.ts';

test(
  'the benchmark of purges sees each change, with and without webhooks and purges',
  async () => {
    const results = await measurePurges(SHORT_PURGE_RUN, () => {});
    expect(results.map(({ name, delaysMs }) => [name, delaysMs.length])).toEqual([
      ['expiry', SHORT_PURGE_RUN.changes],
      ['webhooks and purges', SHORT_PURGE_RUN.changes],
    ]);
    expect(results.map(({ purges }) => purges > 0)).toEqual([false, true]);
    expect(formatPurgeReport(SHORT_PURGE_RUN, results)).toMatch(/\| webhooks and purges( \| [\d,.]+){7} \|\n$/);
  },
  timeoutMs(180_000),
);

test('the benchmark of purges fails if one change in a hundred takes longer than a second', () => {
  const requestsPerSecond = { clients: 1, gateway: 1, upstream: 1 };
  const result = (slow: number, purges: number) => ({
    name: 'webhooks and purges',
    delaysMs: [...Array<number>(100 - slow).fill(100), ...Array<number>(slow).fill(1001)],
    requestsPerSecond,
    purges,
  });
  expect(checkPurges([result(50, 0), result(1, 100)])).toEqual([]);
  expect(checkPurges([result(2, 100)])).toEqual(['with webhooks and purges, the p99 is 1,001 ms']);
});
