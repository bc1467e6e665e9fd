import { BENCH_QUERIES } from '../../bench/benchQueries.ts';
import type { Measurement } from '../../bench/measure.ts';
import type { ServerMode } from '../../bench/serverSpecs.ts';
import { formatNumber, median } from '../../bench/statistics.ts';
import { findMeasurement, pairedRatios } from '../../bench/targets.ts';
import type { StartResults } from './startBenchmark.ts';

export interface WorkersResults {
  measurements: readonly Measurement[];
  forwarding: readonly Measurement[];
  starts: StartResults;
  /** The script's size in bytes, and what of it is sent to Cloudflare. */
  script: { bytes: number; gzippedBytes: number };
}

/** https://developers.cloudflare.com/workers/platform/limits/#worker-startup-time */
const MAX_START_CPU_MS = 1000;

/** Formats the results as Markdown. `method` says how they were measured. */
export function formatWorkersReport({ measurements, forwarding, starts, script }: WorkersResults, method: string) {
  return [
    '# Cloudflare Workers',
    '',
    method,
    '',
    '| query | mode | Node.js, CPU µs | workerd, CPU µs | workerd / Node.js | with the isolate’s cache, CPU µs | Node.js, p50 ms | workerd, p50 ms |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...BENCH_QUERIES.flatMap(({ name }) =>
      (['cold', 'warm'] as const).map((mode) => formatQuery(measurements, name, mode)),
    ),
    '',
    ...formatForwarding(forwarding),
    ...formatStarts(starts),
    `The script has ${formatNumber(script.bytes / 1024)} KiB, gzipped ${formatNumber(script.gzippedBytes / 1024)} KiB.`,
    '',
  ].join('\n');
}

function formatQuery(measurements: readonly Measurement[], query: 'typename' | 'meeting' | 'fifty', mode: ServerMode) {
  const find = (name: string) => findMeasurement(measurements, query, name, mode);
  const [node, worker] = [find('node'), find('worker')];
  const cells = [
    query,
    mode,
    formatCpu(node),
    formatCpu(worker),
    formatSpread(pairedRatios(worker?.cpuMicroseconds, node?.cpuMicroseconds)),
    formatCpu(find('isolate')),
    formatNumber(node?.fastUpstream.p50Ms ?? NaN),
    formatNumber(worker?.fastUpstream.p50Ms ?? NaN),
  ];
  return `| ${cells.join(' | ')} |`;
}

const formatCpu = (measurement: Measurement | undefined): string =>
  formatNumber(median(measurement?.cpuMicroseconds ?? []));

/** The median, with the lowest and the highest value. */
function formatSpread(values: readonly number[]): string {
  return `${formatNumber(median(values))} (${formatNumber(Math.min(...values))}–${formatNumber(Math.max(...values))})`;
}

function formatForwarding(measurements: readonly Measurement[]): string[] {
  const find = (name: string) => findMeasurement(measurements, 'typename', name, 'cold')?.cpuMicroseconds ?? [];
  const answering = find('answering');
  const costs = find('forwarding').map((cpu, round) => cpu - (answering[round] ?? NaN));
  return [
    `A request takes ${formatSpread(answering)} µs of CPU in a Worker that only answers, and ${formatSpread(costs)} µs more if the Worker passes it on to an object.`,
    '',
  ];
}

function formatStarts({ gateway, empty, objects }: StartResults): string[] {
  const evaluation = gateway.readyCpuMs.map((cpu, round) => cpu - (empty.readyCpuMs[round] ?? NaN));
  const isWithinLimit = median(evaluation) <= MAX_START_CPU_MS;
  return [
    '| from | to | ms |',
    '| --- | --- | --- |',
    `| the start of workerd | the first answer of the gateway | ${formatSpread(gateway.firstAnswerMs)} |`,
    `| the start of workerd | the first answer of an empty script | ${formatSpread(empty.firstAnswerMs)} |`,
    `| a request after the object was evicted | its answer | ${formatSpread(objects.evictedMs)} |`,
    `| a request to the running object | its answer | ${formatSpread(objects.runningMs)} |`,
    '',
    `Compiling and running the script takes ${formatSpread(evaluation)} ms of CPU, ${isWithinLimit ? 'within' : 'NOT within'} Cloudflare’s limit of ${formatNumber(MAX_START_CPU_MS)} ms.`,
    '',
  ];
}
