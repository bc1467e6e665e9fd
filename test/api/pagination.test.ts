import { describe, expect, test } from 'vitest';

import { graphql } from '../generated/gql.ts';
import { at, present, rowsOf, startTestGateway, type TestGateway } from '../support/gateway.ts';

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

const MIXED = [1, 25, 7, 100, 3, 50, 2, 99];

/** Follows the cursors to the end, checking what each page says of itself; gives the ids of all rows. */
async function walk(readPage: ReadPage, sizes: readonly number[], total: number): Promise<string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  for (let turn = 0; turn <= total; turn += 1) {
    const first = present(sizes[turn % sizes.length]);
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
  throw new Error('The pages have no end');
}

/** All ids of a list as the REST API gives them. */
async function restIds(gateway: TestGateway, path: string, name: string | null = null): Promise<string[]> {
  const ids: string[] = [];
  for (let pageNo = 1; pageNo < 10; pageNo += 1) {
    const data = await gateway.rest(`${path}?per_page=100&page_no=${pageNo}`);
    const rows = rowsOf(name === null ? data : at(data, name));
    ids.push(...rows.map((row) => String(at(row, 'id'))));
    if (rows.length < 100) return ids;
  }
  throw new Error('The list is longer than expected');
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
  return present(lists.toSorted((left, right) => right.livestreams.length - left.livestreams.length)[0]);
}

const UPSTREAMS = [
  ['as its pages say', {}],
  ['with pages of 7 rows at most', { maxPerPage: 7 }],
  ['whose first page is 0', { firstPage: 0 }],
  ['whose first page is 0, with pages of 7 rows at most', { firstPage: 0, maxPerPage: 7 }],
] as const;

describe.each(UPSTREAMS)('over an upstream %s', (_name, shapes) => {
  test('a walk over all livestreams gives each once, in order', async () => {
    const gateway = await startTestGateway();
    const ids = await restIds(gateway, '/livestreams');
    gateway.sandbox.configure({ shapes });
    const walked = await walk(
      async (page) => (await gateway.query(LivestreamsPage, page)).livestreams,
      MIXED,
      ids.length,
    );
    expect(walked).toEqual(ids);
  });

  test('a walk over all meetings gives each once, in order', async () => {
    const gateway = await startTestGateway();
    const ids = await restIds(gateway, '/meetings');
    gateway.sandbox.configure({ shapes });
    const walked = await walk(async (page) => (await gateway.query(MeetingsPage, page)).meetings, MIXED, ids.length);
    expect(walked).toEqual(ids);
  });

  test('a walk over all livestreams of a meeting gives each once, in order', async () => {
    const gateway = await startTestGateway();
    const { id, livestreams } = await busiestMeeting(gateway);
    gateway.sandbox.configure({ shapes });
    const readPage: ReadPage = async (page) =>
      present((await gateway.query(MeetingLivestreamsPage, { id, ...page })).meeting).livestreams;

    expect(livestreams.length).toBeGreaterThan(3);
    expect(await walk(readPage, [2, 1], livestreams.length)).toEqual(livestreams);
    expect(await walk(readPage, [100], livestreams.length)).toEqual(livestreams);
  });
});

