import * as v from 'valibot';

import { isId } from '../domain/ids.ts';
import {
  type Livestream,
  type LivestreamRef,
  type LivestreamSession,
  type LivestreamStatus,
  type Meeting,
  type MeetingStatus,
  livestreamSchema,
  meetingSchema,
} from '../domain/models.ts';
import { type Envelope, invalidResponse } from './envelope.ts';
import { isObject, type JsonObject, getProperty } from './json.ts';
import type { UpstreamPage } from './pagination.ts';
import { redact } from './redact.ts';

/*
 * Parsers from the API's JSON to the domain's models. Any field of any object may be absent, and a field of the wrong type is treated
 * as absent: null. An object without an id counts as "not found": null, too.
 */

/** Parses a livestream. `meetingId` is the meeting that the request was about, for a response that does not name it. */
export function parseLivestream(value: unknown, meetingId: string | null = null): Livestream | null {
  const id = parseId(getProperty(value, 'id'));
  if (!isObject(value) || id === null) return null;
  return {
    id,
    name: parseText(value['name']),
    status: parseLivestreamStatus(value['status']),
    disabled: parseDisabled(value['disabled']),
    ingestServer: parseText(value['ingest_server']),
    streamKey: parseText(value['stream_key']),
    playbackUrl: parseUrl(value['playback_url']),
    createdAt: parseTimestamp(value['created_at']),
    updatedAt: parseTimestamp(value['updated_at']),
    meetingId: parseId(value['meeting_id']) ?? meetingId,
  };
}

/** Parses the response to a start. Fields that are missing in the response are absent in the result, not null: they are unknown. */
export function parseStartedLivestream(value: unknown, meetingId: string): LivestreamRef | null {
  const livestream = parseLivestream(value, meetingId);
  if (livestream === null) return null;
  const { id, status, ingestServer, playbackUrl, streamKey } = livestream;
  return {
    id,
    meetingId,
    ...(status === 'UNKNOWN' ? {} : { status }),
    ...(ingestServer === null ? {} : { ingestServer }),
    ...(playbackUrl === null ? {} : { playbackUrl }),
    ...(streamKey === null ? {} : { streamKey }),
  };
}

/** Parses a session. `livestreamId` is the livestream that the request was about, for a response that does not name it. */
export function parseSession(value: unknown, livestreamId: string | null = null): LivestreamSession | null {
  const id = parseId(getProperty(value, 'id'));
  if (!isObject(value) || id === null) return null;
  return {
    id,
    livestreamId: parseId(value['livestream_id']) ?? livestreamId,
    errorMessage: parseErrorMessage(value['err_message']),
    ingestSeconds: parseNumber(value['ingest_seconds']),
    viewerSeconds: parseNumber(value['viewer_seconds']),
    invokedAt: parseTimestamp(value['invoked_time']),
    startedAt: parseTimestamp(value['started_time']),
    stoppedAt: parseTimestamp(value['stopped_time']),
    createdAt: parseTimestamp(value['created_at']),
    updatedAt: parseTimestamp(value['updated_at']),
  };
}

export function parseMeeting(value: unknown): Meeting | null {
  const id = parseId(getProperty(value, 'id'));
  if (!isObject(value) || id === null) return null;
  return {
    id,
    title: parseText(value['title']),
    status: parseMeetingStatus(value['status']),
    createdAt: parseTimestamp(value['created_at']),
    updatedAt: parseTimestamp(value['updated_at']),
  };
}

/** The data of a response that contains one object, or null if it contains none. Throws `UPSTREAM_INVALID_RESPONSE` for other data. */
export function parseObject(envelope: Envelope | null): JsonObject | null {
  const data = envelope?.data ?? null;
  if (data === null || isObject(data)) return data;
  throw invalidResponse('its data is not an object');
}

/** A list as RealtimeKit sent it, its rows not parsed yet. */
export interface WireList extends UpstreamPage<unknown> {
  /** False if `data` is a single object, which means that RealtimeKit may have left out further rows. */
  isArray: boolean;
}

/** A response with more rows is rejected. At most 100 rows are requested, but RealtimeKit may ignore `per_page`. */
const MAX_RESPONSE_ROWS = 10_000;

/**
 * Parses a list in any of its formats: an array, one object with `paging` inside, or an object with an array called `name`. Throws
 * `UPSTREAM_INVALID_RESPONSE` for other data.
 */
export function parseList(envelope: Envelope | null, name: 'livestreams' | 'meetings' | 'webhooks'): WireList {
  const data = envelope?.data ?? null;
  return {
    rows: assertPageSize(rowsOf(data, name)),
    isArray: Array.isArray(data) || Array.isArray(getProperty(data, name)),
    ...parsePaging(envelope),
  };
}

