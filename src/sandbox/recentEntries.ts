/** A log that keeps its last `maxEntries` entries, oldest first, and the number of all. */
export function createRecentEntries<T>(maxEntries: number) {
  let entries: T[] = [];
  let total = 0;
  return {
    add(entry: T): void {
      entries.push(entry);
      if (entries.length > maxEntries) entries.shift();
      total += 1;
    },
    list: (): T[] => [...entries],
    /** The number of entries since the log was last cleared, including those that are no longer in it. */
    total: (): number => total,
    clear(): void {
      entries = [];
      total = 0;
    },
  };
}
