import pLimit from 'p-limit';

import type { Clock } from '../clock.ts';
import { createClient, type UpstreamSettings } from './client.ts';
import { createEndpoints, type Endpoints, type ListHints } from './endpoints.ts';
import { createLivestreamControl, type LivestreamControl } from './livestreamControl.ts';
import type { Transport } from './transport.ts';

/** How many reads one operation may have in flight; there is no cap for the process, since a small pool is worse than none. */
const MOST_IN_FLIGHT = 64;

export type UpstreamReads = Omit<Endpoints, 'startLivestream' | 'stopLivestream'>;

/** The API as the gateway sees it. */
export interface Upstream {
  /** The reads of one operation: they end when `signal` is aborted, and then reject with its reason. */
  readsFor: (signal: AbortSignal) => UpstreamReads;
  /** Starting and stopping; what was sent goes on when its caller leaves. */
  control: LivestreamControl;
}

export interface UpstreamOptions extends UpstreamSettings {
  transport: Transport;
  clock: Clock;
  /** From 0 to 1. */
  random: () => number;
}

export function createUpstream(options: UpstreamOptions): Upstream {
  const client = createClient(options);
  const hints: ListHints = { meetings: {}, livestreams: {}, meetingLivestreams: {} };
  return {
    readsFor(signal) {
      const limit = pLimit(MOST_IN_FLIGHT);
      return createEndpoints(
        { read: async (path, query) => limit(() => client.read(path, query, signal)), send: client.send },
        hints,
      );
    },
    control: createLivestreamControl({
      endpoints: createEndpoints(client, hints),
      clockSkew: client.clockSkew,
      clock: options.clock,
    }),
  };
}
