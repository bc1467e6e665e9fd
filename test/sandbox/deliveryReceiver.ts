import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http';
import { once } from 'node:events';
import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import { getAt, serveSandbox } from './serveSandbox.ts';
import { cleanUpAfterTest } from '../support/cleanup.ts';

/** A request that a receiver got. */
export interface ReceivedRequest {
  method: string | undefined;
  headers: IncomingHttpHeaders;
  /** The bytes of the body. */
  raw: Buffer<ArrayBuffer>;
  body: unknown;
}

/** How a receiver responds: with a status (a redirect leads back to the receiver), not at all, or by closing the connection. */
export type Reply = number | 'hang' | 'drop';

/** Starts an HTTP server that records its requests. It responds with each of the `replies` in turn, and then with 204. */
export async function startReceiver(...replies: Reply[]) {
  const received: ReceivedRequest[] = [];
  let abortedCount = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks);
      received.push({ method: request.method, headers: request.headers, raw, body: JSON.parse(raw.toString()) });
      response.once('close', () => {
        if (!response.writableFinished) abortedCount += 1;
      });
      respond(response, replies.shift() ?? 204);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  cleanUpAfterTest(close);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Not listening');
  return { url: `http://127.0.0.1:${address.port}/hook`, received, abortedCount: () => abortedCount };
}

function respond(response: ServerResponse, reply: Reply): void {
  if (reply === 'hang') return;
  if (reply === 'drop') response.destroy();
  else response.writeHead(reply, reply >= 300 && reply < 400 ? { location: '/hook' } : {}).end();
}

/** Serves a sandbox, and registers a receiver for the events of livestreams and meetings. */
export async function serveWithReceiver(settings: SettingsPatch = {}, ...replies: Reply[]) {
  const served = await serveSandbox(settings);
  const receiver = await startReceiver(...replies);
  const webhook = {
    name: 'All of them',
    url: receiver.url,
    events: ['livestreaming.statusUpdate', 'meeting.started', 'meeting.ended'],
  };
  const { body } = await served.post('/webhooks', webhook);
  const path = `/meetings/${served.exampleIds.emptyMeetingId}`;
  return {
    ...served,
    receiver,
    webhookId: String(getAt(body, 'data', 'id')),
    /** Starts a livestream, and returns its id. */
    start: async () =>
      String(getAt((await served.post(`${path}/livestreams`, { name: 'First light' })).body, 'data', 'id')),
    stop: () => served.post(`${path}/active-livestream/stop`),
  };
}

/** The statuses in the received events, in order of arrival. */
export function statusesOf(received: readonly ReceivedRequest[]): unknown[] {
  return received.map(({ body }) => getAt(body, 'status'));
}
