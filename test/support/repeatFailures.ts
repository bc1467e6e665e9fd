import { relative } from 'node:path';

import * as fc from 'fast-check';
import type { TestContext } from 'vitest';

import { runs } from './runs.ts';

/** The number of cases of a property that sets none itself. */
const USUAL_RUNS = 50;

const seed = process.env['FC_SEED'];
const path = process.env['FC_PATH'];

// FC_PATH fits a single test only. The command that a failure prints selects the test.
fc.configureGlobal({
  numRuns: runs(USUAL_RUNS),
  // Shrinking can take longer than the test's timeout, and then nothing would be printed. FC_SEED alone repeats and shrinks.
  endOnFailure: seed === undefined,
  ...(seed === undefined ? {} : { seed: Number(seed) }),
  ...(path === undefined ? {} : { path, endOnFailure: true }),
});

let command = '';

// Adds the command that repeats the failure to fast-check's report.
fc.installGlobalPlugin(() => ({
  onAllRunsComplete(details) {
    if (!details.failed) return;
    const { seed: failedSeed, counterexamplePath, errorInstance } = details;
    const variables = [
      `FC_SEED=${failedSeed}`,
      ...(counterexamplePath === null ? [] : [`FC_PATH=${counterexamplePath}`]),
    ];
    const message = fc.defaultReportMessage(details);
    throw new Error(`${message}\n\nTo repeat: ${variables.join(' ')} ${command}`, { cause: errorInstance });
  },
}));

/** Makes a failure of this test print how to repeat it, if the test uses fast-check or has a `SCENARIO_SEED` in its title. */
export function explainFailuresOf({ task, onTestFailed }: Pick<TestContext, 'task' | 'onTestFailed'>): void {
  command = `npx vitest run ${relative(process.cwd(), task.file.filepath)} -t ${quoted(escaped(task.name))}`;
  const [scenarioSeed] = /SCENARIO_SEED=\d+/.exec(task.name) ?? [];
  if (scenarioSeed !== undefined)
    onTestFailed(() => void process.stderr.write(`To repeat: ${scenarioSeed} ${command}\n`));
}

/** Escapes a title for a regular expression. */
function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}

/** Quotes a single argument for a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
