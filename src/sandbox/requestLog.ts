/** A request as it arrived. Its credential is never kept. */
export interface LoggedRequest {
  method: string;
  /** The route's template, `/__sandbox/trap`, `/.well-known/webhooks.json`, or `unknown`. */
  route: string;
  path: string;
  query: Record<string, string>;
  /** The JSON sent, or the text if it was not JSON; absent where there was none. */
  body?: unknown;
  /** ISO 8601, by the sandbox's clock. */
  receivedAt: string;
}

/** The log, oldest first, what was counted since it was last emptied, and how many requests are and were open at once. */
export interface RequestReport {
  requests: LoggedRequest[];
  /** All that arrived, those that the log no longer holds too. */
  received: number;
  /** Of these, the ones that were refused for the quota, with a 429. */
  rejected: number;
  /** Requests whose answer has not begun. */
  inFlight: number;
  maxInFlight: number;
}

const MAX_ENTRIES = 10_000;

/** The requests received, bounded to the last 10,000. */
export class RequestLog {
  #requests: LoggedRequest[] = [];
  #received = 0;
  #refused = 0;
  #inFlight = 0;
  #mostInFlight = 0;

  /** Notes an arrival; call what it returns when the request is answered or given up. */
  add(request: LoggedRequest): () => void {
    this.#requests.push(request);
    this.#received += 1;
    // In blocks, so that a full log does not move all of itself at every request.
    if (this.#requests.length > 2 * MAX_ENTRIES) this.#requests = this.#requests.slice(-MAX_ENTRIES);
    this.#inFlight += 1;
    this.#mostInFlight = Math.max(this.#mostInFlight, this.#inFlight);
    return () => {
      this.#inFlight -= 1;
    };
  }

  /** Notes that the quota had no room for a request. */
  countRejected(): void {
    this.#refused += 1;
  }

  report(): RequestReport {
    return {
      requests: this.#requests.slice(-MAX_ENTRIES),
      received: this.#received,
      rejected: this.#refused,
      inFlight: this.#inFlight,
      maxInFlight: this.#mostInFlight,
    };
  }

  clear(): void {
    this.#requests = [];
    this.#received = 0;
    this.#refused = 0;
    this.#mostInFlight = this.#inFlight;
  }
}

/** A request as the log has it, at `now` (milliseconds). */
export function createLogEntry(method: string, route: string, url: URL, body: string, now: number): LoggedRequest {
  const entry = { method, route, path: url.pathname, query: Object.fromEntries(url.searchParams) };
  const receivedAt = new Date(now).toISOString();
  return body === '' ? { ...entry, receivedAt } : { ...entry, body: parsed(body), receivedAt };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
