import { describe, expect, test } from 'vitest';

import { graphql } from '../generated/gql.ts';
import { at, nonNull, asArray, startTestGateway, type TestGateway } from '../support/gateway.ts';

const LivestreamsPage = graphql(`
  query LivestreamsPage($first: Int, $after: String, $filter: LivestreamFilter, $orderBy: LivestreamOrder) {
    livestreams(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
      edges {
        cursor
        node {
          id
        }
      }
      nodes {
        id
        status
        createdAt
        meeting {
          id
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
      totalCount
    }
  }
`);

const MeetingsPage = graphql(`
  query MeetingsPage($first: Int, $after: String, $search: String) {
    meetings(first: $first, after: $after, search: $search) {
      edges {
        cursor
        node {
          id
        }
      }
      nodes {
        id
        title
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
      totalCount
    }
  }
`);

const MeetingLivestreamsPage = graphql(`
  query MeetingLivestreamsPage($id: ID!, $first: Int, $after: String) {
    meeting(id: $id) {
      livestreams(first: $first, after: $after) {
        edges {
          cursor
          node {
            id
          }
        }
        nodes {
          id
        }
        pageInfo {
          hasNextPage
          hasPreviousPage
          startCursor
          endCursor
        }
        totalCount
      }
    }
  }
`);

interface Page {
  edges: { cursor: string; node: { id: string } }[];
  nodes: { id: string }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
  totalCount: number | null;
}

type ReadPage = (page: { first: number; after: string | null }) => Promise<Page>;

const MIXED_PAGE_SIZES = [1, 25, 7, 100, 3, 50, 2, 99];

/** Follows the cursors to the end, checks the contents and the page info of each page, and returns the ids of all rows. */
async function walk(readPage: ReadPage, sizes: readonly number[], total: number): Promise<string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  for (let pageIndex = 0; pageIndex <= total; pageIndex += 1) {
    const first = nonNull(sizes[pageIndex % sizes.length]);
    const { edges, nodes, pageInfo, totalCount }: Page = await readPage({ first, after });
    const expected = Math.min(first, total - ids.length);
    expect(edges).toHaveLength(expected);
    expect(edges.map(({ node }) => node.id)).toEqual(nodes.map(({ id }) => id));
    expect(totalCount).toBe(total);
    expect(pageInfo).toEqual({
      hasNextPage: ids.length + expected < total,
      hasPreviousPage: ids.length > 0,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    });
    ids.push(...nodes.map(({ id }) => id));
    if (!pageInfo.hasNextPage) return ids;
    after = pageInfo.endCursor;
  }
  throw new Error('The last page still has a next page.');
}

/** All ids of a list in the order of the REST API. */
async function restIds(gateway: TestGateway, path: string, name: string | null = null): Promise<string[]> {
  const ids: string[] = [];
  for (let pageNo = 1; pageNo < 10; pageNo += 1) {
    const data = await gateway.rest(`${path}${path.includes('?') ? '&' : '?'}per_page=100&page_no=${pageNo}`);
    const rows = asArray(name === null ? data : at(data, name));
    ids.push(...rows.map((row) => String(at(row, 'id'))));
    if (rows.length < 100) return ids;
  }
  throw new Error('The list has more than 900 rows.');
}

/** The meeting with the most livestreams. */
async function busiestMeeting(gateway: TestGateway): Promise<{ id: string; livestreams: string[] }> {
  const meetings = (await restIds(gateway, '/meetings')).slice(0, 240);
  const lists = await Promise.all(
    meetings.map(async (id) => ({
      id,
      livestreams: await restIds(gateway, `/meetings/${id}/livestream`, 'livestreams'),
    })),
  );
  return nonNull(lists.toSorted((left, right) => right.livestreams.length - left.livestreams.length)[0]);
}

describe("a meeting's livestreams, where RealtimeKit has no endpoint for them", () => {
  const route = '/meetings/{meeting_id}/livestream';

  test.each([
    ['404', { kind: 'status', status: 404, route }],
    ["404 and Cloudflare's code for an unknown path", { kind: 'status', status: 404, code: 7000, route }],
  ] as const)('are those in the list of all livestreams, page by page: %s', async (_response, fault) => {
    const gateway = await startTestGateway();
    const { id, livestreams } = await busiestMeeting(gateway);
    gateway.sandbox.setFaults([fault]);
    const walked = await walk(
      async (page) => nonNull((await gateway.query(MeetingLivestreamsPage, { id, ...page })).meeting).livestreams,
      [2],
      livestreams.length,
    );
    expect(walked).toEqual(livestreams);
  });

  test('are none if the meeting does not exist', async () => {
    const gateway = await startTestGateway();
    const missing = ['/meetings/{meeting_id}', route].map(
      (path) => ({ kind: 'status', status: 404, route: path }) as const,
    );
    gateway.sandbox.setFaults(missing);
    const query = `{ livestream(id: "${gateway.exampleIds.liveLivestreamId}") { meeting { livestreams { totalCount } } } }`;
    const { data } = await gateway.send({ query });
    expect(at(data, 'livestream', 'meeting', 'livestreams')).toEqual({ totalCount: null });
    expect(gateway.upstreamRequests()).toHaveLength(3);
  });
});

