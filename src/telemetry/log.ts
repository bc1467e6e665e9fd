import { pino } from 'pino';

import type { LogLevel } from '../config/telemetry.ts';
import type { Log } from '../log.ts';

/** Bytes of lines that are written at once: to write each by itself takes longer than to answer from memory. */
const TOGETHER = 4096;
/** Milliseconds that a line waits at most for others. */
const LONGEST_WAIT = 100;

/** The log as lines of JSON on stderr. What warns is written at once, and all of it before the program ends, however it does. */
export function createLog(level: LogLevel): Log {
  const destination = pino.destination({ fd: 2, sync: true, minLength: TOGETHER, periodicFlush: LONGEST_WAIT });
  process.on('exit', () => destination.flushSync());
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const write: Log = (of, message, fields = {}) => {
    logger[of](fields, message);
    if (of !== 'info') destination.flushSync();
  };
  return Object.assign(write, { shows: (of: Parameters<Log>[0]) => logger.isLevelEnabled(of) });
}
