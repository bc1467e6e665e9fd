import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { at, rowsOf, startTestGateway } from '../support/gateway.ts';
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

/** Attacks on the path that an id is put into. */
const HOSTILE = [
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
  ...[null, true, ['x'], { id: 'x' }, 1.5, -0.1, 1e-7, 1e21, 2 ** 53, ...HOSTILE].map((id) => ({
    __typename: 'Livestream',
    id,
  })),
];

const SERVED = /^[A-Za-z0-9-]{1,64}$/;

describe('a malformed representation', () => {
  test.each(MALFORMED.map((malformed) => [JSON.stringify(malformed).slice(0, 60), malformed]))(
    'is an error of its own place only: %s',
    async (_text, malformed) => {
      const gateway = await startTestGateway();
      const { emptyMeetingId, idleLivestreamId } = gateway.samples;
      const representations = [
        { __typename: 'Meeting', id: emptyMeetingId },
        malformed,
        { __typename: 'Livestream', id: idleLivestreamId },
      ];
      const { data, errors } = await gateway.send({ query: QUERY, variables: { representations } });

      expect(rowsOf(at(data, '_entities')).map((row) => at(row, 'id') ?? null)).toEqual([
        emptyMeetingId,
        null,
        idleLivestreamId,
      ]);
      expect(errors.map(({ path, extensions }) => [path, extensions])).toEqual([
        [['_entities', 1], { code: 'BAD_USER_INPUT', retryable: false }],
      ]);
      // What was sent may be anything, and is not said again.
      expect(errors[0]?.message).toMatch(/^(A representation must be|An id is) [ -~]{20,120}$/);
      expect(gateway.upstream()).toHaveLength(2);
      expect(gateway.logs).toEqual([]);
    },
  );

  test('of a meeting is one though nothing is read for it', async () => {
    const gateway = await startTestGateway();
    const representations = HOSTILE.map((id) => ({ __typename: 'Meeting', id }));
    const query = QUERY.replace('status', '');
    const { data, errors } = await gateway.send({ query, variables: { representations } });
    expect(at(data, '_entities')).toEqual(HOSTILE.map(() => null));
    expect(errors.map(({ path, extensions }) => [path?.[1], extensions['code']])).toEqual(
      HOSTILE.map((_id, place) => [place, 'BAD_USER_INPUT']),
    );
  });

  test('that is null is refused by the type of the argument, before anything is read', async () => {
    const gateway = await startTestGateway();
    const representations = [{ __typename: 'Livestream', id: 'x' }, null];
    const { data, errors } = await gateway.send({ query: QUERY, variables: { representations } });
    expect(data).toBeNull();
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['BAD_USER_INPUT']);
    expect(gateway.upstream()).toEqual([]);
  });

  test('leaves all that stands beside it, whatever it is, and sends upstream none of it', async () => {
    const gateway = await startTestGateway({ settings: { quota: { enforced: false, limit: 1_000_000 } } });
    const { emptyMeetingId } = gateway.samples;
    const good = { __typename: 'Meeting', id: emptyMeetingId };
    const names = fc.constantFrom('Meeting', 'Livestream', 'LivestreamSession', 'Query', '__proto__', 'constructor', 1);
    const ids = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[A-Za-z0-9-]{1,70}$/),
      fc.constantFrom(...HOSTILE, null, true, []),
      fc.maxSafeInteger(),
    );
    const representation = fc.oneof(
      fc.record({ __typename: names, id: ids }, { requiredKeys: [] }),
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.jsonValue().filter((value) => value !== null),
    );

    await fc.assert(
      fc.asyncProperty(fc.array(representation, { maxLength: 8 }), async (wild) => {
        const representations = [good, ...wild, good];
        const { data, errors } = await gateway.send({ query: QUERY, variables: { representations } });
        const found = rowsOf(at(data, '_entities'));
        const failed = new Map(errors.map(({ path, extensions }) => [path?.[1], extensions['code']]));

        expect(found).toHaveLength(representations.length);
        expect([at(found, 0, 'id'), at(found, found.length - 1, 'id')]).toEqual([emptyMeetingId, emptyMeetingId]);
        for (const [place, sent] of representations.entries()) {
          const id = at(sent, 'id');
          const isServed =
            ['Meeting', 'Livestream', 'LivestreamSession'].includes(String(at(sent, '__typename'))) &&
            (typeof id === 'string' || Number.isSafeInteger(id)) &&
            SERVED.test(String(id)) &&
            id !== 'sessions';
          expect([sent, failed.get(place)]).toEqual([sent, isServed ? undefined : 'BAD_USER_INPUT']);
        }
      }),
      { numRuns: runs(40) },
    );
    const routes = new Set(gateway.sandbox.requests().requests.map(({ route }) => route));
    expect(routes).not.toContain('unknown');
    for (const { path } of gateway.sandbox.requests().requests) expect(path.split('/').at(-1)).toMatch(SERVED);
    expect(gateway.logs).toEqual([]);
  });
});

describe('many representations', () => {
  const many = (count: number, make: (index: number) => unknown) =>
    Array.from({ length: count }, (_, index) => make(index));

  test('of things to read are refused before the first request', async () => {
    const gateway = await startTestGateway();
    const representations = many(501, (index) => ({ __typename: 'LivestreamSession', id: `s-${index}` }));
    const { errors } = await gateway.send({ query: QUERY, variables: { representations } });
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['QUERY_TOO_EXPENSIVE']);
    expect(gateway.upstream()).toEqual([]);
  });

  // Otherwise a short request makes a long answer: each of them is an error of its own, under each alias again.
  test.each([[0], ['x'], [{}], [{ __typename: 'Query', id: 'x' }]])(
    'that are all malformed are refused as a whole: %j',
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
