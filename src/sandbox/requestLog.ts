/** A received request. Its credential is never logged. */
export interface LoggedRequest {
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

/** The log and its counters, which count since the log was last cleared. */
export interface RequestReport {
  /** The last 10,000 requests, oldest first. */
  requests: LoggedRequest[];
  /** All requests, including those that are no longer in the log. */
  received: number;
  /** The requests that the quota rejected, with 429. */
  rejected: number;
  /** Requests that have no response yet. */
  inFlight: number;
  /** The maximum of `inFlight`. */
  maxInFlight: number;
}

const MAX_ENTRIES = 10_000;

/** A log of the last 10,000 requests. */
export class RequestLog {
  #requests: LoggedRequest[] = [];
  #received = 0;
  #rejected = 0;
  #inFlight = 0;
  #maxInFlight = 0;

  /** Logs a request. The caller must call the returned function when the request has a response or is given up. */
  add(request: LoggedRequest): () => void {
    this.#requests.push(request);
    this.#received += 1;
    // Removes entries in blocks, because each removal copies the log.
    if (this.#requests.length > 2 * MAX_ENTRIES) this.#requests = this.#requests.slice(-MAX_ENTRIES);
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

  report(): RequestReport {
    return {
      requests: this.#requests.slice(-MAX_ENTRIES),
      received: this.#received,
      rejected: this.#rejected,
      inFlight: this.#inFlight,
      maxInFlight: this.#maxInFlight,
    };
  }

  clear(): void {
    this.#requests = [];
    this.#received = 0;
    this.#rejected = 0;
    this.#maxInFlight = this.#inFlight;
  }
}

/** Creates the log entry of a request that arrived at `now` (ms since the epoch). */
export function createLogEntry(method: string, route: string, url: URL, body: string, now: number): LoggedRequest {
  const entry = { method, route, path: url.pathname, query: Object.fromEntries(url.searchParams) };
  const receivedAt = new Date(now).toISOString();
  return body === '' ? { ...entry, receivedAt } : { ...entry, body: parseJsonOrText(body), receivedAt };
}

function parseJsonOrText(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
