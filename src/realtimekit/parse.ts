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
import { redact } from './redact.ts';

/*
 * From what upstream sends to the domain's models, once. Every field of every object may be absent, and one that is not of its
 * kind is treated as absent: null. An object without an id is "nothing there": null too.
 */

/** A livestream; `meetingId` where the request tells it already. */
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

/** What the answer to a start tells: what it leaves out is not known, rather than null. */
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

/** The data of an answer that holds one object or nothing; throws `UPSTREAM_INVALID_RESPONSE` when it is neither. */
export function parseObject(answer: Envelope | null): JsonObject | null {
  const data = answer?.data ?? null;
  if (data === null || isObject(data)) return data;
  throw invalidResponse('its data is not an object');
}

/** A list as it was sent, its rows not looked at yet. */
export interface WireList {
  rows: unknown[];
  /** False: `data` is one object, so that further rows may have been left out. */
  isArray: boolean;
  /** 1-based, of the first row; null when upstream does not tell. */
  startOffset: number | null;
  totalCount: number | null;
}

/** The most rows that are taken from one page; 100 are asked for. */
const MAX_RESPONSE_ROWS = 10_000;

/** The rows of a list in each of its forms: an array, one object with the paging inside, or an array inside an object. */
export function parseList(answer: Envelope | null, name: 'livestreams' | 'meetings' | 'webhooks'): WireList {
  const data = answer?.data ?? null;
  const paging = getProperty(data, 'paging') ?? answer?.paging;
  return {
    rows: assertPageSize(rowsOf(data, name)),
    isArray: Array.isArray(data) || Array.isArray(getProperty(data, name)),
    startOffset: parseCount(getProperty(paging, 'start_offset')),
    totalCount: parseCount(getProperty(paging, 'total_count')),
  };
}

/**
 * The sessions in the answer of a livestream, an array or one object, as `session` or as `sessions`; null when it tells nothing of
 * them, as where the livestream's own fields stand in their place: that is not the same as none.
 */
export function parseSessionList(answer: Envelope | null): WireList | null {
  const data = parseObject(answer);
  const list = [data?.['sessions'], data?.['session']].find(Array.isArray);
  const one = data?.['session'] ?? data?.['sessions'];
  const paging = getProperty(data, 'paging') ?? answer?.paging;
  const totalCount = parseCount(getProperty(paging, 'total_count'));
  const isNothing = data === null || Object.keys(data).length === 0;
  const isTold = isNothing || totalCount !== null || 'session' in data || 'sessions' in data;
  if (!isTold) return null;
  return {
    rows: assertPageSize(list ?? (parseId(getProperty(one, 'id')) === null ? [] : [one])),
    isArray: list !== undefined,
    startOffset: parseCount(getProperty(paging, 'start_offset')),
    totalCount,
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

/** Gives the rows back, or throws where they are more than can be meant. */
export function assertPageSize(rows: unknown[]): unknown[] {
  if (rows.length > MAX_RESPONSE_ROWS) throw invalidResponse('its list is longer than any page');
  return rows;
}

/** A number of rows, as GraphQL's Int can tell it. */
export function parseCount(value: unknown): number | null {
  const number = parseNumber(value);
  return number !== null && Number.isInteger(number) && number >= 0 && number < 2 ** 31 ? number : null;
}

function parseText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Words of upstream's own, for people: they may repeat where frames were sent to, and with which key. */
function parseErrorMessage(value: unknown): string | null {
  const text = parseText(value);
  return text === null ? null : redact(text, []);
}

/** Nothing that could lead elsewhere where it stands in a path; the pages' examples have underscores in theirs. */
function parseId(value: unknown): string | null {
  const id = typeof value === 'number' ? String(value) : value;
  return typeof id === 'string' && isId(id.replaceAll('_', '-')) ? id : null;
}

/** A number, which upstream writes as a string in places. */
export function parseNumber(value: unknown): number | null {
  const number = typeof value === 'string' && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value.trim()) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** An ISO 8601 timestamp; one without a zone is in UTC. */
function parseTimestamp(value: unknown): Date | null {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d/.test(value)) return null;
  const hasNoZone = !value.endsWith('Z') && /[T ][\d:.]+$/.test(value);
  const moment = new Date(hasNoZone ? `${value.replace(' ', 'T')}Z` : value);
  const year = moment.getUTCFullYear();
  // No year is NaN's, and RFC 3339 has those of four digits.
  return year >= 0 && year <= 9999 ? moment : null;
}

export function parseUrl(value: unknown): string | null {
  return typeof value === 'string' && /^https?:\/\//i.test(value) && URL.canParse(value) ? value : null;
}

/** The pages type it a string ("disabled", "true", "false"), the API sends a boolean too. */
function parseDisabled(value: unknown): boolean | null {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (word === true || word === 'true' || word === 'disabled') return true;
  if (word === false || word === 'false' || word === 'enabled') return false;
  return null;
}

export function parseLivestreamStatus(value: unknown): LivestreamStatus {
  return v.is(livestreamSchema.entries.status, value) ? value : 'UNKNOWN';
}

function parseMeetingStatus(value: unknown): MeetingStatus {
  return v.is(meetingSchema.entries.status, value) ? value : 'UNKNOWN';
}
