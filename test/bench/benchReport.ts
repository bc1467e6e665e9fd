import { BENCH_QUERIES } from './benchQueries.ts';
import type { DashboardRun } from './dashboards.ts';
import { type Measurement, SLOW_UPSTREAM_MS } from './measure.ts';
import { displayName } from './runningServers.ts';
import type { ServerSpec } from './serverSpecs.ts';
import type { StartMeasurement } from './startBenchmark.ts';
import { formatNumber, median } from './statistics.ts';
import { checkTargets, findMeasurement, pairedRatios } from './targets.ts';

const BASELINES = ['naive', 'floor'] as const;

/** The results of a run. */
export interface BenchResults {
  servers: readonly ServerSpec[];
  measurements: readonly Measurement[];
  starts: readonly StartMeasurement[];
  dashboardRuns: readonly DashboardRun[];
}

/** Formats the results of a run as Markdown. `method` says how they were measured. */
export function formatBenchReport(
  { servers, measurements, starts, dashboardRuns }: BenchResults,
  method: string,
): string {
  return [
    '# Benchmark',
    '',
    method,
    '',
    ...BENCH_QUERIES.flatMap((query) =>
      querySection(
        query.title,
        measurements.filter((measurement) => measurement.query === query),
      ),
    ),
    ...startSection(starts),
    ...targetSection(measurements, starts),
    ...featureSection(servers),
    ...dashboardRuns.flatMap(dashboardSection),
  ].join('\n');
}

function querySection(title: string, measurements: readonly Measurement[]): string[] {
  return measurements.length === 0 ? [] : [`## ${title}`, '', ...queryTable(measurements), ''];
}

function queryTable(measurements: readonly Measurement[]): string[] {
  const baselines = BASELINES.filter((name) => measurements.some(({ server }) => server.spec.name === name));
  return table(
    [
      'query',
      'server',
      'description',
      'upstream requests',
      'CPU µs',
      ...baselines.map((name) => `CPU / ${name}`),
      'allocated KB',
      'p50 ms',
      'p99 ms',
      `p50 ms, upstream ${SLOW_UPSTREAM_MS} ms`,
      `p99 ms, upstream ${SLOW_UPSTREAM_MS} ms`,
    ],
    measurements.map((measurement) => [
      measurement.query.name,
      displayName(measurement.server),
      measurement.server.spec.description,
      formatNumber(measurement.upstreamRequests),
      formatNumber(median(measurement.cpuMicroseconds)),
      ...baselines.map((name) => formatRatios(ratiosTo(name, measurement, measurements))),
      formatNumber(median(measurement.allocatedBytes) / 1024),
      formatNumber(measurement.fastUpstream.p50Ms),
      formatNumber(measurement.fastUpstream.p99Ms),
      formatNumber(measurement.slowUpstream?.p50Ms ?? NaN),
      formatNumber(measurement.slowUpstream?.p99Ms ?? NaN),
    ]),
  );
}

function ratiosTo(serverName: string, measurement: Measurement, measurements: readonly Measurement[]): number[] {
  const baseline = findMeasurement(measurements, measurement.query.name, serverName, 'cold');
  return pairedRatios(measurement.cpuMicroseconds, baseline?.cpuMicroseconds);
}

/** The median, with the lowest and the highest ratio of all rounds. */
function formatRatios(ratios: readonly number[]): string {
  return `${formatNumber(median(ratios))} (${formatNumber(Math.min(...ratios))}–${formatNumber(Math.max(...ratios))})`;
}

function startSection(starts: readonly StartMeasurement[]): string[] {
  if (starts.length === 0) return [];
  const naive = starts.find(({ program }) => program === 'naive')?.durationsMs;
  return [
    '## Start',
    '',
    'From the start of the process to the answer of `{ __typename }`, with default settings. `source` is `npm start` with a filled compile cache; `bundle` is what the container runs.',
    '',
    ...table(
      ['program', 'first answer ms', 'time / naive'],
      starts.map(({ program, durationsMs }) => [
        program,
        formatNumber(median(durationsMs)),
        formatRatios(pairedRatios(durationsMs, naive)),
      ]),
    ),
    '',
  ];
}

function targetSection(measurements: readonly Measurement[], starts: readonly StartMeasurement[]): string[] {
  const targets = checkTargets(measurements, starts);
  if (targets.length === 0) return [];
  return [
    '## Targets',
    '',
    ...table(
      ['this gateway', 'maximum', 'measured', 'result'],
      targets.map(({ description, max, measured, isMet }) => [
        description,
        formatNumber(max),
        formatNumber(measured),
        isMet ? 'met' : 'NOT met',
      ]),
    ),
    '',
  ];
}

function featureSection(servers: readonly ServerSpec[]): string[] {
  if (servers.length === 0) return [];
  return [
    '## What the servers do besides answering queries',
    '',
    'As configured here, none of the other servers has a cache, a request budget, deadlines shorter than the five minutes of their HTTP client, retries, checks of responses, limits on documents, a log or metrics. Their CPU time contains none of that.',
    '',
    ...table(
      ['server', 'does'],
      servers.map(({ name, features }) => [name, features]),
    ),
    '',
  ];
}

function dashboardSection({ quota, dashboards, seconds, results }: DashboardRun): string[] {
  return [
    `## Dashboards: ${quota.limit} upstream requests in ${quota.windowSeconds} s`,
    '',
    `${dashboards} dashboards query 50 LIVE livestreams with their sessions every 2 s, for ${seconds} s. A server that exceeds the limit is locked out for ${quota.lockoutSeconds} s.`,
    '',
    ...table(
      [
        'server',
        'sent',
        'succeeded',
        'failed',
        '429 responses',
        'upstream requests',
        'oldest row, s',
        'p50 ms',
        'p99 ms',
      ],
      results.map((result) => [
        result.spec.name,
        formatNumber(result.sent),
        formatNumber(result.succeeded),
        result.failures.size === 0 ? '0' : [...result.failures].map(([code, count]) => `${count} ${code}`).join(', '),
        formatNumber(result.rejected),
        formatNumber(result.received),
        formatNumber(result.maxAgeSeconds),
        formatNumber(result.p50Ms),
        formatNumber(result.p99Ms),
      ]),
    ),
    '',
  ];
}

function table(header: string[], rows: string[][]): string[] {
  const formatRow = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [formatRow(header), formatRow(header.map(() => '---')), ...rows.map(formatRow)];
}
