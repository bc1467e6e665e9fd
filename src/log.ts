/** Takes one event: what happened, in words that stay the same, and its particulars. No secret may be in either. */
export type Log = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void;
