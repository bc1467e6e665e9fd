import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type { Span } from '../telemetry/tracer.ts';
import type { Method, TransportResponse } from './transport.ts';

/** Reads that a mutation depends on are paid from the part of the budget that is reserved for mutations. */
export type Priority = 'read' | 'mutation';

/** One request taken out of the budget. Only the first call counts. */
export interface Reservation {
  /** RealtimeKit responded. */
  commit(response: Pick<TransportResponse, 'status' | 'headers'>): void;
  /** No response came. `wasSent`: whether the request may have left the gateway. */
  release(wasSent: boolean): void;
}

/** What the client needs to know about the operation that a request belongs to. */
export interface RequestContext {
  account: {
    /** Secret. */
    readonly token: string;
    readonly budget: {
      /** Takes one request out of the budget; throws, or rejects with, `RATE_LIMITED` if none is left. */
      reserve(priority: Priority): MaybePromise<Reservation>;
    };
    /** RealtimeKit rejected the token. */
    revoke(): void;
  };
  report: {
    /**
     * Records a request that is about to be sent; the caller must call the returned function with the response's status, or with
     * null if there was none. Throws `QUERY_TOO_EXPENSIVE` if the operation has used up its share, unless it `isExempt`.
     */
    recordRequest(method: Method, route: string, isExempt: boolean): (status: number | null) => void;
  };
  priority: Priority;
  /** Runs `work` as soon as fewer than the maximum number of the operation's reads are in flight. */
  runLimited: <T>(work: () => Promise<T>) => Promise<T>;
  /** Cancels the operation's reads; undefined: nothing does. */
  signal: AbortSignal | undefined;
  /** The parent of the request's span; undefined: the operation is not traced. */
  span?: Span | undefined;
}
