import { checkTarget, parseOptions, type Target, USAGE, UsageError } from './errors/options.ts';
import { runExamples } from './errors/run.ts';

/**
 * `npm run errors`: brings about every error code of docs/errors.md and prints the responses, as in docs/error-catalog.md. Ends with
 * code 1 if one does not come about. Starts gateways with sandboxes of its own. With `--gateway` and `--sandbox`, uses a running gateway
 * and its sandbox for all errors that need no settings.
 */
try {
  const { help, target } = parseOptions(process.argv.slice(2));
  if (help) {
    process.stdout.write(`${USAGE}\n`);
  } else {
    if (target !== undefined) await checkTarget(target);
    await printErrors(target);
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function printErrors(target: Target | undefined): Promise<void> {
  const missing: string[] = [];
  for await (const { example, status, response, isAsExpected } of runExamples(target)) {
    const { code, place, body } = example;
    const request = typeof body['query'] === 'string' ? body['query'] : JSON.stringify(body);
    const lines = [`${isAsExpected ? '✓' : '✗'} ${code} in ${place}`, request, `HTTP ${status}`];
    process.stdout.write(`${lines.join('\n')}\n${JSON.stringify(response, null, 2)}\n\n`);
    if (!isAsExpected) missing.push(`${code} in ${place}`);
  }
  if (missing.length > 0) {
    process.stderr.write(`These errors did not come about: ${missing.join(', ')}.\n`);
    process.exitCode = 1;
  }
}
