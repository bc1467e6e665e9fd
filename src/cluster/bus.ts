import * as v from 'valibot';

import type { SharedStore } from './sharedStore.ts';
import { logicalTimeAt } from './hybridClock.ts';
import { livestreamSchema } from '../domain/schemas.ts';

const hash = v.string();
const order = v.number();
const named = v.nullable(v.object({ id: v.string(), name: v.string() }));
const id = v.nullable(v.string());

/** What replicas tell each other. `hash`: of an account's token; `order`: when it was so. */
const messageSchemas = v.variant('kind', [
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

export type BusMessage = v.InferOutput<typeof messageSchemas>;

/** The other replicas of the gateway. */
export interface Bus {
  /** Tells the others; what cannot be told now they are told to have missed. */
  publish(news: BusMessage): void;
  /** Calls `listener` with what the others tell. */
  subscribe(listener: (news: BusMessage) => void): void;
  /** Resolves when another one's turn ends at what this key stands for; never once `signal` is aborted. */
  leaseReleased(key: string, signal: AbortSignal): Promise<void>;
}

/** By how much a replica's time may be ahead, in milliseconds: what is of a later one would make all that follows look older. */
const MAX_CLOCK_DIFFERENCE_MS = 60_000;

const messageSchema = v.pipe(v.string(), v.parseJson(), v.object({ from: v.string(), news: messageSchemas }));

export function createBus(store: SharedStore): Bus {
  const self = crypto.randomUUID();
  const listeners: ((news: BusMessage) => void)[] = [];
  /** Who waits for which turn to end. */
  const waiting = new Map<string, Set<() => void>>();
  let droppedMessages = false;

  function publish(news: BusMessage): void {
    const keepSilent = (): void => {
      // That a turn has ended, or what was seen, the others find by themselves.
      droppedMessages ||= news.kind !== 'turn' && news.kind !== 'seen';
    };
    if (store.isUp()) store.publish(JSON.stringify({ from: self, news })).catch(keepSilent);
    else keepSilent();
  }

  store.subscribe((message) => {
    const { success, output } = v.safeParse(messageSchema, message);
    if (!success || output.from === self) return;
    const { news } = output;
    if ('order' in news && news.order > logicalTimeAt(store.now() + MAX_CLOCK_DIFFERENCE_MS)) return;
    if (news.kind === 'turn') for (const wake of waiting.get(news.key) ?? []) wake();
    else for (const listener of listeners) listener(news);
  });
  store.onReconnect((hasMissed) => {
    if (hasMissed) for (const listener of listeners) listener({ kind: 'missed' });
    const isOwing = droppedMessages;
    droppedMessages = false;
    if (isOwing) publish({ kind: 'missed' });
  });

  return {
    publish,
    subscribe: (listener) => void listeners.push(listener),
    async leaseReleased(key, signal) {
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
