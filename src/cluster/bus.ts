import * as v from 'valibot';

import type { SharedStore } from './sharedStore.ts';
import { logicalTimeAt } from './hybridClock.ts';
import type { CancellationSignal } from '../lib/cancellation.ts';
import { livestreamSchema } from '../domain/models.ts';

/** SHA-256 of the token of an account. */
const tokenHash = v.string();
/** The logical time of the change (see `HybridTimestamp`). */
const logical = v.number();
const nullableId = v.nullable(v.string());
/** A livestream that was started with a name, which RealtimeKit may return late. */
const pendingName = v.nullable(v.object({ id: v.string(), name: v.string() }));

const messageSchema = v.variant('kind', [
  /** Livestreams or meetings with these tags changed. `tokenHash`: null if the change concerns every account. */
  v.object({ kind: v.literal('invalidate'), tokenHash: v.nullable(tokenHash), tags: v.array(v.string()), logical }),
  /** A livestream was started or stopped in a meeting. */
  v.object({ kind: v.literal('meeting'), tokenHash, meetingId: v.string(), logical, pendingName }),
  /** A webhook reported a change of these. */
  v.object({ kind: v.literal('webhook'), livestreamId: nullableId, meetingId: nullableId, logical }),
  /** A livestream as a replica has read it. `wallTime`: in milliseconds since the Unix epoch, on the store's clock. */
  v.object({ kind: v.literal('entity'), tokenHash, livestream: livestreamSchema, logical, wallTime: v.number() }),
  /** A replica released the lease with this key. */
  v.object({ kind: v.literal('leaseReleased'), key: v.string() }),
  /** Messages were lost: anything in the cache may be outdated. */
  v.object({ kind: v.literal('gap') }),
]);

/** What replicas publish to each other. */
export type BusMessage = v.InferOutput<typeof messageSchema>;

/** Publish and subscribe between the replicas of the gateway. */
export type Bus = ReturnType<typeof createBus>;

/** A message further in the future is ignored, since it would make all later changes look older than itself. */
const MAX_CLOCK_DIFFERENCE_MS = 60_000;

const envelopeSchema = v.pipe(v.string(), v.parseJson(), v.object({ sender: v.string(), message: messageSchema }));

export function createBus(store: SharedStore) {
  const self = crypto.randomUUID();
  const listeners: ((message: BusMessage) => void)[] = [];
  /** Callbacks of those who wait for a lease, by its key. */
  const waiters = new Map<string, Set<() => void>>();
  let droppedMessages = false;

  function publish(message: BusMessage): void {
    const drop = (): void => {
      // The other replicas find out about a released lease or a read entity by themselves.
      droppedMessages ||= message.kind !== 'leaseReleased' && message.kind !== 'entity';
    };
    if (store.isUp()) store.publish(JSON.stringify({ sender: self, message })).catch(drop);
    else drop();
  }

  store.subscribe((text) => {
    const { success, output } = v.safeParse(envelopeSchema, text);
    if (!success) return;
    const { sender, message } = output;
    if (message.kind === 'leaseReleased') {
      // Several at this replica may wait, too.
      for (const wake of waiters.get(message.key) ?? []) wake();
      return;
    }
    if (sender === self) return;
    if ('logical' in message && message.logical > logicalTimeAt(store.now() + MAX_CLOCK_DIFFERENCE_MS)) return;
    for (const listener of listeners) listener(message);
  });
  store.onReconnect((mayHaveMissed) => {
    if (mayHaveMissed) for (const listener of listeners) listener({ kind: 'gap' });
    const hasDropped = droppedMessages;
    droppedMessages = false;
    if (hasDropped) publish({ kind: 'gap' });
  });

  return {
    /** Sends `message` to the other replicas. If it cannot be sent now, they receive a `gap` once the store is back. */
    publish,
    /** Calls `listener` with each message of another replica. */
    subscribe: (listener: (message: BusMessage) => void): void => void listeners.push(listener),
    /** Resolves when any replica, this one included, releases the lease `key`. Never resolves after `signal` is aborted. */
    async leaseReleased(key: string, signal: CancellationSignal): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      const waitersOfKey = waiters.get(key) ?? new Set();
      waiters.set(key, waitersOfKey.add(resolve));
      const remove = (): void => {
        waitersOfKey.delete(resolve);
        if (waitersOfKey.size === 0 && waiters.get(key) === waitersOfKey) waiters.delete(key);
      };
      signal.addEventListener('abort', remove, { once: true });
      return promise;
    },
  };
}
