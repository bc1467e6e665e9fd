import type { BudgetSnapshot } from '../budget/localBudget.ts';
import { GatewayError } from '../domain/errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { RequestContext } from '../realtimekit/requestContext.ts';
import type { Method } from '../realtimekit/transport.ts';
import type { Metrics, ReadSource } from '../telemetry/metrics.ts';
import type { UpstreamCounters } from '../telemetry/requestRecord.ts';

export interface UpstreamCall {
  method: Method;
  /** A template: `{id}` stands for every id. */
  route: string;
  /** The HTTP status. Null if no request was sent, or if no response has arrived. */
  status: number | null;
  /** Milliseconds until the response, or until now if the request is in flight. */
  ms: number;
  source: ReadSource;
}

/** What one operation cost: `extensions.upstream` of its result. */
export interface UpstreamReport {
  /** The number of requests that were sent. */
  requests: number;
  cacheHits: number;
  /** The number of reads that joined a request in flight. */
  coalesced: number;
  budget: { remaining: number; limit: number; resetSeconds: number };
  calls: UpstreamCall[];
}

type RequestReport = RequestContext['report'];

/** Records one operation's reads and mutations, and limits the number of its upstream requests. */
export interface OperationReport extends RequestReport {
  /** Records a read that needed no request of its own. */
  recordHit(route: string, source: Exclude<ReadSource, 'network'>): void;
  /** Part of the operation's result is fresh only until then, in milliseconds since the Unix epoch. */
  capFreshUntil(untilMs: number): void;
  /** Until when the whole result is fresh, in milliseconds since the Unix epoch; infinite if nothing has limited it. */
  freshUntil(): number;
  toUpstreamReport(budget: BudgetSnapshot): UpstreamReport;
}

/** What else counts the operation's requests and reads. */
export interface ReportListeners {
  metrics?: Pick<Metrics, 'upstreamRequest' | 'read'> | undefined;
  /** The counters of the HTTP request that contained the operation. */
  counters?: UpstreamCounters | undefined;
}

/** `maxRequests`: how many upstream requests the operation may send before `recordRequest` throws. */
export function createOperationReport(
  maxRequests: number,
  clock: Clock,
  { metrics, counters }: ReportListeners = {},
): OperationReport {
  const calls: UpstreamCall[] = [];
  /** When each request in flight was sent. */
  const inFlight = new Map<UpstreamCall, number>();
  let requests = 0;
  let freshUntil = Infinity;
  const count = (...sources: ReadSource[]): number => calls.filter(({ source }) => sources.includes(source)).length;
  return {
    recordRequest(method, route, isExempt) {
      if (requests >= maxRequests && !isExempt) throw tooExpensive(maxRequests);
      requests += 1;
      if (counters !== undefined) counters.requests += 1;
      metrics?.read('network');
      const sentAt = clock.now();
      const call: UpstreamCall = { method, route, status: null, ms: 0, source: 'network' };
      calls.push(call);
      inFlight.set(call, sentAt);
      return (status) => {
        if (!inFlight.delete(call)) return;
        call.status = status;
        call.ms = clock.now() - sentAt;
        metrics?.upstreamRequest({ method, route, status, seconds: call.ms / 1000 });
      };
    },
    recordHit(route, source) {
      calls.push({ method: 'GET', route, status: null, ms: 0, source });
      if (counters !== undefined) counters[source === 'coalesced' ? 'coalesced' : 'cacheHits'] += 1;
      metrics?.read(source);
    },
    capFreshUntil(untilMs) {
      freshUntil = Math.min(freshUntil, untilMs);
    },
    freshUntil: () => freshUntil,
    toUpstreamReport({ limit, remaining, resetsAt }) {
      const now = clock.now();
      for (const [call, sentAt] of inFlight) call.ms = now - sentAt;
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

function tooExpensive(maxRequests: number): GatewayError {
  const message = `This operation needs more than ${maxRequests} requests to RealtimeKit. Select less at a time.`;
  return new GatewayError('QUERY_TOO_EXPENSIVE', message);
}
