import type { BenchQuery } from './benchQueries.ts';
import { type Measurement, SLOW_UPSTREAM_MS } from './measure.ts';
import type { CacheMode } from './runningServers.ts';
import { median } from './statistics.ts';

/** The highest CPU time per operation that this gateway may need, as a ratio to another server's in the same run. */
interface CpuTarget {
  query: BenchQuery['name'];
  mode: CacheMode;
  baseline: string;
  maxRatio: number;
}

const CPU_TARGETS: readonly CpuTarget[] = [
  { query: 'typename', mode: 'cold', baseline: 'naive', maxRatio: 0.4 },
  { query: 'meeting', mode: 'cold', baseline: 'naive', maxRatio: 0.27 },
  { query: 'meeting', mode: 'cold', baseline: 'floor', maxRatio: 2.3 },
  { query: 'meeting', mode: 'warm', baseline: 'naive', maxRatio: 0.18 },
  { query: 'fifty', mode: 'cold', baseline: 'naive', maxRatio: 0.22 },
  { query: 'fifty', mode: 'cold', baseline: 'apollo', maxRatio: 0.15 },
  { query: 'fifty', mode: 'warm', baseline: 'naive', maxRatio: 0.03 },
];

/** `fifty` needs at least two round trips: the list, then all sessions concurrently. */
const TWO_ROUND_TRIPS_MS = 2 * SLOW_UPSTREAM_MS;
const MAX_LATENCY_RATIO = 1.1;

/** A target and the ratio measured in this run. */
export interface TargetResult {
  description: string;
  maxRatio: number;
  measuredRatio: number;
  isMet: boolean;
}

/** Checks the targets whose servers took part in the run. */
export function checkTargets(measurements: readonly Measurement[]): TargetResult[] {
  return [...CPU_TARGETS.flatMap((target) => checkCpu(target, measurements)), ...checkLatency(measurements)];
}

function checkCpu(
  { query, mode, baseline, maxRatio }: CpuTarget,
  measurements: readonly Measurement[],
): TargetResult[] {
  const ours = findMeasurement(measurements, query, 'ours', mode);
  const other = findMeasurement(measurements, query, baseline, 'cold');
  if (ours === undefined || other === undefined) return [];
  return [createResult(`CPU of \`${query}\`, ${mode}, relative to ${baseline}`, maxRatio, cpuRatio(ours, other))];
}

function checkLatency(measurements: readonly Measurement[]): TargetResult[] {
  const ours = findMeasurement(measurements, 'fifty', 'ours', 'cold')?.slowUpstream?.p50Ms;
  const floor = findMeasurement(measurements, 'fifty', 'floor', 'cold')?.slowUpstream?.p50Ms;
  if (ours === undefined) return [];
  const subject = `p50 of \`fifty\`, cold, upstream latency ${SLOW_UPSTREAM_MS} ms`;
  return [
    createResult(
      `${subject}, relative to two round trips (${TWO_ROUND_TRIPS_MS} ms)`,
      MAX_LATENCY_RATIO,
      ours / TWO_ROUND_TRIPS_MS,
    ),
    ...(floor === undefined ? [] : [createResult(`${subject}, relative to floor`, MAX_LATENCY_RATIO, ours / floor)]),
  ];
}

function createResult(description: string, maxRatio: number, measuredRatio: number): TargetResult {
  return { description, maxRatio, measuredRatio, isMet: measuredRatio <= maxRatio };
}

/**
 * Returns the median over all rounds of the ratio of CPU time per operation. Ratios are taken within a round, because a slow moment
 * of the machine affects both servers of that round. NaN if either server has no rounds.
 */
export function cpuRatio(measurement: Measurement, baseline: Measurement): number {
  return median(measurement.cpuMicroseconds.map((cpu, round) => cpu / (baseline.cpuMicroseconds[round] ?? NaN)));
}

/** Returns a server's measurement of a query, or undefined if the server did not take part. */
export function findMeasurement(
  measurements: readonly Measurement[],
  queryName: BenchQuery['name'],
  serverName: string,
  mode: CacheMode,
): Measurement | undefined {
  return measurements.find(
    ({ query, server }) => query.name === queryName && server.spec.name === serverName && server.mode === mode,
  );
}
