import * as v from 'valibot';

import type { SharedStore } from './sharedStore.ts';
import { orderAt } from './hybridClock.ts';
import { livestreamSchema } from '../domain/schemas.ts';

const hash = v.string();
const order = v.number();
const named = v.nullable(v.object({ id: v.string(), name: v.string() }));
const id = v.nullable(v.string());

/** What replicas tell each other. `hash`: of an account's token; `order`: when it was so. */
const newsSchema = v.variant('kind', [
  /** These tags' livestreams and meetings are not as they were; null: whoever's. */
  v.object({ kind: v.literal('changed'), hash: v.nullable(hash), tags: v.array(v.string()), order }),
  /** Something was started or stopped in a meeting. */
  v.object({ kind: v.literal('meeting'), hash, meetingId: v.string(), order, named }),
  /** A webhook told of these. */
  v.object({ kind: v.literal('told'), livestreamId: id, meetingId: id, order }),
  /** A livestream is not as it was. `at`: in milliseconds by the store's clock. */
  v.object({ kind: v.literal('seen'), hash, livestream: livestreamSchema, order, at: v.number() }),
  /** Somebody's turn has ended at what this key stands for. */
  v.object({ kind: v.literal('turn'), key: v.string() }),
  /** Something was not told: whatever is known may be void. */
  v.object({ kind: v.literal('missed') }),
]);

export type News = v.InferOutput<typeof newsSchema>;

/** The other replicas of the gateway. */
export interface Replicas {
  /** Tells the others; what cannot be told now they are told to have missed. */
  tell(news: News): void;
  /** Calls `listener` with what the others tell. */
  listen(listener: (news: News) => void): void;
  /** Resolves when another one's turn ends at what this key stands for; never once `signal` is aborted. */
  turnEnded(key: string, signal: AbortSignal): Promise<void>;
}

/** By how much a replica's time may be ahead, in milliseconds: what is of a later one would make all that follows look older. */
const CLOCKS_DIFFER = 60_000;

const messageSchema = v.pipe(v.string(), v.parseJson(), v.object({ from: v.string(), news: newsSchema }));

export function createReplicas(store: SharedStore): Replicas {
  const self = crypto.randomUUID();
  const listeners: ((news: News) => void)[] = [];
  /** Who waits for which turn to end. */
  const waiting = new Map<string, Set<() => void>>();
  let hasKeptSilent = false;

  function tell(news: News): void {
    const keepSilent = (): void => {
      // That a turn has ended, or what was seen, the others find by themselves.
      hasKeptSilent ||= news.kind !== 'turn' && news.kind !== 'seen';
    };
    if (store.isUp()) store.publish(JSON.stringify({ from: self, news })).catch(keepSilent);
    else keepSilent();
  }

  store.subscribe((message) => {
    const { success, output } = v.safeParse(messageSchema, message);
    if (!success || output.from === self) return;
    const { news } = output;
    if ('order' in news && news.order > orderAt(store.now() + CLOCKS_DIFFER)) return;
    if (news.kind === 'turn') for (const wake of waiting.get(news.key) ?? []) wake();
    else for (const listener of listeners) listener(news);
  });
  store.onUp((hasMissed) => {
    if (hasMissed) for (const listener of listeners) listener({ kind: 'missed' });
    const isOwing = hasKeptSilent;
    hasKeptSilent = false;
    if (isOwing) tell({ kind: 'missed' });
  });

  return {
    tell,
    listen: (listener) => void listeners.push(listener),
    async turnEnded(key, signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const others = waiting.get(key) ?? new Set();
      waiting.set(key, others.add(resolve));
      const leave = (): void => {
        others.delete(resolve);
        if (others.size === 0 && waiting.get(key) === others) waiting.delete(key);
      };
      signal.addEventListener('abort', leave, { once: true });
      return promise;
    },
  };
}
