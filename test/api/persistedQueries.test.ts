import { describe, expect, test } from 'vitest';

import { DEFAULT_OPERATION_LIMITS } from '../../src/graphql/limits/operationLimits.ts';
import { createPersistedDocuments } from '../../src/server/persistedDocuments.ts';
import { parseParams } from '../../src/server/requestParams.ts';
import { at, startTestGateway, type TestGatewayOptions } from '../support/gateway.ts';
import { hashOf } from '../support/hashOf.ts';
import { serveGateway } from '../support/servedGateway.ts';

const QUERY = 'query Total { livestreams(first: 1) { totalCount } }';
const DATA = { livestreams: { totalCount: 320 } };

const extensionsFor = (sha256Hash: string) => ({ persistedQuery: { version: 1, sha256Hash } });

/** Serves a gateway over HTTP. `post` and `get` send a request and resolve with its data, or else the code of its first error. */
async function serve(options: TestGatewayOptions['options'] = {}) {
  const { url } = await serveGateway(await startTestGateway({ options }));
  const accept = 'application/graphql-response+json';
  const resultOf = async (response: Response): Promise<unknown> => {
    const body: unknown = await response.json();
    return at(body, 'data') ?? at(body, 'errors', 0, 'extensions', 'code');
  };
  const send = async (query: string | undefined, hash: string): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept },
      body: JSON.stringify({ query, extensions: extensionsFor(hash) }),
    });
  return {
    url,
    send,
    post: async (query: string | undefined, hash: string) => resultOf(await send(query, hash)),
    get: async (query: string | undefined, hash: string) => {
      const params = new URLSearchParams({ extensions: JSON.stringify(extensionsFor(hash)) });
      if (query !== undefined) params.set('query', query);
      return resultOf(await fetch(`${url}?${params}`, { headers: { accept } }));
    },
  };
}

describe('automatic persisted queries', () => {
  test.each(['post', 'get'] as const)(
    'register a document once, which its hash alone then stands for: by %s',
    async (method) => {
      const gateway = await serve();
      const hash = hashOf(QUERY);
      expect(await gateway[method](undefined, hash)).toBe('PERSISTED_QUERY_NOT_FOUND');
      expect(await gateway[method](QUERY, hash)).toEqual(DATA);
      expect(await gateway.post(undefined, hash)).toEqual(DATA);
      expect(await gateway.get(undefined, hash)).toEqual(DATA);
    },
  );

  test('are looked up beside an empty documentId in the URL, which means the same as none', async () => {
    const gateway = await serve();
    const extensions = encodeURIComponent(JSON.stringify(extensionsFor(hashOf(QUERY))));
    const response = await fetch(`${gateway.url}?documentId=&extensions=${extensions}`, {
      headers: { accept: 'application/json' },
    });
    expect(await response.text()).toContain('PersistedQueryNotFound');
  });

  test('reject a hash of another document, and do not register it', async () => {
    const gateway = await serve();
    const hash = hashOf('{ __typename }');
    expect(await gateway.post(QUERY, hash)).toBe('PERSISTED_QUERY_HASH_MISMATCH');
    expect(await gateway.get(QUERY, hash)).toBe('PERSISTED_QUERY_HASH_MISMATCH');
    expect(await gateway.post(QUERY, hashOf(QUERY).toUpperCase())).toBe('PERSISTED_QUERY_HASH_MISMATCH');
    expect(await gateway.post(undefined, hash)).toBe('PERSISTED_QUERY_NOT_FOUND');
  });

  test('cannot replace a trusted document', async () => {
    const hash = hashOf(QUERY);
    const gateway = await serve({ trustedDocuments: { documents: new Map([[hash, QUERY]]), isExclusive: false } });
    expect(await gateway.post('{ __typename }', hash)).toBe('PERSISTED_QUERY_HASH_MISMATCH');
    expect(await gateway.post(undefined, hash)).toEqual(DATA);
  });

  test('do not register a document that is too long', async () => {
    const gateway = await serve();
    const long = `${QUERY} #${'x'.repeat(DEFAULT_OPERATION_LIMITS.queryBytes)}`;
    expect((await gateway.send(long, hashOf(long))).status).toBe(413);
    expect(await gateway.post(undefined, hashOf(long))).toBe('PERSISTED_QUERY_NOT_FOUND');
  });

  // urql's persistedExchange reads the messages, Apollo's link the codes.
  test.each([
    [false, 'PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound'],
    [true, 'PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported'],
  ])('answer an unknown hash as clients expect, uncacheable (isExclusive: %s)', async (isExclusive, code, message) => {
    const gateway = await serve({ trustedDocuments: { documents: new Map(), isExclusive } });
    const response = await gateway.send(undefined, hashOf(QUERY));
    expect([response.status, response.headers.get('cache-control')]).toEqual([400, 'private, no-store']);
    expect(await response.json()).toEqual({ errors: [{ message, extensions: { code, retryable: false } }] });
  });

  test('keep no more documents, and no more bytes of them, than their limits', async () => {
    const limits = { ...DEFAULT_OPERATION_LIMITS, queryBytes: 3_000_000 };
    const trustedDocuments = { documents: new Map<string, string>(), isExclusive: false };
    const start = (texts: string[]) => {
      const documents = createPersistedDocuments({ trustedDocuments, limits });
      const textOf = async (hash: string, query?: string) =>
        documents.textOf(parseParams({ query, extensions: extensionsFor(hash) }));
      return {
        registerAll: async () => Promise.all(texts.map(async (text) => textOf(hashOf(text), text))),
        countKnown: async () => {
          const found = await Promise.allSettled(texts.map(async (text) => textOf(hashOf(text))));
          return found.filter(({ status }) => status === 'fulfilled').length;
        },
      };
    };
    const many = start(Array.from({ length: 2500 }, (_, index) => `query Q${index} { __typename }`));
    await many.registerAll();
    expect(await many.countKnown()).toBe(2000);
    const long = start(Array.from({ length: 5 }, (_, index) => `{ __typename } #${index}${'x'.repeat(1_500_000)}`));
    await long.registerAll();
    expect(await long.countKnown()).toBe(2);
  });
});
