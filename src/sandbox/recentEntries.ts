/** A log that keeps its last `maxEntries` entries, oldest first, and the number of all. */
export class RecentEntries<T> {
  readonly #maxEntries: number;
  #entries: T[] = [];
  #total = 0;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  add(entry: T): void {
    this.#entries.push(entry);
    this.#total += 1;
    // Removes entries in blocks, because each removal copies the log.
    if (this.#entries.length > 2 * this.#maxEntries) this.#entries = this.list();
  }

  list(): T[] {
    return this.#entries.slice(-this.#maxEntries);
  }

  /** The number of entries since the log was last cleared, including those that are no longer in it. */
  get total(): number {
    return this.#total;
  }

  clear(): void {
    this.#entries = [];
    this.#total = 0;
  }
}
