import { describe, expect, test } from 'vitest';

import { present, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { serve } from '../support/served.ts';
import { CLIENTS } from './clients.ts';

const START =
  'mutation ($id: ID!) { startLivestream(input: { meetingId: $id }) { livestream { id } userErrors { code } } }';

async function start(gateway: TestGateway): Promise<string> {
  const id = gateway.samples.idleMeetingId;
  const { text } = await gateway.send({ query: START, variables: { id } });
  expect(text).toContain('"userErrors":[]');
  return id;
}

/** Lets time pass until it is true. */
async function inTime(gateway: TestGateway, isTrue: () => boolean): Promise<void> {
  const look = (): boolean => {
    gateway.clock.advance(1000);
    return isTrue();
  };
  await expect.poll(look, { interval: 10, timeout: 10_000 }).toBe(true);
}

const never = async (): Promise<void> => new Promise(() => {});

describe.each(Object.entries(CLIENTS))('with %s', (_name, watch) => {
  test('a livestream is told as it is at once, and goes live before its viewers’ eyes', async () => {
    const gateway = await startTestGateway();
    const served = await serve(gateway);
    const id = await start(gateway);
    const { statuses, errors } = watch({ served, id, retry: never });
    await expect.poll(() => statuses).toEqual(['INVOKED']);
    await inTime(gateway, () => statuses.includes('LIVE'));
    expect([statuses[0], new Set(statuses), errors]).toEqual(['INVOKED', new Set(['INVOKED', 'LIVE']), []]);
  });

  test('who leaves is forgotten, and nothing is asked upstream for them any more', async () => {
    const gateway = await startTestGateway();
    const served = await serve(gateway);
    const { statuses, leave } = watch({ served, id: gateway.samples.liveMeetingId, retry: never });
    await expect.poll(() => statuses).toEqual(['LIVE']);
    expect(gateway.server.subscriptions()).toBe(1);
    leave();
    await expect.poll(() => gateway.server.subscriptions()).toBe(0);
    await gateway.control();
    gateway.forget();
    gateway.clock.advance(300_000);
    await gateway.control();
    expect(gateway.upstream()).toEqual([]);
  });

  test('who watches a gateway that ends comes back to the next, and misses nothing', async () => {
    const [gateway, next] = await Promise.all([startTestGateway(), startTestGateway()]);
    const served = await serve(gateway);
    const id = await start(next);
    await start(gateway);
    const isBack = Promise.withResolvers<void>();
    const { statuses, errors } = watch({ served, id, retry: async () => isBack.promise });
    await expect.poll(() => statuses).toEqual(['INVOKED']);
    await served.drain();
    await expect.poll(() => [gateway.server.subscriptions(), served.sockets.size()]).toEqual([0, 0]);
    await serve(next, {}, served.port);
    isBack.resolve();
    await expect.poll(() => statuses.length).toBe(2);
    await inTime(next, () => statuses.includes('LIVE'));
    expect([errors, statuses.includes('complete')]).toEqual([[], false]);
  });
});

test('an event stream tells who watches a gateway that ends by a connection that breaks, not by an answer', async () => {
  const gateway = await startTestGateway();
  const served = await serve(gateway);
  const watch = async (): Promise<{ text: string; isBroken: boolean }> => {
    const response = await fetch(served.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: 'subscription { livestreamUpdated { id } }' }),
    });
    let text = '';
    const decoder = new TextDecoder();
    try {
      for await (const chunk of present(response.body)) text += decoder.decode(chunk);
      return { text, isBroken: false };
    } catch {
      return { text, isBroken: true };
    }
  };
  const before = watch();
  await expect.poll(() => gateway.server.subscriptions()).toBe(1);
  gateway.server.endSubscriptions();
  const answers = await Promise.all([before, watch()]);
  for (const { text, isBroken } of answers) {
    expect(isBroken).toBe(true);
    expect(text).not.toMatch(/event: complete|"errors"/);
  }
  expect(gateway.logs).toEqual([]);
});
