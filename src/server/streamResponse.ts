import type { ExecutionResult, GraphQLError, GraphQLFormattedError } from 'graphql';
import type { FetchAPI } from 'graphql-yoga';

import type { Clock } from '../lib/clock.ts';
import type { StreamType } from './negotiation.ts';

/** How often a stream without events shows that it is open. Proxies close connections without traffic, many of them after 60 s. */
const HEARTBEAT_MS = 12_000;

/** What a stream consists of. Each part is complete, so that the client reads it as soon as it arrives. */
interface Framing {
  contentType: string;
  start: string;
  heartbeat: string;
  event: (json: string) => string;
  end: string;
}

const part = (json: string): string => `\r\ncontent-type: application/json\r\n\r\n${json}\r\n--graphql`;

const FRAMINGS: Record<StreamType, Framing> = {
  // https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md, "distinct connections mode"
  'text/event-stream': {
    contentType: 'text/event-stream',
    start: ':\n\n',
    heartbeat: ':\n\n',
    event: (json) => `event: next\ndata: ${json}\n\n`,
    end: 'event: complete\ndata:\n\n',
  },
  // https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
  'multipart/mixed': {
    contentType: 'multipart/mixed; boundary=graphql; subscriptionSpec=1.0',
    start: `\r\n--graphql${part('{}')}`,
    heartbeat: part('{}'),
    event: (json) => part(`{"payload":${json}}`),
    end: '--\r\n',
  },
};

interface StreamOptions {
  fetchAPI: FetchAPI;
  clock: Clock;
}

/**
 * Responds with a subscription's events, each as soon as the client has read the one before it. The first bytes are sent at once, and
 * proxies are told to pass on every event.
 */
export function streamEvents(
  type: StreamType,
  events: AsyncIterable<ExecutionResult>,
  { fetchAPI, clock }: StreamOptions,
): Response {
  const { start, heartbeat, event, end } = FRAMINGS[type];
  const encoder = new TextEncoder();
  const iterator = events[Symbol.asyncIterator]();
  let stopHeartbeat = (): void => {};
  const body = new fetchAPI.ReadableStream<Uint8Array>({
    start(controller) {
      const beat = (): void => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(heartbeat));
        stopHeartbeat = clock.after(HEARTBEAT_MS, beat);
      };
      controller.enqueue(encoder.encode(start));
      stopHeartbeat = clock.after(HEARTBEAT_MS, beat);
    },
    async pull(controller) {
      try {
        const next = await iterator.next();
        if (next.done !== true) return controller.enqueue(encoder.encode(event(toJson(next.value))));
        stopHeartbeat();
        controller.enqueue(encoder.encode(end));
        controller.close();
      } catch (error) {
        stopHeartbeat();
        controller.error(error);
      }
    },
    async cancel() {
      stopHeartbeat();
      await iterator.return?.();
    },
  });
  return new fetchAPI.Response(body, { headers: headersOf(type) });
}

/** Turns the JSON response to a single result into a stream of one event, with the same status. */
export async function streamResult(type: StreamType, response: Response, fetchAPI: FetchAPI): Promise<Response> {
  const { start, event, end } = FRAMINGS[type];
  const headers = new fetchAPI.Headers(response.headers);
  headers.delete('content-length');
  for (const [name, value] of Object.entries(headersOf(type))) headers.set(name, value);
  return new fetchAPI.Response(start + event(await response.text()) + end, { status: response.status, headers });
}

/** By the second field, nginx passes each event on at once; by `no-transform`, others do not wait for more events to compress. */
function headersOf(type: StreamType): Record<string, string> {
  return {
    'content-type': FRAMINGS[type].contentType,
    'cache-control': 'private, no-store, no-transform',
    'x-accel-buffering': 'no',
  };
}

function toJson(result: ExecutionResult): string {
  return JSON.stringify(result.errors === undefined ? result : { ...result, errors: result.errors.map(formatError) });
}

/** The HTTP status and headers of an error are not part of the body. */
function formatError(error: GraphQLError): GraphQLFormattedError {
  return { ...error.toJSON(), extensions: { ...error.extensions, http: undefined } };
}
