import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Fault } from '../../src/sandbox/faults.ts';
import { graphql } from '../generated/gql.ts';
import { ACCOUNT, APP, at, matching, startTestGateway, TOKEN, until } from '../support/gateway.ts';
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

describe('what went wrong upstream has a code, and whether to try again', () => {
  const cases: [Omit<Fault, 'route'>, string, boolean][] = [
    [{ kind: 'status', status: 400 }, 'BAD_USER_INPUT', false],
    [{ kind: 'status', status: 422 }, 'BAD_USER_INPUT', false],
    [{ kind: 'status', status: 401 }, 'UNAUTHENTICATED', false],
    [{ kind: 'status', status: 403 }, 'FORBIDDEN', false],
    [{ kind: 'status', status: 429 }, 'RATE_LIMITED', true],
    [{ kind: 'status', status: 408 }, 'UPSTREAM_TIMEOUT', true],
    [{ kind: 'status', status: 500 }, 'UPSTREAM_UNAVAILABLE', true],
    [{ kind: 'status', status: 502 }, 'UPSTREAM_UNAVAILABLE', true],
    [{ kind: 'status', status: 503 }, 'UPSTREAM_UNAVAILABLE', true],
    [{ kind: 'status', status: 504 }, 'UPSTREAM_UNAVAILABLE', true],
    [{ kind: 'html' }, 'UPSTREAM_UNAVAILABLE', true],
    [{ kind: 'reset' }, 'UPSTREAM_UNAVAILABLE', true],
    [{ kind: 'truncated' }, 'UPSTREAM_UNAVAILABLE', true],
    [{ kind: 'status', status: 418 }, 'UPSTREAM_INVALID_RESPONSE', false],
    [{ kind: 'html', status: 200 }, 'UPSTREAM_INVALID_RESPONSE', false],
    [{ kind: 'html', status: 404 }, 'UPSTREAM_INVALID_RESPONSE', false],
    [{ kind: 'not-json' }, 'UPSTREAM_INVALID_RESPONSE', false],
    [{ kind: 'empty' }, 'UPSTREAM_INVALID_RESPONSE', false],
    [{ kind: 'huge' }, 'UPSTREAM_INVALID_RESPONSE', false],
    [{ kind: 'redirect' }, 'UPSTREAM_INVALID_RESPONSE', false],
  ];

  test.each(cases)('%j is %s, retryable %s', async (fault, code, retryable) => {
    const gateway = await startTestGateway();
    gateway.sandbox.fail([{ ...fault, route: LIVESTREAM_ROUTE }]);
    const { data, errors, status } = await gateway.execute(OneLivestream, { id: gateway.samples.liveLivestreamId });

    expect(status).toBe(200);
    expect(data).toEqual({ livestream: null });
    expect(errors).toMatchObject([{ path: ['livestream'], extensions: { code, retryable } }]);
    expect(new Set(gateway.upstream())).toEqual(new Set([`GET ${LIVESTREAM_ROUTE}`]));
  });

  test('no answer in time is UPSTREAM_TIMEOUT', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.fail([{ kind: 'hang' }]);
    const answer = gateway.execute(OneLivestream, { id: gateway.samples.liveLivestreamId });
    for (const sent of [1, 2, 3]) {
      await until(() => gateway.upstream().length === sent);
      gateway.clock.advance(10_000);
    }
    expect((await answer).errors).toMatchObject([{ extensions: { code: 'UPSTREAM_TIMEOUT', retryable: true } }]);
  });

  test('a limit that is reached tells when to come back, and what upstream said', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.fail([{ kind: 'status', status: 429, retryAfterSeconds: 120 }]);
    const { errors } = await gateway.execute(OneLivestream, { id: gateway.samples.liveLivestreamId });

    expect(errors.map(({ extensions }) => extensions)).toEqual([
      {
        code: 'RATE_LIMITED',
        retryable: true,
        retryAfterSeconds: 120,
        upstream: {
          status: 429,
          code: 1429,
          message: 'The sandbox was told to fail this request',
          ray: matching(/^[0-9a-f]{16}-LIS$/),
        },
      },
    ]);
    expect(gateway.upstream()).toHaveLength(1);
  });
});

describe('a request that never becomes an operation says why', () => {
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
  ])('%s: %j', async (code, body) => {
    const gateway = await startTestGateway();
    const { errors, data } = await gateway.send(body);

    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code, retryable: false } }]);
    expect(gateway.upstream()).toEqual([]);
    expect(gateway.logs).toEqual([]);
  });
});

