import { fileURLToPath } from 'node:url';

import { buildInto } from '../deployed/bundle.ts';
import { fullViewersRun, runViewersBenchmark, SHORT_VIEWERS_RUN } from './viewersBenchmark.ts';
import type { ViewersRunSize } from './viewersReport.ts';
import { FULL_WORKERS_RUN, QUICK_WORKERS_RUN, runWorkersBenchmark, SHORT_WORKERS_RUN } from './workersBenchmark.ts';

/*
 * The benchmarks on Cloudflare Workers, as a program of their own: they need the packages of this folder. `npm run bench` starts it with
 * the name of the benchmark, its size, and its duration in minutes. Prints the report.
 */

const FOLDER = fileURLToPath(new URL('dist', import.meta.url));
const COUNTING_WORKER = fileURLToPath(new URL('countingWorker.ts', import.meta.url));

const logProgress = (line: string): void => void process.stderr.write(`${line}\n`);

async function main([benchmark, size, minutes]: string[]): Promise<void> {
  logProgress('building the Worker');
  if (benchmark === 'workers') await compareRuntimes(size);
  else await watchViewers(size === 'short' ? SHORT_VIEWERS_RUN : fullViewersRun(Number(minutes)));
}

async function compareRuntimes(size: string | undefined): Promise<void> {
  const run = size === 'short' ? SHORT_WORKERS_RUN : size === 'quick' ? QUICK_WORKERS_RUN : FULL_WORKERS_RUN;
  process.stdout.write(await runWorkersBenchmark(buildInto(FOLDER), run, logProgress));
}

async function watchViewers(size: ViewersRunSize): Promise<void> {
  const script = buildInto(FOLDER, COUNTING_WORKER);
  const { report, failedChecks } = await runViewersBenchmark(script, size, logProgress);
  process.stdout.write(report);
  for (const check of failedChecks) logProgress(`FAILED: ${check}`);
  if (failedChecks.length > 0) process.exitCode = 1;
}

await main(process.argv.slice(2));
