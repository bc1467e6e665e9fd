import * as v from 'valibot';

import { lenientObject, parseInput, string } from './input.ts';
import { isWithin } from './lists.ts';
import type { RestCall } from './restCall.ts';

const unixSeconds = v.pipe(string, v.regex(/^-?\d{1,15}$/, 'must be a Unix timestamp in seconds'), v.transform(Number));

const ANALYTICS_QUERY = lenientObject({
  start_time: v.exactOptional(unixSeconds),
  end_time: v.exactOptional(unixSeconds),
});

/** `GET /analytics/livestreams/overall`: the number and the sums of the sessions that began in a time range. */
export function overallAnalytics(call: RestCall) {
  return { data: call.writer.totals(sessionsWithin(call)) };
}

/** `GET /analytics/livestreams/daywise`: the same for each day (UTC), oldest first. A session counts on the day on which it began. */
export function dailyAnalytics(call: RestCall) {
  const days = Map.groupBy(sessionsWithin(call), ({ invokedAt }) => new Date(invokedAt).toISOString().slice(0, 10));
  const rows = [...days].toSorted(([left], [right]) => (left < right ? -1 : 1));
  return { data: rows.map(([date, sessions]) => call.writer.day(date, sessions)) };
}

function sessionsWithin({ query, world }: RestCall) {
  const range = parseInput(ANALYTICS_QUERY, query);
  const sessions = world.sessions.values();
  return sessions.filter(({ invokedAt }) => isWithin(range, Math.floor(invokedAt / 1000))).toArray();
}
