/** What somebody sent to the sandbox's controls cannot be used; the message names the key. */
export class InputError extends Error {
  override name = 'BadInput';
}

/** Whether `value` is a JSON object (not an array, not null). */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads a JSON object key by key, refusing what has the wrong type. A key that is absent reads as `undefined`;
 * `end()` refuses every key that nobody asked for, so that a misspelt one does not go unnoticed.
 */
export class Fields {
  readonly #values: Record<string, unknown>;
  readonly #path: string;
  readonly #asked = new Set<string>();

  constructor(value: unknown, path = '') {
    if (!isRecord(value)) throw new InputError(`${path === '' ? 'The body' : path} must be a JSON object`);
    this.#values = value;
    this.#path = path;
  }

  /** The value as it stands, for a caller that reads deeper. */
  raw(key: string): unknown {
    this.#asked.add(key);
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
    const stranger = Object.keys(this.#values).find((key) => !this.#asked.has(key));
    if (stranger === undefined) return;
    throw new InputError(`${this.#name(stranger)} is not known; known are ${[...this.#asked].join(', ')}`);
  }

  #name(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }
}
