import { pino } from 'pino';

import type { LogThreshold } from './telemetrySettings.ts';
import type { Log } from '../lib/log.ts';
import { createBufferedWriter } from './bufferedWriter.ts';

/**
 * Creates a log that writes JSON lines to stderr. Warnings and errors are written at once, and all buffered lines when the process
 * exits.
 */
export function createPinoLog(threshold: LogThreshold): Log {
  const writer = createBufferedWriter(2);
  process.on('exit', () => writer.flush());
  const logger = pino(
    {
      level: threshold,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    writer,
  );
  const write: Log = (level, message, fields = {}) => {
    logger[level](fields, message);
    if (level !== 'info') writer.flush();
  };
  return Object.assign(write, { isEnabled: (level: Parameters<Log>[0]) => logger.isLevelEnabled(level) });
}
