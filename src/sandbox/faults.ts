import * as v from 'valibot';

import { RequestError, boolean, choice, isRecord, number, object, parseInput, string } from './input.ts';
import { ROUTE_TEMPLATES, WEBHOOK_KEY_PATH } from './routes.ts';

/**
 * A fault that affects requests.
 * - `status`: an error response with `status` (default 503) and `code` (default 1000 + `status`), and `retry-after` if
 *   `retryAfterSeconds` is given. The codes of Cloudflare's own errors have their messages.
 * - `hang`: no response until the client disconnects. `reset`: the connection closes without a response.
 * - `truncated`: the connection closes after half of the correct response. `drip`: the correct response, one byte at a time. Both
 *   carry out the request, whatever `after` says.
 * - `html`: a proxy's error page (502). `empty`: no body (200). `not-json`: incomplete JSON (200). `huge`: JSON of more than 8 MiB.
 * - `redirect`: 302 to `location`, by default to a trap: a path that only logs the request.
 */
export type Fault = v.InferOutput<typeof FAULT>;

const FAULT = object({
  kind: choice(['status', 'hang', 'reset', 'truncated', 'html', 'empty', 'redirect', 'huge', 'drip', 'not-json']),
  /** The HTTP status, instead of the default of the kind. */
  status: v.exactOptional(number({ min: 200, max: 599, integer: true })),
  code: v.exactOptional(number({ integer: true })),
  retryAfterSeconds: v.exactOptional(number()),
  location: v.exactOptional(string),
  /** Affects only requests with this method; by default all. */
  method: v.exactOptional(v.pipe(string, v.toUpperCase())),
  /** Affects only this route: a template such as `/meetings/{meeting_id}/livestreams`, or `/.well-known/webhooks.json`. By default all. */
  route: v.exactOptional(choice([...ROUTE_TEMPLATES, WEBHOOK_KEY_PATH])),
  /** The number of requests to affect; by default all until the faults are replaced. */
  times: v.exactOptional(number({ integer: true })),
  /** The number of matching requests to let pass first. */
  skip: v.exactOptional(number({ integer: true })),
  /** True if the request is carried out and only its response is lost. */
  after: v.exactOptional(boolean),
});

/** The active faults, and how many matching requests each has had. */
export class FaultList {
  #entries: { fault: Fault; matched: number }[] = [];

  /** Replaces the list; throws a `RequestError`, and changes nothing, if a fault is invalid. */
  replace(faults: unknown): void {
    if (!Array.isArray(faults)) throw new RequestError('faults must be a JSON array');
    this.#entries = faults.map((entry: unknown, index) => {
      // An absent kind must be reported with the list of all kinds.
      const input = isRecord(entry) ? { kind: undefined, ...entry } : entry;
      return { fault: parseInput(FAULT, input, `faults[${index}]`), matched: 0 };
    });
  }

  list(): Fault[] {
    return this.#entries.map(({ fault }) => fault);
  }

  /** Counts a request, and returns the fault that affects it: the first one that matches and is not used up. */
  match(method: string, route: string): Fault | undefined {
    return this.#entries.find((entry) => {
      const { fault } = entry;
      if ((fault.method ?? method) !== method || (fault.route ?? route) !== route) return false;
      entry.matched += 1;
      const affected = entry.matched - (fault.skip ?? 0);
      return affected > 0 && affected <= (fault.times ?? Infinity);
    })?.fault;
  }
}
