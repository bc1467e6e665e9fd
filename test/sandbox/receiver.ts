import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http';
import { once } from 'node:events';
import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import { at, closeAfterTest, serve } from './support.ts';

/** A webhook call as its receiver sees it. */
export interface Received {
  method: string | undefined;
  headers: IncomingHttpHeaders;
  /** The body's bytes, as they came. */
  raw: Buffer<ArrayBuffer>;
  body: unknown;
}

/** How a receiver answers: with a status (a redirect leads back to it), not at all, or by closing the connection. */
export type Reply = number | 'hang' | 'drop';

/** A local HTTP server that keeps what it is sent; it gives the `replies` in turn, and 204 after them. */
export async function startReceiver(...replies: Reply[]) {
  const received: Received[] = [];
  let aborted = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks);
      received.push({ method: request.method, headers: request.headers, raw, body: JSON.parse(raw.toString()) });
      response.once('close', () => {
        if (!response.writableFinished) aborted += 1;
      });
      reply(response, replies.shift() ?? 204);
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
  closeAfterTest({ close });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Not listening');
  return { url: `http://127.0.0.1:${address.port}/hook`, received, aborted: () => aborted };
}

function reply(response: ServerResponse, how: Reply): void {
  if (how === 'hang') return;
  if (how === 'drop') response.destroy();
  else response.writeHead(how, how >= 300 && how < 400 ? { location: '/hook' } : {}).end();
}

/** A sandbox, and a receiver whose webhook for livestreams' and meetings' events is registered with it. */
export async function serveAndReceive(settings: SettingsPatch = {}, ...replies: Reply[]) {
  const served = await serve(settings);
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
    webhookId: String(at(body, 'data', 'id')),
    /** Starts a livestream, and gives its id. */
    start: async () =>
      String(at((await served.post(`${path}/livestreams`, { name: 'First light' })).body, 'data', 'id')),
    stop: () => served.post(`${path}/active-livestream/stop`),
  };
}

/** The statuses told, in the order of their arrival. */
export function statuses(received: readonly Received[]): unknown[] {
  return received.map(({ body }) => at(body, 'status'));
}
