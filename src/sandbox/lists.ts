import { type Answer, Refusal } from './responses.ts';
import type { RestCall } from './restCall.ts';
import { STATUSES } from './records.ts';
import { type Page, paginate } from './paging.ts';
import type { Shapes } from './settings.ts';
import { Writer } from './responseFormats.ts';

const DOCUMENTED = { numbers: 'string', disabled: 'boolean' } as const;

/** All livestreams, newest first unless `sort_order` says otherwise. */
export function listLivestreams({ query, world, settings: { shapes } }: RestCall): Answer {
  const status = oneOf(query, 'status', STATUSES);
  const excludesMeetings = oneOf(query, 'exclude_meetings', ['true', 'false']) === 'true';
  const isWanted = within(query);
  const all = world
    .livestreams()
    .filter((livestream) => status === undefined || world.statusOf(livestream) === status)
    .filter((livestream) => !excludesMeetings || livestream.meetingId === undefined)
    .filter((livestream) => isWanted(livestream.createdAt));
  const writer = new Writer(world, shapes);
  const page = paginate(sorted(all, query), query, shapes, shapes.list === 'object' ? 1 : undefined);
  const rows = page.rows.map((livestream) => writer.livestream(livestream));
  if (shapes.list !== 'object') return list('livestreams', { ...page, rows }, shapes);
  return { kind: 'found', data: { ...rows[0], ...(shapes.paging === 'missing' ? {} : { paging: page.paging }) } };
}

/** All meetings, newest first unless `sort_order` says otherwise. */
export function listMeetings({ query, world, settings: { shapes } }: RestCall): Answer {
  const search = query.get('search')?.toLowerCase() ?? '';
  const status = oneOf(query, 'status', ['ACTIVE', 'INACTIVE']);
  const isWanted = within(query);
  const all = world
    .meetings()
    .filter((meeting) => meeting.title.toLowerCase().includes(search) || meeting.id === search)
    .filter((meeting) => status === undefined || meeting.status === status)
    .filter((meeting) => isWanted(meeting.createdAt));
  const writer = new Writer(world, shapes);
  const page = paginate(sorted(all, query), query, shapes);
  return list('meetings', { ...page, rows: page.rows.map((meeting) => writer.meeting(meeting)) }, shapes);
}

/** A meeting's livestreams, past ones included, with the sessions of those on the page: always nested. */
export function listLivestreamsOfMeeting({ id, query, world, settings: { shapes } }: RestCall): Answer {
  if (world.meeting(id) === undefined) return { kind: 'nothing', message: 'Meeting not found' };
  const { rows, paging } = paginate(sorted(world.livestreamsOf(id), query), query, shapes);
  const writer = new Writer(world, shapes, DOCUMENTED);
  const sessions = rows.flatMap((livestream) => world.sessionsOf(livestream.id));
  return {
    kind: 'found',
    data: {
      livestreams: rows.map((livestream) => writer.livestream(livestream)),
      sessions: sessions.map((session) => writer.session(session)),
      ...(shapes.paging === 'missing' ? {} : { paging }),
    },
  };
}

function list(key: string, { rows, paging }: Page<unknown>, shapes: Shapes): Answer {
  const given = shapes.paging === 'missing' ? {} : { paging };
  if (shapes.list === 'nested') return { kind: 'found', data: { [key]: rows, ...given } };
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
  if (Number.isNaN(time)) throw new Refusal(400, 400, `${key} must be an ISO 8601 time`);
  return time;
}

function oneOf<T extends string>(query: URLSearchParams, key: string, options: readonly T[]): T | undefined {
  const value = query.get(key);
  if (value === null) return undefined;
  const chosen = options.find((option) => option === value);
  if (chosen === undefined) throw new Refusal(400, 400, `${key} must be one of ${options.join(', ')}`);
  return chosen;
}
