export type LogLevel = 'info' | 'warn' | 'error';

/**
 * Logs an event. `message` is a constant text that says what happened; whatever varies goes into `fields`. Neither may contain a
 * secret.
 */
export interface Log {
  (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Whether events of a level are written at all. A log without this function writes every level. */
  isEnabled?: (level: LogLevel) => boolean;
}

/** A bearer token, as error messages may quote it. */
const BEARER_TOKEN = /\bbearer\s+[^\s"']+/gi;

/** How such a token begins. */
const BEARER = /\bbearer\s/i;

/** Wraps `log` and replaces `secrets` and bearer tokens in all text fields: error messages may quote them. */
export function redactingLog(log: Log, secrets: readonly string[]): Log {
  const redact = (text: string): string =>
    // Almost no text contains a secret, and looking for one is faster than replacing it.
    BEARER.test(text) || secrets.some((secret) => text.includes(secret))
      ? secrets
          .reduce((redacted, secret) => redacted.replaceAll(secret, '[redacted]'), text)
          .replaceAll(BEARER_TOKEN, '[redacted]')
      : text;
  const { isEnabled = () => true } = log;
  const write: Log = (level, message, fields = {}) => {
    const redacted: Record<string, unknown> = { ...fields };
    for (const name of Object.keys(fields)) {
      const value = fields[name];
      if (typeof value === 'string') redacted[name] = redact(value);
    }
    log(level, message, redacted);
  };
  return Object.assign(write, { isEnabled });
}
