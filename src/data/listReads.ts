import type { Livestream, LivestreamQuery, LivestreamSession, Meeting, Range, Rows } from '../domain/models.ts';
import type { Cache } from './cache/cache.ts';
import type { Moment } from '../cluster/hybridClock.ts';
import type { FreshnessSettings } from './cache/ttl.ts';
import type { Kind } from './cache/cachedQuery.ts';
import { aboutMeeting, LISTS } from './cache/tags.ts';
import type { Endpoints, Head } from '../realtimekit/endpoints.ts';
import type { Operation } from './operation.ts';
import { headSchema, livestreamSchema, meetingSchema, rowsSchema, sessionSchema } from '../domain/schemas.ts';

export interface MeetingsKey {
  search: string | null;
  range: Range;
}
export interface LivestreamsKey {
  query: LivestreamQuery;
  range: Range;
}
export interface MeetingLivestreamsKey {
  meetingId: string;
  range: Range;
}
export interface SessionsKey {
  livestreamId: string;
  range: Range;
}

/** Reads of lists and of their pages. */
export interface ListReads {
  meetings: Kind<MeetingsKey, Rows<Meeting>>;
  livestreams: Kind<LivestreamsKey, Rows<Livestream>>;
  meetingLivestreams: Kind<MeetingLivestreamsKey, Rows<Livestream>>;
  /** Of a livestream. */
  sessions: Kind<SessionsKey, Rows<LivestreamSession>>;
  /** The first and largest page of a list. */
  livestreamsHead: Kind<LivestreamQuery, KeptHead<Livestream>>;
  /** The same of meetings; of one list, so that it has no key. */
  meetingsHead: Kind<null, KeptHead<Meeting>>;
}

/** The beginning of a list, and when it was read. */
export interface KeptHead<Row> {
  /** Null: it does not tell how long the list is. */
  head: Head<Row> | null;
  moment: Moment;
}

/** Puts what stands in a list where all will find it who ask for it by its id. */
export interface Sight {
  see: <Seen extends Livestream | null>(operation: Operation, answered: Seen, moment: Moment) => Seen;
  seeMeetings: <Row extends Meeting | null>(operation: Operation, rows: Row[], moment: Moment) => Row[];
  seeSessions: (operation: Operation, rows: readonly (LivestreamSession | null)[], moment: Moment) => void;
  /** What the sessions of a livestream are about. */
  aboutSession: (accountId: string, livestreamId: string | null) => string[];
}

export function createListReads(
  endpoints: Endpoints,
  cache: Cache,
  { status }: FreshnessSettings,
  { see, seeMeetings, seeSessions, aboutSession }: Sight,
): ListReads {
  const freshness = (): number => status;

  function seeAll(operation: Operation, page: Rows<Livestream>, moment: Moment): Rows<Livestream> {
    return { ...page, rows: page.rows.map((row) => see(operation, row, moment)) };
  }

  return {
    meetings: cache.kind<MeetingsKey, Rows<Meeting>>({
      route: '/meetings',
      keyOf: ({ search, range }) => JSON.stringify([search, range.offset, range.count]),
      load: async (operation, { search, range }) => endpoints.meetings(operation, search, range),
      take: (operation, _key, page, moment) => ({ ...page, rows: seeMeetings(operation, page.rows, moment) }),
      schema: rowsSchema(meetingSchema),
      freshness,
      tags: () => [],
    }),
    livestreams: cache.kind<LivestreamsKey, Rows<Livestream>>({
      route: '/livestreams',
      keyOf: ({ query, range }) => `${queryKey(query)} ${range.offset} ${range.count}`,
      load: async (operation, { query, range }) => endpoints.livestreams(operation, query, range),
      take: (operation, _key, page, moment) => seeAll(operation, page, moment),
      schema: rowsSchema(livestreamSchema),
      freshness,
      tags: () => [LISTS],
    }),
    meetingLivestreams: cache.kind<MeetingLivestreamsKey, Rows<Livestream>>({
      route: '/meetings/{id}/livestream',
      keyOf: ({ meetingId, range }) => `${meetingId} ${range.offset} ${range.count}`,
      load: async (operation, { meetingId, range }) => endpoints.meetingLivestreams(operation, meetingId, range),
      take: (operation, _key, page, moment) => seeAll(operation, page, moment),
      schema: rowsSchema(livestreamSchema),
      freshness,
      tags: ({ meetingId }) => [aboutMeeting(meetingId)],
    }),
    sessions: cache.kind<SessionsKey, Rows<LivestreamSession>>({
      route: '/livestreams/{id}',
      keyOf: ({ livestreamId, range }) => `${livestreamId} ${range.offset} ${range.count}`,
      async load(operation, { livestreamId, range }, moment) {
        const page = await endpoints.sessions(operation, livestreamId, range);
        // First, for its meeting is what a running session is about.
        see(operation, page.livestream, moment);
        return page.sessions;
      },
      take(operation, _key, page, moment) {
        seeSessions(operation, page.rows, moment);
        return page;
      },
      schema: rowsSchema(sessionSchema),
      freshness,
      tags: ({ livestreamId }, _page, accountId) => aboutSession(accountId, livestreamId),
    }),
    livestreamsHead: cache.kind<LivestreamQuery, KeptHead<Livestream>>({
      route: '/livestreams',
      keyOf: queryKey,
      load: async (operation, query, moment) => ({ head: await endpoints.livestreamsHead(operation, query), moment }),
      take: (operation, _query, { head }, moment) => ({
        head: head && { ...head, rows: head.rows.map((row) => see(operation, row, moment)) },
        moment,
      }),
      schema: headSchema(livestreamSchema),
      freshness,
      tags: () => [LISTS],
    }),
    meetingsHead: cache.kind<null, KeptHead<Meeting>>({
      route: '/meetings',
      keyOf: () => '',
      load: async (operation, _key, moment) => ({ head: await endpoints.meetingsHead(operation), moment }),
      take: (operation, _key, { head }, moment) => ({
        head: head && { ...head, rows: seeMeetings(operation, head.rows, moment) },
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
