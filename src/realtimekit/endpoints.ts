import type { StartInput } from '../domain/startStop.ts';
import type {
  Analytics,
  DayAnalytics,
  Livestream,
  LivestreamQuery,
  LivestreamRef,
  LivestreamSession,
  Meeting,
  OffsetRange,
  Page,
  TimeRange,
} from '../domain/models.ts';
import { hasEnded } from '../domain/livestreamState.ts';
import { invalidResponse } from './envelope.ts';
import type { QueryParameters, RealtimeKitClient } from './client.ts';
import { getProperty } from './json.ts';
import type { RequestContext } from './requestContext.ts';
import { MAX_PAGE_ROWS, type PagingHints, readSlice } from './pagination.ts';
import { type ApiPath, path } from './path.ts';
import { readSessions, type SessionsPage } from './sessionsPage.ts';
import {
  parseObject,
  parseList,
  parseLivestream,
  parseMeeting,
  parseSession,
  parseStartedLivestream,
  type WireList,
} from './parse.ts';
import { parseAnalytics, parseDays, toUnixRange } from './parseAnalytics.ts';

/** The active session of a livestream, and the livestream, which is in the same response. */
export interface ActiveSession {
  livestream: Livestream | null;
  session: LivestreamSession | null;
}

/** The first rows of a list. */
export interface Head<Row> {
  rows: Row[];
  /** The number of rows in the whole list. */
  totalCount: number;
}

/**
 * The REST API's endpoints for livestreams, one function each. All reject with an `UpstreamError`; for an invalid id they do so
 * before they send anything. Null means "not found".
 */
export interface Endpoints {
  /** `GET /meetings/{id}` */
  meeting(context: RequestContext, id: string): Promise<Meeting | null>;
  /** `GET /meetings` */
  meetings(context: RequestContext, search: string | null, range: OffsetRange): Promise<Page<Meeting>>;
  /** `GET /meetings`: the first page, of the maximum size. Null if the response does not show how long the list is. */
  meetingsHead(context: RequestContext): Promise<Head<Meeting> | null>;
  /** `GET /meetings/{id}/active-livestream` */
  activeLivestream(context: RequestContext, meetingId: string): Promise<Livestream | null>;
  /** `GET /meetings/{id}/livestream`: active and past livestreams. */
  meetingLivestreams(context: RequestContext, meetingId: string, range: OffsetRange): Promise<Page<Livestream>>;
  /** `GET /livestreams/{id}` */
  livestream(context: RequestContext, id: string): Promise<Livestream | null>;
  /** `GET /livestreams/{id}`, for the sessions in the response: active and past ones. */
  sessions(context: RequestContext, livestreamId: string, range: OffsetRange): Promise<SessionsPage>;
  /** `GET /livestreams` */
  livestreams(context: RequestContext, query: LivestreamQuery, range: OffsetRange): Promise<Page<Livestream>>;
  /** `GET /livestreams`: the first page, of the maximum size. Null if the response does not show how long the list is. */
  livestreamsHead(context: RequestContext, query: LivestreamQuery): Promise<Head<Livestream> | null>;
  /** `GET /livestreams/{id}/active-livestream-session` */
  activeSession(context: RequestContext, livestreamId: string): Promise<ActiveSession>;
  /** `GET /livestreams/sessions/{id}` */
  session(context: RequestContext, id: string): Promise<LivestreamSession | null>;
  /** `GET /analytics/livestreams/overall` */
  analytics(context: RequestContext, range: TimeRange): Promise<Analytics>;
  /** `GET /analytics/livestreams/daywise` */
  dailyAnalytics(context: RequestContext, range: TimeRange): Promise<DayAnalytics[]>;
  /** `POST /meetings/{id}/livestreams`. Null if the meeting does not exist. */
  startLivestream(context: RequestContext, input: StartInput): Promise<LivestreamRef | null>;
  /** `POST /meetings/{id}/active-livestream/stop`. False if the meeting does not exist or has no active livestream. */
  stopLivestream(context: RequestContext, meetingId: string): Promise<boolean>;
}

/** The paging hints of each list. They are shared by all operations. */
export type ListHints = Record<'meetings' | 'livestreams' | 'meetingLivestreams' | 'sessions', PagingHints>;

