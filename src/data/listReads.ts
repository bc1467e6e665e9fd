import * as v from 'valibot';

import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import {
  type Livestream,
  type LivestreamQuery,
  type LivestreamSession,
  type LivestreamStatus,
  type Meeting,
  type OffsetRange,
  type Page,
  livestreamSchema,
  livestreamSessionSchema,
  meetingSchema,
  pageSchema,
} from '../domain/models.ts';
import type { Endpoints, Head } from '../realtimekit/endpoints.ts';
import type { Loaded } from '../realtimekit/loaded.ts';
import { MAX_PAGE_ROWS } from '../realtimekit/pagination.ts';
import type { CachedQuery, CreateQuery } from './cache/cachedQuery.ts';
import type { LoadResult, ReadTogether } from './cache/inFlightReads.ts';
import { ALL_LISTS, livestreamTag, meetingTag } from './cache/tags.ts';
import type { Operation } from './operation.ts';

export interface LivestreamsKey {
  query: LivestreamQuery;
  range: OffsetRange;
}

/** The first page of a list, as large as upstream allows. */
export interface ListHead<Row> {
  /** Null if upstream does not report how long the list is. */
  head: Head<Row> | null;
  /** The timestamp of the value, by this replica's clock. */
  readAt: HybridTimestamp;
}

function listHeadSchema<Row>(row: v.GenericSchema<unknown, Row>): v.GenericSchema<unknown, ListHead<Row>> {
  return v.object({
    head: v.nullable(v.object({ rows: v.array(row), totalCount: v.number() })),
    readAt: v.object({ logical: v.number(), wallTime: v.number() }),
  });
}

/** The number of pages after the first; the first page shows how many rows a page has. */
export function pagesAfter({ rows, totalCount }: Head<unknown>): number {
  return rows.length === 0 ? 0 : Math.max(0, Math.ceil(totalCount / rows.length) - 1);
}

/** The rest of the list after the first page. Each range is a page of the size of the first one, so that it takes one request. */
export function rangesAfter(head: Head<unknown>): OffsetRange[] {
  const { rows, totalCount } = head;
  return Array.from({ length: pagesAfter(head) }, (_, index) => {
    const offset = (index + 1) * rows.length;
    return { offset, count: Math.min(rows.length, totalCount - offset) };
  });
}

/**
 * The reads of lists: of a range of rows, or of the head, which is what one request returns at most. `sessionTags`: the tags of a
 * livestream's running sessions.
 */
