import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { buildSchema, parse, validate } from 'graphql';
import { expect, test } from 'vitest';

import { VARIABLES } from '../../src/config/index.ts';
import { createGateway } from '../../src/server/gateway.ts';
import { typeDefs } from '../../src/generated/typeDefs.ts';
import { graphiqlOptions } from '../../src/server/graphiql.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import { createUndiciTransport } from '../../src/realtimekit/undiciTransport.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const readme = read('README.md');
const blocks = (kind: string): string[] =>
  Array.from(readme.matchAll(new RegExp(`^\`\`\`${kind}\\n([^]*?)^\`\`\``, 'gm')), ([, code = '']) => code);
const firstCells = (text: string): string[] => Array.from(text.matchAll(/^\| `([^`]+)`/gm), ([, name = '']) => name);
const cells = (heading: string): string[] => {
  const [, section = ''] = new RegExp(`^## ${heading}\\n([^]*?)(?=^## |(?![^]))`, 'm').exec(readme) ?? [];
  return firstCells(section);
};

test.each(blocks('ts recipe').map((code) => [/@[a-z/]+/.exec(code)?.[0] ?? 'fetch', code]))(
  'the recipe for %s runs as the README prints it',
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
      graphiql: graphiqlOptions(null, { upstreamReport: false, hasBearer: false }),
    });
    const server = createServer((request, response) => void gateway(request, response)).listen(0, '127.0.0.1');
    stack.defer(() => void server.close());
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const script = code.replace('127.0.0.1:4000', `127.0.0.1:${port}`);
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module-typescript', '-e', script]);
    expect(JSON.parse(stdout)).toMatchObject({ livestreams: { totalCount: 320 } });
  },
);

test('the README contains three recipes', () => {
  expect(blocks('ts recipe')).toHaveLength(3);
});

test('each query in the README is valid, and each JSON block is JSON', () => {
  const schema = buildSchema(typeDefs);
  expect(blocks('graphql').length).toBeGreaterThan(2);
  for (const query of blocks('graphql')) expect(validate(schema, parse(query))).toEqual([]);
  for (const json of blocks('json')) expect(JSON.parse(json)).toHaveProperty('data');
});

test('the settings tables list exactly the variables that the gateway reads', () => {
  expect(cells('Settings').toSorted()).toEqual(VARIABLES.toSorted());
});

test('the error table lists every code of ErrorCode', () => {
  const [, union = ''] = /type ErrorCode =([^;]*);/.exec(read('src/domain/errors.ts')) ?? [];
  const codes = Array.from(union.matchAll(/'(\w+)'/g), ([, code]) => code);
  expect(codes.length).toBeGreaterThan(5);
  expect(cells('Errors')).toEqual(expect.arrayContaining([...codes, 'OPERATION_RESOLUTION_FAILURE', 'BAD_REQUEST']));
});

test('the dependency tables list exactly the packages in package.json, for run time and for development', () => {
  const sections = /"(?:devD|d)ependencies": \{([^}]*)\}/g;
  const names = Array.from(read('package.json').matchAll(sections), ([, body = '']) =>
    Array.from(body.matchAll(/"([^"]+)":/g), ([, name]) => name),
  );
  expect(names.map(({ length }) => length > 10)).toEqual([true, true]);
  const [, tables = ''] = readme.split('## Dependencies\n');
  expect(tables.split('Development:').map(firstCells)).toEqual(names);
});
