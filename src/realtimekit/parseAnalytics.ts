import type { Analytics, DayAnalytics, TimeRange } from '../domain/models.ts';
import { type Envelope, invalidResponse } from './envelope.ts';
import { isObject, type JsonObject } from './json.ts';
import { parseObject, assertPageSize, parseCount, parseNumber } from './parse.ts';

/*
 * A missing number is null, never 0, because nobody can tell a sum that is too small from a correct one. The sums are
 * 0 only if there were no livestreams.
 */

/** Later than every date. */
const LAST = '~';

/** The query parameters for a time range: whole seconds since the Unix epoch, or null for no limit. */
export function toUnixRange({ from, to }: TimeRange): { start_time: number | null; end_time: number | null } {
  const unixSeconds = (date: Date | null): number | null => date && Math.floor(date.getTime() / 1000);
  return { start_time: unixSeconds(from), end_time: unixSeconds(to) };
}

/** Parses the analytics of a whole time range. */
export function parseAnalytics(envelope: Envelope | null): Analytics {
  return parseSums(parseObject(envelope) ?? { count: 0 });
}

/**
 * Parses the analytics of each day, oldest first, and then those of days without a valid date: leaving them out would make sums over
 * the days too small. Throws `UPSTREAM_INVALID_RESPONSE` for anything but a list of objects.
 */
export function parseDays(envelope: Envelope | null): DayAnalytics[] {
  const rows = envelope?.data ?? [];
  if (!Array.isArray(rows)) throw invalidResponse('its data is not a list of days');
  return assertPageSize(rows)
    .map(parseDay)
    .toSorted((left, right) => ((left.date ?? LAST) < (right.date ?? LAST) ? -1 : 1));
}

function parseDay(row: unknown): DayAnalytics {
  if (!isObject(row)) throw invalidResponse('a day is not an object');
  return { date: parseDate(row['date']), ...parseSums(row) };
}

function parseSums(data: JsonObject): Analytics {
  const count = parseCount(data['count']);
  // SQL's SUM over no rows is null.
  const fallback = count === 0 ? 0 : null;
  return {
    count,
    ingestSeconds: parseNumber(data['total_ingest_seconds']) ?? fallback,
    viewerSeconds: parseNumber(data['total_viewer_seconds']) ?? fallback,
  };
}

/** Parses a date as it is written, and ignores any time and time zone after it. */
function parseDate(value: unknown): string | null {
  const [, date] = (typeof value === 'string' && /^(\d{4}-\d\d-\d\d)(?!\d)/.exec(value)) || [];
  if (date === undefined) return null;
  const day = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date) ? date : null;
}
