import type { OperationKind } from './requestRecord.ts';

/** Where an answer to a read came from. `stale`: from the cache, and past its freshness lifetime. */
export type ReadSource = 'network' | 'cache' | 'stale' | 'coalesced';

/** What became of a webhook delivery. */
export type WebhookOutcome =
  'accepted' | 'duplicate' | 'ignored' | 'unauthorized' | 'malformed' | 'aborted' | 'too_large' | 'unavailable';

/** A request for an operation that is over. */
export interface OperationOutcome {
  /** The operation's own name, which is the caller's word; null: it has none. */
  name: string | null;
  /** Null: the request never became an operation. */
  kind: OperationKind | null;
  /** `OK`, or the first error's. */
  code: string;
  seconds: number;
}

/** An upstream request that is over. */
export interface UpstreamRequestOutcome {
  method: string;
  /** With `{id}` for every id. */
  route: string;
  /** The HTTP status; null: no answer came. */
  status: number | null;
  seconds: number;
}

/** What the gateway counts. */
export interface Metrics {
  operation(outcome: OperationOutcome): void;
  upstreamRequest(outcome: UpstreamRequestOutcome): void;
  /** Where something that was read came from; `kept`: a whole answer. */
  read(source: ReadSource | 'kept'): void;
  webhook(outcome: WebhookOutcome): void;
  /** A value that is read whenever all are told; undefined: there is none now. The name comes without the gateway's prefix. */
  gauge(name: string, help: string, read: () => number | undefined | Promise<number | undefined>): void;
  /** All of them, as Prometheus reads them. */
  expose(): Promise<{ contentType: string; text: string }>;
}
