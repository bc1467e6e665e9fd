import type { TelemetrySettings } from './telemetrySettings.ts';
import { createConsoleLog } from './consoleLog.ts';
import { createOtlpTracing } from './otlpTracer.ts';
import { createPrometheus } from './prometheus.ts';

/**
 * Starts the log and, if enabled, metrics and traces, on a runtime without Node.js' modules. `version` is the program's; `waitUntil` is
 * called with the promise of each request to the collector, which never rejects: the runtime must not end before it settles.
 */
export function startPortableTelemetry(
  { logThreshold, metrics, tracing }: TelemetrySettings,
  version: string,
  waitUntil: (sending: Promise<void>) => void,
) {
  const log = createConsoleLog(logThreshold);
  const traces = tracing === null ? null : createOtlpTracing(tracing, log, waitUntil);
  return {
    log,
    metrics: metrics ? createPrometheus(version) : undefined,
    tracer: traces?.tracer,
    /** Sends the remaining traces, for at most two seconds. */
    close: async (): Promise<void> => traces?.close(),
  };
}
