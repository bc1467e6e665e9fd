import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

import { startReplayUpstream } from '../../bench/benchUpstreams.ts';
import { FULL_RUN, type RunSize, SHORT_RUN } from '../../bench/measure.ts';
import { measureCpu, measureForwarding } from './cpuBenchmark.ts';
import { measureWorkerStarts } from './startBenchmark.ts';
import { formatWorkersReport } from './workersReport.ts';

export interface WorkersRunSize {
  queries: RunSize;
  /** How often the processes are started. */
  starts: number;
}

/** Without a slow upstream: it shows nothing of the runtime. */
const withoutSlowUpstream = (size: RunSize, cpuRounds: number): RunSize => ({
  ...size,
  rounds: { cpu: cpuRounds, fastUpstream: 1, slowUpstream: 0 },
});
export const FULL_WORKERS_RUN: WorkersRunSize = { queries: withoutSlowUpstream(FULL_RUN, 7), starts: 7 };
export const QUICK_WORKERS_RUN: WorkersRunSize = { queries: withoutSlowUpstream(FULL_RUN, 3), starts: 3 };
export const SHORT_WORKERS_RUN: WorkersRunSize = { queries: withoutSlowUpstream(SHORT_RUN, 1), starts: 1 };

/**
 * Compares the CPU time of the gateway in workerd, Cloudflare's runtime, with that on Node.js, and measures how long workerd takes to
 * start it. `scriptPath`: the Worker's script. Returns a Markdown report.
 */
export async function runWorkersBenchmark(
  scriptPath: string,
  { queries, starts }: WorkersRunSize,
  logProgress: (line: string) => void,
): Promise<string> {
  const script = readFileSync(scriptPath, 'utf8');
  const upstream = await startReplayUpstream();
  try {
    return formatWorkersReport(
      {
        measurements: await measureCpu(script, upstream, queries, logProgress),
        forwarding: await measureForwarding(upstream, queries, logProgress),
        starts: await measureWorkerStarts(script, upstream.env, starts, logProgress),
        script: { bytes: Buffer.byteLength(script), gzippedBytes: gzipSync(script, { level: 9 }).length },
      },
      describeMethod(queries.rounds.cpu, starts),
    );
  } finally {
    await upstream.stop();
  }
}

function describeMethod(rounds: number, starts: number): string {
  return (
    `Medians, with the lowest and the highest value: of ${rounds} rounds in which Node.js and workerd take turns, and of ${starts} starts. ` +
    'CPU is the user and system time of the process per operation, without that of clients and upstream. Both answer over HTTP, check an API key, and run without log and metrics. ' +
    'Cold: nothing is cached; warm: with the cache, in workerd that of the object.'
  );
}
