import type { BenchQuery } from './benchQueries.ts';
import { type Measurement, SLOW_UPSTREAM_MS } from './measure.ts';
import type { ServerMode } from './serverSpecs.ts';
import type { StartMeasurement } from './startBenchmark.ts';
import { median } from './statistics.ts';

/** The highest CPU time per operation that this gateway may need, as a ratio to naive's in the same run. */
const CPU_TARGETS: readonly { query: BenchQuery['name']; mode: ServerMode; max: number }[] = [
  { query: 'typename', mode: 'cold', max: 0.35 },
  { query: 'meeting', mode: 'cold', max: 0.45 },
  { query: 'meeting', mode: 'stored', max: 0.5 },
  { query: 'fifty', mode: 'cold', max: 0.58 },
  { query: 'fifty', mode: 'stored', max: 0.65 },
  { query: 'typename', mode: 'warm', max: 0.2 },
  { query: 'meeting', mode: 'warm', max: 0.12 },
  { query: 'fifty', mode: 'warm', max: 0.012 },
];

/** With log and metrics, relative to without. */
const MAX_LOGGED_RATIO = 1.25;

/** `fifty` needs at least two round trips: the list, then all sessions concurrently. */
const MAX_SLOW_FIFTY_MS = 2.2 * SLOW_UPSTREAM_MS;

const MAX_MEETING_KILOBYTES = 90;

/** The time to the first answer, relative to naive's. */
const START_TARGETS: readonly { program: StartMeasurement['program']; max: number }[] = [
  { program: 'bundle', max: 0.75 },
  { program: 'source', max: 1.5 },
];

/** A target and what was measured in this run. */
export interface TargetResult {
  description: string;
  max: number;
  measured: number;
  isMet: boolean;
}

/** Checks the targets whose servers took part in the run. */
export function checkTargets(
  measurements: readonly Measurement[],
  starts: readonly StartMeasurement[],
): TargetResult[] {
  const find = (query: BenchQuery['name'], server: string, mode: ServerMode) =>
    findMeasurement(measurements, query, server, mode);
  const cpu = CPU_TARGETS.map(({ query, mode, max }) => {
    const measured = cpuRatio(find(query, 'ours', mode), find(query, 'naive', 'cold'));
    return createResult(`CPU of \`${query}\`, ${mode}, relative to naive`, max, measured);
  });
  const logged = (['typename', 'meeting', 'fifty'] as const).map((query) => {
    const measured = cpuRatio(find(query, 'ours', 'logged'), find(query, 'ours', 'warm'));
    return createResult(`CPU of \`${query}\` with log and metrics, relative to without`, MAX_LOGGED_RATIO, measured);
  });
  const start = START_TARGETS.map(({ program, max }) => {
    const measured = startRatio(starts, program);
    return createResult(`time to the first answer, ${program}, relative to naive`, max, measured);
  });
  const slowFifty = find('fifty', 'ours', 'cold')?.slowUpstream?.p50Ms ?? NaN;
  const meetingBytes = median(find('meeting', 'ours', 'cold')?.allocatedBytes ?? []);
  return [
    ...cpu,
    ...logged,
    createResult(`p50 of \`fifty\`, cold, upstream ${SLOW_UPSTREAM_MS} ms, in ms`, MAX_SLOW_FIFTY_MS, slowFifty),
    createResult('KB allocated by `meeting`, cold', MAX_MEETING_KILOBYTES, meetingBytes / 1024),
    ...start,
  ].filter(({ measured }) => !Number.isNaN(measured));
}

function createResult(description: string, max: number, measured: number): TargetResult {
  return { description, max, measured, isMet: measured <= max };
}

/** The median over all rounds of a program's time to the first answer, relative to naive's in the same round. */
function startRatio(starts: readonly StartMeasurement[], name: StartMeasurement['program']): number {
  const find = (name: StartMeasurement['program']) => starts.find(({ program }) => program === name)?.durationsMs;
  return median(pairedRatios(find(name), find('naive')));
}

/**
 * Returns each round's ratio. Ratios are taken within a round, because a slow moment of the machine affects both servers of that
 * round. Empty if one of them was not measured.
 */
export function pairedRatios(values: readonly number[] = [], baseline: readonly number[] = []): number[] {
  return values.flatMap((value, round) => {
    const other = baseline[round];
    return other === undefined ? [] : [value / other];
  });
}

/** Returns the median over all rounds of the ratio of CPU time per operation. NaN if either server was not measured. */
function cpuRatio(measurement: Measurement | undefined, baseline: Measurement | undefined): number {
  return median(pairedRatios(measurement?.cpuMicroseconds, baseline?.cpuMicroseconds));
}

/** Returns a server's measurement of a query, or undefined if the server did not take part. */
export function findMeasurement(
  measurements: readonly Measurement[],
  queryName: BenchQuery['name'],
  serverName: string,
  mode: ServerMode,
): Measurement | undefined {
  return measurements.find(
    ({ query, server }) => query.name === queryName && server.spec.name === serverName && server.mode === mode,
  );
}
