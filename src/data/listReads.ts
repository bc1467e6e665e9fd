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
import type { Cache } from './cache/cache.ts';
import type { CachedQuery } from './cache/cachedQuery.ts';
import { meetingTag, ALL_LISTS } from './cache/tags.ts';
import type { TtlSettings } from './cache/ttl.ts';
import type { Operation } from './operation.ts';

export interface MeetingsKey {
  search: string | null;
  range: OffsetRange;
}
export interface LivestreamsKey {
  query: LivestreamQuery;
  range: OffsetRange;
}
export interface MeetingLivestreamsKey {
  meetingId: string;
  range: OffsetRange;
}
export interface SessionsKey {
  livestreamId: string;
  range: OffsetRange;
}

/** The reads of lists: of a range of rows, or of the head, which is what one request returns at most. */
export interface ListReads {
  meetings: CachedQuery<MeetingsKey, Page<Meeting>>;
  livestreams: CachedQuery<LivestreamsKey, Page<Livestream>>;
  meetingLivestreams: CachedQuery<MeetingLivestreamsKey, Page<Livestream>>;
  /** The sessions of a livestream. */
  sessions: CachedQuery<SessionsKey, Page<LivestreamSession>>;
  livestreamsHead: CachedQuery<LivestreamQuery, ListHead<Livestream>>;
  /** The head of the list of all meetings. The list has no parameters, so its key is null. */
  meetingsHead: CachedQuery<null, ListHead<Meeting>>;
}

/** The first page of a list, as large as upstream allows. */
export interface ListHead<Row> {
  /** Null if upstream does not report how long the list is. */
  head: Head<Row> | null;
  readAt: HybridTimestamp;
}

function listHeadSchema<Row>(row: v.GenericSchema<unknown, Row>): v.GenericSchema<unknown, ListHead<Row>> {
  return v.object({
    head: v.nullable(v.object({ rows: v.array(row), totalCount: v.number() })),
    readAt: v.object({ logical: v.number(), wallTime: v.number() }),
  });
}

/** Where list reads put the entities that they find, so that reads of single entities find them. */
export interface ListReadsContext {
  meeting: CachedQuery<string, Meeting | null>;
  session: CachedQuery<string, LivestreamSession | null>;
  /** Caches a livestream, and returns it completed with what is known from earlier responses. */
  ingestLivestream: <Row extends Livestream | null>(
    operation: Operation,
    livestream: Row,
    timestamp: HybridTimestamp,
  ) => Row;
  /** The tags of a livestream's running sessions. */
  sessionTags: (accountId: string, livestreamId: string | null) => string[];
}

export function createListReads(
  endpoints: Endpoints,
  cache: Cache,
  { statusMs }: TtlSettings,
  { meeting, session, ingestLivestream, sessionTags }: ListReadsContext,
): ListReads {
  const ttlMs = (): number => statusMs;

  function ingestLivestreams<List extends { rows: (Livestream | null)[] }>(
    operation: Operation,
    list: List,
    timestamp: HybridTimestamp,
  ): List {
    return { ...list, rows: list.rows.map((row) => ingestLivestream(operation, row, timestamp)) };
  }

  return {
    meetings: cache.createQuery<MeetingsKey, Page<Meeting>>({
      route: '/meetings',
      keyOf: ({ search, range }) => JSON.stringify([search, range.offset, range.count]),
      load: async (operation, { search, range }) => endpoints.meetings(operation, search, range),
      onValue(operation, _key, page, timestamp) {
        cacheRows(meeting, operation, page.rows, timestamp);
        return page;
      },
      schema: pageSchema(meetingSchema),
      ttlMs,
      tags: () => [],
    }),
    livestreams: cache.createQuery<LivestreamsKey, Page<Livestream>>({
      route: '/livestreams',
      keyOf: ({ query, range }) => `${queryKey(query)} ${range.offset} ${range.count}`,
      load: async (operation, { query, range }) => endpoints.livestreams(operation, query, range),
      onValue: (operation, _key, page, timestamp) => ingestLivestreams(operation, page, timestamp),
      schema: pageSchema(livestreamSchema),
      ttlMs,
      tags: () => [ALL_LISTS],
    }),
    meetingLivestreams: cache.createQuery<MeetingLivestreamsKey, Page<Livestream>>({
      route: '/meetings/{id}/livestream',
      keyOf: ({ meetingId, range }) => `${meetingId} ${range.offset} ${range.count}`,
      load: async (operation, { meetingId, range }) => endpoints.meetingLivestreams(operation, meetingId, range),
      onValue: (operation, _key, page, timestamp) => ingestLivestreams(operation, page, timestamp),
      schema: pageSchema(livestreamSchema),
      ttlMs,
      tags: ({ meetingId }) => [meetingTag(meetingId)],
    }),
    sessions: cache.createQuery<SessionsKey, Page<LivestreamSession>>({
      route: '/livestreams/{id}',
      keyOf: ({ livestreamId, range }) => `${livestreamId} ${range.offset} ${range.count}`,
      async load(operation, { livestreamId, range }, timestamp) {
        const page = await endpoints.sessions(operation, livestreamId, range);
        // Before the sessions are cached: their tags contain the livestream's meeting.
        ingestLivestream(operation, page.livestream, timestamp);
        return page.sessions;
      },
      onValue(operation, _key, page, timestamp) {
        cacheRows(session, operation, page.rows, timestamp);
        return page;
      },
      schema: pageSchema(livestreamSessionSchema),
      ttlMs,
      tags: ({ livestreamId }, _page, accountId) => sessionTags(accountId, livestreamId),
    }),
    livestreamsHead: cache.createQuery<LivestreamQuery, ListHead<Livestream>>({
      route: '/livestreams',
      keyOf: queryKey,
      load: async (operation, query, readAt) => ({ head: await endpoints.livestreamsHead(operation, query), readAt }),
      onValue: (operation, _query, { head }, readAt) => ({
        head: head && ingestLivestreams(operation, head, readAt),
        readAt,
      }),
      schema: listHeadSchema(livestreamSchema),
      ttlMs,
      tags: () => [ALL_LISTS],
    }),
    meetingsHead: cache.createQuery<null, ListHead<Meeting>>({
      route: '/meetings',
      keyOf: () => '',
      load: async (operation, _key, readAt) => ({ head: await endpoints.meetingsHead(operation), readAt }),
      onValue(operation, _key, { head }, readAt) {
        cacheRows(meeting, operation, head?.rows ?? [], readAt);
        return { head, readAt };
      },
      schema: listHeadSchema(meetingSchema),
      ttlMs,
      tags: () => [],
    }),
  };
}

/** Caches each row of a list under its own id. */
function cacheRows<Row extends { id: string }>(
  query: CachedQuery<string, Row | null>,
  { account }: Operation,
  rows: readonly (Row | null)[],
  timestamp: HybridTimestamp,
): void {
  for (const row of rows) if (row !== null) query.set(account.id, row.id, row, timestamp);
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
