import * as v from 'valibot';

/** Invalid input to the control API. The message names the key. */
export class InputError extends Error {
  override name = 'InputError';
}

/** Whether `value` is a JSON object (not an array, not null). */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Validates a JSON object; throws an `InputError` that names the first invalid key, or `path` if there is no object. */
export function parseInput<const Schema extends v.GenericSchema>(schema: Schema, value: unknown, path = '') {
  if (!isRecord(value)) throw new InputError(`${path === '' ? 'The body' : path} must be a JSON object`);
  const { success, output, issues } = v.safeParse(schema, value, { abortEarly: true });
  if (success) return output;
  const keys = issues[0].path?.map(({ key }) => String(key)) ?? [];
  throw new InputError(`${[path, ...keys].filter(Boolean).join('.')} ${issues[0].message}`);
}

/** An object without other keys than these. */
export function object<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.strictObject(entries, ({ expected }) => {
    if (expected === 'never') return `is unknown. Known keys: ${Object.keys(entries).join(', ')}`;
    return expected === 'Object' ? 'must be a JSON object' : 'is required';
  });
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
