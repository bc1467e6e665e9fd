import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { drawChart } from './chart.ts';
import { checkAnswers, type Contestant, endContestant, startContestants } from './contestants.ts';
import { type EconomyRun, runEconomy } from './economy.ts';
import { FULL_LIVE, runLive, SHORT_LIVE } from './live.ts';
import { FULL, type Measured, measure, SHORT } from './measure.ts';
import { type Options, readOptions } from './options.ts';
import { QUERIES } from './queries.ts';
import { writeReport } from './report.ts';
import { runSoak } from './soak.ts';
import { NotInstalled } from './soak/redis.ts';
import { startRecording } from './upstream.ts';

/** `npm run bench`: all parties side by side against the same simulated API. */
async function main(options: Options): Promise<void> {
  const { what, parties, isShort, withEconomy, out } = options;
  await mkdir(out, { recursive: true });
  if (what === 'live') return watchLive(options);
  if (what === 'soak') return soak(options);
  const measured = await compare(options);
  await writeFile(join(out, 'bench.svg'), drawChart(measured));
  const write = async (economy: EconomyRun[]): Promise<string> => {
    const report = writeReport(measured, economy, howMeasured(isShort));
    await writeFile(join(out, 'bench.md'), report);
    return report;
  };
  // What is known so far is not lost when something fails in the minutes that follow.
  let report = await write([]);
  if (withEconomy) report = await write(await runEconomy(parties, note));
  process.stdout.write(`${report}\n`);
  note(`written to ${out}`);
  return undefined;
}

async function watchLive({ isShort, out }: Options): Promise<void> {
  const report = await runLive(isShort ? SHORT_LIVE : FULL_LIVE, note);
  await writeFile(join(out, 'live.md'), report);
  process.stdout.write(report);
}

async function soak({ isShort, minutes, seed, out }: Options): Promise<void> {
  note(`seed ${seed}`);
  const warmUpSeconds = isShort ? 15 : Math.min(90, minutes * 12);
  const { report, broken } = await runSoak({ minutes, seed, warmUpSeconds }, note);
  await writeFile(join(out, 'soak.md'), report);
  process.stdout.write(report);
  for (const promise of broken) note(`BROKEN: ${promise}`);
  if (broken.length > 0) process.exitCode = 1;
}

async function compare({ parties, isShort }: Options): Promise<Measured[]> {
  const upstream = await startRecording();
  let contestants: Contestant[] = [];
  try {
    contestants = await startContestants(parties, upstream);
    await checkAnswers(contestants, upstream);
    return await measure(contestants, upstream, isShort ? SHORT : FULL, note);
  } finally {
    await Promise.all(contestants.map(endContestant));
    await upstream.end();
  }
}

function howMeasured(isShort: boolean): string {
  const rounds = isShort
    ? '**A short run: it shows that everything works, and its figures mean nothing.** '
    : `Medians of ${FULL.rounds.cpu} rounds, the parties taking turns; ratios are medians of each round's ratio. `;
  const lanes = QUERIES.map((query) => `${query.lanes} (${query.name})`).join(', ');
  return (
    `${rounds}CPU is that of the server's process alone, user and system, in microseconds for each operation, while ${lanes} operations are under way, ` +
    `each lane with a meeting of its own so that every operation makes its own upstream requests. p50 and p99 are of operations sent one after the other. ` +
    `The upstream plays back the sandbox's answers, except in the economy runs, where it is the sandbox itself. ` +
    `Cold: nothing is kept between operations, which is how all peers run by themselves. ` +
    `Node ${process.versions.node}, ${availableParallelism()} processors.`
  );
}

function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof NotInstalled)) throw error;
  note(error.message);
  process.exitCode = 1;
}
