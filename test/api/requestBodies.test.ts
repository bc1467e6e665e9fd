import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';

import { createGateway } from '../../src/server/gateway.ts';
import { at, matching } from '../support/gateway.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(cleanups.splice(0).map((close) => close()));
});

/** A gateway without an upstream, to be called directly or through a `node:http` server. */
async function startServer() {
  const gateway = createGateway({
    upstream: {
      baseUrl: 'http://127.0.0.1:9',
      accountId: 'a',
      appId: 'b',
      token: 'c',
      attemptTimeoutMs: 1,
      totalTimeoutMs: 1,
      requestsPerSecond: 0,
    },
    transport: () => Promise.reject(new Error('Not expected')),
    log: () => {},
    graphiql: {},
  });
  const server = createServer((request, response) => void gateway(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { gateway, port, url: `http://127.0.0.1:${port}/graphql` };
}

async function summarize(response: Response): Promise<unknown> {
  return [response.status, response.headers.get('content-type'), await response.text()];
}

const TOO_LONG = `{"query":"{ __typename }","variables":{"a":"${'x'.repeat(1_000_000)}"}}`;
const BODIES: [string, string, string][] = [
  ['a query', 'application/json', '{"query":"{ __typename }"}'],
  ['a query with a charset', 'application/json; charset=utf-8', '{"query":"{ __typename }"}'],
  ['a batch', 'application/json', '[{"query":"{ __typename }"}]'],
  ['an empty body', 'application/json', ''],
  ['an empty object', 'application/json', '{}'],
  ['an empty list', 'application/json', '[]'],
  ['null', 'application/json', 'null'],
  ['a number', 'application/json', '7'],
  ['malformed JSON', 'application/json', '{"query":'],
  ['long malformed JSON', 'application/json', 'x'.repeat(500_000)],
  ['a body of type text/plain', 'text/plain', '{"query":"{ __typename }"}'],
  ['a body of type application/graphql', 'application/graphql', '{ __typename }'],
  ['too long a JSON body', 'application/json', TOO_LONG],
  ['too long a body of another type', 'application/graphql', `{ __typename } #${'x'.repeat(1_000_000)}`],
];

test.each(BODIES)(
  'the response to %s is the same through node:http as through gateway.fetch',
  async (_case, type, body) => {
    const { gateway, url } = await startServer();
    const init = { method: 'POST', headers: { 'content-type': type, accept: 'application/json' }, body };
    expect(await summarize(await fetch(url, init))).toEqual(await summarize(await gateway.fetch(url, init)));
  },
);

test('through node:http, a query succeeds and a body over 1,000,000 bytes gets 413', async () => {
  const { url } = await startServer();
  const post = async (body: string) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  expect(await (await post('{"query":"{ __typename }"}')).json()).toEqual({ data: { __typename: 'Query' } });
  const rejected = await post(TOO_LONG);
  expect(rejected.status).toBe(413);
  expect(await rejected.json()).toMatchObject({
    errors: [{ message: matching(/longer than 1000000 bytes/), extensions: { code: 'BAD_REQUEST', retryable: false } }],
  });
});

test('a body sent in chunks is decoded correctly when a chunk ends inside a character', async () => {
  const { url } = await startServer();
  const text = Buffer.from('{"query":"{ a: __type(name: \\"ü\\") { name } }"}');
  const cut = text.indexOf(0xc3) + 1;
  const body = new ReadableStream({
    start(stream) {
      stream.enqueue(text.subarray(0, cut));
      setImmediate(() => {
        stream.enqueue(text.subarray(cut));
        stream.close();
      });
    },
  });
  const headers = { 'content-type': 'application/json' };
  // fetch requires `duplex` for a streamed body. The DOM type of its options lacks this member.
  const init = { method: 'POST', headers, body, duplex: 'half' };
  const response = await fetch(url, init);
  expect(await response.json()).toEqual({ data: { a: null } });
});

/** Posts bytes with a `content-length` or in chunks. Returns the status and the data or the error's message. */
async function postBytes(bytes: Buffer<ArrayBuffer>, headers: Record<string, string>, isChunked: boolean) {
  const { url } = await startServer();
  const body = isChunked ? new Blob([bytes]).stream() : bytes;
  const init = { method: 'POST', headers: { 'graphql-require-preflight': '1', ...headers }, body, duplex: 'half' };
  const response = await fetch(url, init);
  const result: unknown = await response.json();
  return [response.status, at(result, 'data', 'a', 'name') ?? at(result, 'errors', 0, 'message')];
}

const NAMED = '{ a: __type(name: "Query") { name } }';
const JSON_BODY = JSON.stringify({ query: NAMED });

describe.each([
  ['with a length', false],
  ['in chunks', true],
])('a body sent %s', (_case, isChunked) => {
  test.each([
    ['JSON', 'application/json', JSON_BODY],
    ['a document', 'application/graphql', NAMED],
    ['a form', 'application/x-www-form-urlencoded', String(new URLSearchParams({ query: NAMED }))],
  ])('may start with a byte order mark: %s', async (_format, type, text) => {
    expect(await postBytes(Buffer.from(`\uFEFF${text}`), { 'content-type': type }, isChunked)).toEqual([200, 'Query']);
  });

  test.each(['utf-8', 'UTF8', '"utf-8"', 'us-ascii'])('may declare the charset %s', async (charset) => {
    const headers = { 'content-type': `application/json; charset=${charset}` };
    expect(await postBytes(Buffer.from(JSON_BODY), headers, isChunked)).toEqual([200, 'Query']);
  });

  test.each([
    ['application/json; charset=iso-8859-1', 'latin1'],
    ['application/json; Charset="UTF-16"', 'utf16le'],
    ['application/graphql; charset=windows-1252', 'latin1'],
    ['application/x-www-form-urlencoded; charset=latin1', 'latin1'],
  ] as const)('gets 415 if it is of type %s', async (type, encoding) => {
    expect(await postBytes(Buffer.from(JSON_BODY, encoding), { 'content-type': type }, isChunked)).toEqual([
      415,
      'Encode the body in UTF-8, and send no other "charset".',
    ]);
  });

  test.each(['latin1', 'utf16le'] as const)('gets 400 if it is not UTF-8: %s', async (encoding) => {
    const bytes = Buffer.from(`\uFEFF${JSON.stringify({ query: '{ a: __type(name: "ü") { name } }' })}`, encoding);
    expect(await postBytes(bytes, { 'content-type': 'application/json' }, isChunked)).toEqual([
      400,
      'Encode the body in UTF-8.',
    ]);
  });

  test.each(['gzip', 'br', 'gzip, identity', 'GZIP'])('gets 415 if its coding is %s', async (coding) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': coding };
    expect(await postBytes(gzipSync(JSON_BODY), headers, isChunked)).toEqual([
      415,
      'Send the body uncompressed, without "content-encoding".',
    ]);
  });

  test('may declare the coding "identity"', async () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'identity' };
    expect(await postBytes(Buffer.from(JSON_BODY), headers, isChunked)).toEqual([200, 'Query']);
  });
});

describe('a caller that disconnects in the middle of the body', () => {
  test('does not prevent the gateway from serving the next request', async () => {
    const { port, url } = await startServer();
    const socket = connect(port, '127.0.0.1');
    socket.write(
      'POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"que',
    );
    await once(socket, 'connect');
    socket.destroy();
    await once(socket, 'close');
    const after = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ __typename }"}',
    });
    expect(after.status).toBe(200);
  });
});
