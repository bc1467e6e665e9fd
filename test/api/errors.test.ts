import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Fault } from '../../src/sandbox/faults.ts';
import { graphql } from '../generated/gql.ts';
import { ACCOUNT, APP, at, matching, startTestGateway, TOKEN, waitUntil } from '../support/gateway.ts';
import { runs } from '../support/runs.ts';

const LIVESTREAM_ROUTE = '/livestreams/{livestream_id}';

const OneLivestream = graphql(`
  query OneLivestream($id: ID!) {
    livestream(id: $id) {
      name
    }
  }
`);

const FiftyWithSessions = graphql(`
  query FiftyWithSessions {
    livestreams(first: 50, filter: { status: LIVE }) {
      nodes {
        id
        activeSession {
          id
        }
      }
    }
  }
`);

const EveryId = graphql(`
  query EveryId($id: ID!) {
    meeting(id: $id) {
      id
      title
    }
    livestream(id: $id) {
      id
    }
    livestreamSession(id: $id) {
      id
    }
  }
`);

const EveryIdOfMutations = graphql(`
  mutation EveryIdOfMutations($id: ID!) {
    startLivestream(input: { meetingId: $id }) {
      userErrors {
        code
      }
    }
    stopLivestream(input: { meetingId: $id }) {
      userErrors {
        code
      }
    }
  }
`);

describe('an upstream failure', () => {
  const CASES: [Omit<Fault, 'route'>, string, boolean][] = [
    [{ kind: 'status', status: 400 }, 'BAD_USER_INPUT', false],
    [{ kind: 'status', status: 422 }, 'BAD_USER_INPUT', false],
    [{ kind: 'status', status: 401 }, 'UPSTREAM_INVALID_RESPONSE', false],
    [{ kind: 'status', status: 403 }, 'UPSTREAM_INVALID_RESPONSE', false],
    [{ kind: 'status', status: 429 }, 'RATE_LIMITED', true],
    [{ kind: 'status', status: 408 }, 'UPSTREAM_TIMEOUT', true],
    [{ kind: 'status', status: 500 }, 'UPSTREAM_UNAVAILABLE', true],
    [{ kind: 'status', status: 520 }, 'UPSTREAM_UNAVAILABLE', true],
    [{ kind: 'status', status: 502 }, 'UPSTREAM_UNAVAILABLE', true],
    [{ kind: 'status', status: 503 }, 'UPSTREAM_UNAVAILABLE', true],
    [{ kind: 'status', status: 504 }, 'UPSTREAM_UNAVAILABLE', true],
    [{ kind: 'html' }, 'UPSTREAM_UNAVAILABLE', true],
    [{ kind: 'reset' }, 'UPSTREAM_UNAVAILABLE', true],
    [{ kind: 'truncated' }, 'UPSTREAM_UNAVAILABLE', true],
    [{ kind: 'status', status: 418 }, 'UPSTREAM_INVALID_RESPONSE', false],
    [{ kind: 'html', status: 200 }, 'UPSTREAM_INVALID_RESPONSE', false],
    [{ kind: 'html', status: 403 }, 'UPSTREAM_INVALID_RESPONSE', false],
    [{ kind: 'html', status: 404 }, 'UPSTREAM_INVALID_RESPONSE', false],
    [{ kind: 'not-json' }, 'UPSTREAM_INVALID_RESPONSE', false],
    [{ kind: 'empty' }, 'UPSTREAM_INVALID_RESPONSE', false],
    [{ kind: 'huge' }, 'UPSTREAM_INVALID_RESPONSE', false],
    [{ kind: 'redirect' }, 'UPSTREAM_INVALID_RESPONSE', false],
  ];

  test.each(CASES)('%j is reported as %s with retryable: %s', async (fault, code, retryable) => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ ...fault, route: LIVESTREAM_ROUTE }]);
    const { data, errors, status } = await gateway.execute(OneLivestream, { id: gateway.exampleIds.liveLivestreamId });

    expect(status).toBe(200);
    expect(data).toEqual({ livestream: null });
    expect(errors).toMatchObject([{ path: ['livestream'], extensions: { code, retryable } }]);
    expect(new Set(gateway.upstreamRequests())).toEqual(new Set([`GET ${LIVESTREAM_ROUTE}`]));
  });

  test('of a request that times out three times is reported as UPSTREAM_TIMEOUT', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ kind: 'hang' }]);
    const response = gateway.execute(OneLivestream, { id: gateway.exampleIds.liveLivestreamId });
    for (const attempts of [1, 2, 3]) {
      await waitUntil(() => gateway.upstreamRequests().length === attempts);
      gateway.clock.advance(10_000);
    }
    expect((await response).errors).toMatchObject([{ extensions: { code: 'UPSTREAM_TIMEOUT', retryable: true } }]);
  });

  test('of a rate limit is reported with retryAfterSeconds and the details of the upstream error', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ kind: 'status', status: 429, retryAfterSeconds: 120 }]);
    const { errors } = await gateway.execute(OneLivestream, { id: gateway.exampleIds.liveLivestreamId });

    expect(errors.map(({ extensions }) => extensions)).toEqual([
      {
        code: 'RATE_LIMITED',
        retryable: true,
        retryAfterSeconds: 120,
        upstream: {
          status: 429,
          code: 1429,
          message: 'A fault of the sandbox affects this request',
          ray: matching(/^[0-9a-f]{16}-LIS$/),
        },
      },
    ]);
    expect(gateway.upstreamRequests()).toHaveLength(1);
  });
});

