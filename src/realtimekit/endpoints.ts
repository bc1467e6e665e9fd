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
import type { Query, RealtimeKitClient } from './client.ts';
import { getProperty } from './json.ts';
import type { RequestContext } from './requestContext.ts';
import { MAX_PAGE_ROWS, type PagingHints, readWindow } from './pagination.ts';
import { type ApiPath, path } from './path.ts';
import { readSessions, type SessionsPage } from './sessionsPage.ts';
import {
  dataOf,
  parseList,
  parseLivestream,
  parseMeeting,
  parseSession,
  parseStartedLivestream,
  type WireList,
} from './parse.ts';
import { parseAnalytics, parseDays, toUnixRange } from './parseAnalytics.ts';

/** The answer of the active session's endpoint: the session, and its livestream beside it. */
export interface ActiveSession {
  livestream: Livestream | null;
  session: LivestreamSession | null;
}

/** The beginning of a list. */
export interface Head<Row> {
  rows: Row[];
  /** How many rows the whole list holds. */
  totalCount: number;
}

/**
 * One function for each REST call. All reject with an `UpstreamError`; for an id that is none before
 * anything is sent. Null means that nothing is there.
 */
export interface Endpoints {
  /** `GET /meetings/{id}` */
  meeting(context: RequestContext, id: string): Promise<Meeting | null>;
  /** `GET /meetings` */
  meetings(context: RequestContext, search: string | null, range: OffsetRange): Promise<Page<Meeting>>;
  /** `GET /meetings`, its first and largest page, which is one request; null: it does not tell how long the list is. */
  meetingsHead(context: RequestContext): Promise<Head<Meeting> | null>;
  /** `GET /meetings/{id}/active-livestream` */
  activeLivestream(context: RequestContext, meetingId: string): Promise<Livestream | null>;
  /** `GET /meetings/{id}/livestream`: past ones included. */
  meetingLivestreams(context: RequestContext, meetingId: string, range: OffsetRange): Promise<Page<Livestream>>;
  /** `GET /livestreams/{id}` */
  livestream(context: RequestContext, id: string): Promise<Livestream | null>;
  /** `GET /livestreams/{id}`, for its sessions: ended ones included. */
  sessions(context: RequestContext, livestreamId: string, range: OffsetRange): Promise<SessionsPage>;
  /** `GET /livestreams` */
  livestreams(context: RequestContext, query: LivestreamQuery, range: OffsetRange): Promise<Page<Livestream>>;
  /** `GET /livestreams`, read as `meetingsHead` is. */
  livestreamsHead(context: RequestContext, query: LivestreamQuery): Promise<Head<Livestream> | null>;
  /** `GET /livestreams/{id}/active-livestream-session` */
  activeSession(context: RequestContext, livestreamId: string): Promise<ActiveSession>;
  /** `GET /livestreams/sessions/{id}` */
  session(context: RequestContext, id: string): Promise<LivestreamSession | null>;
  /** `GET /analytics/livestreams/overall` */
  analytics(context: RequestContext, range: TimeRange): Promise<Analytics>;
  /** `GET /analytics/livestreams/daywise` */
  dailyAnalytics(context: RequestContext, range: TimeRange): Promise<DayAnalytics[]>;
  /** `POST /meetings/{id}/livestreams`; null: there is no such meeting. */
  startLivestream(context: RequestContext, input: StartInput): Promise<LivestreamRef | null>;
  /** `POST /meetings/{id}/active-livestream/stop`; false: there is no such meeting, or nothing to stop. */
  stopLivestream(context: RequestContext, meetingId: string): Promise<boolean>;
}

/** What each list's answers taught about its page numbers; it outlives operations. */
export type ListHints = Record<'meetings' | 'livestreams' | 'meetingLivestreams' | 'sessions', PagingHints>;

