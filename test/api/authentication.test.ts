import { describe, expect, test } from 'vitest';

import { bearer } from '../support/bearer.ts';
import { matching, startTestGateway, type TestGateway } from '../support/gateway.ts';

const PASSTHROUGH = { auth: { kind: 'passthrough' } } as const;
const ALICE = 'alices-upstream-token';
const BOB = 'bobs-upstream-token';

const METHODS = [
  [
    'POST',
    (gateway: TestGateway, headers: Record<string, string>) => gateway.send({ query: '{ __typename }' }, { headers }),
  ],
  [
    'GET',
    (gateway: TestGateway, headers: Record<string, string>) =>
      gateway.fetch('/graphql?query={__typename}', { headers }),
  ],
] as const;

const INVALID_HEADERS: [string, Record<string, string>][] = [
  ['no header', {}],
  ['an empty header', { authorization: '' }],
  ['a scheme without a token', { authorization: 'Bearer' }],
  ['a scheme followed by spaces', { authorization: 'Bearer   ' }],
  ['another scheme', { authorization: 'Basic YTpi' }],
  ['a token without a scheme', { authorization: ALICE }],
  ['no space after the scheme', { authorization: `Bearer${ALICE}` }],
  ['a tab after the scheme', { authorization: `Bearer\t${ALICE}` }],
  ['a token that contains a space', { authorization: 'Bearer two words' }],
  ['two credentials in one header', { authorization: `Bearer ${ALICE}, Bearer ${BOB}` }],
  ['non-ASCII characters', { authorization: 'Bearer é' }],
  ['a control character', { authorization: 'Bearer a\u0001b' }],
  ['more than 8,192 characters', { authorization: `Bearer ${'x'.repeat(8186)}` }],
  ['100,000 characters', { authorization: `Bearer ${'x'.repeat(100_000)}` }],
  ['100,000 spaces', { authorization: `Bearer${' '.repeat(100_000)}x` }],
  ['an API key', { 'x-api-key': ALICE }],
  ['a cookie', { cookie: `authorization=Bearer ${ALICE}` }],
];

describe.each(METHODS)('%s /graphql without a valid bearer token', (_method, send) => {
  test.each(INVALID_HEADERS)('returns 401 and names the expected header, given %s', async (_case, headers) => {
    const gateway = await startTestGateway({ options: PASSTHROUGH });
    const response = await send(gateway, headers);

    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(response.errors).toEqual([
      { message: matching(/Bearer <token>/), extensions: { code: 'UNAUTHENTICATED', retryable: false } },
    ]);
    expect(response.data).toBeNull();
    expect(gateway.upstreamRequests()).toEqual([]);
    expect(JSON.stringify([response.text, [...response.headers], gateway.logs])).not.toContain(ALICE);
  });
});

test.each(['application/json', 'application/graphql-response+json', 'text/event-stream', 'multipart/mixed', '*/*'])(
  'a caller without a token gets 401, whatever media type it accepts: %s',
  async (accept) => {
    const gateway = await startTestGateway({ options: PASSTHROUGH });
    const response = await gateway.send({ query: '{ __typename }' }, { headers: { accept } });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(response.text).toContain('"UNAUTHENTICATED"');
  },
);

test('the gateway does not read the body of a request without a token', async () => {
  const gateway = await startTestGateway({ options: PASSTHROUGH });
  let reads = 0;
  const query = new TextEncoder().encode('{"query":"{ __typename }"}');
  const body = (): ReadableStream =>
    new ReadableStream(
      {
        pull(controller) {
          reads += 1;
          controller.enqueue(query);
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
  const post = async (headers: Record<string, string>) => {
    const streamed = { duplex: 'half', body: body() };
    return gateway.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      ...streamed,
    });
  };

  expect((await post({})).status).toBe(401);
  expect(reads).toBe(0);
  expect((await post(bearer(ALICE))).data).toEqual({ __typename: 'Query' });
  expect(reads).toBe(1);
});

test('a request without a token and with malformed JSON gets 401, not a complaint about its body', async () => {
  const gateway = await startTestGateway({ options: PASSTHROUGH });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' };
  expect((await gateway.fetch('/graphql', init)).status).toBe(401);
});
