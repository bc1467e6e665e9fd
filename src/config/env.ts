/** A setting that is missing or wrong. The message is one line that names it, says what is wrong and gives an example. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(variable: string, problem: string, example: string) {
    super(`${variable}: ${problem} Example: ${variable}=${example}`);
  }
}

/** The names and values of the environment's variables; an empty value is as good as none. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The text of a file; throws where there is none that can be read. */
export type ReadFile = (path: string) => string;

export function readBoolean(environment: Environment, variable: string, fallback: boolean): boolean {
  const value = environment[variable] || (fallback ? 'on' : 'off');
  if (value === 'on' || value === 'off') return value === 'on';
  throw new ConfigError(variable, `"${value}" is neither "on" nor "off".`, 'on');
}

export interface IntegerRule {
  default: number;
  min: number;
  max: number;
}

export function readInteger(environment: Environment, variable: string, rule: IntegerRule): number {
  const value = environment[variable];
  if (!value) return rule.default;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : -1;
  if (number >= rule.min && number <= rule.max) return number;
  throw new ConfigError(
    variable,
    `"${value}" is not a whole number from ${rule.min} to ${rule.max}.`,
    String(rule.default),
  );
}

/** What stands between commas or on lines of its own. */
export function readList(value: string | undefined): string[] {
  return (value ?? '')
    .split(/[,\n]/)
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** The file that a setting names. */
export function readFileSetting(readFile: ReadFile, variable: string, path: string, example: string): string {
  try {
    return readFile(path);
  } catch {
    throw new ConfigError(variable, `"${path}" cannot be read.`, example);
  }
}

/** Whoever can change what is read from there is believed: nobody on the way is to be able to. */
export function readHttpsUrl(variable: string, value: string, example: string): string {
  const url = URL.canParse(value) ? new URL(value) : null;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (url !== null && isSafe) return url.href;
  throw new ConfigError(variable, 'it is to be an https address.', example);
}

/** Whether only this machine reaches it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
