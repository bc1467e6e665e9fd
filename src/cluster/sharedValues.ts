import * as v from 'valibot';

import type { Moment } from './hybridClock.ts';
import { createStoreTime } from './storeClock.ts';
import { createTurns, type TurnsOptions } from './lease.ts';

/** What one replica has read and all may serve. */
export interface Kept {
  value: unknown;
  moment: Moment;
}

/** Whoever has it reads for all. */
export interface Claim {
  release(): void;
}

/** The cache's second level: what all replicas keep in common. While it is away there is nothing in it. */
export interface SecondLevel {
  find(id: string): Promise<Kept | null>;
  /** Keeps it for so many milliseconds. */
  keep(id: string, kept: Kept, milliseconds: number): void;
  drop(id: string): void;
  /** Null: another replica was reading it, and by now is not any more. */
  claim(id: string, signal: AbortSignal | undefined): Promise<Claim | null>;
}

export interface SecondLevelOptions extends TurnsOptions {
  /** What all keys begin with. */
  prefix: string;
}

/** Characters: what is asked for in longer words is kept by nobody else. */
const LONGEST_ID = 500;
/** How long a replica may take to read, in milliseconds: another one then does. */
const READING_TAKES = 5000;

const keptText = v.pipe(v.string(), v.parseJson(), v.object({ value: v.unknown(), order: v.number(), at: v.number() }));

export function createSecondLevel({ store, replicas, prefix, clock }: SecondLevelOptions): SecondLevel {
  const turns = createTurns({ store, replicas, clock });
  const keyOf = (id: string): string => `${prefix}kept ${id}`;
  const { atStore, atHome } = createStoreTime(store, clock);

  return {
    async find(id) {
      if (!store.isUp() || id.length > LONGEST_ID) return null;
      const text = await store.get(keyOf(id)).catch(() => null);
      const { success, output } = v.safeParse(keptText, text);
      if (!success) return null;
      const { value, order, at } = output;
      return { value, moment: { order, at: atHome(at), isShared: true } };
    },
    keep(id, { value, moment: { order, at } }, milliseconds) {
      if (!store.isUp() || id.length > LONGEST_ID) return;
      const text = JSON.stringify({ value, order, at: atStore(at) });
      store.set(keyOf(id), text, Math.ceil(milliseconds)).catch(() => {});
    },
    drop(id) {
      if (store.isUp()) store.set(keyOf(id), '', 1).catch(() => {});
    },
    async claim(id, signal) {
      if (!store.isUp() || id.length > LONGEST_ID) return NOBODY;
      const key = `${prefix}reading ${id}`;
      const holder = crypto.randomUUID();
      try {
        const isOurs = await turns.take(key, holder, { lasts: READING_TAKES, patience: READING_TAKES }, signal);
        return isOurs ? { release: () => void turns.end(key, holder) } : null;
      } catch {
        return NOBODY;
      }
    },
  };
}

/** There are no others. */
const NOBODY: Claim = { release: () => {} };
