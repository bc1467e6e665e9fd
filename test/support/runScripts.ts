import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/**
 * Runs npm scripts side by side, `node test/support/runScripts.ts typecheck lint`, and fails if one of them does. Prints the
 * output of those that fail.
 */
const outcomes = await Promise.all(process.argv.slice(2).map(run));
if (outcomes.includes('failed')) process.exitCode = 1;

async function run(script: string): Promise<'passed' | 'failed'> {
  // One stream for both kinds of output keeps their lines in order.
  const child = spawn(`npm run ${script} 2>&1`, { shell: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const exitCode = new Promise((resolve) => child.once('close', resolve));
  const output = await text(child.stdout);
  const outcome = (await exitCode) === 0 ? 'passed' : 'failed';
  process.stdout.write(`${outcome === 'passed' ? '' : output}npm run ${script}: ${outcome}\n`);
  return outcome;
}
