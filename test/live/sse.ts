import { createGateway, type GatewayOptions } from '../../src/server/gateway.ts';
import { at } from '../support/gateway.ts';
import { APP } from '../support/upstream.ts';
import type { LiveWorld } from './world.ts';

/** A subscription as its client sees it. */
export interface Stream {
  events: unknown[];
  isOver: boolean;
  /** Closes the connection. */
  leave(): void;
}

/** A whole gateway in a world, whose subscriptions are read over server-sent events. */
export function createLiveGateway({ transport, baseUrl, clock }: LiveWorld, options: Partial<GatewayOptions> = {}) {
  const logs: string[] = [];
  const gateway = createGateway({
    upstream: {
      baseUrl,
      ...APP,
      token: 'the-gateways',
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

  function subscribe(query: string, variables: Record<string, unknown> = {}): Stream {
    const connection = new AbortController();
    const stream: Stream = { events: [], isOver: false, leave: () => connection.abort() };
    void read(stream, query, variables, connection.signal).then(
      () => (stream.isOver = true),
      () => (stream.isOver = true),
    );
    return stream;
  }

  async function read(stream: Stream, query: string, variables: object, signal: AbortSignal): Promise<void> {
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
      stream.events.push(...parts.flatMap(eventOf));
    }
  }

  return { subscribe, logs };
}

/** The result that an event carries; an event without one is a sign of life, or the end. */
function eventOf(text: string): unknown[] {
  const data = /^data: ?(\{.*)$/m.exec(text)?.[1];
  return data === undefined ? [] : [JSON.parse(data)];
}

/** The field of the event's data. */
export function updated(event: unknown, ...keys: string[]): unknown {
  return at(event, 'data', 'livestreamUpdated', ...keys);
}
