import type { Clock } from '../lib/clock.ts';
import { GatewayError } from '../domain/errors.ts';
import type { AnswerSource, Metrics } from '../telemetry/metrics.ts';
import type { UpstreamCounters } from '../telemetry/requestRecord.ts';
import type { BudgetSnapshot } from '../budget/localBudget.ts';
import type { Method } from '../realtimekit/transport.ts';

export interface UpstreamCall {
  method: Method;
  /** With `{id}` for every id. */
  route: string;
  /** The HTTP status; null: no answer came, not yet, or none was needed. */
  status: number | null;
  /** Milliseconds. */
  ms: number;
  source: AnswerSource;
}

/** What one operation cost, as `extensions.upstream` tells it. */
export interface UpstreamReport {
  /** Those that were sent. */
  requests: number;
  cacheHits: number;
  /** Those that were under way already. */
  coalesced: number;
  budget: { remaining: number; limit: number; resetSeconds: number };
  calls: UpstreamCall[];
}

/** Follows one operation's upstream requests, and stops it where they pass its share. */
export interface OperationReport {
  /**
   * A request is sent; what it gives is to be called with the answer's status, or with null. Throws `QUERY_TOO_EXPENSIVE` when the
   * operation has had its share, unless it `isDue` all the same.
   */
  recordRequest(method: UpstreamCall['method'], route: string, isDue: boolean): (status: number | null) => void;
  /** An answer is taken from elsewhere. */
  recordHit(route: string, source: Exclude<AnswerSource, 'network'>): void;
  /** What the operation gives is true for no longer than until then, in milliseconds since the Unix epoch. */
  capFreshUntil(until: number): void;
  /** Until when what the operation gave is true. */
  freshUntil(): number;
  report(budget: BudgetSnapshot): UpstreamReport;
}

/** Who is told, as it happens. */
export interface ReportListeners {
  /** All operations' together. */
  metrics?: Pick<Metrics, 'upstreamRequest' | 'answerSource'> | undefined;
  /** Those of the request that the operation came with. */
  tally?: UpstreamCounters | undefined;
}

/** `share`: the most requests that the operation may send. */
export function createOperationReport(
  share: number,
  clock: Clock,
  { metrics, tally }: ReportListeners = {},
): OperationReport {
  const calls: UpstreamCall[] = [];
  /** When those that have no answer yet were sent. */
  const open = new Map<UpstreamCall, number>();
  let requests = 0;
  let until = Infinity;
  const count = (...sources: AnswerSource[]): number => calls.filter(({ source }) => sources.includes(source)).length;
  return {
    recordRequest(method, route, isDue) {
      if (requests >= share && !isDue) throw tooExpensive(share);
      requests += 1;
      if (tally !== undefined) tally.requests += 1;
      metrics?.answerSource('network');
      const sentAt = clock.now();
      const call: UpstreamCall = { method, route, status: null, ms: 0, source: 'network' };
      calls.push(call);
      open.set(call, sentAt);
      return (status) => {
        if (!open.delete(call)) return;
        call.status = status;
        call.ms = clock.now() - sentAt;
        metrics?.upstreamRequest({ method, route, status, seconds: call.ms / 1000 });
      };
    },
    recordHit(route, source) {
      calls.push({ method: 'GET', route, status: null, ms: 0, source });
      if (tally !== undefined) tally[source === 'coalesced' ? 'coalesced' : 'cacheHits'] += 1;
      metrics?.answerSource(source);
    },
    capFreshUntil(moment) {
      until = Math.min(until, moment);
    },
    freshUntil: () => until,
    report({ limit, remaining, resetsAt }) {
      const now = clock.now();
      for (const [call, sentAt] of open) call.ms = now - sentAt;
      return {
        requests,
        cacheHits: count('cache', 'stale'),
        coalesced: count('coalesced'),
        budget: { remaining, limit, resetSeconds: Math.max(0, Math.ceil((resetsAt - now) / 1000)) },
        calls,
      };
    },
  };
}

function tooExpensive(share: number): GatewayError {
  const words = `This operation has had its share of ${share} upstream requests. Ask for less at a time.`;
  return new GatewayError('QUERY_TOO_EXPENSIVE', words);
}
