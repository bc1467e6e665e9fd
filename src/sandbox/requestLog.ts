import { RecentEntries } from './recentEntries.ts';

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
export class RequestLog {
  readonly #requests = new RecentEntries<LoggedRequest>(10_000);
  #rejected = 0;
  #inFlight = 0;
  #maxInFlight = 0;

  /** Logs a request. The caller must call the returned function when the request has a response or is given up. */
  add(request: LoggedRequest): () => void {
    this.#requests.add(request);
    this.#inFlight += 1;
    this.#maxInFlight = Math.max(this.#maxInFlight, this.#inFlight);
    return () => {
      this.#inFlight -= 1;
    };
  }

  /** Counts a request that the quota rejected. */
  countRejected(): void {
    this.#rejected += 1;
  }

  report() {
    return {
      requests: this.#requests.list(),
      /** All requests, including those that are no longer in the log. */
      received: this.#requests.total,
      /** The requests that the quota rejected, with 429. */
      rejected: this.#rejected,
      /** Requests that have no response yet. */
      inFlight: this.#inFlight,
      maxInFlight: this.#maxInFlight,
    };
  }

  clear(): void {
    this.#requests.clear();
    this.#rejected = 0;
    this.#maxInFlight = this.#inFlight;
  }
}
