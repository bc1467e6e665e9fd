import type { BudgetSnapshot } from '../budget/reserve.ts';
import { GatewayError } from '../domain/errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { RecordedCall, RequestContext } from '../realtimekit/requestContext.ts';
import type { Method } from '../realtimekit/transport.ts';
import type { Metrics, ReadSource } from '../telemetry/metrics.ts';
import type { UpstreamCounters } from '../telemetry/requestRecord.ts';

interface UpstreamCall {
  method: Method;
  /** A template: `{id}` stands for every id. */
  route: string;
  /** The HTTP status. Null if no request was sent, or if no response has arrived. */
  status: number | null;
  /** Milliseconds until the response, or until now if the request is in flight. */
  ms: number;
  source: ReadSource;
}

/** An `UpstreamCall` as it is recorded. */
interface Call extends Omit<UpstreamCall, 'ms'> {
  /** Null while the request is in flight. */
  ms: number | null;
  /** Milliseconds since the Unix epoch. */
  sentAt: number;
}

/** What one operation cost: `extensions.upstream` of its result. */
export interface UpstreamReport {
  requests: number;
  cacheHits: number;
  /** The number of reads that joined a request in flight. */
  coalesced: number;
  budget: { remaining: number; limit: number; resetSeconds: number };
  calls: UpstreamCall[];
}

/** A value that an operation has read, or will share with another one that reads it. */
export interface ReadPart {
  /** When it was read from RealtimeKit, in milliseconds since the Unix epoch. */
  readAt: number;
  /** Until when it is fresh, in milliseconds since the Unix epoch; 0 if it is not. */
  freshUntil: number;
}

/** How old the result of an operation is. */
export interface ResultAge {
  /** When its oldest part was read, in milliseconds since the Unix epoch; infinite if nothing was read. */
  readAt: number;
  /** Until when the whole result is fresh, in milliseconds since the Unix epoch; infinite if nothing limits it. */
  freshUntil: number;
}

/** What else counts the operation's requests and reads. */
export interface ReportListeners {
  metrics?: Pick<Metrics, 'upstreamRequest' | 'read'> | undefined;
  /** The counters of the HTTP request that contained the operation. */
  counters?: UpstreamCounters | undefined;
  /** Receives the tags of everything that the operation reads. */
  tags?: Set<string> | undefined;
}

type RequestReport = RequestContext['report'];

/** Records one operation's reads and mutations, and limits the number of its upstream requests. A class, since each operation has one. */
export class OperationReport implements RequestReport {
  readonly #maxRequests: number;
  readonly #clock: Clock;
  readonly #listeners: ReportListeners;
  readonly #calls: Call[] = [];
  #requests = 0;
  #readAt = Infinity;
  #freshUntil = Infinity;

  /** `maxRequests`: how many upstream requests the operation may send before `recordRequest` throws. */
  constructor(maxRequests: number, clock: Clock, listeners: ReportListeners = {}) {
    this.#maxRequests = maxRequests;
    this.#clock = clock;
    this.#listeners = listeners;
  }

  recordRequest(method: Method, route: string, isExempt: boolean): RecordedCall {
    if (this.#requests >= this.#maxRequests && !isExempt) {
      const message = `This operation needs more than ${this.#maxRequests} requests to RealtimeKit. Select less at a time.`;
      throw new GatewayError('QUERY_TOO_EXPENSIVE', message);
    }
    const { counters, metrics } = this.#listeners;
    this.#requests += 1;
    if (counters !== undefined) counters.requests += 1;
    metrics?.read('network');
    const call: Call = { method, route, source: 'network', status: null, ms: null, sentAt: this.#clock.now() };
    this.#calls.push(call);
    return {
      settle: (status) => {
        if (call.ms !== null) return;
        call.status = status;
        call.ms = this.#clock.now() - call.sentAt;
        metrics?.upstreamRequest({ method, route, status, seconds: call.ms / 1000 });
      },
    };
  }

  /** Records a read that needed no request of its own. */
  recordHit(route: string, source: Exclude<ReadSource, 'network'>): void {
    const { counters, metrics } = this.#listeners;
    this.#calls.push({ method: 'GET', route, status: null, ms: 0, source, sentAt: 0 });
    if (counters !== undefined) counters[source === 'coalesced' ? 'coalesced' : 'cacheHits'] += 1;
    metrics?.read(source);
  }

  /** Records a part of the operation's result. */
  recordPart({ readAt, freshUntil }: ReadPart): void {
    this.#readAt = Math.min(this.#readAt, readAt);
    this.#freshUntil = Math.min(this.#freshUntil, freshUntil);
  }

  /** Receives the tags of what the operation reads; undefined if nobody wants to know. */
  get tags(): Set<string> | undefined {
    return this.#listeners.tags;
  }

  /** The operation's result is never fresh. */
  expire(): void {
    this.#freshUntil = 0;
  }

  /** How old the operation's result is, as far as it has been read. */
  age(): ResultAge {
    return { readAt: this.#readAt, freshUntil: this.#freshUntil };
  }

  /** The number of upstream requests that were sent so far. */
  sentRequests(): number {
    return this.#requests;
  }

  toUpstreamReport({ limit, remaining, resetsAt }: BudgetSnapshot): UpstreamReport {
    const count = (...sources: ReadSource[]): number =>
      this.#calls.filter(({ source }) => sources.includes(source)).length;
    return {
      requests: this.#requests,
      cacheHits: count('cache', 'stale'),
      coalesced: count('coalesced'),
      budget: { remaining, limit, resetSeconds: Math.max(0, Math.ceil((resetsAt - this.#clock.now()) / 1000)) },
      calls: this.#calls.map(({ sentAt, ...call }) => ({ ...call, ms: call.ms ?? this.#clock.now() - sentAt })),
    };
  }
}