export function createEndpoints(
  { get, mutate }: Pick<RealtimeKitClient, 'get' | 'mutate'>,
  hints: ListHints,
): Endpoints {
  const getObject = async (context: RequestContext, apiPath: ApiPath, query?: QueryParameters) =>
    parseObject(await get(context, apiPath, query));

  /** Reads a range of a list, and parses each row with `parseRow`. */
  async function readRows<Row>(
    context: RequestContext,
    list: ListEndpoint,
    range: OffsetRange,
    parseRow: (row: unknown) => Row | null,
  ): Promise<Page<Row>> {
    const slice = await readSlice(
      async ({ pageNo, perPage }) =>
        parseList(await get(context, list.path, { ...list.query, page_no: pageNo, per_page: perPage }), list.name),
      range,
      list.hints,
    );
    return { ...slice, rows: slice.rows.map(parseRow) };
  }

  /** Reads the first page of a list, of the maximum size. Updates the list's hints. */
  async function readHead<Row>(context: RequestContext, list: ListEndpoint, parseRow: (row: unknown) => Row | null) {
    const { hints: pagingHints } = list;
    const getPage = async (pageNo: number): Promise<WireList> => {
      const page = { page_no: pageNo, per_page: MAX_PAGE_ROWS };
      return parseList(await get(context, list.path, { ...list.query, ...page }), list.name);
    };
    const page = await getPage(pagingHints.firstPage ?? 1);
    // If page 1 of a list with rows is empty, the pages are numbered from 0.
    const seemsBase0 = pagingHints.firstPage === undefined && page.rows.length === 0 && (page.totalCount ?? 0) > 0;
    const firstPage = seemsBase0 ? await getPage(0) : page;
    if (seemsBase0 && firstPage.rows.length > 0) pagingHints.firstPage = 0;
    const head = headOf(firstPage, parseRow);
    if (head !== null && isCapped(head)) pagingHints.maxPerPage = head.rows.length;
    return head;
  }

  return {
    meeting: async (context, id) => parseMeeting(await getObject(context, path`/meetings/${id}`)),
    meetings: async (context, search, range) => {
      const list = { path: path`/meetings`, query: { search }, name: 'meetings', hints: hints.meetings } as const;
      return readRows(context, list, range, parseMeeting);
    },
    async meetingsHead(context) {
      const list = { path: path`/meetings`, name: 'meetings', hints: hints.meetings } as const;
      return readHead(context, list, parseMeeting);
    },
    async activeLivestream(context, meetingId) {
      const data = await getObject(context, path`/meetings/${meetingId}/active-livestream`);
      const livestream = parseLivestream(data, meetingId);
      return livestream !== null && hasEnded(livestream) ? null : livestream;
    },
    async meetingLivestreams(context, meetingId, range) {
      const list = {
        path: path`/meetings/${meetingId}/livestream`,
        name: 'livestreams',
        hints: hints.meetingLivestreams,
      } as const;
      return readRows(context, list, range, (row) => parseLivestream(row, meetingId));
    },
    async livestream(context, id) {
      // The response has a page of sessions, too. Only the livestream is needed here, so that one session is enough.
      const data = await getObject(context, path`/livestreams/${id}`, { per_page: 1 });
      return parseLivestream(getProperty(data, 'livestream') ?? data);
    },
    sessions: async (context, livestreamId, range) =>
      readSessions((apiPath, query) => get(context, apiPath, query), livestreamId, range, hints.sessions),
    async livestreams(context, query, range) {
      const list = {
        path: path`/livestreams`,
        query: toQueryParameters(query),
        name: 'livestreams',
        hints: hints.livestreams,
      } as const;
      return readRows(context, list, range, (row) => parseLivestream(row));
    },
    async livestreamsHead(context, query) {
      const list = {
        path: path`/livestreams`,
        query: toQueryParameters(query),
        name: 'livestreams',
        hints: hints.livestreams,
      } as const;
      return readHead(context, list, (row) => parseLivestream(row));
    },
    async activeSession(context, livestreamId) {
      const data = await getObject(context, path`/livestreams/${livestreamId}/active-livestream-session`);
      return {
        livestream: parseLivestream(getProperty(data, 'livestream')),
        session: parseSession(getProperty(data, 'session'), livestreamId),
      };
    },
    session: async (context, id) => parseSession(await getObject(context, path`/livestreams/sessions/${id}`)),
    analytics: async (context, range) =>
      parseAnalytics(await get(context, path`/analytics/livestreams/overall`, toUnixRange(range))),
    dailyAnalytics: async (context, range) =>
      parseDays(await get(context, path`/analytics/livestreams/daywise`, toUnixRange(range))),
    async startLivestream(context, { meetingId, name, video }) {
      const body = { ...(name === null ? {} : { name }), ...(video === null ? {} : { video_config: video }) };
      const envelope = await mutate(context, path`/meetings/${meetingId}/livestreams`, body);
      if (envelope === null) return null;
      const started = parseStartedLivestream(parseObject(envelope), meetingId);
      if (started === null) throw invalidResponse('the id of the started livestream is missing');
      return started;
    },
    stopLivestream: async (context, meetingId) =>
      (await mutate(context, path`/meetings/${meetingId}/active-livestream/stop`)) !== null,
  };
}

/**
 * The head of a list, or null if the response may have left out rows: it is a single object, does not start with the first row, has
 * no total count, or has a row that cannot be parsed.
 */
function headOf<Row>(list: WireList, parseRow: (row: unknown) => Row | null): Head<Row> | null {
  const { isArray, startOffset, totalCount } = list;
  const rows = list.rows.map(parseRow).filter((row) => row !== null);
  const isComplete = rows.length === list.rows.length && (rows.length > 0 || totalCount === 0);
  const isFirstPage = rows.length === 0 || startOffset === null || startOffset === 1;
  return isArray && isComplete && isFirstPage && totalCount !== null ? { rows, totalCount } : null;
}

/** Whether the page has fewer rows than requested although the list has more. */
function isCapped({ rows, totalCount }: Head<unknown>): boolean {
  return rows.length < Math.min(MAX_PAGE_ROWS, totalCount);
}

/** A list endpoint. */
interface ListEndpoint {
  path: ApiPath;
  query?: QueryParameters;
  /** The key of the rows in the nested format. */
  name: 'livestreams' | 'meetings';
  hints: PagingHints;
}

function toQueryParameters({ status, excludeMeetings, from, to, order }: LivestreamQuery): QueryParameters {
  return {
    status,
    exclude_meetings: excludeMeetings,
    start_time: from?.toISOString() ?? null,
    end_time: to?.toISOString() ?? null,
    // The API spells descending "DSC".
    sort_order: order === 'ASC' ? 'ASC' : 'DSC',
  };
}
