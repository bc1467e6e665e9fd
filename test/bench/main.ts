import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, type } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { ProxyNotInstalledError } from '../proxies/startProxy.ts';
import { BENCH_QUERIES } from './benchQueries.ts';
import { formatBenchReport } from './benchReport.ts';
import { type ReplayUpstream, startReplayUpstream } from './benchUpstreams.ts';
import { drawChart } from './chart.ts';
import { type DashboardRun, runDashboards } from './dashboards.ts';
import { FULL_FAIRNESS_RUN, runFairness, SHORT_FAIRNESS_RUN } from './fairness/runFairness.ts';
import { FULL_FRESHNESS_RUN, runFreshnessBenchmark, SHORT_FRESHNESS_RUN } from './freshnessBenchmark.ts';
import { FULL_RUN, measure, type Measurement, QUICK_RUN, SHORT_RUN } from './measure.ts';
import { type BenchOptions, parseOptions } from './options.ts';
import { FULL_PRESSURE_RUN, runPressureBenchmark, SHORT_PRESSURE_RUN } from './pressureBenchmark.ts';
import { FULL_PURGE_RUN, runPurgeBenchmark, SHORT_PURGE_RUN } from './purgeBenchmark.ts';
import { assertSameResults, startServers, stopServer } from './runningServers.ts';
import { PROJECT_ROOT } from './serverProcess.ts';
import { PEERS } from './serverSpecs.ts';
import { RedisNotInstalledError } from './soak/redisProcess.ts';
import { runSoak } from './soak/runSoak.ts';
import { measureStarts, type StartMeasurement } from './startBenchmark.ts';
import { FULL_SUBSCRIPTION_RUN, runSubscriptionBenchmark, SHORT_SUBSCRIPTION_RUN } from './subscriptionBenchmark.ts';
import { runWorkersProgram } from './workersProgram.ts';

const RUN_SIZES = { full: FULL_RUN, quick: QUICK_RUN, short: SHORT_RUN };
const START_ROUNDS = { full: 12, quick: 7, short: 1 };

/** `npm run bench`: runs the benchmark that the command line names. */
async function main(options: BenchOptions): Promise<void> {
  await mkdir(options.outputFolder, { recursive: true });
  switch (options.benchmark) {
    case 'compare':
      return compareServers(options);
    case 'start':
      return benchmarkStart(options);
    case 'live':
      return benchmarkSubscriptions(options);
    case 'pressure':
      return benchmarkPressure(options);
    case 'freshness':
      return benchmarkFreshness(options);
    case 'soak':
      return soak(options);
    case 'fairness':
      return benchmarkFairness(options);
    case 'workers':
    case 'viewers':
      return benchmarkOnWorkers(options);
    default:
      return options.benchmark satisfies never;
  }
}

/** Runs all servers against the same simulated API. */
async function compareServers(options: BenchOptions): Promise<void> {
  const { servers, size, includesDashboards, outputFolder } = options;
  if (servers.some(({ file }) => file.startsWith(PEERS))) await installPeers();
  const upstream = await startReplayUpstream();
  try {
    const starts = await compareStarts(options, upstream);
    const measurements = await measureServers(options, upstream);
    await writeFile(join(outputFolder, 'bench.svg'), drawChart(measurements));
    const writeReport = async (dashboardRuns: DashboardRun[]): Promise<string> => {
      const report = formatBenchReport({ servers, measurements, starts, dashboardRuns }, describeMethod(size));
      await writeFile(join(outputFolder, 'bench.md'), report);
      return report;
    };
    // Write the measurements now, so that a failure of the dashboards does not lose them.
    let report = await writeReport([]);
    if (includesDashboards) report = await writeReport(await runDashboards(servers, logProgress));
    process.stdout.write(`${report}\n`);
    logProgress(`written to ${outputFolder}`);
  } finally {
    await upstream.stop();
  }
}

async function installPeers(): Promise<void> {
  logProgress('installing the other servers');
  await promisify(execFile)('npm', ['ci', '--silent'], { cwd: join(PROJECT_ROOT, PEERS) });
}

/** Measures the start of this gateway and of naive, if both take part. */
async function compareStarts({ servers, size }: BenchOptions, upstream: ReplayUpstream): Promise<StartMeasurement[]> {
  const takesPart = (name: string) => servers.some((spec) => spec.name === name);
  if (!takesPart('ours') || !takesPart('naive')) return [];
  return measureStarts(upstream, START_ROUNDS[size], logProgress);
}

async function benchmarkStart(options: BenchOptions): Promise<void> {
  const upstream = await startReplayUpstream();
  try {
    const starts = await compareStarts(options, upstream);
    const results = { servers: [], measurements: [], starts, dashboardRuns: [] };
    process.stdout.write(`${formatBenchReport(results, describeMachine())}\n`);
  } finally {
    await upstream.stop();
  }
}

