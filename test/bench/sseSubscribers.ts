import { Agent, type IncomingMessage, request } from 'node:http';

/** SSE subscribers of livestreams, each with its own connection. */
export interface SseSubscribers {
  /**
   * Resolves when all subscribers of the livestream have received the status, with the time each received it
   * (`performance.now()`).
   */
  waitForStatus(livestreamId: string, status: string): Promise<number[]>;
  close(): void;
}

type OnStatus = (livestreamId: string, status: string) => void;

/** Connections that are opened concurrently. */
const BATCH_SIZE = 100;

/** Opens a number of subscribers for each livestream. Resolves when all have received the current state. */
export async function openSseSubscribers(
  origin: string,
  livestreamIds: string[],
  subscribersPerLivestream: number,
): Promise<SseSubscribers> {
  const receivedAt = new Map<string, number[]>();
  const waiting = new Map<string, () => void>();
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const onStatus: OnStatus = (livestreamId, status) => {
    const key = `${livestreamId} ${status}`;
    const times = receivedAt.get(key) ?? [];
    times.push(performance.now());
    receivedAt.set(key, times);
    if (times.length === subscribersPerLivestream) waiting.get(key)?.();
  };
  const targets = livestreamIds.flatMap((id) => Array.from({ length: subscribersPerLivestream }, () => id));
  for (let first = 0; first < targets.length; first += BATCH_SIZE) {
    const batch = targets.slice(first, first + BATCH_SIZE);
    await Promise.all(batch.map(async (id) => openSubscriber(origin, agent, id, onStatus)));
  }
  return {
    async waitForStatus(livestreamId, status) {
      const key = `${livestreamId} ${status}`;
      if ((receivedAt.get(key)?.length ?? 0) < subscribersPerLivestream)
        await new Promise<void>((resolve) => waiting.set(key, resolve));
      return receivedAt.get(key) ?? [];
    },
    close: () => agent.destroy(),
  };
}

/** Resolves when the subscriber has received its first event. */
async function openSubscriber(origin: string, agent: Agent, livestreamId: string, onStatus: OnStatus): Promise<void> {
  const query = `subscription { livestreamUpdated(livestreamId: "${livestreamId}") { id name status playbackUrl } }`;
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
  const responded = Promise.withResolvers<IncomingMessage>();
  const outgoing = request(`${origin}/graphql`, { method: 'POST', headers, agent }, responded.resolve);
  outgoing.once('error', responded.reject);
  outgoing.end(JSON.stringify({ query }));
  const response = await responded.promise;
  if (response.statusCode !== 200)
    throw new Error(`The gateway responded to a subscription with ${response.statusCode}.`);
  const firstEvent = Promise.withResolvers<void>();
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    for (const [, status = ''] of chunk.matchAll(/"status":"(\w+)"/g)) {
      onStatus(livestreamId, status);
      firstEvent.resolve();
    }
  });
  // `close` breaks every connection.
  response.on('error', () => {});
  await firstEvent.promise;
}
