import type {
  Analytics,
  DayAnalytics,
  Livestream,
  LivestreamQuery,
  LivestreamRef,
  LivestreamSession,
  Meeting,
  Range,
  Rows,
  StartInput,
  TimeRange,
} from '../domain/models.ts';
import { invalidAnswer } from './envelope.ts';
import type { Query, UpstreamClient } from './client.ts';
import { member } from './json.ts';
import type { Operation } from '../data/operation.ts';
import { LARGEST_PAGE, type PagingHints, readWindow } from './pagination.ts';
import { type ApiPath, path } from './path.ts';
import { readSessions, type SessionsPage } from './sessionsPage.ts';
import { dataOf, toList, toLivestream, toMeeting, toSession, toStartedLivestream, type WireList } from './parse.ts';
import { toAnalytics, toDays, toTimes } from './parseAnalytics.ts';

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
  meeting(operation: Operation, id: string): Promise<Meeting | null>;
  /** `GET /meetings` */
  meetings(operation: Operation, search: string | null, range: Range): Promise<Rows<Meeting>>;
  /** `GET /meetings`, its first and largest page, which is one request; null: it does not tell how long the list is. */
  meetingsHead(operation: Operation): Promise<Head<Meeting> | null>;
  /** `GET /meetings/{id}/active-livestream` */
  activeLivestream(operation: Operation, meetingId: string): Promise<Livestream | null>;
  /** `GET /meetings/{id}/livestream`: past ones included. */
  meetingLivestreams(operation: Operation, meetingId: string, range: Range): Promise<Rows<Livestream>>;
  /** `GET /livestreams/{id}` */
  livestream(operation: Operation, id: string): Promise<Livestream | null>;
  /** `GET /livestreams/{id}`, for its sessions: ended ones included. */
  sessions(operation: Operation, livestreamId: string, range: Range): Promise<SessionsPage>;
  /** `GET /livestreams` */
  livestreams(operation: Operation, query: LivestreamQuery, range: Range): Promise<Rows<Livestream>>;
  /** `GET /livestreams`, read as `meetingsHead` is. */
  livestreamsHead(operation: Operation, query: LivestreamQuery): Promise<Head<Livestream> | null>;
  /** `GET /livestreams/{id}/active-livestream-session` */
  activeSession(operation: Operation, livestreamId: string): Promise<ActiveSession>;
  /** `GET /livestreams/sessions/{id}` */
  session(operation: Operation, id: string): Promise<LivestreamSession | null>;
  /** `GET /analytics/livestreams/overall` */
  analytics(operation: Operation, range: TimeRange): Promise<Analytics>;
  /** `GET /analytics/livestreams/daywise` */
  dailyAnalytics(operation: Operation, range: TimeRange): Promise<DayAnalytics[]>;
  /** `POST /meetings/{id}/livestreams`; null: there is no such meeting. */
  startLivestream(operation: Operation, input: StartInput): Promise<LivestreamRef | null>;
  /** `POST /meetings/{id}/active-livestream/stop`; false: there is no such meeting, or nothing to stop. */
  stopLivestream(operation: Operation, meetingId: string): Promise<boolean>;
}

/** What each list's answers taught about its page numbers; it outlives operations. */
export type ListHints = Record<'meetings' | 'livestreams' | 'meetingLivestreams' | 'sessions', PagingHints>;

