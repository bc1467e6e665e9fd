import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { startTestGateway } from '../support/gateway.ts';
import { serveGateway } from '../support/servedGateway.ts';

const run = promisify(execFile);

test.each(['apollo', 'urql'])('the first example for %s runs as it is printed', async (client) => {
  const { host } = await serveGateway(await startTestGateway());
  const folder = new URL(`${client}/`, import.meta.url);
  const code = readFileSync(new URL('quickStart.ts', folder), 'utf8').replace('127.0.0.1:4000', host);
  const { stdout } = await run(process.execPath, ['--input-type=module-typescript', '-e', code], {
    cwd: fileURLToPath(folder),
  });
  expect(JSON.parse(stdout)).toMatchObject({ livestreams: { totalCount: 320 } });
});
