import type { Livestream, LivestreamQuery, LivestreamSession, Meeting, OffsetRange, Page } from '../domain/models.ts';
import type { Cache } from './cache/cache.ts';
import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { TtlSettings } from './cache/ttl.ts';
import type { CachedQuery } from './cache/cachedQuery.ts';
import { meetingTag, ALL_LISTS } from './cache/tags.ts';
import type { Endpoints, Head } from '../realtimekit/endpoints.ts';
import type { Operation } from './operation.ts';
import { headSchema, livestreamSchema, meetingSchema, rowsSchema, sessionSchema } from '../domain/schemas.ts';

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

/** Reads of lists and of their pages. */
export interface ListReads {
  meetings: CachedQuery<MeetingsKey, Page<Meeting>>;
  livestreams: CachedQuery<LivestreamsKey, Page<Livestream>>;
  meetingLivestreams: CachedQuery<MeetingLivestreamsKey, Page<Livestream>>;
  /** Of a livestream. */
  sessions: CachedQuery<SessionsKey, Page<LivestreamSession>>;
  /** The first and largest page of a list. */
  livestreamsHead: CachedQuery<LivestreamQuery, ListHead<Livestream>>;
  /** The same of meetings; of one list, so that it has no key. */
  meetingsHead: CachedQuery<null, ListHead<Meeting>>;
}

/** The beginning of a list, and when it was read. */
export interface ListHead<Row> {
  /** Null: it does not tell how long the list is. */
  head: Head<Row> | null;
  moment: HybridTimestamp;
}

/** Puts what stands in a list where all will find it who ask for it by its id. */
export interface Ingest {
  ingestLivestream: <Seen extends Livestream | null>(
    operation: Operation,
    answered: Seen,
    moment: HybridTimestamp,
  ) => Seen;
  ingestMeetings: <Row extends Meeting | null>(operation: Operation, rows: Row[], moment: HybridTimestamp) => Row[];
  ingestSessions: (operation: Operation, rows: readonly (LivestreamSession | null)[], moment: HybridTimestamp) => void;
  /** What the sessions of a livestream are about. */
  sessionTags: (accountId: string, livestreamId: string | null) => string[];
}

export function createListReads(
  endpoints: Endpoints,
  cache: Cache,
  { status }: TtlSettings,
  { ingestLivestream, ingestMeetings, ingestSessions, sessionTags }: Ingest,
): ListReads {
  const freshness = (): number => status;

  function ingestPage(operation: Operation, page: Page<Livestream>, moment: HybridTimestamp): Page<Livestream> {
    return { ...page, rows: page.rows.map((row) => ingestLivestream(operation, row, moment)) };
  }

  return {
    meetings: cache.kind<MeetingsKey, Page<Meeting>>({
      route: '/meetings',
      keyOf: ({ search, range }) => JSON.stringify([search, range.offset, range.count]),
      load: async (operation, { search, range }) => endpoints.meetings(operation, search, range),
      onValue: (operation, _key, page, moment) => ({ ...page, rows: ingestMeetings(operation, page.rows, moment) }),
      schema: rowsSchema(meetingSchema),
      freshness,
      tags: () => [],
    }),
    livestreams: cache.kind<LivestreamsKey, Page<Livestream>>({
      route: '/livestreams',
      keyOf: ({ query, range }) => `${queryKey(query)} ${range.offset} ${range.count}`,
      load: async (operation, { query, range }) => endpoints.livestreams(operation, query, range),
      onValue: (operation, _key, page, moment) => ingestPage(operation, page, moment),
      schema: rowsSchema(livestreamSchema),
      freshness,
      tags: () => [ALL_LISTS],
    }),
    meetingLivestreams: cache.kind<MeetingLivestreamsKey, Page<Livestream>>({
      route: '/meetings/{id}/livestream',
      keyOf: ({ meetingId, range }) => `${meetingId} ${range.offset} ${range.count}`,
      load: async (operation, { meetingId, range }) => endpoints.meetingLivestreams(operation, meetingId, range),
      onValue: (operation, _key, page, moment) => ingestPage(operation, page, moment),
      schema: rowsSchema(livestreamSchema),
      freshness,
      tags: ({ meetingId }) => [meetingTag(meetingId)],
    }),
    sessions: cache.kind<SessionsKey, Page<LivestreamSession>>({
      route: '/livestreams/{id}',
      keyOf: ({ livestreamId, range }) => `${livestreamId} ${range.offset} ${range.count}`,
      async load(operation, { livestreamId, range }, moment) {
        const page = await endpoints.sessions(operation, livestreamId, range);
        // First, for its meeting is what a running session is about.
        ingestLivestream(operation, page.livestream, moment);
        return page.sessions;
      },
      onValue(operation, _key, page, moment) {
        ingestSessions(operation, page.rows, moment);
        return page;
      },
      schema: rowsSchema(sessionSchema),
      freshness,
      tags: ({ livestreamId }, _page, accountId) => sessionTags(accountId, livestreamId),
    }),
    livestreamsHead: cache.kind<LivestreamQuery, ListHead<Livestream>>({
      route: '/livestreams',
      keyOf: queryKey,
      load: async (operation, query, moment) => ({ head: await endpoints.livestreamsHead(operation, query), moment }),
      onValue: (operation, _query, { head }, moment) => ({
        head: head && { ...head, rows: head.rows.map((row) => ingestLivestream(operation, row, moment)) },
        moment,
      }),
      schema: headSchema(livestreamSchema),
      freshness,
      tags: () => [ALL_LISTS],
    }),
    meetingsHead: cache.kind<null, ListHead<Meeting>>({
      route: '/meetings',
      keyOf: () => '',
      load: async (operation, _key, moment) => ({ head: await endpoints.meetingsHead(operation), moment }),
      onValue: (operation, _key, { head }, moment) => ({
        head: head && { ...head, rows: ingestMeetings(operation, head.rows, moment) },
        moment,
      }),
      schema: headSchema(meetingSchema),
      freshness,
      tags: () => [],
    }),
  };
}

function queryKey({ status, excludeMeetings, from, to, order }: LivestreamQuery): string {
  return `${status} ${excludeMeetings} ${from?.getTime()} ${to?.getTime()} ${order}`;
}
