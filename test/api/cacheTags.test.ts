import { describe, expect, test } from 'vitest';

import { joinTags, tagsOfChange } from '../../src/data/cache/tags.ts';
import {
  asArray,
  at,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
  type TestResponse,
} from '../support/gateway.ts';

const PUBLIC: TestGatewayOptions = { options: { cacheHeaders: 'public' } };

async function get(gateway: TestGateway, query: string, headers: Record<string, string> = {}): Promise<TestResponse> {
  const path = `/graphql?query=${encodeURIComponent(query)}`;
  return gateway.fetch(path, { headers: { accept: 'application/json', ...headers } });
}

const tagsOf = ({ headers }: TestResponse): string[] => headers.get('cache-tag')?.split(',') ?? [];

/** Queries, and the tags that their responses have, by the ids of the sandbox's examples. */
function examples({ exampleIds }: TestGateway): [query: string, tags: string[]][] {
  const { liveMeetingId, liveLivestreamId, endedSessionId, emptyMeetingId } = exampleIds;
  const meeting = `meeting:${liveMeetingId}`;
  const livestream = `livestream:${liveLivestreamId}`;
  return [
    [`{ livestream(id: "${liveLivestreamId}") { status } }`, [livestream, meeting]],
    [`{ livestream(id: "none") { status } }`, ['livestream:none']],
    [`{ meeting(id: "${liveMeetingId}") { title } }`, [meeting]],
    [`{ meeting(id: "${liveMeetingId}") { activeLivestream { status } } }`, [meeting, livestream]],
    [`{ meeting(id: "${emptyMeetingId}") { activeLivestream { status } } }`, [`meeting:${emptyMeetingId}`]],
    [`{ meeting(id: "${liveMeetingId}") { livestreams(first: 1) { totalCount } } }`, [meeting]],
    [`{ livestream(id: "${liveLivestreamId}") { activeSession { viewerSeconds } } }`, [livestream, meeting]],
    [`{ livestream(id: "${liveLivestreamId}") { sessions(first: 1) { totalCount } } }`, [livestream]],
    [`{ livestreams(first: 1, filter: { status: LIVE }) { nodes { id } } }`, ['livestreams']],
    [`{ livestreamAnalytics { count } }`, ['livestreams']],
    [`{ livestreamSession(id: "${endedSessionId}") { viewerSeconds } }`, []],
  ];
}

describe('Cache-Tag', () => {
  test('names what a response depends on, the first time and from memory', async () => {
    const first = await startTestGateway(PUBLIC);
    for (const [query, tags] of examples(first)) {
      const gateway = await startTestGateway({ ...PUBLIC, sandboxOf: first });
      const responses = [await get(gateway, query), await get(gateway, query)];
      for (const response of responses)
        expect([query, tagsOf(response)]).toEqual([query, expect.arrayContaining(tags)]);
      expect(new Set(responses.map((response) => response.headers.get('cache-tag'))).size).toBe(1);
    }
  });

  test('names each livestream on a page of a list', async () => {
    const gateway = await startTestGateway(PUBLIC);
    const response = await get(gateway, '{ livestreams(first: 3) { nodes { id } } }');
    const ids = [0, 1, 2].map((row) => `livestream:${String(at(response.data, 'livestreams', 'nodes', row, 'id'))}`);
    expect(tagsOf(response).toSorted()).toEqual(['livestreams', ...ids].toSorted());
  });

  test('names the livestream of a session that has ended', async () => {
    const gateway = await startTestGateway(PUBLIC);
    const id = gateway.exampleIds.endedSessionId;
    const response = await get(gateway, `{ livestreamSession(id: "${id}") { id livestream { id } } }`);
    const livestreamId = String(at(response.data, 'livestreamSession', 'livestream', 'id'));
    expect(tagsOf(response)).toEqual([`livestream:${livestreamId}`]);
  });

  test('names the meetings that were looked up in a list', async () => {
    const gateway = await startTestGateway(PUBLIC);
    const { liveMeetingId, liveLivestreamId, idleMeetingId, emptyMeetingId } = gateway.exampleIds;
    const ids = [liveMeetingId, idleMeetingId, emptyMeetingId];
    const fields = ids.map((id, index) => `m${index}: meeting(id: "${id}") { activeLivestream { status } }`);
    const response = await get(gateway, `{ ${fields.join(' ')} }`);
    const expected = [...ids.map((id) => `meeting:${id}`), `livestream:${liveLivestreamId}`];
    expect(tagsOf(response)).toEqual(expect.arrayContaining(expected));
  });

  test('has a tag of every change that can alter the response', async () => {
    const first = await startTestGateway(PUBLIC);
    const { liveMeetingId: meetingId, liveLivestreamId: livestreamId } = first.exampleIds;
    const changes = [
      { livestreamId, meetingId },
      { livestreamId: null, meetingId },
    ].map(tagsOfChange);
    for (const [query, expected] of examples(first)) {
      if (!expected.some((tag) => [livestreamId, meetingId].some((id) => tag.includes(id)))) continue;
      const tags = tagsOf(await get(await startTestGateway({ ...PUBLIC, sandboxOf: first }), query));
      for (const change of changes) expect([query, change.some((tag) => tags.includes(tag))]).toEqual([query, true]);
    }
  });

  test('stays short enough for nginx: too many tags are replaced by those that every change has', () => {
    const ids = Array.from({ length: 100 }, () => `livestream:${crypto.randomUUID()}`);
    expect(joinTags(ids.slice(0, 50)).split(',')).toEqual(ids.slice(0, 50));
    const [...general] = joinTags(ids).split(',');
    for (const change of [
      { livestreamId: 'a', meetingId: null },
      { livestreamId: null, meetingId: null },
    ])
      expect(tagsOfChange(change)).toEqual(expect.arrayContaining(general));
  });

  test('contains no spaces, as Cloudflare requires', async () => {
    const gateway = await startTestGateway(PUBLIC);
    for (const [query] of examples(gateway))
      expect((await get(gateway, query)).headers.get('cache-tag') ?? '').not.toMatch(/[^\x21-\x7e]/);
  });

  test.each(['private', 'off'] as const)('is not sent with CACHE_HEADERS=%s', async (cacheHeaders) => {
    const gateway = await startTestGateway({ options: { cacheHeaders } });
    for (const [query] of examples(gateway)) expect((await get(gateway, query)).headers.get('cache-tag')).toBeNull();
  });
});

