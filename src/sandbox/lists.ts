import { type EndpointResult, ApiError } from './responses.ts';
import type { RestCall } from './restCall.ts';
import { STATUSES } from './records.ts';
import { type ListPage, paginate } from './paging.ts';
import type { ResponseFormats } from './settings.ts';

/** `GET /livestreams`: newest first, unless `sort_order` says otherwise. */
export function listLivestreams({ query, world, writer, settings: { responseFormats } }: RestCall): EndpointResult {
  const status = oneOf(query, 'status', STATUSES);
  const excludesMeetings = oneOf(query, 'exclude_meetings', ['true', 'false']) === 'true';
  const isInRange = timeFilter(query);
  const all = world
    .livestreams()
    .filter((livestream) => status === undefined || world.statusOf(livestream) === status)
    .filter((livestream) => !excludesMeetings || livestream.meetingId === undefined)
    .filter((livestream) => isInRange(livestream.createdAt));
  const page = paginate(sorted(all, query), query, responseFormats, responseFormats.list === 'object' ? 1 : undefined);
  const rows = page.rows.map((livestream) => writer.livestream(livestream));
  if (responseFormats.list !== 'object') return listResult('livestreams', { ...page, rows }, responseFormats);
  return { kind: 'found', data: { ...rows[0], paging: page.paging } };
}

/** `GET /meetings`: newest first, unless `sort_order` says otherwise. */
export function listMeetings({ query, world, writer, settings: { responseFormats } }: RestCall): EndpointResult {
  const search = query.get('search')?.toLowerCase() ?? '';
  const status = oneOf(query, 'status', ['ACTIVE', 'INACTIVE']);
  const isInRange = timeFilter(query);
  const all = world
    .meetings()
    .filter((meeting) => meeting.title.toLowerCase().includes(search) || meeting.id === search)
    .filter((meeting) => status === undefined || meeting.status === status)
    .filter((meeting) => isInRange(meeting.createdAt));
  const page = paginate(sorted(all, query), query, responseFormats);
  return listResult(
    'meetings',
    { ...page, rows: page.rows.map((meeting) => writer.meeting(meeting)) },
    responseFormats,
  );
}

/** `GET /meetings/{meeting_id}/livestream`: active and past livestreams, with the sessions of those on the page. Always nested. */
export function listLivestreamsOfMeeting({
  id,
  query,
  world,
  writer,
  settings: { responseFormats },
}: RestCall): EndpointResult {
  if (world.meeting(id) === undefined) return { kind: 'notFound', message: 'Meeting not found' };
  const { rows, paging } = paginate(sorted(world.livestreamsOf(id), query), query, responseFormats);
  const sessions = rows.flatMap((livestream) => world.sessionsOf(livestream.id));
  return {
    kind: 'found',
    data: {
      livestreams: rows.map((livestream) => writer.livestream(livestream)),
      sessions: sessions.map((session) => writer.session(session)),
      paging,
    },
  };
}

function listResult(
  key: string,
  { rows, paging }: ListPage<unknown>,
  responseFormats: ResponseFormats,
): EndpointResult {
  if (responseFormats.list === 'nested') return { kind: 'found', data: { [key]: rows, paging } };
  return { kind: 'found', data: rows, paging };
}

function sorted<T extends { id: string; createdAt: number }>(rows: readonly T[], query: URLSearchParams): T[] {
  const isAscending = oneOf(query, 'sort_order', ['ASC', 'DSC']) === 'ASC';
  const oldestFirst = rows.toSorted((left, right) => left.createdAt - right.createdAt || (left.id < right.id ? -1 : 1));
  return isAscending ? oldestFirst : oldestFirst.toReversed();
}

/** A function that tests whether a time is between `start_time` and `end_time`, both included. */
function timeFilter(query: URLSearchParams): (time: number) => boolean {
  const from = parseTime(query, 'start_time') ?? -Infinity;
  const to = parseTime(query, 'end_time') ?? Infinity;
  return (time) => from <= time && time <= to;
}

function parseTime(query: URLSearchParams, key: string): number | undefined {
  const value = query.get(key);
  if (value === null) return undefined;
  const time = Date.parse(value);
  if (Number.isNaN(time)) throw new ApiError(400, 400, `${key} must be an ISO 8601 time`);
  return time;
}

function oneOf<T extends string>(query: URLSearchParams, key: string, options: readonly T[]): T | undefined {
  const value = query.get(key);
  if (value === null) return undefined;
  const chosen = options.find((option) => option === value);
  if (chosen === undefined) throw new ApiError(400, 400, `${key} must be one of ${options.join(', ')}`);
  return chosen;
}
