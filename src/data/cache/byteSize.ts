/** The estimated size of an object without its members. */
const OBJECT_OVERHEAD_BYTES = 100;
/** The estimated size of a number, a boolean, null or a date. */
const SCALAR_BYTES = 20;

/** Estimates the memory that a model takes, in bytes: roughly, but well enough to bound a cache. */
export function byteSizeOf(value: unknown): number {
  if (typeof value === 'string') return 2 * value.length + SCALAR_BYTES;
  if (typeof value !== 'object' || value === null || value instanceof Date) return SCALAR_BYTES;
  let size = OBJECT_OVERHEAD_BYTES;
  for (const member of Object.values(value)) size += byteSizeOf(member);
  return size;
}
