import { describe, expect, test } from 'vitest';

import { at, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type ServedGateway, serveGateway } from '../support/servedGateway.ts';

/** The subscription that each client of `testSubscriptionClient` sends. */
export const SUBSCRIPTION = /* GraphQL */ `
  subscription Updates($meetingId: ID!) {
    livestreamUpdated(meetingId: $meetingId) {
      status
      name
    }
  }
`;

/** What a client has received of a subscription. */
export interface ClientSubscription {
  /** The livestream status in each event; `complete` at the end. */
  statuses: unknown[];
  errors: unknown[];
  unsubscribe: () => void;
}

export interface ClientOptions {
  served: ServedGateway;
  meetingId: string;
  /** Resolves when the client should connect again. */
  retry: () => Promise<void>;
}

/** Sends `SUBSCRIPTION` with a client that is set up as its README says, except that `retry` replaces its delay before reconnecting. */
export type Subscribe = (options: ClientOptions) => ClientSubscription;

export interface Sink<Value> {
  next(value: Value): void;
  error(error: unknown): void;
  complete(): void;
}

const statusOf = (result: unknown): unknown => at(result, 'data', 'livestreamUpdated', 'status');

/** Collects what a client passes to a sink. */
export function observe(subscribe: (sink: Sink<unknown>) => () => void): ClientSubscription {
  const statuses: unknown[] = [];
  const errors: unknown[] = [];
  const unsubscribe = subscribe({
    next: (result) => statuses.push(statusOf(result)),
    error: (error) => errors.push(error),
    complete: () => statuses.push('complete'),
  });
  return { statuses, errors, unsubscribe };
}

const START =
  'mutation ($id: ID!) { startLivestream(input: { meetingId: $id }) { livestream { id } userErrors { code } } }';

/** Starts a livestream. Returns the meeting's id. */
async function start(gateway: TestGateway): Promise<string> {
  const id = gateway.exampleIds.idleMeetingId;
  const { text } = await gateway.send({ query: START, variables: { id } });
  expect(text).toContain('"userErrors":[]');
  return id;
}

/** Advances the gateway's clock until the condition holds. */
async function advanceUntil(gateway: TestGateway, condition: () => boolean): Promise<void> {
  const step = (): boolean => {
    gateway.clock.advance(1000);
    return condition();
  };
  await expect.poll(step, { interval: 10, timeout: 10_000 }).toBe(true);
}

const never = async (): Promise<void> => new Promise(() => {});

/** Tests that a client gets the current state and every change, unsubscribes, and reconnects. */
export function testSubscriptionClient(name: string, subscribe: Subscribe): void {
  describe(`subscription with ${name}`, () => {
    test('starts with the current state, and reports that the livestream goes live', async () => {
      const gateway = await startTestGateway();
      const served = await serveGateway(gateway);
      const meetingId = await start(gateway);
      const { statuses, errors } = subscribe({ served, meetingId, retry: never });
      await expect.poll(() => statuses).toEqual(['INVOKED']);
      await advanceUntil(gateway, () => statuses.includes('LIVE'));
      expect([statuses[0], new Set(statuses), errors]).toEqual(['INVOKED', new Set(['INVOKED', 'LIVE']), []]);
    });

    test('ends when the client unsubscribes, and causes no upstream requests any more', async () => {
      const gateway = await startTestGateway();
      const served = await serveGateway(gateway);
      const { statuses, unsubscribe } = subscribe({
        served,
        meetingId: gateway.exampleIds.liveMeetingId,
        retry: never,
      });
      await expect.poll(() => statuses).toEqual(['LIVE']);
      expect(gateway.server.subscriptionCount()).toBe(1);
      unsubscribe();
      await expect.poll(() => gateway.server.subscriptionCount()).toBe(0);
      await gateway.roundTrip();
      gateway.clearUpstreamRequests();
      gateway.clock.advance(300_000);
      await gateway.roundTrip();
      expect(gateway.upstreamRequests()).toEqual([]);
    });

    test('reconnects to the next gateway when the first one shuts down, and misses nothing', async () => {
      const [gateway, next] = await Promise.all([startTestGateway(), startTestGateway()]);
      const served = await serveGateway(gateway);
      const meetingId = await start(next);
      await start(gateway);
      const reconnection = Promise.withResolvers<void>();
      const { statuses, errors } = subscribe({ served, meetingId, retry: async () => reconnection.promise });
      await expect.poll(() => statuses).toEqual(['INVOKED']);
      await served.drain();
      await expect.poll(() => [gateway.server.subscriptionCount(), served.sockets.size()]).toEqual([0, 0]);
      await serveGateway(next, {}, served.port);
      reconnection.resolve();
      await expect.poll(() => statuses.length).toBe(2);
      await advanceUntil(next, () => statuses.includes('LIVE'));
      expect([errors, statuses.includes('complete')]).toEqual([[], false]);
    });
  });
}
