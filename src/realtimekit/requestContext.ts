import type { MaybePromise } from '@whatwg-node/promise-helpers';
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

/** What the client needs to know about the operation that sends a request. */
export interface RequestContext {
  account: {
    /** Secret. */
    readonly token: string;
    readonly budget: {
      /** Reserves one request. Throws `RATE_LIMITED`, or rejects with it, if none is left. */
      reserve(priority: Priority): MaybePromise<Reservation>;
    };
    /** Called when RealtimeKit rejects the token (401). */
    revoke(): void;
  };
  report: {
    /**
     * Records a request that is about to be sent. The client calls the returned function with the response's status, or with null if
     * there was no response. Throws `QUERY_TOO_EXPENSIVE` if the operation has reached its limit, unless the request `isExempt`.
     */
    recordRequest(method: Method, route: string, isExempt: boolean): (status: number | null) => void;
  };
  priority: Priority;
  /** Runs `work` as soon as the number of the operation's reads in flight is below its maximum. */
  runLimited: <T>(work: () => Promise<T>) => Promise<T>;
  /** Cancels the operation's reads; undefined if nothing can. */
  signal: AbortSignal | undefined;
  /** The parent of the request's span; undefined if the operation is not traced. */
  span?: Span | undefined;
}
