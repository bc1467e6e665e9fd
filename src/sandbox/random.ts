/** A source of random numbers that are the same at every start. */
export type Random = ReturnType<typeof createRandom>;

/** Creates a generator (mulberry32) with a 32-bit seed. Its numbers are suitable for test data, not for secrets. */
export function createRandom(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  /** A whole number from `min` to `max`, both included. */
  const between = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  /** `length` lower-case hexadecimal digits. */
  const hex = (length: number) => {
    let digits = '';
    while (digits.length < length) digits += between(0, 15).toString(16);
    return digits;
  };
  return {
    between,
    hex,
    /** A version 4 UUID. */
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${between(8, 11).toString(16)}${hex(3)}-${hex(12)}`,
    /** A copy of `items` in random order. */
    shuffled: <T>(items: readonly T[]): T[] =>
      items
        .map((item) => ({ item, rank: next() }))
        .toSorted((left, right) => left.rank - right.rank)
        .map(({ item }) => item),
  };
}
