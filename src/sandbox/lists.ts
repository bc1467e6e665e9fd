import * as v from 'valibot';

import { choice, isoTime, lenientObject, parseInput, requireFound, string } from './input.ts';
import type { RestCall } from './restCall.ts';
import { STATUSES } from './records.ts';
import type { ResponseFormats } from './settings.ts';

const wholeNumber = v.pipe(string, v.regex(/^\d{1,9}$/, 'must be a whole number'), v.transform(Number));

const PAGE_QUERY = lenientObject({
  page_no: v.exactOptional(wholeNumber),
  per_page: v.optional(v.pipe(wholeNumber, v.minValue(1, 'must be at least 1')), '20'),
});

const ORDER = { sort_order: v.optional(choice(['ASC', 'DSC']), 'DSC') };
const ORDER_AND_RANGE = { ...ORDER, start_time: v.exactOptional(isoTime), end_time: v.exactOptional(isoTime) };

const LIVESTREAMS_QUERY = lenientObject({
  ...ORDER_AND_RANGE,
  status: v.exactOptional(choice(STATUSES)),
  exclude_meetings: v.exactOptional(choice(['true', 'false'])),
});

const MEETINGS_QUERY = lenientObject({
  ...ORDER_AND_RANGE,
  status: v.exactOptional(choice(['ACTIVE', 'INACTIVE'])),
  search: v.optional(v.pipe(string, v.toLowerCase()), ''),
});

/** `GET /livestreams`: newest first, unless `sort_order` says otherwise. */
export function listLivestreams({ query, world, writer, formats }: RestCall) {
  const { status, exclude_meetings: excludesMeetings, ...selection } = parseInput(LIVESTREAMS_QUERY, query);
  const all = world.livestreams
    .values()
    .filter((livestream) => status === undefined || world.statusOf(livestream) === status)
    .filter((livestream) => excludesMeetings !== 'true' || livestream.meetingId === undefined);
  const isSingle = formats.list === 'object';
  const { rows, paging } = paginate(select(all, selection), query, formats, isSingle ? 1 : undefined);
  const livestreams = rows.map((livestream) => writer.livestream(livestream));
  if (isSingle) return { data: { ...livestreams[0], paging } };
  return listResult('livestreams', livestreams, paging, formats);
}

/** `GET /meetings`: newest first, unless `sort_order` says otherwise. */
export function listMeetings({ query, world, writer, formats }: RestCall) {
  const { search, status, ...selection } = parseInput(MEETINGS_QUERY, query);
  const all = world.meetings
    .values()
    .filter((meeting) => meeting.title.toLowerCase().includes(search) || meeting.id === search)
    .filter((meeting) => status === undefined || meeting.status === status);
  const { rows, paging } = paginate(select(all, selection), query, formats);
  const meetings = rows.map((meeting) => writer.meeting(meeting));
  return listResult('meetings', meetings, paging, formats);
}

/** `GET /meetings/{meeting_id}/livestream`: active and past livestreams, with the sessions of those on the page. Always nested. */
export function listLivestreamsOfMeeting({ id, query, world, writer, formats }: RestCall) {
  requireFound(world.meetings.get(id), 'Meeting not found');
  const selection = parseInput(lenientObject(ORDER), query);
  const { rows, paging } = paginate(select(world.livestreamsOf(id), selection), query, formats);
  return {
    data: {
      livestreams: rows.map((livestream) => writer.livestream(livestream)),
      sessions: rows.flatMap(({ id }) => world.sessionsOf(id)).map((session) => writer.session(session)),
      paging,
    },
  };
}

/** A time range that includes both its limits. */
interface TimeRange {
  start_time?: number;
  end_time?: number;
}

export function isWithin(range: TimeRange, time: number): boolean {
  return (range.start_time ?? -Infinity) <= time && time <= (range.end_time ?? Infinity);
}

/** The rows that were created in a time range, in order. */
function select<Row extends { id: string; createdAt: number }>(
  rows: Iterable<Row>,
  { sort_order: order, ...range }: TimeRange & { sort_order: 'ASC' | 'DSC' },
): Row[] {
  const oldestFirst = [...rows]
    .filter((row) => isWithin(range, row.createdAt))
    .toSorted((left, right) => left.createdAt - right.createdAt || (left.id < right.id ? -1 : 1));
  return order === 'ASC' ? oldestFirst : oldestFirst.toReversed();
}

function listResult(name: string, rows: unknown[], paging: unknown, formats: ResponseFormats) {
  return formats.list === 'nested' ? { data: { [name]: rows, paging } } : { data: rows, paging };
}

/**
 * The page that the query's `page_no` and `per_page` select. It is empty if it is beyond the end. `perPage`, if given, overrides
 * `per_page`. With the format `paging: missing`, `paging` is undefined.
 */
export function paginate<T>(all: readonly T[], query: unknown, formats: ResponseFormats, perPage?: number) {
  const { page_no: page = formats.firstPage, per_page: requested } = parseInput(PAGE_QUERY, query);
  const size = perPage ?? Math.min(requested, formats.maxPerPage);
  // A page number below that of the first page selects the first page.
  const start = Math.max(0, page - formats.firstPage) * size;
  const rows = all.slice(start, start + size);
  const isEmpty = rows.length === 0;
  /** 1-based and inclusive. Both offsets of an empty page are 0. */
  const paging = {
    start_offset: isEmpty ? 0 : start + 1,
    end_offset: isEmpty ? 0 : start + rows.length,
    total_count: all.length,
  };
  return { rows, paging: formats.paging === 'missing' ? undefined : paging };
}
