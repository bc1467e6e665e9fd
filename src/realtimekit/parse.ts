import { isId } from '../domain/ids.ts';
import type {
  Livestream,
  LivestreamRef,
  LivestreamSession,
  LivestreamStatus,
  Meeting,
  MeetingStatus,
} from '../domain/models.ts';
import { type Answer, invalidAnswer } from './envelope.ts';
import { isObject, type JsonObject, member } from './json.ts';
import { redact } from './redact.ts';

/*
 * From what upstream sends to the domain's models, once. Every field of every object may be absent, and one that is not of its
 * kind is treated as absent: null. An object without an id is "nothing there": null too.
 */

/** A livestream; `meetingId` where the request tells it already. */
export function toLivestream(value: unknown, meetingId: string | null = null): Livestream | null {
  const id = toId(member(value, 'id'));
  if (!isObject(value) || id === null) return null;
  return {
    id,
    name: toText(value['name']),
    status: toLivestreamStatus(value['status']),
    disabled: toDisabled(value['disabled']),
    ingestServer: toText(value['ingest_server']),
    streamKey: toText(value['stream_key']),
    playbackUrl: toWebAddress(value['playback_url']),
    createdAt: toMoment(value['created_at']),
    updatedAt: toMoment(value['updated_at']),
    meetingId: toId(value['meeting_id']) ?? meetingId,
  };
}

/** What the answer to a start tells: what it leaves out is not known, rather than null. */
export function toStartedLivestream(value: unknown, meetingId: string): LivestreamRef | null {
  const livestream = toLivestream(value, meetingId);
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

export function toSession(value: unknown, livestreamId: string | null = null): LivestreamSession | null {
  const id = toId(member(value, 'id'));
  if (!isObject(value) || id === null) return null;
  return {
    id,
    livestreamId: toId(value['livestream_id']) ?? livestreamId,
    errorMessage: toRemark(value['err_message']),
    ingestSeconds: toNumber(value['ingest_seconds']),
    viewerSeconds: toNumber(value['viewer_seconds']),
    invokedAt: toMoment(value['invoked_time']),
    startedAt: toMoment(value['started_time']),
    stoppedAt: toMoment(value['stopped_time']),
    createdAt: toMoment(value['created_at']),
    updatedAt: toMoment(value['updated_at']),
  };
}

export function toMeeting(value: unknown): Meeting | null {
  const id = toId(member(value, 'id'));
  if (!isObject(value) || id === null) return null;
  return {
    id,
    title: toText(value['title']),
    status: toMeetingStatus(value['status']),
    createdAt: toMoment(value['created_at']),
    updatedAt: toMoment(value['updated_at']),
  };
}

/** The data of an answer that holds one object or nothing; throws `UPSTREAM_INVALID_RESPONSE` when it is neither. */
export function dataOf(answer: Answer | null): JsonObject | null {
  const data = answer?.data ?? null;
  if (data === null || isObject(data)) return data;
  throw invalidAnswer('its data is not an object');
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
const MOST_ROWS = 10_000;

/** The rows of a list in each of its forms: an array, one object with the paging inside, or an array inside an object. */
export function toList(answer: Answer | null, name: 'livestreams' | 'meetings' | 'webhooks'): WireList {
  const data = answer?.data ?? null;
  const paging = member(data, 'paging') ?? answer?.paging;
  return {
    rows: onePage(rowsOf(data, name)),
    isArray: Array.isArray(data) || Array.isArray(member(data, name)),
    startOffset: toCount(member(paging, 'start_offset')),
    totalCount: toCount(member(paging, 'total_count')),
  };
}

/**
 * The sessions in the answer of a livestream, an array or one object, as `session` or as `sessions`; null when it tells nothing of
 * them, as where the livestream's own fields stand in their place: that is not the same as none.
 */
export function toSessionList(answer: Answer | null): WireList | null {
  const data = dataOf(answer);
  const list = [data?.['sessions'], data?.['session']].find(Array.isArray);
  const one = data?.['session'] ?? data?.['sessions'];
  const paging = member(data, 'paging') ?? answer?.paging;
  const totalCount = toCount(member(paging, 'total_count'));
  const isNothing = data === null || Object.keys(data).length === 0;
  const isTold = isNothing || totalCount !== null || 'session' in data || 'sessions' in data;
  if (!isTold) return null;
  return {
    rows: onePage(list ?? (toId(member(one, 'id')) === null ? [] : [one])),
    isArray: list !== undefined,
    startOffset: toCount(member(paging, 'start_offset')),
    totalCount,
  };
}

function rowsOf(data: unknown, name: string): unknown[] {
  if (data === null) return [];
  if (Array.isArray(data)) return data;
  if (!isObject(data)) throw invalidAnswer('its data is not a list');
  const rows = data[name];
  if (Array.isArray(rows)) return rows;
  return toId(data['id']) === null ? [] : [data];
}

/** Gives the rows back, or throws where they are more than can be meant. */
export function onePage(rows: unknown[]): unknown[] {
  if (rows.length > MOST_ROWS) throw invalidAnswer('its list is longer than any page');
  return rows;
}

/** A number of rows, as GraphQL's Int can tell it. */
export function toCount(value: unknown): number | null {
  const number = toNumber(value);
  return number !== null && Number.isInteger(number) && number >= 0 && number < 2 ** 31 ? number : null;
}

function toText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Words of upstream's own, for people: they may repeat where frames were sent to, and with which key. */
function toRemark(value: unknown): string | null {
  const text = toText(value);
  return text === null ? null : redact(text, []);
}

/** Nothing that could lead elsewhere where it stands in a path; the pages' examples have underscores in theirs. */
function toId(value: unknown): string | null {
  const id = typeof value === 'number' ? String(value) : value;
  return typeof id === 'string' && isId(id.replaceAll('_', '-')) ? id : null;
}

/** A number, which upstream writes as a string in places. */
export function toNumber(value: unknown): number | null {
  const number = typeof value === 'string' && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value.trim()) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** An ISO 8601 timestamp; one without a zone is in UTC. */
function toMoment(value: unknown): Date | null {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d/.test(value)) return null;
  const hasNoZone = !value.endsWith('Z') && /[T ][\d:.]+$/.test(value);
  const moment = new Date(hasNoZone ? `${value.replace(' ', 'T')}Z` : value);
  const year = moment.getUTCFullYear();
  // No year is NaN's, and RFC 3339 has those of four digits.
  return year >= 0 && year <= 9999 ? moment : null;
}

export function toWebAddress(value: unknown): string | null {
  return typeof value === 'string' && /^https?:\/\//i.test(value) && URL.canParse(value) ? value : null;
}

/** The pages type it a string ("disabled", "true", "false"), the API sends a boolean too. */
function toDisabled(value: unknown): boolean | null {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (word === true || word === 'true' || word === 'disabled') return true;
  if (word === false || word === 'false' || word === 'enabled') return false;
  return null;
}

export function toLivestreamStatus(value: unknown): LivestreamStatus {
  switch (value) {
    case 'LIVE':
    case 'IDLE':
    case 'ERRORED':
    case 'INVOKED':
    case 'OFFLINE':
      return value;
    default:
      return 'UNKNOWN';
  }
}

function toMeetingStatus(value: unknown): MeetingStatus {
  return value === 'ACTIVE' || value === 'INACTIVE' ? value : 'UNKNOWN';
}