export function createListReads(
  endpoints: Endpoints,
  createQuery: CreateQuery,
  options: {
    meeting: Pick<CachedQuery<string, Meeting | null>, 'get'>;
    statusMs: number;
    sessionTags: (accountId: string, livestreamId: string) => string[];
    readTogether: ReadTogether<LivestreamsKey>;
  },
) {
  const { meeting, statusMs, sessionTags, readTogether } = options;
  const ttlMs = (): number => statusMs;
  const livestreamsIn = (rows: readonly (Livestream | null)[]): string[] =>
    rows.flatMap((row) => (row === null ? [] : [livestreamTag(row.id)]));
  const meetingsIn = (rows: readonly (Meeting | null)[]): string[] =>
    rows.flatMap((row) => (row === null ? [] : [meetingTag(row.id)]));
  const sizeOf = ({ rows }: Page<unknown>): number => rows.length;
  const livestreams = createQuery<LivestreamsKey, Page<Livestream>>({
    route: '/livestreams',
    keyOf: ({ query, range }) => `${queryKey(query)} ${range.offset} ${range.count}`,
    load: (operation, { query, range }) => endpoints.livestreams(operation, query, range),
    readTogether,
    entitiesIn: ({ rows }) => ({ livestreams: rows }),
    schema: pageSchema(livestreamSchema),
    ttlMs,
    sizeOf,
    tags: () => [ALL_LISTS],
    entityTags: ({ rows }) => livestreamsIn(rows),
  });

  /** A meeting's livestreams by the list of all livestreams, newest first. Empty if the meeting does not exist. */
  async function filterLivestreams(
    operation: Operation,
    meetingId: string,
    { offset, count }: OffsetRange,
    startedAt: HybridTimestamp,
  ): Promise<LoadResult<Page<Livestream>>> {
    // By id: a row that moves to the next page, because a livestream starts meanwhile, is on both.
    const found = new Map<string, Livestream>();
    let timestamp = startedAt;
    const exists = (await meeting.get(operation, meetingId)) !== null;
    for (let from = 0, hasNext = exists; hasNext; from += MAX_PAGE_ROWS) {
      const key = { query: livestreamsInStatus(null), range: { offset: from, count: MAX_PAGE_ROWS } };
      const page = await livestreams.get(operation, key);
      const { logical, wallTime } = livestreams.timestampOf(operation.account.id, key) ?? startedAt;
      // Without `fromPeer`: no other replica has shared this list, even if one has read the page.
      if (logical < timestamp.logical) timestamp = { logical, wallTime };
      for (const row of page.rows) if (row?.meetingId === meetingId) found.set(row.id, row);
      ({ hasNext } = page);
    }
    const rows = [...found.values()];
    const end = offset + count;
    return {
      value: { rows: rows.slice(offset, end), totalCount: exists ? rows.length : null, hasNext: rows.length > end },
      // The rows are as old as the pages, and were ingested with them.
      entities: { livestreams: [] },
      timestamp,
    };
  }

  return {
    meetings: createQuery<{ search: string | null; range: OffsetRange }, Page<Meeting>>({
      route: '/meetings',
      keyOf: ({ search, range }) => JSON.stringify([search, range.offset, range.count]),
      load: (operation, { search, range }) => endpoints.meetings(operation, search, range),
      entitiesIn: ({ rows }) => ({ meetings: rows }),
      schema: pageSchema(meetingSchema),
      ttlMs,
      sizeOf,
      tags: () => [],
      entityTags: ({ rows }) => meetingsIn(rows),
    }),
    livestreams,
    meetingLivestreams: createQuery<{ meetingId: string; range: OffsetRange }, Page<Livestream>>({
      route: '/meetings/{id}/livestream',
      keyOf: ({ meetingId, range }) => `${meetingId} ${range.offset} ${range.count}`,
      // The endpoint is in no official SDK, so that it may go.
      load: async (operation, { meetingId, range }, startedAt) =>
        (await endpoints.meetingLivestreams(operation, meetingId, range)) ??
        filterLivestreams(operation, meetingId, range, startedAt),
      entitiesIn: ({ rows }) => ({ livestreams: rows }),
      schema: pageSchema(livestreamSchema),
      ttlMs,
      sizeOf,
      // A webhook may name a livestream without its meeting.
      tags: ({ meetingId }, { rows }) => [meetingTag(meetingId), ...livestreamsIn(rows)],
    }),
    sessions: createQuery<{ livestreamId: string; range: OffsetRange }, Page<LivestreamSession>>({
      route: '/livestreams/{id}',
      keyOf: ({ livestreamId, range }) => `${livestreamId} ${range.offset} ${range.count}`,
      load: (operation, { livestreamId, range }) => endpoints.sessions(operation, livestreamId, range),
      entitiesIn: ({ rows }) => ({ sessions: rows }),
      schema: pageSchema(livestreamSessionSchema),
      ttlMs,
      sizeOf,
      tags: ({ livestreamId }, _page, accountId) => sessionTags(accountId, livestreamId),
    }),
    livestreamsHead: createQuery<LivestreamQuery, ListHead<Livestream>>({
      route: '/livestreams',
      keyOf: queryKey,
      load: async (operation, query, readAt) => toListHead(await endpoints.livestreamsHead(operation, query), readAt),
      entitiesIn: ({ head }) => ({ livestreams: head?.rows ?? [] }),
      schema: listHeadSchema(livestreamSchema),
      withTimestamp,
      ttlMs,
      tags: () => [ALL_LISTS],
    }),
    /** The head of the list of all meetings. The list has no parameters, so its key is null. */
    meetingsHead: createQuery<null, ListHead<Meeting>>({
      route: '/meetings',
      keyOf: () => '',
      load: async (operation, _key, readAt) => toListHead(await endpoints.meetingsHead(operation), readAt),
      entitiesIn: ({ head }) => ({ meetings: head?.rows ?? [] }),
      schema: listHeadSchema(meetingSchema),
      withTimestamp,
      ttlMs,
      tags: () => [],
    }),
  };
}

function toListHead<Row>({ value }: Loaded<Head<Row> | null>, readAt: HybridTimestamp): Loaded<ListHead<Row>> {
  return { value: { head: value, readAt } };
}

/** Without `fromPeer`: what follows from the list is not what another replica has shared. */
function withTimestamp<Row>({ head }: ListHead<Row>, { logical, wallTime }: HybridTimestamp): ListHead<Row> {
  return { head, readAt: { logical, wallTime } };
}

/**
 * The query of all livestreams in a status, or in any status; newest first. It sets `excludeMeetings` because RealtimeKit does not
 * document the default of `exclude_meetings`.
 */
export function livestreamsInStatus(status: LivestreamStatus | null): LivestreamQuery {
  return { status, excludeMeetings: false, from: null, to: null, order: 'DESC' };
}

function queryKey({ status, excludeMeetings, from, to, order }: LivestreamQuery): string {
  return `${status} ${excludeMeetings} ${from?.getTime()} ${to?.getTime()} ${order}`;
}
