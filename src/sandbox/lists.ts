import * as v from 'valibot';

import { choice, isoTime, looseObject, parseInput, requireFound, string } from './input.ts';
import type { EndpointResult, RestCall } from './restCall.ts';
import { STATUSES } from './records.ts';
import { paginate } from './paging.ts';
import type { ResponseFormats } from './settings.ts';

const SORT = { sort_order: v.optional(choice(['ASC', 'DSC']), 'DSC') };
const TIME_RANGE = { start_time: v.exactOptional(isoTime), end_time: v.exactOptional(isoTime) };

const LIVESTREAMS_QUERY = looseObject({
  ...SORT,
  ...TIME_RANGE,
  status: v.exactOptional(choice(STATUSES)),
  exclude_meetings: v.exactOptional(choice(['true', 'false'])),
});

const MEETINGS_QUERY = looseObject({
  ...SORT,
  ...TIME_RANGE,
  status: v.exactOptional(choice(['ACTIVE', 'INACTIVE'])),
  search: v.optional(v.pipe(string, v.toLowerCase()), ''),
});

/** `GET /livestreams`: newest first, unless `sort_order` says otherwise. */
export function listLivestreams({ query, world, writer, formats }: RestCall): EndpointResult {
  const { status, exclude_meetings: excludesMeetings, ...range } = parseInput(LIVESTREAMS_QUERY, query);
  const all = world.livestreams
    .values()
    .filter((livestream) => status === undefined || world.statusOf(livestream) === status)
    .filter((livestream) => excludesMeetings !== 'true' || livestream.meetingId === undefined)
    .filter((livestream) => isWithin(range, livestream.createdAt));
  const isSingle = formats.list === 'object';
  const { rows, paging } = paginate(sorted(all, range), query, formats, isSingle ? 1 : undefined);
  const livestreams = rows.map((livestream) => writer.livestream(livestream));
  if (isSingle) return { data: { ...livestreams[0], paging } };
  return listResult({ livestreams }, paging, formats);
}

/** `GET /meetings`: newest first, unless `sort_order` says otherwise. */
export function listMeetings({ query, world, writer, formats }: RestCall): EndpointResult {
  const { search, status, ...range } = parseInput(MEETINGS_QUERY, query);
  const all = world.meetings
    .values()
    .filter((meeting) => meeting.title.toLowerCase().includes(search) || meeting.id === search)
    .filter((meeting) => status === undefined || meeting.status === status)
    .filter((meeting) => isWithin(range, meeting.createdAt));
  const { rows, paging } = paginate(sorted(all, range), query, formats);
  return listResult({ meetings: rows.map((meeting) => writer.meeting(meeting)) }, paging, formats);
}

/** `GET /meetings/{meeting_id}/livestream`: active and past livestreams, with the sessions of those on the page. Always nested. */
export function listLivestreamsOfMeeting({ id, query, world, writer, formats }: RestCall): EndpointResult {
  requireFound(world.meetings.get(id), 'Meeting not found');
  const order = parseInput(looseObject(SORT), query);
  const { rows, paging } = paginate(sorted(world.livestreamsOf(id), order), query, formats);
  return {
    data: {
      livestreams: rows.map((livestream) => writer.livestream(livestream)),
      sessions: rows.flatMap(({ id }) => world.sessionsOf(id)).map((session) => writer.session(session)),
      paging,
    },
  };
}

/** Whether a time is in a range that includes both its limits. */
export function isWithin(range: { start_time?: number; end_time?: number }, time: number): boolean {
  return (range.start_time ?? -Infinity) <= time && time <= (range.end_time ?? Infinity);
}

function listResult(named: Record<string, unknown[]>, paging: unknown, formats: ResponseFormats): EndpointResult {
  if (formats.list === 'nested') return { data: { ...named, paging } };
  return { data: Object.values(named).flat(), paging };
}

function sorted<T extends { id: string; createdAt: number }>(
  rows: Iterable<T>,
  { sort_order: order }: { sort_order: 'ASC' | 'DSC' },
): T[] {
  const oldestFirst = [...rows].toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  return order === 'ASC' ? oldestFirst : oldestFirst.toReversed();
}
