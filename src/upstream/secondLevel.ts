import * as v from 'valibot';

import type { Clock } from '../clock.ts';
import type { SharedStore } from '../sharedStore.ts';
import type { Moment } from './changes.ts';
import { sleep, unlessAborted } from './deadline.ts';
import type { Replicas } from './replicas.ts';

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

export interface SecondLevelOptions {
  store: SharedStore;
  replicas: Pick<Replicas, 'tell' | 'hasRead'>;
  /** What all keys begin with. */
  prefix: string;
  clock: Clock;
}

/** Characters: what is asked for in longer words is kept by nobody else. */
const LONGEST_ID = 500;
/** How long a replica may take to read, in milliseconds: another one then does. */
const READING_TAKES = 5000;

const keptText = v.pipe(v.string(), v.parseJson(), v.object({ value: v.unknown(), order: v.number(), at: v.number() }));

export function createSecondLevel({ store, replicas, prefix, clock }: SecondLevelOptions): SecondLevel {
  const keyOf = (id: string): string => `${prefix}kept ${id}`;
  /** How much the store's clock is ahead of this process's. */
  const ahead = (): number => store.now() - clock.now();

  /** Nobody waits for it. */
  function release(key: string, holder: string): void {
    store.swap(key, holder, null, 1).catch(() => {});
    replicas.tell({ kind: 'read', key });
  }

  return {
    async find(id) {
      if (!store.isUp() || id.length > LONGEST_ID) return null;
      const text = await store.get(keyOf(id)).catch(() => null);
      const { success, output } = v.safeParse(keptText, text);
      if (!success) return null;
      const { value, order, at } = output;
      return { value, moment: { order, at: at - ahead(), isShared: true } };
    },
    keep(id, { value, moment: { order, at } }, milliseconds) {
      if (!store.isUp() || id.length > LONGEST_ID) return;
      const text = JSON.stringify({ value, order, at: at + ahead() });
      store.set(keyOf(id), text, Math.ceil(milliseconds)).catch(() => {});
    },
    drop(id) {
      if (store.isUp()) store.set(keyOf(id), '', 1).catch(() => {});
    },
    async claim(id, signal) {
      if (!store.isUp() || id.length > LONGEST_ID) return NOBODY;
      const key = `${prefix}reading ${id}`;
      const holder = crypto.randomUUID();
      const waiting = new AbortController();
      const told = replicas.hasRead(key, waiting.signal);
      try {
        const { isSwapped } = await store.swap(key, null, holder, READING_TAKES);
        if (isSwapped) return { release: () => release(key, holder) };
        await unlessAborted(Promise.race([told, sleep(READING_TAKES, clock, waiting.signal)]), signal);
        return null;
      } catch {
        return NOBODY;
      } finally {
        waiting.abort();
      }
    },
  };
}

/** There are no others. */
const NOBODY: Claim = { release: () => {} };
