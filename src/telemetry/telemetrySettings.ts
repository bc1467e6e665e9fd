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

export interface TelemetrySettings {
  logThreshold: LogThreshold;
  /** Whether to serve `GET /metrics`. */
  metrics: boolean;
  /** Null if tracing is off. */
  tracing: { serviceName: string; sampling: Sampling } | null;
}
