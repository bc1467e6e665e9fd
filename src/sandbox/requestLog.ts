/** A request as it arrived. Its credential is never kept. */
export interface LoggedRequest {
  method: string;
  /** The route's template, `/__sandbox/trap`, or `unknown`. */
  route: string;
  path: string;
  query: Record<string, string>;
  /** The JSON sent, or the text if it was not JSON; absent where there was none. */
  body?: unknown;
  /** ISO 8601, by the sandbox's clock. */
  at: string;
}

/** The log, oldest first, and how many requests are and were open at once. */
export interface RequestReport {
  requests: LoggedRequest[];
  /** Requests whose answer has not begun. */
  inFlight: number;
  mostInFlight: number;
}

const MOST_KEPT = 10_000;

/** The requests received, bounded to the last 10,000. */
export class RequestLog {
  #requests: LoggedRequest[] = [];
  #inFlight = 0;
  #mostInFlight = 0;

  /** Notes an arrival; call what it returns when the request is answered or given up. */
  enter(request: LoggedRequest): () => void {
    this.#requests.push(request);
    // In blocks, so that a full log does not move all of itself at every request.
    if (this.#requests.length > 2 * MOST_KEPT) this.#requests = this.#requests.slice(-MOST_KEPT);
    this.#inFlight += 1;
    this.#mostInFlight = Math.max(this.#mostInFlight, this.#inFlight);
    return () => {
      this.#inFlight -= 1;
    };
  }

  report(): RequestReport {
    const requests = this.#requests.slice(-MOST_KEPT);
    return { requests, inFlight: this.#inFlight, mostInFlight: this.#mostInFlight };
  }

  forget(): void {
    this.#requests = [];
    this.#mostInFlight = this.#inFlight;
  }
}
