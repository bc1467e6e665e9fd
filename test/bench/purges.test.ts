import { expect, test } from 'vitest';

import { timeoutMs } from '../support/runs.ts';
import { formatPurgeResults, measurePurges, SHORT_PURGE_RUN } from './purgeBenchmark.ts';

test(
  'the benchmark of purges sees each change, with and without webhooks and purges',
  async () => {
    const results = await measurePurges(SHORT_PURGE_RUN, () => {});
    expect(results.map(({ name, delaysMs }) => [name, delaysMs.length])).toEqual([
      ['expiry', SHORT_PURGE_RUN.changes],
      ['webhooks and purges', SHORT_PURGE_RUN.changes],
    ]);
    expect(results.map(({ purges }) => purges > 0)).toEqual([false, true]);
    expect(formatPurgeResults(results)).toMatch(/\| webhooks and purges( \| [\d,.]+){7} \|\n$/);
  },
  timeoutMs(180_000),
);
