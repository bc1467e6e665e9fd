import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { describe, expect, test } from 'vitest';

import { ERROR_EXAMPLES } from '../../examples/errors/catalog.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import { cleanUpAfterTest } from '../support/cleanup.ts';
import { matching } from '../support/gateway.ts';
import { listeningAddress, startProgram } from '../support/program.ts';
import { timeoutMs } from '../support/runs.ts';
import { createErrorCatalog, ERROR_CATALOG } from './errorCatalogPage.ts';
import { blocksOf, namesInTables, readText, ROOT } from './markdown.ts';

const TIMEOUT_MS = timeoutMs(120_000);

const codesFor = (place: string): string[] =>
  ERROR_EXAMPLES.filter((example) => example.place === place).map(({ code }) => code);

describe('the error catalog', () => {
  test.each(['userErrors', 'errors'])('has every code in the table of %s, in the same order', (place) => {
    expect(codesFor(place)).toEqual(namesInTables('docs/errors.md', `Codes of \`${place}\``));
  });

  test(
    'contains what the gateway really responds; otherwise, run `npm run errors:docs`',
    async () => {
      expect(await createErrorCatalog()).toBe(readText(ERROR_CATALOG));
    },
    TIMEOUT_MS,
  );

  test('agrees with the table of errors about which errors are retryable', () => {
    const inTable = Array.from(
      readText('docs/errors.md').matchAll(/^\| `(\w+)` +\| (true|false) /gm),
      ([, code, retryable]) => [code, retryable],
    );
    const responses = blocksOf(ERROR_CATALOG).filter(({ kind }) => kind === 'json response');
    const inResponses = responses.flatMap(({ code }) =>
      Array.from(code.matchAll(/"code": "(\w+)",\s+"retryable": (\w+)/g), ([, name, retryable]) => [name, retryable]),
    );
    expect(inResponses).toEqual(inTable);
  });
});

describe('npm run errors', () => {
  test(
    'with a running gateway, ends with code 1 and names the errors that do not come about',
    async () => {
      const address = await listeningAddress(startProgram());
      // The faults are set in this sandbox, which the gateway does not use.
      const other = await startSandboxServer({ port: 0 });
      cleanUpAfterTest(async () => other.close());
      const options = ['--gateway', `${address}/graphql`, '--sandbox', other.origin];
      const run = promisify(execFile)(process.execPath, ['examples/errors.ts', ...options], { cwd: ROOT });
      const missing =
        'OUTCOME_UNKNOWN in userErrors, UPSTREAM_UNAVAILABLE in errors, UPSTREAM_INVALID_RESPONSE in errors';
      await expect(run).rejects.toMatchObject({
        code: 1,
        stdout: matching(/✓ CONFLICT in userErrors\n[^]*✗ UPSTREAM_UNAVAILABLE in errors\n/),
        stderr: `These errors did not come about: ${missing}.\n`,
      });
    },
    TIMEOUT_MS,
  );
});
