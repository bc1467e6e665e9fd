import * as v from 'valibot';

/** The sandbox rejects a request. A message about invalid input names the key. */
export class RequestError extends Error {
  override name = 'RequestError';
  /** The HTTP status. */
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

/** Returns `value`; throws a `RequestError` (404) if it is undefined. */
export function requireFound<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new RequestError(message, 404);
  return value;
}

/** Whether `value` is a JSON object (not an array, not null). */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses JSON; undefined if `text` is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Validates a JSON object; throws a `RequestError` that names the first invalid key, or `path` if there is no object. */
export function parseInput<const Schema extends v.GenericSchema>(schema: Schema, value: unknown, path = '') {
  if (!isRecord(value)) throw new RequestError(`${path || 'The body'} must be a JSON object`);
  const { success, output, issues } = v.safeParse(schema, value, { abortEarly: true });
  if (success) return output;
  const keys = issues[0].path?.map(({ key }) => String(key)) ?? [];
  throw new RequestError(`${[path, ...keys].filter(Boolean).join('.')} ${issues[0].message}`);
}

/** An object without other keys than these. */
export function object<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.strictObject(entries, (issue) =>
    issue.expected === 'never' ? `is unknown. Known keys: ${Object.keys(entries).join(', ')}` : objectMessage(issue),
  );
}

/** An object whose other keys are ignored, as the API ignores keys that its documentation does not list. */
export function lenientObject<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.pipe(v.custom<object>(isRecord, 'must be a JSON object'), v.object(entries, objectMessage));
}

function objectMessage({ expected }: v.BaseIssue<unknown>): string {
  return expected === 'Object' ? 'must be a JSON object' : 'is required';
}

/** One of several words or numbers. */
export function choice<const Option extends string | number>(options: readonly Option[]) {
  return v.picklist(options, ({ input }) => mustBeOneOf(options, input));
}

/** The message for an input that is none of the options. */
export function mustBeOneOf(options: readonly (string | number)[], input: unknown): string {
  return `must be one of ${options.map((option) => (input === undefined ? option : JSON.stringify(option))).join(', ')}`;
}

export function number({ min = 0, max = Infinity, integer = false } = {}) {
  const message = `must be ${integer ? 'a whole number' : 'a number'}${min === -Infinity ? '' : ` of at least ${min}`}`;
  const isValid = (value: number) => Number.isFinite(value) && value >= min && (!integer || Number.isInteger(value));
  return v.pipe(v.number(message), v.check(isValid, message), v.maxValue(max, `must be at most ${max}`));
}

export const boolean = v.boolean('must be true or false');

export const string = v.string('must be a string');

/** An ISO 8601 time, which becomes milliseconds since the Unix epoch. */
export const isoTime = v.pipe(string, v.transform(Date.parse), v.number('must be an ISO 8601 time'));
