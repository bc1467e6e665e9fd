import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { composeServices as composeByApollo } from '@apollo/composition';
import { generate } from '@graphql-codegen/cli';
import { composeServices as composeByHive } from '@theguild/federation-composition';
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  Kind,
  parse,
  printType,
} from 'graphql';
import { describe, expect, test } from 'vitest';

import { subgraphSdl } from '../../src/graphql/subgraphSdl.ts';
import { sha256Hex } from '../../src/lib/sha256.ts';
import { cleanUpAfterTest } from '../support/cleanup.ts';
import { at, nonNull, startTestGateway } from '../support/gateway.ts';
import { serveGateway } from '../support/servedGateway.ts';

const KEY = 'key-of-a-dashboard';
const APP = 'https://app.example.com';

const PATH = '/schema.graphql';

async function startWithKey() {
  const keys = [{ name: 'dashboard', sha256: await sha256Hex(KEY), scopes: [] }];
  return startTestGateway({ options: { auth: { kind: 'api-key', keys } } });
}

/** Relies on graphql-js to return what the query asks for. */
function isIntrospection(data: unknown): data is IntrospectionQuery {
  return at(data, '__schema') !== undefined;
}

describe('GET /schema.graphql', () => {
  test('returns what `npm run schema` prints, followed by the definitions of the directives in it', async () => {
    const gateway = await startTestGateway();
    const { status, headers, text } = await gateway.fetch(PATH);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(text.startsWith(subgraphSdl())).toBe(true);
    const { definitions } = parse(text.slice(subgraphSdl().length));
    expect(new Set(definitions.map(({ kind }) => kind))).toEqual(new Set([Kind.DIRECTIVE_DEFINITION]));
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('returns a schema that is valid on its own, without types for routers', async () => {
    const gateway = await startTestGateway();
    const types = Object.keys(buildSchema((await gateway.fetch(PATH)).text).getTypeMap());
    expect(types).toEqual(expect.arrayContaining(['Query', 'Meeting', 'Livestream', 'LivestreamSession', 'DateTime']));
    expect(types.filter((name) => /^_[^_]|^\w+__/.test(name))).toEqual([]);
  });

  test('describes every type as introspection does', async () => {
    const gateway = await startTestGateway();
    const file = buildSchema((await gateway.fetch(PATH)).text);
    const options = { specifiedByUrl: true, inputValueDeprecation: true, oneOf: true };
    const { data } = await gateway.send({ query: getIntrospectionQuery(options) });
    if (!isIntrospection(data)) throw new Error('The response is not an introspection.');
    const introspected = buildClientSchema(data);
    // Introspection shows the root fields for routers, too.
    const types = Object.values(file.getTypeMap()).filter(({ name }) => name !== 'Query');
    expect(types.map(printType)).toEqual(types.map(({ name }) => printType(nonNull(introspected.getType(name)))));
  });

  test('returns a schema that both composition libraries accept', async () => {
    const { text } = await (await startTestGateway()).fetch(PATH);
    const services = [{ name: 'livestreams', url: 'http://subgraph.test', typeDefs: parse(text) }];
    const { errors = [], hints } = composeByApollo(services);
    expect([errors, hints, composeByHive(services).errors ?? []]).toEqual([[], [], []]);
  });

  test.each([
    ['with the configuration of the documentation', {}, 'count: number | null'],
    ['for a client that handles errors', { nullability: { errorHandlingClient: true } }, 'count: number'],
  ])('is a schema for GraphQL Code Generator by its URL alone, %s', async (_case, config, expected) => {
    const { host } = await serveGateway(await startTestGateway());
    const folder = await mkdtemp(join(tmpdir(), 'codegen-'));
    cleanUpAfterTest(async () => rm(folder, { recursive: true }));
    const files: unknown = await generate(
      {
        schema: `http://${host}${PATH}`,
        documents: ['query Numbers { livestreamAnalytics { days { count date } } }'],
        generates: {
          [`${folder}/`]: {
            preset: 'client',
            config: { scalars: { Date: 'string', DateTime: 'string', URL: 'string' }, strictScalars: true, ...config },
          },
        },
        silent: true,
      },
      false,
    );
    const [type = ''] = /type NumbersQuery = .*?;/.exec(JSON.stringify(files)) ?? [];
    expect(type).toContain(`${expected}, date: string | null`);
  });
});

describe('a client that has the schema', () => {
  test.each([
    ['its ETag', (etag: string) => etag],
    ['its ETag, weakened by a proxy', (etag: string) => `W/${etag}`],
    ['several ETags', (etag: string) => `"other", ${etag}`],
    ['*', () => '*'],
  ])('receives 304 without a body, given %s', async (_case, ifNoneMatch) => {
    const gateway = await startTestGateway();
    const first = await gateway.fetch(PATH);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\da-f]{64}"$/);
    expect(first.headers.get('cache-control')).toBe('private, no-cache');
    for (const method of ['GET', 'HEAD']) {
      const headers = { 'if-none-match': ifNoneMatch(etag) };
      const { status, text, headers: sent } = await gateway.fetch(PATH, { method, headers });
      expect([status, text, sent.get('etag'), sent.get('content-type')]).toEqual([304, '', etag, null]);
    }
  });

  test('receives the schema again if it has changed', async () => {
    const gateway = await startTestGateway();
    const { status, text } = await gateway.fetch(PATH, { headers: { 'if-none-match': '"older"' } });
    expect([status, text.length > 1000]).toEqual([200, true]);
  });

  test('can ask for its ETag with HEAD', async () => {
    const gateway = await startTestGateway();
    const { status, text, headers } = await gateway.fetch(PATH, { method: 'HEAD' });
    expect([status, text]).toEqual([200, '']);
    expect(headers.get('etag')).toBe((await gateway.fetch(PATH)).headers.get('etag'));
  });
});

describe('the schema as a file is available where introspection is', () => {
  test('an unknown path if introspection is off', async () => {
    const gateway = await startTestGateway({ options: { introspection: false, corsOrigins: [APP] } });
    for (const init of [{}, { method: 'HEAD' }, { headers: { origin: APP } }, { method: 'OPTIONS' }]) {
      const schema = await gateway.fetch(PATH, init);
      const unknown = await gateway.fetch('/unknown', init);
      const headersOf = ({ headers }: { headers: Headers }) => [...headers].filter(([name]) => name !== 'x-request-id');
      expect(schema.status).toBe('method' in init && init.method === 'OPTIONS' ? 204 : 404);
      expect([schema.status, schema.text]).toEqual([unknown.status, unknown.text]);
      expect(headersOf(schema)).toEqual(headersOf(unknown));
    }
  });

  test.each(['POST', 'PUT', 'DELETE'])('not by %s', async (method) => {
    expect((await (await startTestGateway()).fetch(PATH, { method })).status).toBe(404);
  });

  test('not without a credential, as introspection is not', async () => {
    const gateway = await startWithKey();
    const introspection = await gateway.send({ query: '{ __schema { queryType { name } } }' });
    const { status, headers, text } = await gateway.fetch(PATH);
    expect([status, introspection.status]).toEqual([401, 401]);
    expect(headers.get('www-authenticate')).toBe(introspection.headers.get('www-authenticate'));
    expect(text).toBe(`${introspection.errors[0]?.message}\n`);
    expect(headers.get('cache-control')).toBe('private, no-store');
    expect((await gateway.fetch(PATH, { headers: { 'if-none-match': '*' } })).status).toBe(401);
  });

  test('with a credential that has no scope, as introspection is', async () => {
    const gateway = await startWithKey();
    const headers = { authorization: `Bearer ${KEY}` };
    const introspection = await gateway.send({ query: '{ __schema { queryType { name } } }' }, { headers });
    expect(introspection.errors).toEqual([]);
    expect((await gateway.fetch(PATH, { headers })).status).toBe(200);
  });

  test("with any caller's own token, as introspection is, because only RealtimeKit can check it", async () => {
    const gateway = await startTestGateway({ options: { auth: { kind: 'passthrough' } } });
    expect((await gateway.fetch(PATH)).status).toBe(401);
    expect((await gateway.fetch(PATH, { headers: { authorization: `Bearer ${KEY}` } })).status).toBe(200);
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('a rejected credential is in the log and in no response', async () => {
    const gateway = await startWithKey();
    const { text } = await gateway.fetch(PATH, { headers: { authorization: 'Bearer wrong-key' } });
    const entry = { message: 'Request rejected.', fields: { code: 'UNAUTHENTICATED', status: 401 } };
    expect(gateway.operationLogs).toMatchObject([entry]);
    expect(text + JSON.stringify(gateway.operationLogs)).not.toContain('wrong-key');
  });

  test('under the names of this machine alone, if the gateway serves only those', async () => {
    const { host } = await serveGateway(await startTestGateway({ options: { localOnly: true } }));
    expect((await fetch(`http://${host}${PATH}`)).status).toBe(200);
    const gateway = await startTestGateway({ options: { localOnly: true } });
    expect((await gateway.fetch(PATH, { headers: { host: 'attacker.example' } })).status).toBe(421);
  });

  test("for pages of the origins in CORS_ORIGINS, and for no other site's", async () => {
    const gateway = await startTestGateway({ options: { corsOrigins: [APP] } });
    const request = async (origin: string, method = 'GET') =>
      gateway.fetch(PATH, { method, headers: { origin, 'sec-fetch-site': 'cross-site' } });
    const allowed = await request(APP);
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([200, APP]);
    expect((await request(APP, 'OPTIONS')).headers.get('access-control-allow-origin')).toBe(APP);
    const other = await request('https://attacker.example');
    expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    expect(other.text).toMatch(/CORS_ORIGINS/);
  });
});
