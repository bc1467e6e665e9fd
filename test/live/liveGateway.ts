import { createGateway, type GatewayOptions } from '../../src/server/gateway.ts';
import { at } from '../support/gateway.ts';
import { APP } from '../support/upstream.ts';
import type { LiveWorld } from './world.ts';

/** What a client has received of a subscription. */
export interface SseSubscription {
  /** The result in each event. */
  events: unknown[];
  hasEnded: boolean;
  /** Closes the connection. */
  disconnect(): void;
}

/** A complete gateway in front of a world's sandbox. Tests subscribe to it over server-sent events. */
export async function createLiveGateway(
  { transport, baseUrl, clock }: LiveWorld,
  options: Partial<GatewayOptions> = {},
) {
  const logs: string[] = [];
  const gateway = createGateway({
    upstream: {
      baseUrl,
      ...APP,
      token: 'token-of-the-gateway',
      attemptTimeoutMs: 10_000,
      totalTimeoutMs: 25_000,
      requestsPerSecond: 0,
    },
    transport,
    log: (_level, message) => logs.push(message),
    graphiql: false,
    clock,
    random: () => 0,
    ...options,
  });

  function subscribe(query: string, variables: Record<string, unknown> = {}): SseSubscription {
    const connection = new AbortController();
    const stream: SseSubscription = { events: [], hasEnded: false, disconnect: () => connection.abort() };
    void read(stream, query, variables, connection.signal).then(
      () => (stream.hasEnded = true),
      () => (stream.hasEnded = true),
    );
    return stream;
  }

  async function read(stream: SseSubscription, query: string, variables: object, signal: AbortSignal): Promise<void> {
    const response = await gateway.fetch('http://gateway.test/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query, variables }),
      signal,
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    signal.addEventListener('abort', () => void reader?.cancel().catch(() => {}));
    let text = '';
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
      const parts = (text + part.value).split('\n\n');
      text = parts.pop() ?? '';
      stream.events.push(...parts.flatMap(parseEvent));
    }
  }

  // The gateway hashes its token in another thread, which the clock does not wait for. Let it finish first.
  await gateway.fetch('http://gateway.test/graphql?query={__typename}');
  logs.length = 0;
  return { subscribe, logs };
}

/** The result in an event. Keep-alive and completion events have none. */
function parseEvent(text: string): unknown[] {
  const data = /^data: ?(\{.*)$/m.exec(text)?.[1];
  return data === undefined ? [] : [JSON.parse(data)];
}

/** A field of the livestream in an event. */
export function eventField(event: unknown, ...keys: string[]): unknown {
  return at(event, 'data', 'livestreamUpdated', ...keys);
}