async function benchmarkSubscriptions({ size: runSize, outputFolder }: BenchOptions): Promise<void> {
  const size = runSize === 'short' ? SHORT_SUBSCRIPTION_RUN : FULL_SUBSCRIPTION_RUN;
  const report = await runSubscriptionBenchmark(size, logProgress);
  await writeFile(join(outputFolder, 'live.md'), report);
  process.stdout.write(report);
}

async function benchmarkPressure({ size: runSize, outputFolder }: BenchOptions): Promise<void> {
  const size = runSize === 'short' ? SHORT_PRESSURE_RUN : FULL_PRESSURE_RUN;
  const report = await runPressureBenchmark(size, logProgress);
  await writeFile(join(outputFolder, 'pressure.md'), report);
  process.stdout.write(report);
}

async function benchmarkFairness({ size, outputFolder }: BenchOptions): Promise<void> {
  const isShort = size === 'short';
  const { report, failedChecks } = await runFairness(isShort ? SHORT_FAIRNESS_RUN : FULL_FAIRNESS_RUN, logProgress);
  await writeFile(join(outputFolder, 'fairness.md'), report);
  process.stdout.write(report);
  // A short run shows that everything works: its figures mean nothing.
  if (!isShort) reportFailures(failedChecks);
}

async function benchmarkFreshness({ size, outputFolder }: BenchOptions): Promise<void> {
  const isShort = size === 'short';
  // Needs no nginx.
  const purges = await runPurgeBenchmark(isShort ? SHORT_PURGE_RUN : FULL_PURGE_RUN, logProgress);
  await writeFile(join(outputFolder, 'purges.md'), purges.report);
  process.stdout.write(purges.report);
  const run = isShort ? SHORT_FRESHNESS_RUN : FULL_FRESHNESS_RUN;
  const { report, failedChecks } = await runFreshnessBenchmark(run, logProgress);
  await writeFile(join(outputFolder, 'freshness.md'), report);
  process.stdout.write(report);
  reportFailures([...purges.failedChecks, ...failedChecks]);
}

async function benchmarkOnWorkers(options: BenchOptions): Promise<void> {
  const { report, hasSucceeded } = await runWorkersProgram(options, logProgress);
  await writeFile(join(options.outputFolder, `${options.benchmark}.md`), report);
  process.stdout.write(report);
  if (!hasSucceeded) process.exitCode = 1;
}

/** Lets the program fail if a check has failed. */
function reportFailures(failedChecks: readonly string[]): void {
  for (const check of failedChecks) logProgress(`FAILED: ${check}`);
  if (failedChecks.length > 0) process.exitCode = 1;
}

async function soak({ size, minutes, seed, outputFolder }: BenchOptions): Promise<void> {
  logProgress(`seed ${seed}`);
  const warmUpSeconds = size === 'short' ? 15 : Math.min(90, minutes * 12);
  const { report, failedChecks } = await runSoak({ minutes, seed, warmUpSeconds }, logProgress);
  await writeFile(join(outputFolder, 'soak.md'), report);
  process.stdout.write(report);
  reportFailures(failedChecks);
}

async function measureServers(
  { servers: specs, size }: BenchOptions,
  upstream: ReplayUpstream,
): Promise<Measurement[]> {
  const servers = await startServers(specs, upstream);
  try {
    await assertSameResults(servers, upstream);
    return await measure(servers, upstream, RUN_SIZES[size], logProgress);
  } finally {
    await Promise.all(servers.map(stopServer));
  }
}

function describeMethod(size: BenchOptions['size']): string {
  const rounds =
    size === 'short'
      ? '**A short run: it shows that everything works, and its figures mean nothing.** '
      : `Medians of ${RUN_SIZES[size].rounds.cpu} rounds in which the servers take turns; a ratio is the median of the ratios within each round, with the lowest and the highest. `;
  const concurrency = BENCH_QUERIES.map((query) => `${query.concurrency} (${query.name})`).join(', ');
  return (
    `${rounds}CPU is the user and system time of the server process in microseconds per operation, with ${concurrency} operations in flight; ` +
    `concurrent operations query different meetings, so that every operation sends its own upstream requests. Allocated is what an operation allocates on V8's heap. ` +
    `p50 and p99 are of sequential operations. ` +
    `The upstream replays recorded responses of the sandbox; the dashboards use the sandbox itself. ` +
    `Modes of this gateway: cold, without a cache; stored, cold with every response stored for a millisecond; warm, with the cache; logged, warm with log and metrics. ` +
    `The other servers have no cache. ${describeMachine()}`
  );
}

/** Ratios can be compared only between runs on the same machine. */
function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `Node ${process.versions.node} on ${availableParallelism()} × ${model}, ${type()} ${release()}.`;
}

function logProgress(line: string): void {
  process.stderr.write(`${line}\n`);
}

try {
  await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof RedisNotInstalledError || error instanceof ProxyNotInstalledError)) throw error;
  logProgress(error.message);
  process.exitCode = 1;
}
