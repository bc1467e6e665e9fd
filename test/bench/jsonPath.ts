/** Returns the value at a path of keys, such as `at(body, 'data', 'nodes', 0)`, or undefined if the path does not exist. */
export function at(value: unknown, ...keys: (string | number)[]): unknown {
  return keys.reduce<unknown>((parent, key) => {
    return typeof parent === 'object' && parent !== null ? Reflect.get(parent, key) : undefined;
  }, value);
}

/** Returns the list at the path, or an empty list if there is none. */
export function listAt(value: unknown, ...keys: (string | number)[]): unknown[] {
  const list = at(value, ...keys);
  return Array.isArray(list) ? list.map((entry: unknown) => entry) : [];
}

/** Returns the number at the path. Throws a `TypeError` if there is none. */
export function numberAt(value: unknown, ...keys: (string | number)[]): number {
  const number = at(value, ...keys);
  if (typeof number !== 'number') throw new TypeError(`Expected a number at ${keys.join('.')}`);
  return number;
}

/** Returns the string at the path. Throws a `TypeError` if there is none. */
export function stringAt(value: unknown, ...keys: (string | number)[]): string {
  const string = at(value, ...keys);
  if (typeof string !== 'string') throw new TypeError(`Expected a string at ${keys.join('.')}`);
  return string;
}
