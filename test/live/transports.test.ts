import { describe, expect, test } from 'vitest';

import { nonNull, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { serveGateway } from '../support/servedGateway.ts';
import { CLIENTS } from './clients.ts';

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

describe.each(Object.entries(CLIENTS))('subscription with %s', (_name, subscribe) => {
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
    const { statuses, unsubscribe } = subscribe({ served, meetingId: gateway.exampleIds.liveMeetingId, retry: never });
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

test('shutting down the gateway breaks the connection of an event stream, without a result or a completion', async () => {
  const gateway = await startTestGateway();
  const served = await serveGateway(gateway);
  const readStream = async (): Promise<{ text: string; isBroken: boolean }> => {
    const response = await fetch(served.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: 'subscription { livestreamUpdated { id } }' }),
    });
    let text = '';
    const decoder = new TextDecoder();
    try {
      for await (const chunk of nonNull(response.body)) text += decoder.decode(chunk);
      return { text, isBroken: false };
    } catch {
      return { text, isBroken: true };
    }
  };
  const streamBefore = readStream();
  await expect.poll(() => gateway.server.subscriptionCount()).toBe(1);
  gateway.server.endSubscriptions();
  const streams = await Promise.all([streamBefore, readStream()]);
  for (const { text, isBroken } of streams) {
    expect(isBroken).toBe(true);
    expect(text).not.toMatch(/event: complete|"errors"/);
  }
  expect(gateway.logs).toEqual([]);
});
