import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { BENCH_QUERIES } from './benchQueries.ts';
import { formatBenchReport } from './benchReport.ts';
import { startReplayUpstream } from './benchUpstreams.ts';
import { drawChart } from './chart.ts';
import { type DashboardRun, runDashboards } from './dashboards.ts';
import { FULL_RUN, measure, type Measurement, SHORT_RUN } from './measure.ts';
import { type BenchOptions, parseOptions } from './options.ts';
import { assertSameResults, type RunningServer, startServers, stopServer } from './runningServers.ts';
import { RedisNotInstalledError } from './soak/redisProcess.ts';
import { runSoak } from './soak/runSoak.ts';
import { FULL_SUBSCRIPTION_RUN, runSubscriptionBenchmark, SHORT_SUBSCRIPTION_RUN } from './subscriptionBenchmark.ts';

/** `npm run bench`: runs the benchmark that the command line names. */
async function main(options: BenchOptions): Promise<void> {
  await mkdir(options.outputFolder, { recursive: true });
  switch (options.benchmark) {
    case 'compare':
      return compareServers(options);
    case 'live':
      return benchmarkSubscriptions(options);
    case 'soak':
      return soak(options);
    default:
      return options.benchmark satisfies never;
  }
}

/** Runs all servers against the same simulated API. */
async function compareServers(options: BenchOptions): Promise<void> {
  const { servers, isShort, includesDashboards, outputFolder } = options;
  const measurements = await measureServers(options);
  await writeFile(join(outputFolder, 'bench.svg'), drawChart(measurements));
  const writeReport = async (dashboardRuns: DashboardRun[]): Promise<string> => {
    const report = formatBenchReport(measurements, dashboardRuns, describeMethod(isShort));
    await writeFile(join(outputFolder, 'bench.md'), report);
    return report;
  };
  // Write the measurements now, so that a failure of the dashboards does not lose them.
  let report = await writeReport([]);
  if (includesDashboards) report = await writeReport(await runDashboards(servers, logProgress));
  process.stdout.write(`${report}\n`);
  logProgress(`written to ${outputFolder}`);
}

async function benchmarkSubscriptions({ isShort, outputFolder }: BenchOptions): Promise<void> {
  const size = isShort ? SHORT_SUBSCRIPTION_RUN : FULL_SUBSCRIPTION_RUN;
  const report = await runSubscriptionBenchmark(size, logProgress);
  await writeFile(join(outputFolder, 'live.md'), report);
  process.stdout.write(report);
}

async function soak({ isShort, minutes, seed, outputFolder }: BenchOptions): Promise<void> {
  logProgress(`seed ${seed}`);
  const warmUpSeconds = isShort ? 15 : Math.min(90, minutes * 12);
  const { report, failedChecks } = await runSoak({ minutes, seed, warmUpSeconds }, logProgress);
  await writeFile(join(outputFolder, 'soak.md'), report);
  process.stdout.write(report);
  for (const check of failedChecks) logProgress(`FAILED: ${check}`);
  if (failedChecks.length > 0) process.exitCode = 1;
}

async function measureServers({ servers: specs, isShort }: BenchOptions): Promise<Measurement[]> {
  const upstream = await startReplayUpstream();
  let servers: RunningServer[] = [];
  try {
    servers = await startServers(specs, upstream);
    await assertSameResults(servers, upstream);
    return await measure(servers, upstream, isShort ? SHORT_RUN : FULL_RUN, logProgress);
  } finally {
    await Promise.all(servers.map(stopServer));
    await upstream.stop();
  }
}

function describeMethod(isShort: boolean): string {
  const rounds = isShort
    ? '**A short run: it shows that everything works, and its figures mean nothing.** '
    : `Medians of ${FULL_RUN.rounds.cpu} rounds in which the servers take turns; a ratio is the median of the ratios within each round. `;
  const concurrency = BENCH_QUERIES.map((query) => `${query.concurrency} (${query.name})`).join(', ');
  return (
    `${rounds}CPU is the user and system time of the server process in microseconds per operation, with ${concurrency} operations in flight; ` +
    `concurrent operations query different meetings, so that every operation sends its own upstream requests. p50 and p99 are of sequential operations. ` +
    `The upstream replays recorded responses of the sandbox; the dashboards use the sandbox itself. ` +
    `Cold: this gateway's cache is disabled. The other servers have no cache. ` +
    `Node ${process.versions.node}, ${availableParallelism()} processors.`
  );
}

function logProgress(line: string): void {
  process.stderr.write(`${line}\n`);
}

try {
  await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof RedisNotInstalledError)) throw error;
  logProgress(error.message);
  process.exitCode = 1;
}