describe('a page', () => {
  test('has 25 rows when nobody says how many', async () => {
    const gateway = await startTestGateway();
    expect((await gateway.query(LivestreamsPage, {})).livestreams.nodes).toHaveLength(25);
    expect((await gateway.query(MeetingsPage, { first: null })).meetings.nodes).toHaveLength(25);
  });

  test('after the last row is empty and says so', async () => {
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

  test('of a list without rows is empty, with nothing before or after it', async () => {
    const gateway = await startTestGateway();
    const page = await gateway.query(MeetingLivestreamsPage, { id: gateway.samples.emptyMeetingId });

    expect(page.meeting?.livestreams).toEqual({
      edges: [],
      nodes: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      totalCount: 0,
    });
  });

  test('follows the cursor of any edge, not only of the last one', async () => {
    const gateway = await startTestGateway();
    const { edges } = (await gateway.query(LivestreamsPage, { first: 20 })).livestreams;
    const { nodes } = (await gateway.query(LivestreamsPage, { first: 10, after: present(edges[4]).cursor }))
      .livestreams;

    expect(nodes.map(({ id }) => id)).toEqual(edges.slice(5, 15).map(({ node }) => node.id));
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
  ])('that nobody can give is refused before anything is sent upstream: %j', async (page) => {
    const gateway = await startTestGateway();
    const id = gateway.samples.idleMeetingId;
    const answers = [
      await gateway.execute(LivestreamsPage, page),
      await gateway.execute(MeetingsPage, page),
      await gateway.execute(MeetingLivestreamsPage, { id, ...page }),
    ];

    for (const { errors } of answers) {
      expect(errors.map(({ extensions }) => extensions)).toEqual([{ code: 'BAD_USER_INPUT', retryable: false }]);
    }
    expect(gateway.upstream()).toEqual([]);
  });
});

describe('a filter', () => {
  test.each([
    ['LIVE', 64],
    ['INVOKED', 8],
    ['ERRORED', 12],
    ['OFFLINE', 20],
    ['IDLE', 216],
  ] as const)('for status %s gives all livestreams in that status and no others', async (status, count) => {
    const gateway = await startTestGateway();
    const { nodes, totalCount } = (await gateway.query(LivestreamsPage, { first: 100, filter: { status } }))
      .livestreams;

    expect(totalCount).toBe(count);
    expect(nodes).toHaveLength(Math.min(count, 100));
    expect(new Set(nodes.map((node) => node.status))).toEqual(new Set([status]));
  });

  test('that excludes meetings gives independent livestreams alone', async () => {
    const gateway = await startTestGateway();
    const filter = { excludeMeetings: true };
    const { nodes, totalCount } = (await gateway.query(LivestreamsPage, { first: 100, filter })).livestreams;

    expect(totalCount).toBe(14);
    expect(nodes.map(({ meeting }) => meeting)).toEqual(Array.from({ length: 14 }, () => null));
  });

  test('by time gives what was created in between, both ends included', async () => {
    const gateway = await startTestGateway();
    const all = (await gateway.query(LivestreamsPage, { first: 100 })).livestreams.nodes;
    const [to, from] = [present(all[10]?.createdAt), present(all[20]?.createdAt)];
    const { nodes } = (await gateway.query(LivestreamsPage, { first: 100, filter: { from, to } })).livestreams;

    expect(nodes.map(({ id }) => id)).toEqual(all.slice(10, 21).map(({ id }) => id));
  });

  test.each([{ status: 'UNKNOWN' }, { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }] as const)(
    'that nothing can match is refused before anything is sent upstream: %j',
    async (filter) => {
      const gateway = await startTestGateway();
      const { errors } = await gateway.execute(LivestreamsPage, { filter });

      expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['BAD_USER_INPUT']);
      expect(gateway.upstream()).toEqual([]);
    },
  );

  test('by text gives the meetings whose title has it', async () => {
    const gateway = await startTestGateway();
    const title = present((await gateway.query(MeetingsPage, { first: 1 })).meetings.nodes[0]?.title);
    const { nodes } = (await gateway.query(MeetingsPage, { first: 100, search: title })).meetings;

    expect(nodes.length).toBeGreaterThan(0);
    for (const node of nodes) expect(node.title?.toLowerCase()).toContain(title.toLowerCase());
  });
});

test('livestreams come newest first, or oldest first when that is asked for', async () => {
  const gateway = await startTestGateway();
  const newest = (await gateway.query(LivestreamsPage, { first: 100 })).livestreams.nodes;
  const oldest = (await gateway.query(LivestreamsPage, { first: 100, orderBy: 'CREATED_AT_ASC' })).livestreams.nodes;
  const times = (nodes: { createdAt: string | null }[]) => nodes.map(({ createdAt }) => Date.parse(createdAt ?? ''));

  expect(times(newest)).toEqual(times(newest).toSorted((left, right) => right - left));
  expect(times(oldest)).toEqual(times(oldest).toSorted((left, right) => left - right));
  expect(present(times(oldest)[0])).toBeLessThan(present(times(newest).at(-1)));
});
