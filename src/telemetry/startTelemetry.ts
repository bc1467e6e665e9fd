import type { TelemetrySettings } from './telemetrySettings.ts';
import type { Log } from '../lib/log.ts';
import { createPinoLog } from './pinoLog.ts';
import type { Metrics } from './metrics.ts';
import type { Tracer } from './tracer.ts';

/** The program's log, metrics and traces. */
export interface Telemetry {
  log: Log;
  /** Undefined if metrics are off. */
  metrics: Metrics | undefined;
  /** Undefined if tracing is off. */
  tracer: Tracer | undefined;
  /** Sends the remaining traces, for at most two seconds. */
  close(): Promise<void>;
}

/** Starts what the settings enable. Modules that are not needed are not loaded, and cost neither time nor memory. */
export async function startTelemetry(
  { logThreshold, metrics, tracing }: TelemetrySettings,
  version: string,
): Promise<Telemetry> {
  const log = createPinoLog(logThreshold);
  const traces = tracing === null ? null : (await import('./otlpTracer.ts')).createOtlpTracing(tracing, log);
  return {
    log,
    metrics: metrics ? (await import('./prometheus.ts')).createPrometheus(version) : undefined,
    tracer: traces?.tracer,
    close: async () => traces?.close(),
  };
}
