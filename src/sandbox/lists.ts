import { type EndpointResult, ApiError } from './responses.ts';
import type { RestCall } from './restCall.ts';
import { STATUSES } from './records.ts';
import { type ListPage, paginate } from './paging.ts';
import type { ResponseFormats } from './settings.ts';
import { JsonWriter } from './responseFormats.ts';

const DOCUMENTED = { numbers: 'string', disabled: 'boolean' } as const;

/** All livestreams, newest first unless `sort_order` says otherwise. */
export function listLivestreams({ query, world, settings: { responseFormats } }: RestCall): EndpointResult {
  const status = oneOf(query, 'status', STATUSES);
  const excludesMeetings = oneOf(query, 'exclude_meetings', ['true', 'false']) === 'true';
  const isWanted = within(query);
  const all = world
    .livestreams()
    .filter((livestream) => status === undefined || world.statusOf(livestream) === status)
    .filter((livestream) => !excludesMeetings || livestream.meetingId === undefined)
    .filter((livestream) => isWanted(livestream.createdAt));
  const writer = new JsonWriter(world, responseFormats);
  const page = paginate(sorted(all, query), query, responseFormats, responseFormats.list === 'object' ? 1 : undefined);
  const rows = page.rows.map((livestream) => writer.livestream(livestream));
  if (responseFormats.list !== 'object') return list('livestreams', { ...page, rows }, responseFormats);
  return {
    kind: 'found',
    data: { ...rows[0], ...(responseFormats.paging === 'missing' ? {} : { paging: page.paging }) },
  };
}

/** All meetings, newest first unless `sort_order` says otherwise. */
export function listMeetings({ query, world, settings: { responseFormats } }: RestCall): EndpointResult {
  const search = query.get('search')?.toLowerCase() ?? '';
  const status = oneOf(query, 'status', ['ACTIVE', 'INACTIVE']);
  const isWanted = within(query);
  const all = world
    .meetings()
    .filter((meeting) => meeting.title.toLowerCase().includes(search) || meeting.id === search)
    .filter((meeting) => status === undefined || meeting.status === status)
    .filter((meeting) => isWanted(meeting.createdAt));
  const writer = new JsonWriter(world, responseFormats);
  const page = paginate(sorted(all, query), query, responseFormats);
  return list('meetings', { ...page, rows: page.rows.map((meeting) => writer.meeting(meeting)) }, responseFormats);
}

/** A meeting's livestreams, past ones included, with the sessions of those on the page: always nested. */
export function listLivestreamsOfMeeting({
  id,
  query,
  world,
  settings: { responseFormats },
}: RestCall): EndpointResult {
  if (world.meeting(id) === undefined) return { kind: 'nothing', message: 'Meeting not found' };
  const { rows, paging } = paginate(sorted(world.livestreamsOf(id), query), query, responseFormats);
  const writer = new JsonWriter(world, responseFormats, DOCUMENTED);
  const sessions = rows.flatMap((livestream) => world.sessionsOf(livestream.id));
  return {
    kind: 'found',
    data: {
      livestreams: rows.map((livestream) => writer.livestream(livestream)),
      sessions: sessions.map((session) => writer.session(session)),
      ...(responseFormats.paging === 'missing' ? {} : { paging }),
    },
  };
}

function list(key: string, { rows, paging }: ListPage<unknown>, responseFormats: ResponseFormats): EndpointResult {
  const given = responseFormats.paging === 'missing' ? {} : { paging };
  if (responseFormats.list === 'nested') return { kind: 'found', data: { [key]: rows, ...given } };
  return { kind: 'found', data: rows, ...given };
}

function sorted<T extends { id: string; createdAt: number }>(rows: readonly T[], query: URLSearchParams): T[] {
  const isAscending = oneOf(query, 'sort_order', ['ASC', 'DSC']) === 'ASC';
  const oldestFirst = rows.toSorted((left, right) => left.createdAt - right.createdAt || (left.id < right.id ? -1 : 1));
  return isAscending ? oldestFirst : oldestFirst.toReversed();
}

/** Whether a time lies between `start_time` and `end_time`, both included. */
function within(query: URLSearchParams): (time: number) => boolean {
  const from = instant(query, 'start_time') ?? -Infinity;
  const to = instant(query, 'end_time') ?? Infinity;
  return (time) => from <= time && time <= to;
}

function instant(query: URLSearchParams, key: string): number | undefined {
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
