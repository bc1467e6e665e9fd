import { BENCH_QUERIES } from './benchQueries.ts';
import type { DashboardRun } from './dashboards.ts';
import { type Measurement, SLOW_UPSTREAM_MS } from './measure.ts';
import { displayName } from './runningServers.ts';
import { formatNumber, median } from './statistics.ts';
import { checkTargets, cpuRatio, findMeasurement } from './targets.ts';

const BASELINES = ['naive', 'apollo', 'floor'] as const;

/** Formats the results of a run as Markdown. `method` says how they were measured. */
export function formatBenchReport(
  measurements: readonly Measurement[],
  dashboardRuns: readonly DashboardRun[],
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
    ...targetSection(measurements),
    ...dashboardRuns.flatMap(dashboardSection),
  ].join('\n');
}

function querySection(title: string, measurements: readonly Measurement[]): string[] {
  return [`## ${title}`, '', ...queryTable(measurements), ''];
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
      ...baselines.map((name) => formatNumber(ratioTo(name, measurement, measurements))),
      formatNumber(measurement.fastUpstream.p50Ms),
      formatNumber(measurement.fastUpstream.p99Ms),
      formatNumber(measurement.slowUpstream?.p50Ms ?? NaN),
      formatNumber(measurement.slowUpstream?.p99Ms ?? NaN),
    ]),
  );
}

function ratioTo(serverName: string, measurement: Measurement, measurements: readonly Measurement[]): number {
  const baseline = findMeasurement(measurements, measurement.query.name, serverName, 'cold');
  return baseline === undefined ? NaN : cpuRatio(measurement, baseline);
}

function targetSection(measurements: readonly Measurement[]): string[] {
  const targets = checkTargets(measurements);
  if (targets.length === 0) return [];
  return [
    '## Targets',
    '',
    ...table(
      ['this gateway', 'maximum ratio', 'measured ratio', 'result'],
      targets.map(({ description, maxRatio, measuredRatio, isMet }) => [
        description,
        formatNumber(maxRatio),
        formatNumber(measuredRatio),
        isMet ? 'met' : 'NOT met',
      ]),
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