export function createEndpoints({ read, send }: Pick<UpstreamClient, 'read' | 'send'>, hints: ListHints): Endpoints {
  const readObject = async (operation: Operation, apiPath: ApiPath, query?: Query) =>
    dataOf(await read(operation, apiPath, query));

  /** Reads a range of a list, in each of the forms that `toList` knows, and makes a model of each row. */
  async function readRows<Row>(
    operation: Operation,
    list: List,
    range: Range,
    toModel: (row: unknown) => Row | null,
  ): Promise<Rows<Row>> {
    const window = await readWindow(
      async ({ pageNo, perPage }) =>
        toList(await read(operation, list.path, { ...list.query, page_no: pageNo, per_page: perPage }), list.name),
      range,
      list.hints,
    );
    return { ...window, rows: window.rows.map(toModel) };
  }

  /** Reads a list's first and largest page. */
  async function readHead<Row>(operation: Operation, list: List, toModel: (row: unknown) => Row | null) {
    const { hints: learned } = list;
    const ask = async (pageNo: number): Promise<WireList> => {
      const page = { page_no: pageNo, per_page: LARGEST_PAGE };
      return toList(await read(operation, list.path, { ...list.query, ...page }), list.name);
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
    meeting: async (operation, id) => toMeeting(await readObject(operation, path`/meetings/${id}`)),
    meetings: async (operation, search, range) => {
      const list = { path: path`/meetings`, query: { search }, name: 'meetings', hints: hints.meetings } as const;
      return readRows(operation, list, range, toMeeting);
    },
    async meetingsHead(operation) {
      const list = { path: path`/meetings`, name: 'meetings', hints: hints.meetings } as const;
      return readHead(operation, list, toMeeting);
    },
    async activeLivestream(operation, meetingId) {
      const data = await readObject(operation, path`/meetings/${meetingId}/active-livestream`);
      const livestream = toLivestream(data, meetingId);
      return livestream !== null && hasEnded(livestream) ? null : livestream;
    },
    async meetingLivestreams(operation, meetingId, range) {
      const list = {
        path: path`/meetings/${meetingId}/livestream`,
        name: 'livestreams',
        hints: hints.meetingLivestreams,
      } as const;
      return readRows(operation, list, range, (row) => toLivestream(row, meetingId));
    },
    async livestream(operation, id) {
      // One of its sessions is the least that can be asked for: only the livestream itself is of interest.
      const data = await readObject(operation, path`/livestreams/${id}`, { per_page: 1 });
      return toLivestream(member(data, 'livestream') ?? data);
    },
    sessions: async (operation, livestreamId, range) =>
      readSessions((apiPath, query) => read(operation, apiPath, query), livestreamId, range, hints.sessions),
    async livestreams(operation, query, range) {
      const list = {
        path: path`/livestreams`,
        query: toParameters(query),
        name: 'livestreams',
        hints: hints.livestreams,
      } as const;
      return readRows(operation, list, range, (row) => toLivestream(row));
    },
    async livestreamsHead(operation, query) {
      const list = {
        path: path`/livestreams`,
        query: toParameters(query),
        name: 'livestreams',
        hints: hints.livestreams,
      } as const;
      return readHead(operation, list, (row) => toLivestream(row));
    },
    async activeSession(operation, livestreamId) {
      const data = await readObject(operation, path`/livestreams/${livestreamId}/active-livestream-session`);
      return {
        livestream: toLivestream(member(data, 'livestream')),
        session: toSession(member(data, 'session'), livestreamId),
      };
    },
    session: async (operation, id) => toSession(await readObject(operation, path`/livestreams/sessions/${id}`)),
    analytics: async (operation, range) =>
      toAnalytics(await read(operation, path`/analytics/livestreams/overall`, toTimes(range))),
    dailyAnalytics: async (operation, range) =>
      toDays(await read(operation, path`/analytics/livestreams/daywise`, toTimes(range))),
    async startLivestream(operation, { meetingId, name, video }) {
      const body = { ...(name === null ? {} : { name }), ...(video === null ? {} : { video_config: video }) };
      const answer = await send(operation, path`/meetings/${meetingId}/livestreams`, body);
      if (answer === null) return null;
      const started = toStartedLivestream(dataOf(answer), meetingId);
      if (started === null) throw invalidAnswer('it does not tell which livestream was started');
      return started;
    },
    stopLivestream: async (operation, meetingId) =>
      (await send(operation, path`/meetings/${meetingId}/active-livestream/stop`)) !== null,
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
  return rows.length < Math.min(LARGEST_PAGE, totalCount);
}

interface List {
  path: ApiPath;
  query?: Query;
  name: 'livestreams' | 'meetings';
  hints: PagingHints;
}

/** Only one that is `LIVE` or `INVOKED` is active; one whose status is not told is believed to be. */
export function hasEnded({ status }: Livestream): boolean {
  return status === 'IDLE' || status === 'OFFLINE' || status === 'ERRORED';
}

/** What a reader is told again for, where it is not as it was. */
export type Look = Pick<Livestream, 'status' | 'playbackUrl' | 'name'>;

/** Whether two states of a livestream do not differ in what readers are told of. */
export function isSameLook(one: Look, other: Look): boolean {
  return one.status === other.status && one.playbackUrl === other.playbackUrl && one.name === other.name;
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
