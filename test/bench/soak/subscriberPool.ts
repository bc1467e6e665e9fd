import { setTimeout as wait } from 'node:timers/promises';

import type { Random } from '../../../src/sandbox/random.ts';
import type { SoakCounters } from './counters.ts';
import type { ReplicaSet } from './replicaSet.ts';
import { type SoakSubscriber, subscribe, type SubscriptionArguments } from './soakSubscriber.ts';

/** A changing set of subscribers: some stay to the end, others are replaced after a while. */
export interface SubscriberPool {
  /** The current subscribers. */
  subscribers(): readonly SoakSubscriber[];
  /** The number of subscribers since the start. */
  totalCount(): number;
  /** Stops replacing subscribers. */
  freeze(): Promise<void>;
  unsubscribeAll(): void;
}

export interface SubscriberPoolOptions {
  replicas: ReplicaSet;
  counters: SoakCounters;
  random: Random;
  targets: readonly SubscriptionArguments[];
  /** The number of subscribers that stay to the end. */
  permanent: number;
  /** The number of concurrent subscribers that are replaced after a while. */
  temporary: number;
}

/** How long a temporary subscriber stays. */
const MIN_STAY_MS = 3000;
const MAX_STAY_MS = 40_000;

export function createSubscriberPool(options: SubscriberPoolOptions): SubscriberPool {
  const { replicas, counters, random, targets, permanent, temporary } = options;
  const subscribers = new Set<SoakSubscriber>();
  let totalCount = 0;
  const frozen = new AbortController();

  function add(): SoakSubscriber {
    // Round robin, so that every target has permanent and temporary subscribers.
    const target = targets[totalCount % targets.length] ?? { livestreamId: null, meetingId: null };
    const transport = random.between(0, 1) === 0 ? 'SSE' : 'WebSocket';
    totalCount += 1;
    const subscriber = subscribe({
      replicas,
      counters,
      transport,
      target,
      reconnectDelayMs: () => random.between(200, 1500),
    });
    subscribers.add(subscriber);
    return subscriber;
  }

  async function replaceRepeatedly(): Promise<void> {
    while (!frozen.signal.aborted) {
      const subscriber = add();
      const stayMs = random.between(MIN_STAY_MS, MAX_STAY_MS);
      await wait(stayMs, null, { signal: frozen.signal }).catch(() => null);
      if (frozen.signal.aborted) return;
      subscriber.unsubscribe();
      subscribers.delete(subscriber);
    }
  }

  for (let index = 0; index < permanent; index += 1) add();
  const replacements = Array.from({ length: temporary }, replaceRepeatedly);
  return {
    subscribers: () => [...subscribers],
    totalCount: () => totalCount,
    async freeze() {
      frozen.abort();
      await Promise.all(replacements);
    },
    unsubscribeAll() {
      for (const subscriber of subscribers) subscriber.unsubscribe();
      subscribers.clear();
    },
  };
}

/** Returns the targets: all livestreams, each of the meetings, and each of the livestreams. */
export function createTargets(
  meetingIds: readonly string[],
  livestreamIds: readonly string[],
): SubscriptionArguments[] {
  return [
    { livestreamId: null, meetingId: null },
    ...meetingIds.map((meetingId) => ({ livestreamId: null, meetingId })),
    ...livestreamIds.map((livestreamId) => ({ livestreamId, meetingId: null })),
  ];
}
