import type {
  Livestream,
  LivestreamQuery,
  LivestreamRef,
  LivestreamSession,
  Meeting,
  Range,
  Rows,
  StartInput,
} from '../models.ts';
import { invalidAnswer } from './answer.ts';
import type { Query, UpstreamClient } from './client.ts';
import { member } from './json.ts';
import { type PagingHints, readWindow } from './paging.ts';
import { type ApiPath, path } from './path.ts';
import { dataOf, toList, toLivestream, toMeeting, toSession, toStartedLivestream } from './wire.ts';

/** The answer of the active session's endpoint: the session, and its livestream beside it. */
export interface ActiveSession {
  livestream: Livestream | null;
  session: LivestreamSession | null;
}

/**
 * One function for each REST call. All reject with an `UpstreamError`, or with `BAD_USER_INPUT` for an id that is none, before
 * anything is sent. Null means that nothing is there.
 */
export interface Endpoints {
  /** `GET /meetings/{id}` */
  meeting(id: string): Promise<Meeting | null>;
  /** `GET /meetings` */
  meetings(search: string | null, range: Range): Promise<Rows<Meeting>>;
  /** `GET /meetings/{id}/active-livestream` */
  activeLivestream(meetingId: string): Promise<Livestream | null>;
  /** `GET /meetings/{id}/livestream`: past ones included. */
  meetingLivestreams(meetingId: string, range: Range): Promise<Rows<Livestream>>;
  /** `GET /livestreams/{id}` */
  livestream(id: string): Promise<Livestream | null>;
  /** `GET /livestreams` */
  livestreams(query: LivestreamQuery, range: Range): Promise<Rows<Livestream>>;
  /** `GET /livestreams/{id}/active-livestream-session` */
  activeSession(livestreamId: string): Promise<ActiveSession>;
  /** `GET /livestreams/sessions/{id}` */
  session(id: string): Promise<LivestreamSession | null>;
  /** `POST /meetings/{id}/livestreams`; null: there is no such meeting. */
  startLivestream(input: StartInput): Promise<LivestreamRef | null>;
  /** `POST /meetings/{id}/active-livestream/stop`; false: there is no such meeting, or nothing to stop. */
  stopLivestream(meetingId: string): Promise<boolean>;
}

/** What each list's answers taught about its page numbers; it outlives operations. */
export type ListHints = Record<'meetings' | 'livestreams' | 'meetingLivestreams', PagingHints>;

export function createEndpoints({ read, send }: Pick<UpstreamClient, 'read' | 'send'>, hints: ListHints): Endpoints {
  const readObject = async (apiPath: ApiPath, query?: Query) => dataOf(await read(apiPath, query));

  /** Reads a range of a list, in each of the forms that `toList` knows, and makes a model of each row. */
  async function readRows<Row>(list: List, range: Range, toModel: (row: unknown) => Row | null): Promise<Rows<Row>> {
    const window = await readWindow(
      async ({ pageNo, perPage }) =>
        toList(await read(list.path, { ...list.query, page_no: pageNo, per_page: perPage }), list.name),
      range,
      list.hints,
    );
    return { ...window, rows: window.rows.map(toModel) };
  }

  return {
    meeting: async (id) => toMeeting(await readObject(path`/meetings/${id}`)),
    meetings: async (search, range) =>
      readRows({ path: path`/meetings`, query: { search }, name: 'meetings', hints: hints.meetings }, range, toMeeting),
    async activeLivestream(meetingId) {
      const livestream = toLivestream(await readObject(path`/meetings/${meetingId}/active-livestream`), meetingId);
      return livestream !== null && hasEnded(livestream) ? null : livestream;
    },
    async meetingLivestreams(meetingId, range) {
      const list = {
        path: path`/meetings/${meetingId}/livestream`,
        name: 'livestreams',
        hints: hints.meetingLivestreams,
      } as const;
      return readRows(list, range, (row) => toLivestream(row, meetingId));
    },
    async livestream(id) {
      // One of its sessions is the least that can be asked for: only the livestream itself is of interest.
      const data = await readObject(path`/livestreams/${id}`, { per_page: 1 });
      return toLivestream(member(data, 'livestream') ?? data);
    },
    async livestreams(query, range) {
      const list = {
        path: path`/livestreams`,
        query: toParameters(query),
        name: 'livestreams',
        hints: hints.livestreams,
      } as const;
      return readRows(list, range, (row) => toLivestream(row));
    },
    async activeSession(livestreamId) {
      const data = await readObject(path`/livestreams/${livestreamId}/active-livestream-session`);
      return {
        livestream: toLivestream(member(data, 'livestream')),
        session: toSession(member(data, 'session'), livestreamId),
      };
    },
    session: async (id) => toSession(await readObject(path`/livestreams/sessions/${id}`)),
    async startLivestream({ meetingId, name, video }) {
      const body = { ...(name === null ? {} : { name }), ...(video === null ? {} : { video_config: video }) };
      const answer = await send(path`/meetings/${meetingId}/livestreams`, body);
      if (answer === null) return null;
      const started = toStartedLivestream(dataOf(answer), meetingId);
      if (started === null) throw invalidAnswer('it does not tell which livestream was started');
      return started;
    },
    stopLivestream: async (meetingId) => (await send(path`/meetings/${meetingId}/active-livestream/stop`)) !== null,
  };
}

interface List {
  path: ApiPath;
  query?: Query;
  name: 'livestreams' | 'meetings';
  hints: PagingHints;
}

/** Only one that is `LIVE` or `INVOKED` is active; one whose status is not told is believed to be. */
function hasEnded({ status }: Livestream): boolean {
  return status === 'IDLE' || status === 'OFFLINE' || status === 'ERRORED';
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
