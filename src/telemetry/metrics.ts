import type { WebhookOutcome } from '../webhooks/receiver.ts';
import type { Source } from '../data/operationReport.ts';
import type { Method } from '../realtimekit/transport.ts';
import type { OperationKind } from './requestRecord.ts';

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
export interface RequestOutcome {
  method: Method;
  /** With `{id}` for every id. */
  route: string;
  /** The HTTP status; null: no answer came. */
  status: number | null;
  seconds: number;
}

/** What the gateway counts. */
export interface Metrics {
  operation(outcome: OperationOutcome): void;
  upstreamRequest(outcome: RequestOutcome): void;
  /** Where something that was read came from; `kept`: a whole answer. */
  served(source: Source | 'kept'): void;
  webhook(outcome: WebhookOutcome): void;
  /** A value that is read whenever all are told; undefined: there is none now. The name comes without the gateway's prefix. */
  gauge(name: string, help: string, read: () => number | undefined | Promise<number | undefined>): void;
  /** All of them, as Prometheus reads them. */
  expose(): Promise<{ contentType: string; text: string }>;
}
