import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { describe, expect, test } from 'vitest';

import { ERROR_EXAMPLES } from '../../examples/errors/catalog.ts';
import { startBrokenGateway, startGateway } from '../../examples/errors/gateways.ts';
import { DEFAULT_SETUP } from '../../examples/errors/setups.ts';
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

const runErrors = async (...options: string[]) =>
  promisify(execFile)(process.execPath, ['examples/errors.ts', ...options], { cwd: ROOT });

describe('npm run errors', () => {
  test(
    'with a running gateway, ends with code 1 and names the errors that do not come about',
    async () => {
      const address = await listeningAddress(startProgram());
      // The faults are set in this sandbox, which the gateway does not use.
      const other = await startSandboxServer({ port: 0 });
      cleanUpAfterTest(async () => other.close());
      const run = runErrors('--gateway', `${address}/graphql`, '--sandbox', other.origin);
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

  test(
    'brings about every error on a running gateway that has just read all active livestreams',
    async () => {
      const { url, sandbox, close } = await startGateway(DEFAULT_SETUP);
      cleanUpAfterTest(close);
      for (const status of ['LIVE', 'INVOKED']) {
        const query = `{ livestreams(first: 100, filter: { status: ${status} }) { nodes { id name } } }`;
        const init = {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query }),
        };
        expect(await (await fetch(url, init)).json()).not.toHaveProperty('errors');
      }
      const { stdout } = await runErrors('--gateway', url, '--sandbox', sandbox ?? '');
      expect(stdout.match(/^✓ /gm)).toHaveLength(ERROR_EXAMPLES.length);
    },
    TIMEOUT_MS,
  );

  test.each([
    ['an unknown option', ['--gatway', 'x'], /^Unknown option '--gatway'\. Usage: npm run errors .*\n$/],
    ['a positional argument', ['all'], /^Unexpected argument 'all'\. Usage: npm run errors .*\n$/],
    ['an option without its value', ['--gateway'], /^Option '--gateway <value>' argument missing\. Usage: .*\n$/],
    ['a sandbox without its gateway', ['--sandbox', 'http://127.0.0.1:4001'], /^--sandbox: requires --gateway, .*\n$/],
    [
      'a gateway that is no URL',
      ['--gateway', 'localhost'],
      /^--gateway: must be an http URL, not "localhost"\. .*\n$/,
    ],
  ])('answers %s with one line and code 1', async (_case, options, stderr) => {
    await expect(runErrors(...options)).rejects.toMatchObject({ code: 1, stdout: '', stderr: matching(stderr) });
  });

  test('prints its usage with --help', async () => {
    const usage = matching(/^Usage: npm run errors .*\n$/);
    expect(await runErrors('--help')).toMatchObject({ stdout: usage, stderr: '' });
  });

  test('answers a gateway or a sandbox that is something else, or is down, with one line and code 1', async () => {
    const { url, close } = await startBrokenGateway();
    const rejects = async (options: string[], stderr: RegExp): Promise<void> =>
      expect(runErrors(...options)).rejects.toMatchObject({ code: 1, stdout: '', stderr: matching(stderr) });
    const withoutPath = new URL(url).origin;
    await rejects(
      ['--gateway', withoutPath],
      /^--gateway: http:\S+\/ is not a GraphQL endpoint\. Example: .*\/graphql\n$/,
    );
    await rejects(
      ['--gateway', url, '--sandbox', withoutPath],
      /^--sandbox: http:\S+ is not a sandbox\. Example: .*\n$/,
    );
    await close();
    await rejects(['--gateway', url], /^--gateway: nothing responds at http:\S+ \(ECONNREFUSED\)\. .*\n$/);
  });
});
