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
 * Something that goes wrong with a request.
 * - `status`: an error answer with `status` (503), and with `retry-after` if `retryAfterSeconds` is given.
 * - `hang`: no answer until the client leaves. `reset`: the connection is closed without an answer.
 * - `truncated`: the true answer, of which half arrives before the connection closes. `drip`: the true answer, a byte at
 *   a time. Both carry the request out, whatever `after` says.
 * - `html`: a proxy's page (502). `empty`: no body (200). `not-json`: half-written JSON (200). `huge`: JSON of more than 8 MiB.
 * - `redirect`: 302 to `location`, by default to a trap which only notes in the log that it was called.
 */
export interface Fault {
  kind: (typeof KINDS)[number];
  /** The HTTP status, in place of the kind's own. */
  status?: number;
  retryAfterSeconds?: number;
  location?: string;
  /** Which requests it strikes; omitted: every method, every route. */
  method?: string;
  /** A route template, such as `/meetings/{meeting_id}/livestreams`, or `/.well-known/webhooks.json`. */
  route?: string;
  /** How often it strikes; omitted: until the faults are replaced. */
  times?: number;
  /** How many of its requests it lets pass first. */
  skip?: number;
  /** True: the request is carried out, and only its answer is lost. */
  after?: boolean;
}

/** Reads a list of faults; throws `BadInput` naming the place that is wrong. */
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
    ...given('status', status),
    ...given('retryAfterSeconds', fields.number('retryAfterSeconds')),
    ...given('location', fields.string('location')),
    ...given('method', fields.string('method')?.toUpperCase()),
    ...given('route', fields.choice('route', [...ROUTE_TEMPLATES, WEBHOOK_KEY_PATH])),
    ...given('times', fields.number('times', { integer: true })),
    ...given('skip', fields.number('skip', { integer: true })),
    ...given('after', fields.boolean('after')),
  };
  fields.rejectUnknownKeys();
  return fault;
}

function given<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  const entry: Partial<Record<K, T>> = {};
  if (value !== undefined) entry[key] = value;
  return entry;
}

/** The faults in force, and how often each has met its requests. */
export class FaultList {
  #armed: { fault: Fault; met: number }[] = [];

  replace(faults: readonly Fault[]): void {
    this.#armed = faults.map((fault) => ({ fault, met: 0 }));
  }

  list(): Fault[] {
    return this.#armed.map(({ fault }) => fault);
  }

  /** The fault that strikes this request: the first in the list that still has a strike left. */
  match(method: string, route: string): Fault | undefined {
    return this.#armed.find((armed) => {
      const { fault } = armed;
      if ((fault.method ?? method) !== method || (fault.route ?? route) !== route) return false;
      armed.met += 1;
      const strikes = armed.met - (fault.skip ?? 0);
      return strikes > 0 && strikes <= (fault.times ?? Infinity);
    })?.fault;
  }
}
