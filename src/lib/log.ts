export type LogLevel = 'info' | 'warn' | 'error';

/** Takes one event: what happened, in words that stay the same, and its particulars. No secret may be in either. */
export interface Log {
  (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Whether anybody sees events of this level; where it is not said, somebody does. */
  isEnabled?: (level: LogLevel) => boolean;
}

/** Credentials, wherever one is quoted. */
const BEARER = /\bbearer\s+[^\s"']+/gi;

/** A log in which the `secrets` do not show, whatever an error's words hold. */
export function redactingLog(log: Log, secrets: readonly string[]): Log {
  const clean = (text: string): string =>
    secrets
      .reduce((cleaned, secret) => cleaned.replaceAll(secret, '[redacted]'), text)
      .replaceAll(BEARER, '[redacted]');
  const { isEnabled = () => true } = log;
  const write: Log = (level, message, fields = {}) => {
    const cleaned: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(fields))
      cleaned[name] = typeof value === 'string' ? clean(value) : value;
    log(level, message, cleaned);
  };
  return Object.assign(write, { isEnabled });
}
