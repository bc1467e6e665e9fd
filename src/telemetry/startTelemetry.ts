import type { TelemetrySettings } from './telemetrySettings.ts';
import type { Log } from '../lib/log.ts';
import { createLog } from './pinoLog.ts';
import type { Metrics } from './metrics.ts';
import type { Tracer } from './tracer.ts';

/** How the program tells of itself. */
export interface Telemetry {
  log: Log;
  metrics: Metrics | undefined;
  tracer: Tracer | undefined;
  /** Sends what has not been sent, for two seconds at the most. */
  close(): Promise<void>;
}

/** Loads what the settings ask for, and nothing else: what is off takes neither time nor memory. */
export async function startTelemetry({ logLevel, metrics, tracing }: TelemetrySettings): Promise<Telemetry> {
  const log = createLog(logLevel);
  const traces = tracing === null ? null : (await import('./otlpTracer.ts')).createTracing(tracing, log);
  return {
    log,
    metrics: metrics ? (await import('./prometheus.ts')).createPrometheus() : undefined,
    tracer: traces?.tracer,
    close: async () => traces?.close(),
  };
}
