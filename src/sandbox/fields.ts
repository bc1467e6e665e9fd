/** Invalid input to the control API. The message names the key. */
export class InputError extends Error {
  override name = 'InputError';
}

/** Whether `value` is a JSON object (not an array, not null). */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads the values of a JSON object by key, and throws an `InputError` for a value of the wrong type. The value of an absent key is
 * undefined. `rejectUnknownKeys`, called last, throws for every key that has not been read, such as a misspelled one.
 */
export class Fields {
  readonly #values: Record<string, unknown>;
  readonly #path: string;
  readonly #knownKeys = new Set<string>();

  constructor(value: unknown, path = '') {
    if (!isRecord(value)) throw new InputError(`${path === '' ? 'The body' : path} must be a JSON object`);
    this.#values = value;
    this.#path = path;
  }

  /** The value without a check of its type. */
  raw(key: string): unknown {
    this.#knownKeys.add(key);
    return this.#values[key];
  }

  number(key: string, { min = 0, integer = false } = {}): number | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isFinite(value) && value >= min && (!integer || Number.isInteger(value))) {
      return value;
    }
    const kind = integer ? 'a whole number' : 'a number';
    throw new InputError(`${this.#name(key)} must be ${kind}${min === -Infinity ? '' : ` of at least ${min}`}`);
  }

  boolean(key: string): boolean | undefined {
    const value = this.raw(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw new InputError(`${this.#name(key)} must be true or false`);
  }

  string(key: string): string | undefined {
    const value = this.raw(key);
    if (value === undefined || typeof value === 'string') return value;
    throw new InputError(`${this.#name(key)} must be a string`);
  }

  choice<T extends string | number>(key: string, options: readonly T[]): T | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    const chosen = options.find((option) => option === value);
    if (chosen !== undefined) return chosen;
    throw new InputError(
      `${this.#name(key)} must be one of ${options.map((option) => JSON.stringify(option)).join(', ')}`,
    );
  }

  rejectUnknownKeys(): void {
    const unknownKey = Object.keys(this.#values).find((key) => !this.#knownKeys.has(key));
    if (unknownKey === undefined) return;
    throw new InputError(`${this.#name(unknownKey)} is unknown. Known keys: ${[...this.#knownKeys].join(', ')}`);
  }

  #name(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }
}