describe('x-cache-tags: 1', () => {
  const ASK = { 'x-cache-tags': '1' };

  test('adds the tags of root fields in the extension of Apollo Router', async () => {
    const first = await startTestGateway();
    for (const [query, tags] of examples(first)) {
      const gateway = await startTestGateway({ sandboxOf: first });
      for (const response of [await get(gateway, query, ASK), await get(gateway, query, ASK)]) {
        const body: unknown = JSON.parse(response.text);
        expect(at(body, 'extensions', 'apolloCacheTags')).toEqual(expect.arrayContaining(tags));
      }
      expect((await get(gateway, query)).text).not.toContain('extensions');
    }
  });

  test('adds the tags of each representation of _entities, in the same order', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId, liveLivestreamId, endedSessionId, idleMeetingId } = gateway.exampleIds;
    const representations = [
      { __typename: 'Livestream', id: liveLivestreamId },
      { __typename: 'Meeting', id: liveMeetingId },
      { __typename: 'Livestream', id: 'none' },
      { __typename: 'LivestreamSession', id: endedSessionId },
      { __typename: 'Meeting', id: idleMeetingId },
      { __typename: 'LivestreamSession', id: 'none' },
    ];
    const query = `query ($r: [_Any!]!) { _entities(representations: $r) {
      ... on Livestream { status }
      ... on Meeting { activeLivestream { status } }
      ... on LivestreamSession { livestream { id } }
    } }`;
    const response = await gateway.send({ query, variables: { r: representations } }, { headers: ASK });
    const body: unknown = JSON.parse(response.text);
    const endedId = String(at(body, 'data', '_entities', 3, 'livestream', 'id'));
    expect(at(body, 'extensions')).toEqual({
      apolloEntityCacheTags: [
        [`livestream:${liveLivestreamId}`, `meeting:${liveMeetingId}`],
        [`meeting:${liveMeetingId}`, `livestream:${liveLivestreamId}`],
        ['livestream:none'],
        [`livestream:${endedId}`],
        [`meeting:${idleMeetingId}`],
        ['sessions'],
      ],
    });
    expect(response.headers.get('cache-control')).toBe('private, max-age=2');
  });

  test.each([
    ['Meeting', 'livestreams(first: 2) { nodes { status } }'],
    ['Meeting', 'activeLivestream { activeSession { viewerSeconds } }'],
    ['Meeting', 'activeLivestream { meeting { livestreams { nodes { id } } } }'],
    ['Livestream', 'activeSession { startedAt } meeting { title }'],
    ['Livestream', 'meeting { livestreams { nodes { id } } }'],
    ['LivestreamSession', 'livestream { id }'],
    ['LivestreamSession', 'livestream { status }'],
    ['LivestreamSession', 'livestream { meeting { activeLivestream { id } } }'],
  ] as const)(
    'gives a representation all tags that the same fields have at the root: %s { %s }',
    async (type, fields) => {
      const first = await startTestGateway();
      const { liveMeetingId, liveLivestreamId, endedSessionId } = first.exampleIds;
      const id = { Meeting: liveMeetingId, Livestream: liveLivestreamId, LivestreamSession: endedSessionId }[type];
      const tagsAt = async (root: string, ...path: (string | number)[]): Promise<unknown[]> => {
        const gateway = await startTestGateway({ sandboxOf: first });
        const query = `{ ${root} { ... on ${type} { ${fields} } } }`;
        const body: unknown = JSON.parse((await gateway.send({ query }, { headers: ASK })).text);
        return asArray(at(body, 'extensions', ...path));
      };
      const field = type.charAt(0).toLowerCase() + type.slice(1);
      const tags = await tagsAt(
        `_entities(representations: [{ __typename: "${type}", id: "${id}" }])`,
        'apolloEntityCacheTags',
        0,
      );
      expect(tags).toEqual(expect.arrayContaining(await tagsAt(`${field}(id: "${id}")`, 'apolloCacheTags')));
    },
  );

  test('the result of _entities is as fresh as its oldest entity', async () => {
    const gateway = await startTestGateway();
    const { liveLivestreamId, endedSessionId } = gateway.exampleIds;
    const query =
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on LivestreamSession { viewerSeconds } ... on Livestream { status } } }';
    const cacheControlOf = async (...r: object[]): Promise<string | null> =>
      (await gateway.send({ query, variables: { r } })).headers.get('cache-control');
    const session = { __typename: 'LivestreamSession', id: endedSessionId };
    expect(await cacheControlOf(session)).toBe('private, max-age=3600');
    expect(await cacheControlOf(session, { __typename: 'Livestream', id: liveLivestreamId })).toBe(
      'private, max-age=2',
    );
  });

  test('adds nothing to what must not be stored', async () => {
    const gateway = await startTestGateway();
    for (const query of ['{ upstreamBudget { limit } }', '{ livestream(id: "a/b") { id } }'])
      expect((await get(gateway, query, ASK)).text).not.toContain('Tags');
  });
});
