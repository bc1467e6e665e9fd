import { at } from '../jsonPath.ts';
import { SUBSCRIPTION_CLIENTS, type SubscriptionTransport } from '../subscriptionClients.ts';
import type { SoakCounters } from './counters.ts';
import type { ReplicaProcess } from './replicaProcess.ts';
import type { ReplicaSet } from './replicaSet.ts';

/** The arguments of `livestreamUpdated`. */
export interface SubscriptionArguments {
  livestreamId: string | null;
  meetingId: string | null;
}

/** A subscriber that uses a client library from the README and reconnects to any replica after an interruption. */
export interface SoakSubscriber {
  transport: SubscriptionTransport;
  target: SubscriptionArguments;
  /** The last state (see `formatState`) that the current connection received, by livestream id. */
  receivedStates: ReadonlyMap<string, string>;
  unsubscribe(): void;
}

export interface SoakSubscriberOptions {
  replicas: ReplicaSet;
  counters: SoakCounters;
  transport: SubscriptionTransport;
  target: SubscriptionArguments;
  reconnectDelayMs: () => number;
}

export const SUBSCRIPTION = /* GraphQL */ `
  subscription ($livestreamId: ID, $meetingId: ID) {
    livestreamUpdated(livestreamId: $livestreamId, meetingId: $meetingId) {
      id
      status
      playbackUrl
      name
      activeSession {
        id
      }
    }
  }
`;

export function subscribe(options: SoakSubscriberOptions): SoakSubscriber {
  const { replicas, counters, transport, target, reconnectDelayMs } = options;
  const receivedStates = new Map<string, string>();
  let replica: ReplicaProcess = replicas.control;
  let isUnsubscribed = false;
  const reconnectDelay = async (): Promise<void> =>
    new Promise((resolve) => void setTimeout(resolve, reconnectDelayMs()));
  const subscribeOnce = SUBSCRIPTION_CLIENTS[transport]({
    pickOrigin() {
      replica = replicas.pick();
      return replica.origin;
    },
    reconnectDelay,
    onConnected() {
      receivedStates.clear();
      counters.recordResult(`connected over ${transport}`, {}, 0);
    },
    onRejected: (body) => counters.recordResult(`rejected over ${transport}`, body, 0, 'rejected without a code'),
    onBroken(description) {
      if (!isUnsubscribed) counters.recordBrokenConnection(replica.stopSignal(), 'subscription', description);
    },
  });

  function onResult(result: unknown): void {
    counters.recordResult(`event over ${transport}`, result, 0);
    const livestream = at(result, 'data', 'livestreamUpdated');
    const id = at(livestream, 'id');
    if (typeof id !== 'string') return;
    const hasErrors = at(result, 'errors') !== undefined;
    const sessionId = hasErrors ? 'unknown' : at(livestream, 'activeSession', 'id');
    receivedStates.set(id, formatState(livestream, sessionId, at(livestream, 'playbackUrl')));
  }

  // Both libraries reconnect by themselves, but not after the gateway has ended the subscription.
  const restart = (): void => void (isUnsubscribed || reconnectDelay().then(() => isUnsubscribed || start()));
  let unsubscribe = (): void => {};
  function start(): void {
    unsubscribe = subscribeOnce(
      { query: SUBSCRIPTION, variables: { ...target } },
      { next: onResult, error: restart, complete: restart },
    );
  }

  start();
  return {
    transport,
    target,
    receivedStates,
    unsubscribe() {
      isUnsubscribed = true;
      unsubscribe();
    },
  };
}

/** Formats the state of a livestream that subscribers can observe, for comparison. */
export function formatState(livestream: unknown, sessionId: unknown, playbackUrl: unknown): string {
  return JSON.stringify([
    at(livestream, 'status'),
    playbackUrl ?? null,
    at(livestream, 'name') ?? null,
    sessionId ?? null,
  ]);
}
