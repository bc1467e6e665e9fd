import type { TelemetrySettings } from './telemetrySettings.ts';
import { createPinoLog } from './pinoLog.ts';

/**
 * Starts the log of the Node.js program and, if enabled, metrics and traces. Modules that are not needed are not loaded, and cost
 * neither time nor memory.
 */
export async function startTelemetry({ logThreshold, metrics, tracing }: TelemetrySettings, version: string) {
  const log = createPinoLog(logThreshold);
  const traces = tracing === null ? null : (await import('./otlpTracer.ts')).createOtlpTracing(tracing, log);
  return {
    log,
    metrics: metrics ? (await import('./nodeMetrics.ts')).createNodeMetrics(version) : undefined,
    tracer: traces?.tracer,
    /** Sends the remaining traces, for at most two seconds. */
    close: async (): Promise<void> => traces?.close(),
  };
}
