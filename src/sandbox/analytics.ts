import { type EndpointResult, ApiError } from './responses.ts';
import type { RestCall } from './restCall.ts';
import type { SessionRecord } from './records.ts';

/** `GET /analytics/livestreams/overall`: the number and the sums of the sessions that began in a time range. */
export function overallAnalytics(call: RestCall): EndpointResult {
  return { kind: 'found', data: call.writer.totals(sessionsWithin(call)) };
}

/** `GET /analytics/livestreams/daywise`: the same for each day (UTC), oldest first. A session counts on the day on which it began. */
export function dailyAnalytics(call: RestCall): EndpointResult {
  const days = Map.groupBy(sessionsWithin(call), ({ invokedAt }) => new Date(invokedAt).toISOString().slice(0, 10));
  const rows = [...days].toSorted(([left], [right]) => (left < right ? -1 : 1));
  return { kind: 'found', data: rows.map(([date, sessions]) => call.writer.day(date, sessions)) };
}

/** Sessions that began between `start_time` and `end_time`, both included. */
function sessionsWithin({ query, world }: RestCall): SessionRecord[] {
  const from = unixSeconds(query, 'start_time') ?? -Infinity;
  const to = unixSeconds(query, 'end_time') ?? Infinity;
  const startSeconds = (session: SessionRecord) => Math.floor(session.invokedAt / 1000);
  return world.sessions().filter((session) => from <= startSeconds(session) && startSeconds(session) <= to);
}

function unixSeconds(query: URLSearchParams, key: string): number | undefined {
  const value = query.get(key);
  if (value === null) return undefined;
  if (!/^-?\d{1,15}$/.test(value)) throw new ApiError(400, 400, `${key} must be a Unix timestamp in seconds`);
  return Number(value);
}
