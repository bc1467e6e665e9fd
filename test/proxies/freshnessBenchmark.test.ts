import { expect, test } from 'vitest';

import { runFreshnessBenchmark, SHORT_FRESHNESS_RUN } from '../bench/freshnessBenchmark.ts';

test('the freshness benchmark runs: clients that poll through nginx are answered by its cache', async () => {
  const { report, failedChecks } = await runFreshnessBenchmark(SHORT_FRESHNESS_RUN, () => {});
  // How many requests reach the gateway depends on the machine.
  expect(failedChecks.filter((check) => !check.includes('reached the gateway'))).toEqual([]);
  expect(report).toMatch(/^\| 60 \| 0 \| .*HIT \d+/m);
}, 60_000);
