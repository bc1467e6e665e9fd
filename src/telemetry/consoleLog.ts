import type { Log } from '../lib/log.ts';
import type { LogThreshold } from './telemetrySettings.ts';

const ORDER = ['info', 'warn', 'error', 'silent'] as const;

/** A log of JSON lines on the platform's console. */
export function createConsoleLog(threshold: LogThreshold): Log {
  const isEnabled = (level: Parameters<Log>[0]): boolean => ORDER.indexOf(level) >= ORDER.indexOf(threshold);
  const write: Log = (level, message, fields = {}) => {
    if (!isEnabled(level)) return;
    console[level](JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg: message }));
  };
  return Object.assign(write, { isEnabled });
}
