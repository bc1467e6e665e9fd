import type { Clock } from '../../src/lib/clock.ts';
import type { SavedState } from '../../src/lib/savedState.ts';

export interface MemorySavedState extends SavedState {
  /** The number of `set` calls so far. */
  writes(): number;
  /** The keys and texts whose time has not passed. */
  entries(): [string, string][];
  /** Replaces each text that is saved. */
  replaceAll(replace: (text: string) => string): void;
  /** Lets each call throw, or work again. */
  setBroken(isBroken: boolean): void;
}

/** A saved state in memory, for several gateways of a test that replace each other. */
export function createMemorySavedState(clock: Pick<Clock, 'now'>): MemorySavedState {
  const saved = new Map<string, { text: string; endsAt: number }>();
  let writes = 0;
  let isBroken = false;
  const checkStorage = (): void => {
    if (isBroken) throw new Error('The storage fails.');
  };
  const isValid = ({ endsAt }: { endsAt: number }): boolean => clock.now() < endsAt;
  return {
    get(key) {
      checkStorage();
      const entry = saved.get(key);
      return entry !== undefined && isValid(entry) ? entry.text : null;
    },
    set(key, text, ttlMs) {
      checkStorage();
      writes += 1;
      saved.set(key, { text, endsAt: clock.now() + ttlMs });
    },
    writes: () => writes,
    entries: () => [...saved].filter(([, entry]) => isValid(entry)).map(([key, { text }]) => [key, text]),
    replaceAll(replace) {
      for (const entry of saved.values()) entry.text = replace(entry.text);
    },
    setBroken(next) {
      isBroken = next;
    },
  };
}
