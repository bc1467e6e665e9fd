import { InputError, Fields } from './fields.ts';
import { WEBHOOK_KEY_PATH, ROUTE_TEMPLATES } from './router.ts';

const KINDS = [
  'status',
  'hang',
  'reset',
  'truncated',
  'html',
  'empty',
  'redirect',
  'huge',
  'drip',
  'not-json',
] as const;

/**
 * A fault that affects requests.
 * - `status`: an error response with `status` (default 503), and `retry-after` if `retryAfterSeconds` is given.
 * - `hang`: no response until the client disconnects. `reset`: the connection closes without a response.
 * - `truncated`: the connection closes after half of the correct response. `drip`: the correct response, one byte at a time. Both
 *   carry out the request, whatever `after` says.
 * - `html`: a proxy's error page (502). `empty`: no body (200). `not-json`: incomplete JSON (200). `huge`: JSON of more than 8 MiB.
 * - `redirect`: 302 to `location`, by default to a trap: a path that only logs the request.
 */
export interface Fault {
  kind: (typeof KINDS)[number];
  /** The HTTP status, instead of the default of the kind. */
  status?: number;
  retryAfterSeconds?: number;
  location?: string;
  /** Affects only requests with this method; by default all. */
  method?: string;
  /** Affects only this route: a template such as `/meetings/{meeting_id}/livestreams`, or `/.well-known/webhooks.json`. By default all. */
  route?: string;
  /** The number of requests to affect; by default all until the faults are replaced. */
  times?: number;
  /** The number of matching requests to let pass first. */
  skip?: number;
  /** True if the request is carried out and only its response is lost. */
  after?: boolean;
}

/** Parses a list of faults; throws an `InputError` that names the invalid key. */
export function parseFaults(value: unknown): Fault[] {
  if (!Array.isArray(value)) throw new InputError('faults must be a JSON array');
  return value.map((entry: unknown, index) => parseFault(entry, `faults[${index}]`));
}

function parseFault(value: unknown, path: string): Fault {
  const fields = new Fields(value, path);
  const kind = fields.choice('kind', KINDS);
  if (kind === undefined) throw new InputError(`${path}.kind must be one of ${KINDS.join(', ')}`);
  const status = fields.number('status', { min: 200, integer: true });
  if (status !== undefined && status > 599) throw new InputError(`${path}.status must be at most 599`);
  const fault: Fault = {
    kind,
    ...optional('status', status),
    ...optional('retryAfterSeconds', fields.number('retryAfterSeconds')),
    ...optional('location', fields.string('location')),
    ...optional('method', fields.string('method')?.toUpperCase()),
    ...optional('route', fields.choice('route', [...ROUTE_TEMPLATES, WEBHOOK_KEY_PATH])),
    ...optional('times', fields.number('times', { integer: true })),
    ...optional('skip', fields.number('skip', { integer: true })),
    ...optional('after', fields.boolean('after')),
  };
  fields.rejectUnknownKeys();
  return fault;
}

/** An object with the key if the value is defined, else an empty one. */
function optional<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  const entry: Partial<Record<K, T>> = {};
  if (value !== undefined) entry[key] = value;
  return entry;
}

/** The active faults, and how many matching requests each has had. */
export class FaultList {
  #entries: { fault: Fault; matched: number }[] = [];

  replace(faults: readonly Fault[]): void {
    this.#entries = faults.map((fault) => ({ fault, matched: 0 }));
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