describe('a request that is rejected before its execution', () => {
  const PERSISTED = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } };
  test.each([
    ['GRAPHQL_PARSE_FAILED', { query: '{' }],
    ['GRAPHQL_VALIDATION_FAILED', { query: '{ nope }' }],
    ['OPERATION_RESOLUTION_FAILURE', { query: 'query A { __typename }', operationName: 'B' }],
    ['OPERATION_RESOLUTION_FAILURE', { query: 'query A { __typename } query B { __typename }' }],
    ['BAD_REQUEST', {}],
    ['PERSISTED_QUERY_NOT_FOUND', { extensions: PERSISTED }],
    ['BAD_REQUEST', { query: '{ __typename }', variables: 5 }],
    ['BAD_REQUEST', [{ query: '{ __typename }' }]],
    ['BAD_USER_INPUT', { query: 'query A($id: ID!) { livestream(id: $id) { id } }' }],
  ])('is reported as %s: %j', async (code, body) => {
    const gateway = await startTestGateway();
    const { errors, data } = await gateway.send(body);

    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code, retryable: false } }]);
    expect(gateway.upstreamRequests()).toEqual([]);
    expect(gateway.logs).toEqual([]);
  });

  test.each([
    'subscription ($on: Boolean!) { livestreamUpdated @include(if: $on) { id } }',
    'subscription ($on: Boolean = true) { livestreamUpdated @skip(if: $on) { id } }',
    'subscription ($on: Boolean!) { ... @include(if: $on) { livestreamUpdated { id } } }',
  ])('is told not to make the root field of a subscription conditional: %s', async (query) => {
    const gateway = await startTestGateway();
    const { errors } = await gateway.send({ query, variables: { on: true } });

    expect(errors).toMatchObject([
      {
        message: 'The root field of a subscription must not depend on "@skip" or "@include".',
        extensions: { code: 'GRAPHQL_VALIDATION_FAILED', retryable: false },
      },
    ]);
  });
});

test('a failed read of one session in a list of fifty leaves the other forty-nine', async () => {
  const gateway = await startTestGateway();
  const route = '/livestreams/{livestream_id}/active-livestream-session';
  gateway.sandbox.setFaults([{ kind: 'status', status: 501, route, skip: 20, times: 1 }]);
  const { data, errors } = await gateway.execute(FiftyWithSessions, {});
  const nodes = data?.livestreams.nodes ?? [];

  expect(nodes).toHaveLength(50);
  expect(nodes.filter(({ activeSession }) => activeSession !== null)).toHaveLength(49);
  const failedIndex = nodes.findIndex(({ activeSession }) => activeSession === null);
  expect(errors).toMatchObject([
    { path: ['livestreams', 'nodes', failedIndex, 'activeSession'], extensions: { code: 'UPSTREAM_UNAVAILABLE' } },
  ]);
});

