import { LOG_THRESHOLDS, type LogThreshold } from './telemetrySettings.ts';
import type { Log, LogLevel } from '../lib/log.ts';

/**
 * Creates a log that writes JSON lines to the console, on any runtime: the lines that pino writes on Node.js. Cloudflare's Workers Logs
 * indexes their fields and takes the severity from the console's method
 * (https://developers.cloudflare.com/workers/best-practices/workers-best-practices/#enable-workers-logs-and-traces).
 */
export function createConsoleLog(threshold: LogThreshold): Log {
  const isEnabled = (level: LogLevel): boolean => LOG_THRESHOLDS.indexOf(level) >= LOG_THRESHOLDS.indexOf(threshold);
  const write: Log = (level, msg, fields) => {
    if (isEnabled(level)) console[level](JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg }));
  };
  return Object.assign(write, { isEnabled });
}
