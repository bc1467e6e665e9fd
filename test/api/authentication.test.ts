import { describe, expect, test } from 'vitest';

import { matching, startTestGateway, type TestGateway } from '../support/gateway.ts';

const PASSTHROUGH = { auth: { kind: 'passthrough' } } as const;
const ALICE = 'alices-upstream-token';
const BOB = 'bobs-upstream-token';

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

const bothWays = [
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

const REFUSED: [string, Record<string, string>][] = [
  ['no header', {}],
  ['an empty one', { authorization: '' }],
  ['a scheme alone', { authorization: 'Bearer' }],
  ['a scheme and blanks', { authorization: 'Bearer   ' }],
  ['another scheme', { authorization: 'Basic YTpi' }],
  ['a token alone', { authorization: ALICE }],
  ['no blank between', { authorization: `Bearer${ALICE}` }],
  ['a tab between', { authorization: `Bearer\t${ALICE}` }],
  ['a token in two words', { authorization: 'Bearer two words' }],
  ['two headers in one', { authorization: `Bearer ${ALICE}, Bearer ${BOB}` }],
  ['letters beyond ASCII', { authorization: 'Bearer é' }],
  ['a control character', { authorization: 'Bearer a\u0001b' }],
  ['more than 8,192 characters', { authorization: `Bearer ${'x'.repeat(8186)}` }],
  ['100,000 characters', { authorization: `Bearer ${'x'.repeat(100_000)}` }],
  ['100,000 blanks', { authorization: `Bearer${' '.repeat(100_000)}x` }],
  ['an API key', { 'x-api-key': ALICE }],
  ['a cookie', { cookie: `authorization=Bearer ${ALICE}` }],
];

describe.each(bothWays)('%s without a bearer token', (_method, send) => {
  test.each(REFUSED)('is answered with 401 and what to send: %s', async (_what, headers) => {
    const gateway = await startTestGateway({ options: PASSTHROUGH });
    const answer = await send(gateway, headers);

    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.errors).toEqual([
      { message: matching(/Bearer <token>/), extensions: { code: 'UNAUTHENTICATED', retryable: false } },
    ]);
    expect(answer.data).toBeNull();
    expect(gateway.upstream()).toEqual([]);
    expect(JSON.stringify([answer.text, [...answer.headers], gateway.logs])).not.toContain(ALICE);
  });
});

test.each(['application/json', 'application/graphql-response+json', 'text/event-stream', 'multipart/mixed', '*/*'])(
  'a caller without a token gets 401 in whatever form it accepts: %s',
  async (accept) => {
    const gateway = await startTestGateway({ options: PASSTHROUGH });
    const answer = await gateway.send({ query: '{ __typename }' }, { headers: { accept } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.text).toContain('"UNAUTHENTICATED"');
  },
);

test('the body of a caller without a token is not read', async () => {
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
    const half = { duplex: 'half', body: body() };
    return gateway.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      ...half,
    });
  };

  expect((await post({})).status).toBe(401);
  expect(reads).toBe(0);
  expect((await post(bearer(ALICE).headers)).data).toEqual({ __typename: 'Query' });
  expect(reads).toBe(1);
});

test('a body that is no JSON is not complained of to a caller without a token', async () => {
  const gateway = await startTestGateway({ options: PASSTHROUGH });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' };
  expect((await gateway.fetch('/graphql', init)).status).toBe(401);
});