describe('an unexpected error', () => {
  test('is masked for the caller and logged with the request id', async () => {
    const gateway = await startTestGateway({ intercept: () => () => Promise.reject(new Error('the secret inside')) });
    const headers = { 'x-request-id': 'call-17' };
    const response = await gateway.execute(OneLivestream, { id: 'a' }, { headers });

    expect(response.text).not.toContain('secret inside');
    expect(response.errors).toMatchObject([
      { path: ['livestream'], extensions: { code: 'INTERNAL_SERVER_ERROR', retryable: false, requestId: 'call-17' } },
    ]);
    expect(response.headers.get('x-request-id')).toBe('call-17');
    expect(gateway.logs).toMatchObject([
      { level: 'error', fields: { requestId: 'call-17', path: 'livestream', error: matching(/the secret inside/) } },
    ]);
  });

  test.each(['two words', 'x'.repeat(129), '"quoted"'])(
    'is reported under a generated request id if the caller sends an invalid one: %j',
    async (id) => {
      const gateway = await startTestGateway();
      const response = await gateway.send({ query: '{ __typename }' }, { headers: { 'x-request-id': id } });
      expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});

test('neither a response nor the log contains a secret, whatever upstream sends', async () => {
  const streamKey = 'f'.repeat(64);
  const leakyText = `${TOKEN} Bearer ${TOKEN} /accounts/${ACCOUNT}/realtime/kit/${APP} ${streamKey} https://a.test/accounts/${ACCOUNT}`;
  for (const status of [200, 400, 401, 403, 404, 409, 429, 500]) {
    for (const body of [
      { success: false, error: { code: leakyText, message: leakyText } },
      { success: false, errors: [{ code: leakyText, message: leakyText }] },
      { [leakyText]: leakyText },
      leakyText,
    ]) {
      const headers = { 'cf-ray': leakyText, 'retry-after': leakyText };
      const gateway = await startTestGateway({
        intercept: () => async () => ({ status, headers, body: JSON.stringify(body) }),
      });
      const responses = [
        await gateway.execute(EveryId, { id: 'an-id' }),
        await gateway.execute(EveryIdOfMutations, { id: 'an-id' }),
      ];
      const visible = JSON.stringify([responses.map(({ text, headers }) => [text, [...headers]]), gateway.logs]);
      for (const secret of [TOKEN, ACCOUNT, APP, streamKey]) expect(visible).not.toContain(secret);
    }
  }
});

describe('an invalid id is rejected without an upstream request', () => {
  const INVALID_IDS = [
    '',
    '.',
    '..',
    '%2e%2e',
    'a/../b',
    '..\\',
    '\\',
    '?x=1#',
    '#',
    'a b',
    '\u0000',
    'a\u0000b',
    'a\r\nx-injected: 1',
    'a\n',
    'x'.repeat(65),
    'x'.repeat(10_000),
    'ａ',
    'а',
    'é',
    '․․',
    'sessions',
  ];

  test.each(INVALID_IDS.map((id) => [JSON.stringify(id).slice(0, 40), id]))(
    '%s in queries and mutations',
    async (_label, id) => {
      const gateway = await startTestGateway();
      const queries = await gateway.execute(EveryId, { id });
      const mutations = await gateway.execute(EveryIdOfMutations, { id });

      expect(queries.errors.map(({ extensions }) => extensions['code'])).toEqual(Array(3).fill('BAD_USER_INPUT'));
      expect(mutations.data).toEqual({
        startLivestream: { userErrors: [{ code: 'BAD_USER_INPUT' }] },
        stopLivestream: { userErrors: [{ code: 'BAD_USER_INPUT' }] },
      });
      expect(gateway.upstreamRequests()).toEqual([]);
    },
  );

  test('for every generated string that does not match the format of ids', async () => {
    const gateway = await startTestGateway();
    const id = fc.string({ unit: 'binary', maxLength: 80 }).filter((text) => !/^[A-Za-z0-9-]{1,64}$/.test(text));
    await fc.assert(
      fc.asyncProperty(id, async (text) => {
        const { errors } = await gateway.execute(EveryId, { id: text });
        expect(errors.map(({ extensions }) => at(extensions, 'code'))).toEqual(Array(3).fill('BAD_USER_INPUT'));
        await gateway.execute(EveryIdOfMutations, { id: text });
        expect(gateway.upstreamRequests()).toEqual([]);
      }),
      { numRuns: runs(25) },
    );
  });
});
