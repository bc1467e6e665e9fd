import { expect, onTestFinished, test, vi } from 'vitest';

import type { HibernatingSocket, SocketState } from '../../src/workers/hibernation.ts';
import { createWorkerWebSockets } from '../../src/workers/webSockets.ts';
import { startTestGateway } from '../support/gateway.ts';

/** A socket that a former object has accepted, and the codes with which this one closes it. */
function createSocket(attachment: unknown) {
  const codes: number[] = [];
  const sent: unknown[] = [];
  let stored: unknown = attachment;
  const socket: HibernatingSocket = {
    get readyState() {
      return codes.length === 0 ? 1 : 2;
    },
    send: (text) => void sent.push(JSON.parse(text)),
    close: (code) => void codes.push(code),
    serializeAttachment: (value) => void (stored = value),
    deserializeAttachment: () => stored,
  };
  return { socket, codes, sent, attachment: () => stored };
}

async function wake(sockets: HibernatingSocket[]) {
  vi.stubGlobal('WebSocketRequestResponsePair', function Pair() {});
  onTestFinished(() => void vi.unstubAllGlobals());
  const gateway = await startTestGateway();
  const state: SocketState = {
    getWebSockets: () => sockets,
    acceptWebSocket: () => {},
    setWebSocketAutoResponse: () => {},
  };
  const options = { corsOrigins: [], localOnly: false, maxMessageBytes: 1000, maxOperations: 10 };
  const fetch = async (request: Request): Promise<Response> => gateway.server.fetch(request);
  return { gateway, webSockets: createWorkerWebSockets({ ...options, state, gateway: gateway.server, fetch }) };
}

/** In the order of `Headers`. */
const HEADERS = [
  ['accept', 'text/event-stream'],
  ['content-type', 'application/json'],
];

test('a new object closes the sockets whose operations the former one lost, with 1012, and no others', async () => {
  const [lost, idle] = [createSocket(null), createSocket(HEADERS)];
  await wake([lost.socket, idle.socket]);
  expect([lost.codes, idle.codes]).toEqual([[1012], []]);
});

test('the attachment of a socket says that it cannot go on while an operation is in progress', async () => {
  const { socket, sent, attachment } = createSocket(HEADERS);
  const { webSockets, gateway } = await wake([socket]);
  const query = 'subscription { livestreamUpdated { id } }';
  const handled = webSockets.message(socket, JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
  expect([attachment(), webSockets.isBusy()]).toEqual([null, true]);
  await expect.poll(() => gateway.server.subscriptionCount()).toBe(1);
  await webSockets.message(socket, JSON.stringify({ id: '1', type: 'complete' }));
  await handled;
  expect([attachment(), webSockets.isBusy()]).toEqual([HEADERS, false]);
  expect(sent).not.toContainEqual({ type: 'connection_ack' });
});
