import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';

import { WEBHOOK_PATH } from '../../../src/server/plugins/useWebhooks.ts';
import type { Fleet } from './fleet.ts';

/** Where the API's webhooks arrive: each is handed to one replica, as a load balancer would. */
export interface Doorman {
  url: string;
  end: () => Promise<void>;
}

export async function startDoorman(fleet: Fleet): Promise<Doorman> {
  const server = createServer((incoming, outgoing) => {
    handOn(incoming, fleet).then(
      (status) => outgoing.writeHead(status).end(),
      () => outgoing.writeHead(502).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}${WEBHOOK_PATH}`,
    async end() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function handOn(incoming: IncomingMessage, fleet: Fleet): Promise<number> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) if (chunk instanceof Uint8Array) chunks.push(chunk);
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    const isOurs = name === 'content-type' || name.startsWith('rtk-');
    if (isOurs && typeof value === 'string') headers.set(name, value);
  }
  const response = await fetch(`${fleet.pick().origin}${WEBHOOK_PATH}`, {
    method: 'POST',
    headers,
    body: Buffer.concat(chunks),
    signal: AbortSignal.timeout(10_000),
  });
  await response.arrayBuffer();
  return response.status;
}
