import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, test } from 'vitest';

import { RequestErrors, executeOverHttp } from '../../src/server/websocket/sseBridge.ts';

setFlagsFromString('--expose-gc');

function collect(): void {
  runInNewContext('gc()');
}

/** Until nothing holds it any more; false: something still does after many rounds of collecting. */
async function isCollected(held: WeakRef<object>): Promise<boolean> {
  for (let round = 0; round < 20; round += 1) {
    // What was looked at is held until the present job is over.
    await wait(0);
    collect();
    if (held.deref() === undefined) return true;
  }
  return false;
}

/** Runs an operation to its end, which is answered with these events; gives the request as it was sent. */
async function runOne(events: string): Promise<WeakRef<Request>> {
  const sent: WeakRef<Request>[] = [];
  const answer = (request: Request): Response => {
    sent.push(new WeakRef(request));
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode(events));
        controller.close();
      },
    });
    // As a gateway's does, it knows which request it answers.
    Object.assign(body, { request });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
  const results = executeOverHttp(answer, {
    headers: new Headers(),
    payload: { query: '{ a }' },
    onDisconnect: () => {},
  });
  const end = (async () => {
    for await (const result of results) expect(result).toEqual({ data: { a: 1 } });
  })();
  await end.catch((error: unknown) => {
    if (!(error instanceof RequestErrors)) throw error;
  });
  const [request] = sent;
  if (request === undefined) throw new Error('Nothing was sent.');
  return request;
}

describe('an operation over a WebSocket leaves nothing behind', () => {
  test.each([
    ['that was refused', 'event: next\ndata: {"errors":[{"message":"No."}]}\n\n'],
    ['that has ended', 'event: next\ndata: {"data":{"a":1}}\n\nevent: complete\ndata:\n\n'],
  ])('%s', async (_what, events) => {
    expect(await isCollected(await runOne(events))).toBe(true);
  });
});
