import type { Analytics, DayAnalytics, TimeRange } from '../domain/models.ts';
import { type Envelope, invalidResponse } from './envelope.ts';
import { isObject, type JsonObject } from './json.ts';
import { dataOf, assertPageSize, parseCount, parseNumber } from './parse.ts';

/*
 * A number that is not told is not known: null, never 0, for a sum that is too small looks like any other. "Nothing there" is
 * another thing: in a range or on a day without livestreams there is nothing to sum up.
 */

/** A range's ends as analytics are asked for them: whole seconds since the Unix epoch; null: none. */
export function toUnixRange({ from, to }: TimeRange): { start_time: number | null; end_time: number | null } {
  const seconds = (moment: Date | null): number | null => moment && Math.floor(moment.getTime() / 1000);
  return { start_time: seconds(from), end_time: seconds(to) };
}

/** The analytics of a whole range. */
export function parseAnalytics(answer: Envelope | null): Analytics {
  return analyticsOf(dataOf(answer) ?? { count: 0 });
}

/** Those of its days, oldest first. A day without a date is nobody's: left out, it would be missed in every sum. */
export function parseDays(answer: Envelope | null): DayAnalytics[] {
  const rows = answer?.data ?? [];
  if (!Array.isArray(rows)) throw invalidResponse('its data is not a list of days');
  return assertPageSize(rows)
    .map(parseDay)
    .toSorted((left, right) => (left.date < right.date ? -1 : 1));
}

function parseDay(row: unknown): DayAnalytics {
  const date = isObject(row) ? parseDate(row['date']) : null;
  if (!isObject(row) || date === null) throw invalidResponse('one of its days has no date');
  return { date, ...analyticsOf(row) };
}

function analyticsOf(sent: JsonObject): Analytics {
  const count = parseCount(sent['count']);
  // The sum of nothing, which databases like to call null.
  const untold = count === 0 ? 0 : null;
  return {
    count,
    ingestSeconds: parseNumber(sent['total_ingest_seconds']) ?? untold,
    viewerSeconds: parseNumber(sent['total_viewer_seconds']) ?? untold,
  };
}

/** The day that is written, whatever time and zone may follow it. */
function parseDate(value: unknown): string | null {
  const [, date] = (typeof value === 'string' && /^(\d{4}-\d\d-\d\d)(?!\d)/.exec(value)) || [];
  if (date === undefined) return null;
  const day = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date) ? date : null;
}
