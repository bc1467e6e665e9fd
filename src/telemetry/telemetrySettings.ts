export const LOG_LEVELS = ['info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Which operations are traced: all, none, or a share; `parent`: whoever asks decides, where its request is part of a trace. */
export interface Sampling {
  parent: boolean;
  /** From 0 to 1. */
  ratio: number;
}

export interface TelemetrySettings {
  logLevel: LogLevel;
  /** Whether `GET /metrics` is answered. */
  metrics: boolean;
  /** Null: nothing is traced. */
  tracing: { serviceName: string; sampling: Sampling } | null;
}
