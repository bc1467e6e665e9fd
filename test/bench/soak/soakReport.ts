import { formatNumber, quantile } from '../statistics.ts';
import { type CheckResult, heapGrowth, type SoakResults } from './checks.ts';
import { EXPECTED_ERRORS } from './expectedErrors.ts';
import { findPeakRequests } from './peakRequests.ts';
import type { ResourceUsage } from './replicaProcess.ts';

/** Formats the results of a soak test as Markdown. `setup` describes the load. */
export function formatSoakReport(results: SoakResults, checks: readonly CheckResult[], setup: string): string {
  return [
    '# Soak test',
    '',
    setup,
    '',
    ...section('Promises', ['promise', 'finding', 'result'], promiseRows(checks)),
    ...section('Operations', ['kind', 'sent', 'without errors', 'p50 ms', 'p99 ms'], operationRows(results)),
    ...section('Errors', ['code', 'operations and events', 'cause'], errorRows(results)),
    ...section('Broken connections', ['cause', 'count'], countRows(results.brokenConnections)),
    ...section('Chaos', ['disruption', 'count'], chaosRows(results)),
    ...section('Upstream and livestreams', ['figure', 'value'], upstreamRows(results)),
    ...section('Upstream requests', ['route', 'count'], countRows(results.upstreamRequests.countByRoute)),
    ...section('Control replica (never stopped)', ['figure', 'initially', 'warm', 'at the end'], controlRows(results)),
    ...section('Errors in the log', ['message', 'lines'], countRows(results.loggedErrors)),
  ].join('\n');
}

function section(title: string, header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const formatRow = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(' | ')} |`;
  const table = [formatRow(header), formatRow(header.map(() => '---')), ...rows.map(formatRow)];
  return [`## ${title}`, '', ...(rows.length === 0 ? ['None.'] : table), ''];
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function promiseRows(checks: readonly CheckResult[]): string[][] {
  return checks.map(({ promise, finding, hasPassed }) => [promise, finding, hasPassed ? 'kept' : '**BROKEN**']);
}

function operationRows({ operations, unanswered }: SoakResults): string[][] {
  const sorted = [...operations].toSorted(([left], [right]) => (left < right ? -1 : 1));
  const sum = (figure: 'sent' | 'succeeded'): string =>
    formatNumber(sorted.reduce((total, [, stats]) => total + stats[figure], 0));
  return [
    ...sorted.map(([kind, { sent, succeeded, durationsMs }]) => [
      kind,
      formatNumber(sent),
      formatNumber(succeeded),
      formatDuration(durationsMs, 0.5),
      formatDuration(durationsMs, 0.99),
    ]),
    ['all', sum('sent'), sum('succeeded'), '-', '-'],
    ['unanswered', formatNumber(unanswered), '-', '-', '-'],
  ];
}

/** Events have the duration 0, which is not shown. */
function formatDuration(durationsMs: readonly number[], fraction: number): string {
  const durationMs = quantile(durationsMs, fraction);
  return durationMs === 0 ? '-' : formatNumber(durationMs);
}

function errorRows({ errorCodes }: SoakResults): string[][] {
  return [...errorCodes].map(([code, count]) => [
    code,
    formatNumber(count),
    EXPECTED_ERRORS.get(code) ?? '**unexpected**',
  ]);
}

function countRows(counts: ReadonlyMap<string, number>): string[][] {
  return [...counts].map(([key, count]) => [key, formatNumber(count)]);
}

function chaosRows({ restarts, redisDisruptions, armedFaults }: SoakResults): string[][] {
  const replicas = [...restarts].map(([signal, count]): [string, number] => [`replica restarted by ${signal}`, count]);
  const faults = [...armedFaults].map(([kind, count]): [string, number] => [
    `upstream fault: ${kind} (at most)`,
    count,
  ]);
  return countRows(new Map([...replicas, ...redisDisruptions, ...faults]));
}

function upstreamRows(results: SoakResults): string[][] {
  const { upstreamRequests, quota, broadcasts, repeatedStarts, createdCounts, subscribers } = results;
  const peak = findPeakRequests(upstreamRequests.receivedAtMs, quota.windowSeconds * 1000);
  const createdOnce = [...createdCounts.values()].filter((count) => count === 1).length;
  const confirmedByReading = broadcasts.filter(({ confirmedBy }) => confirmedBy === 'reading back').length;
  const figures: [string, number][] = [
    ['upstream requests', upstreamRequests.receivedAtMs.length],
    [`most requests in one of upstream's ${quota.windowSeconds} s windows`, peak.fixedWindow],
    [`most requests in any ${quota.windowSeconds} s`, peak.slidingWindow],
    ['429 responses', upstreamRequests.rejected],
    ['livestreams requested', broadcasts.length],
    ['livestreams created exactly once', createdOnce],
    ['starts confirmed only by reading back', confirmedByReading],
    ['starts repeated after reading back', repeatedStarts],
    ['starts sent upstream', upstreamRequests.starts],
    ['stops sent upstream', upstreamRequests.stops],
    ['subscribers in total', subscribers.total],
    ['subscribers at the end', subscribers.remaining],
    ['seconds until all subscribers had the actual state', subscribers.syncSeconds],
  ];
  return figures.map(([figure, value]) => [figure, formatNumber(value)]);
}

function controlRows({ control }: SoakResults): string[][] {
  const measurements = [control.initial, control.warm, control.final];
  const row = (figure: string, valueOf: (usage: ResourceUsage) => number): string[] => [
    figure,
    ...measurements.map(valueOf).map(formatNumber),
  ];
  const types = new Set(measurements.flatMap(({ resources }) => Object.keys(resources)));
  return [
    row('heap, KB', ({ heapBytes }) => heapBytes / 1024),
    row('resident memory, KB', ({ residentBytes }) => residentBytes / 1024),
    row('open sockets', ({ sockets }) => sockets),
    ...[...types].map((type) => row(type, ({ resources }) => resources[type] ?? 0)),
    ['heap growth since warm', '-', '-', `${(100 * heapGrowth(control)).toFixed(1)} %`],
  ];
}
