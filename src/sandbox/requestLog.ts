import { createRecentEntries } from './recentEntries.ts';

/** A received request. Its credential is never logged. */
interface LoggedRequest {
  method: string;
  /** The route's template, `/__sandbox/trap`, `/.well-known/webhooks.json`, or `unknown`. */
  route: string;
  path: string;
  query: Record<string, string>;
  /** The body: JSON, or a string if it was not JSON; absent if there was none. */
  body?: unknown;
  /** ISO 8601, of the sandbox's clock. */
  receivedAt: string;
}

/** A log of the last 10,000 requests, with counters since the log was last cleared. */
export function createRequestLog() {
  const requests = createRecentEntries<LoggedRequest>(10_000);
  let rejected = 0;
  let inFlight = 0;
  let maxInFlight = 0;
  return {
    /** Logs a request. The caller must call the returned function when the request has a response or is given up. */
    add(request: LoggedRequest): () => void {
      requests.add(request);
      inFlight += 1;
      maxInFlight = Math.max(maxInFlight, inFlight);
      return () => {
        inFlight -= 1;
      };
    },
    /** Counts a request that the quota rejected. */
    countRejected(): void {
      rejected += 1;
    },
    report: () => ({
      requests: requests.list(),
      /** All requests, including those that are no longer in the log. */
      received: requests.total(),
      /** The requests that the quota rejected, with 429. */
      rejected,
      /** Requests that have no response yet. */
      inFlight,
      maxInFlight,
    }),
    clear(): void {
      requests.clear();
      rejected = 0;
      maxInFlight = inFlight;
    },
  };
}
