import { pino } from 'pino';

import type { Log } from '../log.ts';
import type { LogLevel } from '../config/telemetry.ts';

/**
 * The log as lines of JSON on stderr. Each is written before the program goes on, so that none is lost when it ends, however it ends.
 */
export function createLog(level: LogLevel): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const logger = pino(options, pino.destination({ fd: 2, sync: true }));
  return Object.assign<Log, Pick<Log, 'shows'>>((of, message, fields = {}) => logger[of](fields, message), {
    shows: (of) => logger.isLevelEnabled(of),
  });
}
