import { relative } from 'node:path';

import * as fc from 'fast-check';
import { beforeEach } from 'vitest';

import { runs } from './runs.ts';

/** The cases of a property that names no number of its own. */
const USUAL_RUNS = 50;

const seed = process.env['FC_SEED'];
const path = process.env['FC_PATH'];

// fast-check's types leave out the path, which makes sense only if a single test runs: as the printed command has it.
fc.configureGlobal({
  numRuns: runs(USUAL_RUNS),
  ...(seed === undefined ? {} : { seed: Number(seed) }),
  ...(path === undefined ? {} : { path, endOnFailure: true }),
});

let command = '';

beforeEach(({ task, onTestFailed }) => {
  command = `npx vitest run ${relative(process.cwd(), task.file.filepath)} -t ${quoted(escaped(task.name))}`;
  const [storySeed] = /STORY_SEED=\d+/.exec(task.name) ?? [];
  if (storySeed !== undefined) onTestFailed(() => void process.stderr.write(`To repeat: ${storySeed} ${command}\n`));
});

/** Replaces fast-check's report by one that also says how to repeat the failure. */
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

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}

/** As a single argument of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
