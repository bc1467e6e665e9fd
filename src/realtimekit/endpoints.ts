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
import { UpstreamError } from '../domain/errors.ts';
import { hasEnded } from '../domain/livestreamState.ts';
import { invalidResponse } from './envelope.ts';
import type { QueryParameters, RealtimeKitClient } from './client.ts';
import { getProperty } from './json.ts';
import type { RequestContext } from './requestContext.ts';
import { MAX_PAGE_ROWS, type PagingHints, readSlice } from './pagination.ts';
import { type ApiPath, path } from './path.ts';
import type { Loaded } from './loaded.ts';
import { readSessions } from './sessionsPage.ts';
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

/** Thrown for a list that does not exist: only that of a meeting's livestreams can be missing. */
const MISSING_LIST = new Error('There is no such list.');

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
export type Endpoints = ReturnType<typeof createEndpoints>;

export function createEndpoints({ get, mutate }: Pick<RealtimeKitClient, 'get' | 'mutate'>) {
  /** Shared by all operations. */
  const hints: Record<'meetings' | 'livestreams' | 'meetingLivestreams' | 'sessions', PagingHints> = {
    meetings: {},
    livestreams: {},
    meetingLivestreams: {},
    sessions: {},
  };
  const meetingList = (search: string | null): ListEndpoint<Meeting> => ({
    path: path`/meetings`,
    query: { search },
    name: 'meetings',
    hints: hints.meetings,
    parseRow: parseMeeting,
  });
  const livestreamList = (query: LivestreamQuery): ListEndpoint<Livestream> => ({
    path: path`/livestreams`,
    query: toQueryParameters(query),
    name: 'livestreams',
    hints: hints.livestreams,
    parseRow: (row) => parseLivestream(row),
  });
  const meetingLivestreamList = (meetingId: string): ListEndpoint<Livestream> => ({
    path: path`/meetings/${meetingId}/livestream`,
    query: {},
    name: 'livestreams',
    hints: hints.meetingLivestreams,
    parseRow: (row) => parseLivestream(row, meetingId),
  });

  async function getPage(
    context: RequestContext,
    { path: listPath, query, name }: Pick<ListEndpoint<unknown>, 'path' | 'query' | 'name'>,
    { pageNo, perPage }: { pageNo: number; perPage: number },
  ): Promise<WireList> {
    const envelope = await get(context, listPath, { ...query, page_no: pageNo, per_page: perPage });
    if (envelope === null) throw MISSING_LIST;
    return parseList(envelope, name);
  }

  async function readRows<Row>(
    context: RequestContext,
    list: ListEndpoint<Row>,
    range: OffsetRange,
  ): Promise<Loaded<Page<Row>>> {
    const slice = await readSlice((page) => getPage(context, list, page), range, list.hints);
    return { value: { ...slice, rows: slice.rows.map(list.parseRow) } };
  }

  /**
   * Reads the first page of a list, of the maximum size. Corrects the list's hints, but does not take fewer rows than requested for a
   * cap: a livestream that ended after upstream counted the rows looks the same.
   */
  async function readHead<Row>(context: RequestContext, list: ListEndpoint<Row>): Promise<Loaded<Head<Row> | null>> {
    const { hints: pagingHints } = list;
    const page = await getPage(context, list, { pageNo: pagingHints.firstPage ?? 1, perPage: MAX_PAGE_ROWS });
    // If page 1 of a list with rows is empty, the pages are numbered from 0.
    const seemsBase0 = pagingHints.firstPage === undefined && page.rows.length === 0 && (page.totalCount ?? 0) > 0;
    const firstPage = seemsBase0 ? await getPage(context, list, { pageNo: 0, perPage: MAX_PAGE_ROWS }) : page;
    if (seemsBase0 && firstPage.rows.length > 0) pagingHints.firstPage = 0;
    if (firstPage.rows.length > (pagingHints.maxPerPage ?? Infinity)) delete pagingHints.maxPerPage;
    return { value: headOf(firstPage, list.parseRow) };
  }

  return {
    /** What the responses so far have shown about the pages of each list. */
    hints,
    /** `GET /meetings/{id}` */
    meeting: async (context: RequestContext, id: string): Promise<Loaded<Meeting | null>> => ({
      value: parseMeeting(parseObject(await get(context, path`/meetings/${id}`))),
    }),
    /** `GET /meetings` */
    meetings: async (context: RequestContext, search: string | null, range: OffsetRange) =>
      readRows(context, meetingList(search), range),
    /** `GET /meetings`: the first page, of the maximum size. Null if the response does not show how long the list is. */
    meetingsHead: async (context: RequestContext) => readHead(context, meetingList(null)),
    /** `GET /meetings/{id}/active-livestream` */
    activeLivestream: async (context: RequestContext, meetingId: string): Promise<Loaded<Livestream | null>> => {
      const envelope = await get(context, path`/meetings/${meetingId}/active-livestream`);
      const livestream = parseLivestream(parseObject(envelope), meetingId);
      const value = livestream !== null && hasEnded(livestream) ? null : livestream;
      return { value, entities: { livestreams: [value] } };
    },
    /** `GET /meetings/{id}/livestream`: active and past livestreams. Null if RealtimeKit does not have the meeting or the endpoint. */
    async meetingLivestreams(
      context: RequestContext,
      meetingId: string,
      range: OffsetRange,
    ): Promise<Loaded<Page<Livestream>> | null> {
      try {
        return await readRows(context, meetingLivestreamList(meetingId), range);
      } catch (error) {
        const isUnknownPath = error instanceof UpstreamError && error.reason?.cause === 'address';
        if (error === MISSING_LIST || isUnknownPath) return null;
        throw error;
      }
    },
    /** `GET /livestreams/{id}` */
    livestream: async (context: RequestContext, id: string): Promise<Loaded<Livestream | null>> => {
      // The response has a page of sessions, too. Only the livestream is needed here, so that one session is enough.
      const data = parseObject(await get(context, path`/livestreams/${id}`, { per_page: 1 }));
      return { value: parseLivestream(getProperty(data, 'livestream') ?? data) };
    },
    /** `GET /livestreams/{id}`, for the sessions in the response: active and past ones. */
    sessions: async (context: RequestContext, livestreamId: string, range: OffsetRange) =>
      readSessions((apiPath, query) => get(context, apiPath, query), livestreamId, range, hints.sessions),
    /** `GET /livestreams` */
    livestreams: async (context: RequestContext, query: LivestreamQuery, range: OffsetRange) =>
      readRows(context, livestreamList(query), range),
    /** `GET /livestreams`: the first page, of the maximum size. Null if the response does not show how long the list is. */
    livestreamsHead: async (context: RequestContext, query: LivestreamQuery) =>
      readHead(context, livestreamList(query)),
    /** `GET /livestreams/{id}/active-livestream-session` */
    activeSession: async (context: RequestContext, livestreamId: string): Promise<Loaded<LivestreamSession | null>> => {
      const data = parseObject(await get(context, path`/livestreams/${livestreamId}/active-livestream-session`));
      const livestreams = [parseLivestream(getProperty(data, 'livestream'))];
      const session = parseSession(getProperty(data, 'session'), livestreamId);
      return { value: session, entities: { livestreams } };
    },
    /** `GET /livestreams/sessions/{id}` */
    session: async (context: RequestContext, id: string): Promise<Loaded<LivestreamSession | null>> => ({
      value: parseSession(parseObject(await get(context, path`/livestreams/sessions/${id}`))),
    }),
    /** `GET /analytics/livestreams/overall` */
    async analytics(context: RequestContext, range: TimeRange): Promise<Loaded<Analytics>> {
      const envelope = await get(context, path`/analytics/livestreams/overall`, toUnixRange(range));
      return { value: parseAnalytics(envelope) };
    },
    /** `GET /analytics/livestreams/daywise` */
    async dailyAnalytics(context: RequestContext, range: TimeRange): Promise<Loaded<DayAnalytics[]>> {
      const envelope = await get(context, path`/analytics/livestreams/daywise`, toUnixRange(range));
      return { value: parseDays(envelope) };
    },
    /** `POST /meetings/{id}/livestreams`. Null if the meeting does not exist. */
    async startLivestream(
      context: RequestContext,
      { meetingId, name, video }: StartInput,
    ): Promise<LivestreamRef | null> {
      const body = { ...(name === null ? {} : { name }), ...(video === null ? {} : { video_config: video }) };
      const envelope = await mutate(context, path`/meetings/${meetingId}/livestreams`, body);
      if (envelope === null) return null;
      const started = parseStartedLivestream(parseObject(envelope), meetingId);
      if (started === null) throw invalidResponse('the ID of the started livestream is missing');
      return started;
    },
    /** `POST /meetings/{id}/active-livestream/stop`. False if the meeting does not exist or has no active livestream. */
    stopLivestream: async (context: RequestContext, meetingId: string): Promise<boolean> =>
      (await mutate(context, path`/meetings/${meetingId}/active-livestream/stop`)) !== null,
  };
}

/**
 * The head of a list, or null if the response may have left out rows: it is a single object, does not start with the first row, has
 * no total count, or has a row that cannot be parsed. Also null if it has more rows than requested, but not all: which rows the other
 * pages have is not known then.
 */
function headOf<Row>(list: WireList, parseRow: (row: unknown) => Row | null): Head<Row> | null {
  const { isArray, startOffset, totalCount } = list;
  const rows = list.rows.map(parseRow).filter((row) => row !== null);
  const isComplete = rows.length === list.rows.length && (rows.length > 0 || totalCount === 0);
  const isFirstPage = rows.length === 0 || startOffset === null || startOffset === 1;
  if (!isArray || !isComplete || !isFirstPage || totalCount === null) return null;
  return rows.length <= MAX_PAGE_ROWS || rows.length === totalCount ? { rows, totalCount } : null;
}

interface ListEndpoint<Row> {
  path: ApiPath;
  query: QueryParameters;
  /** The key of the rows in the nested format. */
  name: 'livestreams' | 'meetings';
  hints: PagingHints;
  parseRow: (row: unknown) => Row | null;
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
