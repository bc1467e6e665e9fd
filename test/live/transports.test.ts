import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import { expect, test } from 'vitest';

import { nonNull, startTestGateway } from '../support/gateway.ts';
import { serveGateway } from '../support/servedGateway.ts';
import { observe, SUBSCRIPTION, testSubscriptionClient } from './subscriptionClient.ts';

testSubscriptionClient('graphql-sse', ({ served, meetingId, retry }) => {
  const client = createSseClient({ url: served.url, retry });
  return observe((sink) => client.subscribe({ query: SUBSCRIPTION, variables: { meetingId } }, sink));
});

testSubscriptionClient('graphql-ws', ({ served, meetingId, retry }) => {
  const client = createSocketClient({ url: served.socketUrl, retryWait: retry });
  return observe((sink) => client.subscribe({ query: SUBSCRIPTION, variables: { meetingId } }, sink));
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
