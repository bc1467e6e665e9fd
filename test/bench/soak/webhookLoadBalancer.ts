import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';

import { WEBHOOK_PATH } from '../../../src/server/plugins/useRoutes.ts';
import type { ReplicaSet } from './replicaSet.ts';

/** Forwards each webhook delivery to one replica. */
export interface WebhookLoadBalancer {
  /** The URL to register with the API. */
  url: string;
  stop: () => Promise<void>;
}

export async function startWebhookLoadBalancer(replicas: ReplicaSet): Promise<WebhookLoadBalancer> {
  const server = createServer((incoming, outgoing) => {
    forward(incoming, replicas).then(
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
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Resolves with the status of the replica's response. */
async function forward(incoming: IncomingMessage, replicas: ReplicaSet): Promise<number> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) if (chunk instanceof Uint8Array) chunks.push(chunk);
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    const isForwarded = name === 'content-type' || name.startsWith('rtk-');
    if (isForwarded && typeof value === 'string') headers.set(name, value);
  }
  const response = await fetch(`${replicas.pick().origin}${WEBHOOK_PATH}`, {
    method: 'POST',
    headers,
    body: Buffer.concat(chunks),
    signal: AbortSignal.timeout(10_000),
  });
  await response.arrayBuffer();
  return response.status;
}
