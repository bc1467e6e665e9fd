import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, test } from 'vitest';

import { RequestErrors, executeOverHttp } from '../../../src/server/websocket/sseBridge.ts';
import { startTestGateway } from '../../support/gateway.ts';

setFlagsFromString('--expose-gc');

function collectGarbage(): void {
  runInNewContext('gc()');
}

/** Whether the object becomes unreachable within a few rounds of garbage collection. */
async function isCollected(reference: WeakRef<object>): Promise<boolean> {
  for (let round = 0; round < 20; round += 1) {
    // `deref` keeps its object alive until the current job ends.
    await wait(0);
    collectGarbage();
    if (reference.deref() === undefined) return true;
  }
  return false;
}

/** Runs one operation, whose response consists of these events, to its end. Returns the request that was sent. */
async function runOperation(events: string): Promise<WeakRef<Request>> {
  const sent: WeakRef<Request>[] = [];
  const respond = (request: Request): Response => {
    sent.push(new WeakRef(request));
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode(events));
        controller.close();
      },
    });
    // As in a gateway, the response's body refers to the request.
    Object.assign(body, { request });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
  const results = executeOverHttp(respond, {
    headers: new Headers(),
    payload: { query: '{ a }' },
    onCutOff: () => {},
  });
  const ended = (async () => {
    for await (const result of results) expect(result).toEqual({ data: { a: 1 } });
  })();
  await ended.catch((error: unknown) => {
    if (!(error instanceof RequestErrors)) throw error;
  });
  const [request] = sent;
  if (request === undefined) throw new Error('Nothing was sent.');
  return request;
}

describe('request of a WebSocket operation', () => {
  test.each([
    ['was rejected', 'event: next\ndata: {"errors":[{"message":"No."}]}\n\n'],
    ['has ended', 'event: next\ndata: {"data":{"a":1}}\n\nevent: complete\ndata:\n\n'],
  ])('is garbage collected after the operation %s', async (_outcome, events) => {
    expect(await isCollected(await runOperation(events))).toBe(true);
  });
});

test('aborting a request ends its subscription, although only the gateway refers to the request', async () => {
  const gateway = await startTestGateway();
  const cancellation = new AbortController();
  const { signal } = cancellation;
  const body = '{"query":"subscription { livestreamUpdated { id } }"}';
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
  const response = await gateway.server.fetch(
    new Request('http://gateway.test/graphql', { method: 'POST', headers, body, signal }),
  );
  expect([response.status, gateway.server.subscriptionCount()]).toEqual([200, 1]);
  for (let round = 0; round < 5; round += 1) {
    await wait(0);
    collectGarbage();
  }
  cancellation.abort();
  await expect.poll(() => gateway.server.subscriptionCount()).toBe(0);
});
