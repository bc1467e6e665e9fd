import type { Clock } from '../clock.ts';
import type { Livestream } from '../models.ts';
import { type Account, createAccounts } from './account.ts';
import { type Answers, createAnswers } from './answers.ts';
import { createCache } from './cache.ts';
import { type ClientSettings, createClient } from './client.ts';
import type { EconomySettings } from './economy.ts';
import { createEndpoints } from './endpoints.ts';
import { createLimit } from './limit.ts';
import { createListSource, type ListSource } from './listSource.ts';
import { createLivestreamControl, type LivestreamControl } from './livestreamControl.ts';
import type { Operation, Origin } from './operation.ts';
import type { Moment } from './changes.ts';
import { createObservers, type Observer } from './observer.ts';
import { createReads, type Reads } from './reads.ts';
import { aboutLivestream, aboutMeeting, ANY_SESSION, LISTS } from './tags.ts';
import { createTrace, type TraceListeners } from './trace.ts';
import type { Transport } from './transport.ts';

/** How many reads one operation may have in flight; there is no cap for the process, since a small pool is worse than none. */
const MOST_IN_FLIGHT = 64;

/** The API as the gateway sees it, for any number of accounts. */
export interface Upstream {
  /** The account that a token's requests are paid from. */
  account(token: string): Promise<Account>;
  /** Begins an operation. Its reads end when `signal` is aborted, and then reject with its reason. */
  operation(account: Account, signal: AbortSignal, see: (livestream: Livestream) => void, origin?: Origin): Operation;
  reads: Reads;
  /** Tells from now on what is seen. */
  observe(observer: Observer): void;
  /** Something about these was changed by somebody else: what is kept of them is void, whoever pays. */
  changed(ids: { livestreamId: string | null; meetingId: string | null }): Moment;
  /** Whole answers of operations that asked the same. */
  answers: Answers;
  /** Null: it is turned off. */
  lists: ListSource | null;
  /** Starting and stopping; what was sent goes on when its caller leaves. */
  control: LivestreamControl;
}

export interface UpstreamOptions extends ClientSettings, EconomySettings {
  transport: Transport;
  clock: Clock;
  /** From 0 to 1. */
  random: () => number;
  metrics?: TraceListeners['metrics'];
}

/** The policies, outermost first: lists instead of single reads, kept answers, shared flights, then those of the client. */
export function createUpstream(options: UpstreamOptions): Upstream {
  const { clock, freshness, cacheBytes, share, usesLists, metrics } = options;
  const client = createClient(options);
  const endpoints = createEndpoints(client, { meetings: {}, livestreams: {}, meetingLivestreams: {}, sessions: {} });
  const cache = createCache({ clock, freshness, bytes: cacheBytes });
  const observers = createObservers();
  const reads = createReads(endpoints, cache, { freshness, observer: observers });
  return {
    account: createAccounts(clock),
    operation: (account, signal, see, { tally, span } = {}) => ({
      account,
      trace: createTrace(share, clock, { metrics, tally }),
      begun: cache.now(),
      purpose: 'read',
      limit: createLimit(MOST_IN_FLIGHT),
      see,
      signal,
      span,
    }),
    reads,
    observe: (observer) => observers.add(observer),
    changed: ({ livestreamId, meetingId }) =>
      cache.changed(null, [
        LISTS,
        ANY_SESSION,
        ...(livestreamId === null ? [] : [aboutLivestream(livestreamId)]),
        ...(meetingId === null ? [] : [aboutMeeting(meetingId)]),
      ]),
    answers: createAnswers(cache, clock),
    lists: usesLists ? createListSource(reads, clock) : null,
    control: createLivestreamControl({ endpoints, clockSkew: client.clockSkew, clock, effects: reads }),
  };
}
