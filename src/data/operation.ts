import type { Livestream } from '../domain/models.ts';
import type { Tally } from '../telemetry/requestRecord.ts';
import type { Span } from '../telemetry/tracer.ts';
import type { Account } from './account.ts';
import type { Moment } from './cache/invalidation.ts';
import type { Trace } from './operationReport.ts';

/** On whose account requests are sent, and what for. */
export interface Operation {
  account: Account;
  trace: Trace;
  /** When it began. */
  begun: Moment;
  /** Reads that a mutation needs are paid from the part of the budget that is kept for mutations. */
  purpose: 'read' | 'mutation';
  /** Runs `work` when fewer than the most of this operation's reads are in flight. */
  limit: <T>(work: () => Promise<T>) => Promise<T>;
  /** Is told each livestream that stands in an answer to one of the operation's own requests. */
  see: (livestream: Livestream) => void;
  /** How old what another replica has read may be, in milliseconds, though it is not fresh any more. */
  enough?: number;
  /** Ends its reads; undefined: they go on whoever leaves. */
  signal: AbortSignal | undefined;
  /** What its requests are a part of; undefined: it is not traced. */
  span?: Span | undefined;
}

/** The request that an operation came with. */
export interface Origin {
  tally?: Tally | undefined;
  span?: Span | undefined;
}
