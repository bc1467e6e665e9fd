export const LOG_THRESHOLDS = ['info', 'warn', 'error', 'silent'] as const;

/** The lowest level that is logged; `silent` for no log at all. */
export type LogThreshold = (typeof LOG_THRESHOLDS)[number];

/** Which operations are traced. */
export interface Sampling {
  /** Whether the sampling decision in a caller's `traceparent` takes precedence over `ratio`. */
  isParentBased: boolean;
  /** The fraction of operations to trace, from 0 to 1. */
  ratio: number;
}

/** Where traces are sent, by OTLP over HTTP. */
export interface Collector {
  /** The URL for traces, including its path. */
  url: string;
  /** Secret: they may contain a credential. */
  headers: Readonly<Record<string, string>>;
  /** How long sending a batch of spans may take, with all retries. */
  timeoutMs: number;
}

export interface TracingSettings {
  /** What describes this program in its traces, such as `service.name`. */
  resourceAttributes: Readonly<Record<string, string>>;
  sampling: Sampling;
  collector: Collector;
}

export interface TelemetrySettings {
  logThreshold: LogThreshold;
  /** Whether to serve `GET /metrics`. */
  metrics: boolean;
  /** Null if tracing is off. */
  tracing: TracingSettings | null;
}
