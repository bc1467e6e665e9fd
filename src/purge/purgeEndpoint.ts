import type { TransportRequest, TransportResponse } from '../realtimekit/transport.ts';
import type { PurgeEndpointName } from '../telemetry/metrics.ts';

/** Something in front of the gateway that stores its responses, and how to make it forget those with a tag. */
export interface PurgeEndpoint {
  /** Names the endpoint in the log and in metrics. */
  name: PurgeEndpointName;
  /** How many tags fit in one request. */
  maxTags: number;
  /** The request that purges every response with one of the tags. It is safe to repeat. */
  createRequest(tags: readonly string[]): Pick<TransportRequest, 'url' | 'headers' | 'body'>;
  /** Why the response does not confirm the purge, in words without a secret; null if it does. */
  failureOf(response: TransportResponse): string | null;
}

/** The headers that every endpoint needs. `authorization` is secret. */
export function jsonHeaders(authorization: string): Record<string, string> {
  return { authorization, 'content-type': 'application/json', accept: 'application/json' };
}

/** The failure that a status outside 200 to 299 stands for. A redirect is one: the transport does not follow it. */
export function statusFailure({ status }: TransportResponse): string | null {
  return status >= 200 && status < 300 ? null : `the status of the response is ${status}`;
}
