import type { MaybePromise } from '@whatwg-node/promise-helpers';

import type { CancellationSignal } from '../lib/cancellation.ts';
import type { Span } from '../telemetry/tracer.ts';
import type { Method, TransportResponse } from './transport.ts';

/** `mutation`: the request is part of a mutation, and may use the part of the budget that is reserved for mutations. */
export type Priority = 'read' | 'mutation';

/** One request reserved in the budget. Only the first call of `commit` or `release` has an effect. */
export interface Reservation {
  /** RealtimeKit responded: corrects the budget by the rate-limit headers of the response. */
  commit(response: Pick<TransportResponse, 'status' | 'headers'>): void;
  /** There was no response. `wasSent`: whether the request may have left the gateway, so that it may count. */
  release(wasSent: boolean): void;
}

/** A request that was recorded in an operation's report. */
export interface RecordedCall {
  /** Records the status of the response, or null if there was none. Only the first call has an effect. */
  settle(status: number | null): void;
}

/** What the client needs to know about the operation that sends a request. */
export interface RequestContext {
  account: {
    /** Secret. */
    readonly token: string;
    readonly budget: {
      /** Reserves one request. Throws `RATE_LIMITED`, or rejects with it, if none is left. */
      reserve(priority: Priority): MaybePromise<Reservation>;
    };
    /** Called when RealtimeKit rejects the token. */
    revoke(): void;
  };
  report: {
    /**
     * Records a request that is about to be sent. Throws `QUERY_TOO_EXPENSIVE` if the operation has reached its limit, unless the
     * request `isExempt`.
     */
    recordRequest(method: Method, route: string, isExempt: boolean): RecordedCall;
  };
  priority: Priority;
  /** Runs `work` as soon as the number of the operation's reads in flight is below its maximum. */
  runLimited: <T>(work: () => Promise<T>) => Promise<T>;
  /** Cancels the operation's reads; undefined if nothing can. */
  signal: CancellationSignal | undefined;
  /** The parent of the request's span; undefined if the operation is not traced. */
  span?: Span | undefined;
}
