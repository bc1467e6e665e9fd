import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { at, asArray, startTestGateway } from '../support/gateway.ts';
import { runs } from '../support/runs.ts';

const QUERY = /* GraphQL */ `
  query ($representations: [_Any!]!) {
    _entities(representations: $representations) {
      __typename
      ... on Meeting {
        id
        status
      }
      ... on Livestream {
        id
      }
      ... on LivestreamSession {
        id
      }
    }
  }
`;

/** Ids that attack the upstream path. */
const HOSTILE_IDS = [
  '..',
  '%2e%2e',
  'a/../b',
  '\\',
  '?x=1#',
  '\0',
  'a\r\nb',
  'x'.repeat(10_000),
  'аbc',
  'sessions',
  '',
  ' ',
  'a b',
];

const MALFORMED: unknown[] = [
  0,
  'Meeting',
  true,
  [],
  [{ __typename: 'Meeting', id: 'x' }],
  {},
  { id: 'x' },
  { __typename: 'Meeting' },
  { __typename: null, id: 'x' },
  { __typename: ['Meeting'], id: 'x' },
  { __typename: 'meeting', id: 'x' },
  ...['Query', '_Entity', 'PageInfo', 'toString', '__proto__', ''].map((__typename) => ({ __typename, id: 'x' })),
  ...[null, true, ['x'], { id: 'x' }, 1.5, -0.1, 1e-7, 1e21, 2 ** 53, ...HOSTILE_IDS].map((id) => ({
    __typename: 'Livestream',
    id,
  })),
];

const VALID_ID = /^[A-Za-z0-9-]{1,64}$/;

describe('a malformed entity representation', () => {
  test.each(MALFORMED.map((malformed) => [JSON.stringify(malformed).slice(0, 60), malformed]))(
    'resolves to null with an error at its own index only: %s',
    async (_json, malformed) => {
      const gateway = await startTestGateway();
      const { emptyMeetingId, idleLivestreamId } = gateway.exampleIds;
      const representations = [
        { __typename: 'Meeting', id: emptyMeetingId },
        malformed,
        { __typename: 'Livestream', id: idleLivestreamId },
      ];
      const { data, errors } = await gateway.send({ query: QUERY, variables: { representations } });

      expect(asArray(at(data, '_entities')).map((row) => at(row, 'id') ?? null)).toEqual([
        emptyMeetingId,
        null,
        idleLivestreamId,
      ]);
      expect(errors.map(({ path, extensions }) => [path, extensions])).toEqual([
        [['_entities', 1], { code: 'BAD_USER_INPUT', retryable: false }],
      ]);
      // The message must not repeat the input.
      expect(errors[0]?.message).toMatch(/^(A representation must be|An ID is) [ -~]{20,120}$/);
      expect(gateway.upstreamRequests()).toHaveLength(2);
      expect(gateway.logs).toEqual([]);
    },
  );

  test('of a meeting is an error even when its selection needs no upstream request', async () => {
    const gateway = await startTestGateway();
    const representations = HOSTILE_IDS.map((id) => ({ __typename: 'Meeting', id }));
    const query = QUERY.replace('status', '');
    const { data, errors } = await gateway.send({ query, variables: { representations } });
    expect(at(data, '_entities')).toEqual(HOSTILE_IDS.map(() => null));
    expect(errors.map(({ path, extensions }) => [path?.[1], extensions['code']])).toEqual(
      HOSTILE_IDS.map((_id, index) => [index, 'BAD_USER_INPUT']),
    );
  });

  test('that is null is rejected by the argument type without an upstream request', async () => {
    const gateway = await startTestGateway();
    const representations = [{ __typename: 'Livestream', id: 'x' }, null];
    const { data, errors } = await gateway.send({ query: QUERY, variables: { representations } });
    expect(data).toBeNull();
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['BAD_USER_INPUT']);
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('does not affect the representations beside it and never reaches upstream, for arbitrary JSON', async () => {
    const gateway = await startTestGateway({ settings: { quota: { enforced: false, limit: 1_000_000 } } });
    const { emptyMeetingId } = gateway.exampleIds;
    const good = { __typename: 'Meeting', id: emptyMeetingId };
    const names = fc.constantFrom('Meeting', 'Livestream', 'LivestreamSession', 'Query', '__proto__', 'constructor', 1);
    const ids = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[A-Za-z0-9-]{1,70}$/),
      fc.constantFrom(...HOSTILE_IDS, null, true, []),
      fc.maxSafeInteger(),
    );
    const representation = fc.oneof(
      fc.record({ __typename: names, id: ids }, { requiredKeys: [] }),
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.jsonValue().filter((value) => value !== null),
    );

    await fc.assert(
      fc.asyncProperty(fc.array(representation, { maxLength: 8 }), async (arbitrary) => {
        const representations = [good, ...arbitrary, good];
        const { data, errors } = await gateway.send({ query: QUERY, variables: { representations } });
        const found = asArray(at(data, '_entities'));
        const failed = new Map(errors.map(({ path, extensions }) => [path?.[1], extensions['code']]));

        expect(found).toHaveLength(representations.length);
        expect([at(found, 0, 'id'), at(found, found.length - 1, 'id')]).toEqual([emptyMeetingId, emptyMeetingId]);
        for (const [index, sent] of representations.entries()) {
          const id = at(sent, 'id');
          const isServed =
            ['Meeting', 'Livestream', 'LivestreamSession'].includes(String(at(sent, '__typename'))) &&
            (typeof id === 'string' || Number.isSafeInteger(id)) &&
            VALID_ID.test(String(id)) &&
            id !== 'sessions';
          expect([sent, failed.get(index)]).toEqual([sent, isServed ? undefined : 'BAD_USER_INPUT']);
        }
      }),
      { numRuns: runs(40) },
    );
    const routes = new Set(gateway.sandbox.requests().requests.map(({ route }) => route));
    expect(routes).not.toContain('unknown');
    for (const { path } of gateway.sandbox.requests().requests) expect(path.split('/').at(-1)).toMatch(VALID_ID);
    expect(gateway.logs).toEqual([]);
  });
});

describe('more than 500 representations', () => {
  const many = (count: number, make: (index: number) => unknown) =>
    Array.from({ length: count }, (_, index) => make(index));

  test('that each need an upstream request are rejected before the first one', async () => {
    const gateway = await startTestGateway();
    const representations = many(501, (index) => ({ __typename: 'LivestreamSession', id: `s-${index}` }));
    const { errors } = await gateway.send({ query: QUERY, variables: { representations } });
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['QUERY_TOO_EXPENSIVE']);
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  // Otherwise a short request yields a long response: an error for each representation under each alias.
  test.each([[0], ['x'], [{}], [{ __typename: 'Query', id: 'x' }]])(
    'that are all malformed are rejected with one error: %j',
    async (malformed) => {
      const gateway = await startTestGateway();
      const { text, errors } = await gateway.send({
        query: QUERY,
        variables: { representations: many(501, () => malformed) },
      });
      expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['QUERY_TOO_EXPENSIVE']);
      expect(text.length).toBeLessThan(1000);
    },
  );
});
