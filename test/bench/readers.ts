import { Agent, type IncomingMessage, request } from 'node:http';

/** Subscribers of livestreams, each over a connection of its own. */
export interface Readers {
  /** Resolves with when each reader of the livestream got the status, in milliseconds of `performance.now()`. */
  until(livestreamId: string, status: string): Promise<number[]>;
  end(): void;
}

/** How many are opened side by side. */
const AT_ONCE = 100;

/** `perLivestream` of each; resolves once each has the present state. */
export async function openReaders(origin: string, livestreamIds: string[], perLivestream: number): Promise<Readers> {
  const told = new Map<string, number[]>();
  const waiting = new Map<string, () => void>();
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const take = (livestreamId: string, status: string): void => {
    const key = `${livestreamId} ${status}`;
    const moments = told.get(key) ?? [];
    moments.push(performance.now());
    told.set(key, moments);
    if (moments.length === perLivestream) waiting.get(key)?.();
  };
  const wanted = livestreamIds.flatMap((id) => Array.from({ length: perLivestream }, () => id));
  for (let next = 0; next < wanted.length; next += AT_ONCE) {
    await Promise.all(wanted.slice(next, next + AT_ONCE).map(async (id) => openReader(origin, agent, id, take)));
  }
  return {
    async until(livestreamId, status) {
      const key = `${livestreamId} ${status}`;
      if ((told.get(key)?.length ?? 0) < perLivestream) await new Promise<void>((resolve) => waiting.set(key, resolve));
      return told.get(key) ?? [];
    },
    end: () => agent.destroy(),
  };
}

async function openReader(
  origin: string,
  agent: Agent,
  livestreamId: string,
  take: (livestreamId: string, status: string) => void,
): Promise<void> {
  const query = `subscription { livestreamUpdated(livestreamId: "${livestreamId}") { id name status playbackUrl } }`;
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
  const answered = Promise.withResolvers<IncomingMessage>();
  const sent = request(`${origin}/graphql`, { method: 'POST', headers, agent }, answered.resolve);
  sent.once('error', answered.reject);
  sent.end(JSON.stringify({ query }));
  const response = await answered.promise;
  if (response.statusCode !== 200) throw new Error(`A subscription was answered with ${response.statusCode}.`);
  const first = Promise.withResolvers<void>();
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    for (const [, status = ''] of chunk.matchAll(/"status":"(\w+)"/g)) {
      take(livestreamId, status);
      first.resolve();
    }
  });
  // The end of the run ends them all.
  response.on('error', () => {});
  await first.promise;
}