const UPSTREAM_FORMATS = [
  ['that follows its documentation', {}],
  ['with at most 7 rows a page', { maxPerPage: 7 }],
  ['whose first page is 0', { firstPage: 0 }],
  ['whose first page is 0, with at most 7 rows a page', { firstPage: 0, maxPerPage: 7 }],
] as const;

describe.each(UPSTREAM_FORMATS)('pagination over an upstream %s', (_name, responseFormats) => {
  test('returns each livestream once and in order', async () => {
    const gateway = await startTestGateway();
    const ids = await restIds(gateway, '/livestreams');
    gateway.sandbox.configure({ responseFormats });
    const walked = await walk(
      async (page) => (await gateway.query(LivestreamsPage, page)).livestreams,
      MIXED_PAGE_SIZES,
      ids.length,
    );
    expect(walked).toEqual(ids);
  });

  test('returns each meeting once and in order', async () => {
    const gateway = await startTestGateway();
    const ids = await restIds(gateway, '/meetings');
    gateway.sandbox.configure({ responseFormats });
    const walked = await walk(
      async (page) => (await gateway.query(MeetingsPage, page)).meetings,
      MIXED_PAGE_SIZES,
      ids.length,
    );
    expect(walked).toEqual(ids);
  });

  test('returns each livestream of a meeting once and in order', async () => {
    const gateway = await startTestGateway();
    const { id, livestreams } = await busiestMeeting(gateway);
    gateway.sandbox.configure({ responseFormats });
    const readPage: ReadPage = async (page) =>
      nonNull((await gateway.query(MeetingLivestreamsPage, { id, ...page })).meeting).livestreams;

    expect(livestreams.length).toBeGreaterThan(3);
    expect(await walk(readPage, [2, 1], livestreams.length)).toEqual(livestreams);
    expect(await walk(readPage, [100], livestreams.length)).toEqual(livestreams);
  });
});

describe('a page', () => {
  test('has 25 rows when `first` is missing or null', async () => {
    const gateway = await startTestGateway();
    expect((await gateway.query(LivestreamsPage, {})).livestreams.nodes).toHaveLength(25);
    expect((await gateway.query(MeetingsPage, { first: null })).meetings.nodes).toHaveLength(25);
  });

  test('after the last row is empty and has a previous page but no next page', async () => {
    const gateway = await startTestGateway();
    const filter = { status: 'ERRORED' } as const;
    const all = (await gateway.query(LivestreamsPage, { first: 100, filter })).livestreams;
    const page = await gateway.query(LivestreamsPage, { first: 5, after: all.pageInfo.endCursor, filter });

    expect(all.nodes).toHaveLength(12);
    expect(page.livestreams.nodes).toEqual([]);
    expect(page.livestreams.totalCount).toBe(12);
    expect(page.livestreams.pageInfo).toEqual({
      hasNextPage: false,
      hasPreviousPage: true,
      startCursor: null,
      endCursor: null,
    });
  });

  test('of an empty list is empty and has neither a next nor a previous page', async () => {
    const gateway = await startTestGateway();
    const page = await gateway.query(MeetingLivestreamsPage, { id: gateway.exampleIds.emptyMeetingId });

    expect(page.meeting?.livestreams).toEqual({
      edges: [],
      nodes: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      totalCount: 0,
    });
  });

  test('starts after the cursor of any edge, not only of the last one', async () => {
    const gateway = await startTestGateway();
    const { edges } = (await gateway.query(LivestreamsPage, { first: 20 })).livestreams;
    const { nodes } = (await gateway.query(LivestreamsPage, { first: 10, after: nonNull(edges[4]).cursor }))
      .livestreams;

    expect(nodes.map(({ id }) => id)).toEqual(edges.slice(5, 15).map(({ node }) => node.id));
  });

  test('continues after rows without an ID, and repeats no row', async () => {
    const broken = new Set<string>();
    const gateway = await startTestGateway({
      intercept: (send) => async (request) => {
        const response = await send(request);
        return {
          ...response,
          body: [...broken].reduce((body, id) => body.replace(`"id":"${id}"`, '"id":null'), response.body),
        };
      },
    });
    const filter = { status: 'ERRORED' } as const;
    const ids = await restIds(gateway, '/livestreams?status=ERRORED');
    // The second row of the first page, and all of the second page.
    for (const id of ids.slice(1, 4)) broken.add(id);
    const walked: string[][] = [];
    for (let after: string | null = null, hasNext = true; hasNext && walked.length < 10;) {
      const { nodes, pageInfo }: Page = (await gateway.query(LivestreamsPage, { first: 2, after, filter })).livestreams;
      walked.push(nodes.map(({ id }) => id));
      ({ hasNextPage: hasNext, endCursor: after } = pageInfo);
    }

    expect(walked).toEqual([[ids[0]], [], ids.slice(4, 6), ids.slice(6, 8), ids.slice(8, 10), ids.slice(10, 12)]);
  });

  test.each([
    { first: 0 },
    { first: -1 },
    { first: 101 },
    { first: 2_147_483_647 },
    { after: '' },
    { after: '5' },
    { after: btoa('after:-1') },
    { after: btoa('after:1.5') },
    { after: btoa('after:99999999999999999999') },
    { after: btoa('before:1') },
    { after: 'not base64 \u0000' },
  ])('with invalid arguments is rejected without an upstream request: %j', async (page) => {
    const gateway = await startTestGateway();
    const id = gateway.exampleIds.idleMeetingId;
    const responses = [
      await gateway.execute(LivestreamsPage, page),
      await gateway.execute(MeetingsPage, page),
      await gateway.execute(MeetingLivestreamsPage, { id, ...page }),
    ];

    for (const { errors } of responses) {
      expect(errors.map(({ extensions }) => extensions)).toEqual([{ code: 'BAD_USER_INPUT', retryable: false }]);
    }
    expect(gateway.upstreamRequests()).toEqual([]);
  });
});

