import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

import { createUndiciTransport } from '../../src/realtimekit/undiciTransport.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import { createGateway } from '../../src/server/gateway.ts';
import { allBlocks, readText, ROOT } from './markdown.ts';

const run = promisify(execFile);

describe('the client examples', () => {
  test.each(allBlocks('ts recipe').map(({ code }) => [/@[a-z/]+/.exec(code)?.[0] ?? 'fetch', code] as const))(
    'the example for %s runs as it is printed',
    async (_name, code) => {
      await using stack = new AsyncDisposableStack();
      const sandbox = await startSandboxServer({ port: 0 });
      stack.defer(async () => sandbox.close());
      const transport = createUndiciTransport();
      stack.defer(async () => transport.close());
      const app = { baseUrl: sandbox.url, accountId: 'a', appId: 'b', token: 'c' };
      const gateway = createGateway({
        upstream: { ...app, attemptTimeoutMs: 10_000, totalTimeoutMs: 25_000, requestsPerSecond: 0 },
        transport: transport.send,
        log: () => {},
        graphiql: {},
      });
      const server = createServer((request, response) => void gateway(request, response)).listen(0, '127.0.0.1');
      stack.defer(() => void server.close());
      await once(server, 'listening');
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const script = code.replace('127.0.0.1:4000', `127.0.0.1:${port}`);
      const { stdout } = await run(process.execPath, ['--input-type=module-typescript', '-e', script]);
      expect(JSON.parse(stdout)).toMatchObject({ livestreams: { totalCount: 320 } });
    },
  );

  test('there are three examples that run', () => {
    expect(allBlocks('ts recipe')).toHaveLength(3);
  });

  test('all other TypeScript in the documentation type-checks', async () => {
    const prelude = `
      declare function token(): Promise<string>;
      declare function show(data: unknown): void;
      declare const query: string;
      declare const meetingId: string;
      export {};
    `;
    // The gateway of Hive is not installed here: the test of routers runs that configuration.
    const blocks = allBlocks('ts').filter(({ code }) => !code.includes('@graphql-hive/gateway'));
    expect(blocks.length).toBeGreaterThan(4);
    const folder = await mkdtemp(path.join(ROOT, 'test/docs/typecheck-'));
    try {
      for (const [index, { code }] of blocks.entries())
        await writeFile(path.join(folder, `block${index}.ts`), prelude + code);
      const options = {
        extends: '../../../tsconfig.json',
        include: ['*.ts'],
        compilerOptions: { noUnusedLocals: false },
      };
      await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(options));
      const checked = run(path.join(ROOT, 'node_modules/.bin/tsc'), ['--project', folder, '--pretty', 'false'], {
        cwd: ROOT,
      });
      await expect(checked).resolves.toMatchObject({ stdout: '' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("Hive Gateway's configuration is the one that the tests of routers use", () => {
    const block = allBlocks('ts').find(({ code }) => code.includes('@graphql-hive/gateway'));
    expect(block?.code).toBe(readText('test/routers/peers/gateway.config.ts'));
  });
});