export function createEndpoints(
  { get, mutate }: Pick<RealtimeKitClient, 'get' | 'mutate'>,
  hints: ListHints,
): Endpoints {
  const readObject = async (context: RequestContext, apiPath: ApiPath, query?: Query) =>
    dataOf(await get(context, apiPath, query));

  /** Reads a range of a list, in each of the forms that `toList` knows, and makes a model of each row. */
  async function readRows<Row>(
    context: RequestContext,
    list: List,
    range: OffsetRange,
    toModel: (row: unknown) => Row | null,
  ): Promise<Page<Row>> {
    const window = await readWindow(
      async ({ pageNo, perPage }) =>
        parseList(await get(context, list.path, { ...list.query, page_no: pageNo, per_page: perPage }), list.name),
      range,
      list.hints,
    );
    return { ...window, rows: window.rows.map(toModel) };
  }

  /** Reads a list's first and largest page. */
  async function readHead<Row>(context: RequestContext, list: List, toModel: (row: unknown) => Row | null) {
    const { hints: learned } = list;
    const ask = async (pageNo: number): Promise<WireList> => {
      const page = { page_no: pageNo, per_page: MAX_PAGE_ROWS };
      return parseList(await get(context, list.path, { ...list.query, ...page }), list.name);
    };
    const first = await ask(learned.firstPage ?? 1);
    const isBeyond = learned.firstPage === undefined && first.rows.length === 0 && (first.totalCount ?? 0) > 0;
    // A list with rows whose first page is empty numbers its pages from 0.
    const answer = isBeyond ? await ask(0) : first;
    if (isBeyond && answer.rows.length > 0) learned.firstPage = 0;
    const head = headOf(answer, toModel);
    if (head !== null && isCapped(head)) learned.maxPerPage = head.rows.length;
    return head;
  }

  return {
    meeting: async (context, id) => parseMeeting(await readObject(context, path`/meetings/${id}`)),
    meetings: async (context, search, range) => {
      const list = { path: path`/meetings`, query: { search }, name: 'meetings', hints: hints.meetings } as const;
      return readRows(context, list, range, parseMeeting);
    },
    async meetingsHead(context) {
      const list = { path: path`/meetings`, name: 'meetings', hints: hints.meetings } as const;
      return readHead(context, list, parseMeeting);
    },
    async activeLivestream(context, meetingId) {
      const data = await readObject(context, path`/meetings/${meetingId}/active-livestream`);
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
      // One of its sessions is the least that can be asked for: only the livestream itself is of interest.
      const data = await readObject(context, path`/livestreams/${id}`, { per_page: 1 });
      return parseLivestream(getProperty(data, 'livestream') ?? data);
    },
    sessions: async (context, livestreamId, range) =>
      readSessions((apiPath, query) => get(context, apiPath, query), livestreamId, range, hints.sessions),
    async livestreams(context, query, range) {
      const list = {
        path: path`/livestreams`,
        query: toParameters(query),
        name: 'livestreams',
        hints: hints.livestreams,
      } as const;
      return readRows(context, list, range, (row) => parseLivestream(row));
    },
    async livestreamsHead(context, query) {
      const list = {
        path: path`/livestreams`,
        query: toParameters(query),
        name: 'livestreams',
        hints: hints.livestreams,
      } as const;
      return readHead(context, list, (row) => parseLivestream(row));
    },
    async activeSession(context, livestreamId) {
      const data = await readObject(context, path`/livestreams/${livestreamId}/active-livestream-session`);
      return {
        livestream: parseLivestream(getProperty(data, 'livestream')),
        session: parseSession(getProperty(data, 'session'), livestreamId),
      };
    },
    session: async (context, id) => parseSession(await readObject(context, path`/livestreams/sessions/${id}`)),
    analytics: async (context, range) =>
      parseAnalytics(await get(context, path`/analytics/livestreams/overall`, toUnixRange(range))),
    dailyAnalytics: async (context, range) =>
      parseDays(await get(context, path`/analytics/livestreams/daywise`, toUnixRange(range))),
    async startLivestream(context, { meetingId, name, video }) {
      const body = { ...(name === null ? {} : { name }), ...(video === null ? {} : { video_config: video }) };
      const answer = await mutate(context, path`/meetings/${meetingId}/livestreams`, body);
      if (answer === null) return null;
      const started = parseStartedLivestream(dataOf(answer), meetingId);
      if (started === null) throw invalidResponse('it does not tell which livestream was started');
      return started;
    },
    stopLivestream: async (context, meetingId) =>
      (await mutate(context, path`/meetings/${meetingId}/active-livestream/stop`)) !== null,
  };
}

/**
 * The list's beginning, if that is what the answer certainly is: a list in the form of one object, one whose length is not told,
 * and one with a row that cannot be read say nothing about what they leave out.
 */
function headOf<Row>(list: WireList, toModel: (row: unknown) => Row | null): Head<Row> | null {
  const { isArray, startOffset, totalCount } = list;
  const rows = list.rows.map(toModel).filter((row) => row !== null);
  const isWhole = rows.length === list.rows.length && (rows.length > 0 || totalCount === 0);
  const isBeginning = rows.length === 0 || startOffset === null || startOffset === 1;
  return isArray && isWhole && isBeginning && totalCount !== null ? { rows, totalCount } : null;
}

/** Whether upstream's pages hold fewer rows than were asked for. */
function isCapped({ rows, totalCount }: Head<unknown>): boolean {
  return rows.length < Math.min(MAX_PAGE_ROWS, totalCount);
}

interface List {
  path: ApiPath;
  query?: Query;
  name: 'livestreams' | 'meetings';
  hints: PagingHints;
}

function toParameters({ status, excludeMeetings, from, to, order }: LivestreamQuery): Query {
  return {
    status,
    exclude_meetings: excludeMeetings,
    start_time: from?.toISOString() ?? null,
    end_time: to?.toISOString() ?? null,
    // The API's own spelling of the two.
    sort_order: order === 'ASC' ? 'ASC' : 'DSC',
  };
}