/**
 * Parses the sessions in the response for a livestream: an array or one object, called `session` or `sessions`. Returns null if the
 * response does not mention sessions, as in the flat format, which has only the livestream's own fields. Null does not mean that there
 * are no sessions.
 */
export function parseSessionList(envelope: Envelope | null): WireList | null {
  const data = parseObject(envelope);
  const list = [data?.['sessions'], data?.['session']].find(Array.isArray);
  const single = data?.['session'] ?? data?.['sessions'];
  const paging = parsePaging(envelope);
  const isEmpty = data === null || Object.keys(data).length === 0;
  const mentionsSessions = isEmpty || paging.totalCount !== null || 'session' in data || 'sessions' in data;
  if (!mentionsSessions) return null;
  return {
    rows: assertPageSize(list ?? (parseId(getProperty(single, 'id')) === null ? [] : [single])),
    isArray: list !== undefined,
    ...paging,
  };
}

function parsePaging(envelope: Envelope | null): Pick<WireList, 'startOffset' | 'totalCount'> {
  const paging = getProperty(envelope?.data, 'paging') ?? envelope?.paging;
  return {
    startOffset: parseCount(getProperty(paging, 'start_offset')),
    totalCount: parseCount(getProperty(paging, 'total_count')),
  };
}

function rowsOf(data: unknown, name: string): unknown[] {
  if (data === null) return [];
  if (Array.isArray(data)) return data;
  if (!isObject(data)) throw invalidResponse('its data is not a list');
  const rows = data[name];
  if (Array.isArray(rows)) return rows;
  return parseId(data['id']) === null ? [] : [data];
}

/** Returns the rows; throws `UPSTREAM_INVALID_RESPONSE` if there are more than any page can have. */
export function assertPageSize(rows: unknown[]): unknown[] {
  if (rows.length > MAX_RESPONSE_ROWS) throw invalidResponse(`its list has more than ${MAX_RESPONSE_ROWS} rows`);
  return rows;
}

/** Parses a number of rows: a whole number that fits GraphQL's Int, else null. */
export function parseCount(value: unknown): number | null {
  const number = parseNumber(value);
  return number !== null && Number.isInteger(number) && number >= 0 && number < 2 ** 31 ? number : null;
}

function parseText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Parses a session's error message, which may quote the ingest URL and the stream key. */
function parseErrorMessage(value: unknown): string | null {
  const text = parseText(value);
  return text === null ? null : redact(text, []);
}

/** Parses an id that is safe in a URL path. Ids may have underscores, as the documentation's examples do. */
function parseId(value: unknown): string | null {
  const id = typeof value === 'number' ? String(value) : value;
  return typeof id === 'string' && (isId(id) || isId(id.replaceAll('_', '-'))) ? id : null;
}

/** Parses a number, which some endpoints send as a string. */
export function parseNumber(value: unknown): number | null {
  const number = typeof value === 'string' && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value.trim()) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** Years have four digits in RFC 3339. */
const [YEAR_0, YEAR_10000] = [Date.parse('0000-01-01T00:00:00Z'), Date.parse('+010000-01-01T00:00:00Z')];

/** Parses an ISO 8601 timestamp; without a time zone it is taken as UTC. */
function parseTimestamp(value: unknown): Date | null {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d/.test(value)) return null;
  const hasNoZone = !value.endsWith('Z') && /[T ][\d:.]+$/.test(value);
  const date = new Date(hasNoZone ? `${value.replace(' ', 'T')}Z` : value);
  const time = date.getTime();
  // The time of an invalid date is NaN, which fails the comparison.
  return time >= YEAR_0 && time < YEAR_10000 ? date : null;
}

function parseUrl(value: unknown): string | null {
  return typeof value === 'string' && /^https?:\/\//i.test(value) && URL.canParse(value) ? value : null;
}

/** Parses `disabled`, which is documented as a string ("disabled", "true", "false") and also sent as a boolean. */
function parseDisabled(value: unknown): boolean | null {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (word === true || word === 'true' || word === 'disabled') return true;
  if (word === false || word === 'false' || word === 'enabled') return false;
  return null;
}

/** Parses a status; anything that is not documented is `UNKNOWN`. */
function parseLivestreamStatus(value: unknown): LivestreamStatus {
  return v.is(livestreamSchema.entries.status, value) ? value : 'UNKNOWN';
}

function parseMeetingStatus(value: unknown): MeetingStatus {
  return v.is(meetingSchema.entries.status, value) ? value : 'UNKNOWN';
}
