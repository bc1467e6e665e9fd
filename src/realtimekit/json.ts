/** A JSON object of unknown content. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether `value` is a JSON object: not an array, and not null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A property of `value`; undefined if `value` is not an object. */
export function getProperty(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

/** Parses JSON; undefined if `text` is not JSON. */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