test('one dead session in fifty leaves forty-nine', async () => {
  const gateway = await startTestGateway();
  const route = '/livestreams/{livestream_id}/active-livestream-session';
  gateway.sandbox.fail([{ kind: 'status', status: 500, route, skip: 20, times: 1 }]);
  const { data, errors } = await gateway.execute(FiftyWithSessions, {});
  const nodes = data?.livestreams.nodes ?? [];

  expect(nodes).toHaveLength(50);
  expect(nodes.filter(({ activeSession }) => activeSession !== null)).toHaveLength(49);
  const dead = nodes.findIndex(({ activeSession }) => activeSession === null);
  expect(errors).toMatchObject([
    { path: ['livestreams', 'nodes', dead, 'activeSession'], extensions: { code: 'UPSTREAM_UNAVAILABLE' } },
  ]);
});

describe('an error that nobody foresaw', () => {
  test('is masked, and stands in the log under the request id', async () => {
    const gateway = await startTestGateway({ intercept: () => () => Promise.reject(new Error('the secret inside')) });
    const headers = { 'x-request-id': 'call-17' };
    const answer = await gateway.execute(OneLivestream, { id: 'a' }, { headers });

    expect(answer.text).not.toContain('secret inside');
    expect(answer.errors).toMatchObject([
      { path: ['livestream'], extensions: { code: 'INTERNAL_SERVER_ERROR', retryable: false, requestId: 'call-17' } },
    ]);
    expect(answer.headers.get('x-request-id')).toBe('call-17');
    expect(gateway.logs).toMatchObject([
      { level: 'error', fields: { requestId: 'call-17', path: 'livestream', error: matching(/the secret inside/) } },
    ]);
  });

  test.each(['two words', 'x'.repeat(129), '"quoted"'])(
    'is under a new id when the one sent is unusable: %j',
    async (id) => {
      const gateway = await startTestGateway();
      const answer = await gateway.send({ query: '{ __typename }' }, { headers: { 'x-request-id': id } });
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});

test('no secret is in an answer or in the log, whatever upstream says', async () => {
  const streamKey = 'f'.repeat(64);
  const says = `${TOKEN} Bearer ${TOKEN} /accounts/${ACCOUNT}/realtime/kit/${APP} ${streamKey} https://a.test/accounts/${ACCOUNT}`;
  for (const status of [200, 400, 401, 403, 404, 409, 429, 500]) {
    for (const body of [
      { success: false, error: { code: says, message: says } },
      { success: false, errors: [{ code: says, message: says }] },
      { [says]: says },
      says,
    ]) {
      const headers = { 'cf-ray': says, 'retry-after': says };
      const gateway = await startTestGateway({
        intercept: () => async () => ({ status, headers, body: JSON.stringify(body) }),
      });
      const answers = [
        await gateway.execute(EveryId, { id: 'an-id' }),
        await gateway.execute(EveryIdOfMutations, { id: 'an-id' }),
      ];
      const shown = JSON.stringify([answers.map(({ text, headers }) => [text, [...headers]]), gateway.logs]);
      for (const secret of [TOKEN, ACCOUNT, APP, streamKey]) expect(shown).not.toContain(secret);
    }
  }
});

describe('an id that is none never reaches upstream', () => {
  const ATTACKS = [
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

  test.each(ATTACKS.map((id) => [JSON.stringify(id).slice(0, 40), id]))('%s', async (_shown, id) => {
    const gateway = await startTestGateway();
    const queries = await gateway.execute(EveryId, { id });
    const mutations = await gateway.execute(EveryIdOfMutations, { id });

    expect(queries.errors.map(({ extensions }) => extensions['code'])).toEqual(Array(3).fill('BAD_USER_INPUT'));
    expect(mutations.data).toEqual({
      startLivestream: { userErrors: [{ code: 'BAD_USER_INPUT' }] },
      stopLivestream: { userErrors: [{ code: 'BAD_USER_INPUT' }] },
    });
    expect(gateway.upstream()).toEqual([]);
  });

  test('whatever it is', async () => {
    const gateway = await startTestGateway();
    const id = fc.string({ unit: 'binary', maxLength: 80 }).filter((text) => !/^[A-Za-z0-9-]{1,64}$/.test(text));
    await fc.assert(
      fc.asyncProperty(id, async (text) => {
        const { errors } = await gateway.execute(EveryId, { id: text });
        expect(errors.map(({ extensions }) => at(extensions, 'code'))).toEqual(Array(3).fill('BAD_USER_INPUT'));
        await gateway.execute(EveryIdOfMutations, { id: text });
        expect(gateway.upstream()).toEqual([]);
      }),
      { numRuns: runs(25) },
    );
  });
});