describe('a filter', () => {
  test.each([
    ['LIVE', 64],
    ['INVOKED', 8],
    ['ERRORED', 12],
    ['OFFLINE', 20],
    ['IDLE', 216],
  ] as const)('by status %s returns exactly the livestreams with that status', async (status, count) => {
    const gateway = await startTestGateway();
    const { nodes, totalCount } = (await gateway.query(LivestreamsPage, { first: 100, filter: { status } }))
      .livestreams;

    expect(totalCount).toBe(count);
    expect(nodes).toHaveLength(Math.min(count, 100));
    expect(new Set(nodes.map((node) => node.status))).toEqual(new Set([status]));
  });

  test('that excludes meetings returns only independent livestreams', async () => {
    const gateway = await startTestGateway();
    const filter = { excludeMeetings: true };
    const { nodes, totalCount } = (await gateway.query(LivestreamsPage, { first: 100, filter })).livestreams;

    expect(totalCount).toBe(14);
    expect(nodes.map(({ meeting }) => meeting)).toEqual(Array.from({ length: 14 }, () => null));
  });

  test('by time returns the livestreams created between both ends, inclusive', async () => {
    const gateway = await startTestGateway();
    const all = (await gateway.query(LivestreamsPage, { first: 100 })).livestreams.nodes;
    const [to, from] = [nonNull(all[10]?.createdAt), nonNull(all[20]?.createdAt)];
    const { nodes } = (await gateway.query(LivestreamsPage, { first: 100, filter: { from, to } })).livestreams;

    expect(nodes.map(({ id }) => id)).toEqual(all.slice(10, 21).map(({ id }) => id));
  });

  test.each([
    { status: 'UNKNOWN' },
    { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' },
    // In UTC, the years 10000 and -1.
    { from: '9999-12-31T23:59:59-23:00' },
    { to: '0000-01-01T00:00:00+14:00' },
  ] as const)('that cannot match any livestream is rejected without an upstream request: %j', async (filter) => {
    const gateway = await startTestGateway();
    const { errors } = await gateway.execute(LivestreamsPage, { filter });

    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['BAD_USER_INPUT']);
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('by search text returns the meetings whose title contains the text', async () => {
    const gateway = await startTestGateway();
    const title = nonNull((await gateway.query(MeetingsPage, { first: 1 })).meetings.nodes[0]?.title);
    const { nodes } = (await gateway.query(MeetingsPage, { first: 100, search: title })).meetings;

    expect(nodes.length).toBeGreaterThan(0);
    for (const node of nodes) expect(node.title?.toLowerCase()).toContain(title.toLowerCase());
  });

  test('by search text accepts 256 characters, each emoji being one of them', async () => {
    const gateway = await startTestGateway();
    const codesFor = async (search: string) =>
      (await gateway.execute(MeetingsPage, { search })).errors.map(({ extensions }) => extensions['code']);

    expect(await codesFor('😀'.repeat(256))).toEqual([]);
    expect(await codesFor('😀'.repeat(257))).toEqual(['BAD_USER_INPUT']);
    expect(await codesFor('a'.repeat(257))).toEqual(['BAD_USER_INPUT']);
  });
});

test('livestreams are sorted newest first by default, and oldest first with CREATED_AT_ASC', async () => {
  const gateway = await startTestGateway();
  const newest = (await gateway.query(LivestreamsPage, { first: 100 })).livestreams.nodes;
  const oldest = (await gateway.query(LivestreamsPage, { first: 100, orderBy: 'CREATED_AT_ASC' })).livestreams.nodes;
  const times = (nodes: { createdAt: string | null }[]) => nodes.map(({ createdAt }) => Date.parse(createdAt ?? ''));

  expect(times(newest)).toEqual(times(newest).toSorted((left, right) => right - left));
  expect(times(oldest)).toEqual(times(oldest).toSorted((left, right) => left - right));
  expect(nonNull(times(oldest)[0])).toBeLessThan(nonNull(times(newest).at(-1)));
});
