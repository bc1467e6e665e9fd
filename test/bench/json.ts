/** Digs into JSON: `at(answer, 'data', 'nodes', 0)`; what is not there reads as undefined. */
export function at(value: unknown, ...keys: (string | number)[]): unknown {
  return keys.reduce<unknown>((found, key) => {
    return typeof found === 'object' && found !== null ? Reflect.get(found, key) : undefined;
  }, value);
}

/** The list there; an empty one where there is none. */
export function listAt(value: unknown, ...keys: (string | number)[]): unknown[] {
  const found = at(value, ...keys);
  return Array.isArray(found) ? found.map((entry: unknown) => entry) : [];
}

/** The number there; throws where there is none. */
export function numberAt(value: unknown, ...keys: (string | number)[]): number {
  const found = at(value, ...keys);
  if (typeof found !== 'number') throw new TypeError(`There is no number at ${keys.join('.')}`);
  return found;
}

/** The text there; throws where there is none. */
export function textAt(value: unknown, ...keys: (string | number)[]): string {
  const found = at(value, ...keys);
  if (typeof found !== 'string') throw new TypeError(`There is no text at ${keys.join('.')}`);
  return found;
}
