import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';

import { createGateway } from '../../src/server/gateway.ts';
import { matching } from '../support/gateway.ts';

const stack: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(stack.splice(0).map((close) => close()));
});

/** A gateway that needs no upstream, behind `node:http` and by itself. */
async function listening() {
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
  stack.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { gateway, port, url: `http://127.0.0.1:${port}/graphql` };
}

async function shown(response: Response): Promise<unknown> {
  return [response.status, response.headers.get('content-type'), await response.text()];
}

const longText = `{"query":"{ __typename }","variables":{"a":"${'x'.repeat(1_000_000)}"}}`;
const bodies: [string, string, string][] = [
  ['a query', 'application/json', '{"query":"{ __typename }"}'],
  ['a query with a charset', 'application/json; charset=utf-8', '{"query":"{ __typename }"}'],
  ['a batch', 'application/json', '[{"query":"{ __typename }"}]'],
  ['nothing', 'application/json', ''],
  ['no member', 'application/json', '{}'],
  ['an empty list', 'application/json', '[]'],
  ['null', 'application/json', 'null'],
  ['a number', 'application/json', '7'],
  ['broken JSON', 'application/json', '{"query":'],
  ['much broken JSON', 'application/json', 'x'.repeat(500_000)],
  ['other than JSON', 'text/plain', '{"query":"{ __typename }"}'],
  ['GraphQL itself', 'application/graphql', '{ __typename }'],
  ['too much', 'application/json', longText],
  ['too much of another type', 'application/graphql', `{ __typename } #${'x'.repeat(1_000_000)}`],
];

test.each(bodies)('the answer to %s is the same behind node:http as without it', async (_what, type, body) => {
  const { gateway, url } = await listening();
  const init = { method: 'POST', headers: { 'content-type': type, accept: 'application/json' }, body };
  expect(await shown(await fetch(url, init))).toEqual(await shown(await gateway.fetch(url, init)));
});

test('a query is answered, and what is too long is refused with 413', async () => {
  const { url } = await listening();
  const post = async (body: string) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  expect(await (await post('{"query":"{ __typename }"}')).json()).toEqual({ data: { __typename: 'Query' } });
  const refused = await post(longText);
  expect(refused.status).toBe(413);
  expect(await refused.json()).toMatchObject({
    errors: [{ message: matching(/longer than 1000000 bytes/), extensions: { code: 'BAD_REQUEST', retryable: false } }],
  });
});

test('a body in pieces, cut within a letter, is one text', async () => {
  const { url } = await listening();
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
  // Without `duplex` it would not be sent; the type of DOM's fetch does not know it.
  const init = { method: 'POST', headers, body, duplex: 'half' };
  const response = await fetch(url, init);
  expect(await response.json()).toEqual({ data: { a: null } });
});

describe('a caller who leaves in the middle of the body', () => {
  test('costs nothing and breaks nothing', async () => {
    const { port, url } = await listening();
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
