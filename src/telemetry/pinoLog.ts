import { pino } from 'pino';

import type { LogLevel } from './telemetrySettings.ts';
import type { Log } from '../lib/log.ts';
import { createBufferedWriter } from './bufferedWriter.ts';

/** The log as lines of JSON on stderr. What warns is written at once, and all of it before the program ends, however it does. */
export function createLog(level: LogLevel): Log {
  const lines = createBufferedWriter(2);
  process.on('exit', () => lines.flush());
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    lines,
  );
  const write: Log = (of, message, fields = {}) => {
    logger[of](fields, message);
    if (of !== 'info') lines.flush();
  };
  return Object.assign(write, { isEnabled: (of: Parameters<Log>[0]) => logger.isLevelEnabled(of) });
}
