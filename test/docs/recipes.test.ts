import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

import { createUndiciTransport } from '../../src/realtimekit/undiciTransport.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import { createGateway } from '../../src/server/gateway.ts';
import { allBlocks } from './markdown.ts';

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

  test('include that for fetch', () => {
    expect(allBlocks('ts recipe')).toHaveLength(1);
  });
});
