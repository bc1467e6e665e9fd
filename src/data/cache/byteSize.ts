/** What the bookkeeping of an object costs, in bytes, roughly. */
const OBJECT_OVERHEAD_BYTES = 100;

/** The bytes that a model takes in memory, roughly: enough to keep a cache within bounds. */
export function byteSizeOf(value: unknown): number {
  if (typeof value === 'string') return 2 * value.length + 20;
  if (typeof value !== 'object' || value === null || value instanceof Date) return 20;
  return Object.values(value).reduce<number>((sum, member) => sum + byteSizeOf(member), OBJECT_OVERHEAD_BYTES);
}
