import * as v from 'valibot';

/** A setting that is missing or invalid. The message is one line: the variable, what is wrong with it, and an example. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(variable: string, problem: string, example: string) {
    super(`${variable}: ${problem.replaceAll(/[\s\p{Cc}]+/gu, ' ')} Example: ${variable}=${example}`);
  }
}

/** Environment variables by name. Empty values and white space count as unset, and white space and byte order marks around a value are ignored. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the text of a file; throws if the file cannot be read. */
export type ReadFile = (path: string) => string;

/** The schema of an environment variable's text (undefined: unset). Throws a `ConfigError` for an invalid text. */
export type Setting<Value = unknown> = v.GenericSchema<string | undefined, Value> & { readonly variable: string };

/** Describes a variable. The schema's messages say what is wrong ("must be …"); `example` is a valid value. */
export function setting<Value>(
  variable: string,
  example: string,
  schema: v.GenericSchema<string | undefined, Value>,
): Setting<Value> {
  const parse = v.transform((value: string | undefined): Value => {
    const text = isServiceLink(variable, value) ? undefined : textOf(value);
    // Some programs that read files of settings, such as Docker, leave the quotes in the value.
    if (text !== undefined && /^(["']).*\1$/s.test(text))
      throw new ConfigError(variable, 'the quotes are part of the value. Remove them.', example);
    const { success, output, issues } = v.safeParse(schema, text, { abortEarly: true });
    if (success) return output;
    throw new ConfigError(variable, issues[0].message, example);
  });
  return Object.assign(v.pipe(v.optional(v.string()), parse), { variable });
}

/**
 * Whether Kubernetes set the variable, as it does for a service of the same name: `SANDBOX_PORT` for the service "sandbox"
 * (https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables).
 */
function isServiceLink(variable: string, value: string | undefined): boolean {
  return variable.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value ?? '');
}

/** Whether a variable is set to more than white space. */
export function isSet(environment: Environment, { variable }: Setting): boolean {
  return textOf(environment[variable]) !== undefined;
}

/** Returns the path in a setting that names a file, which is the one that `fileText` reads; null if the variable is unset. */
export function pathOf(environment: Environment, { variable }: Setting): string | null {
  return textOf(environment[variable]) ?? null;
}

function textOf(value: string | undefined): string | undefined {
  return value?.trim() || undefined;
}

/** Reads one setting; throws a `ConfigError` if it is missing or invalid. */
export function readSetting<Value>(environment: Environment, described: Setting<Value>): Value {
  return v.parse(described, environment[described.variable]);
}

/** Reads settings by the name of the member that each one becomes; throws a `ConfigError` for the first one that is missing or invalid. */
export function readGroup<const Settings extends Readonly<Record<string, Setting>>>(
  environment: Environment,
  settings: Settings,
) {
  const texts = Object.entries(settings).map(([member, { variable }]) => [member, environment[variable]]);
  return v.parse(v.object(settings), Object.fromEntries(texts));
}

/** The message for a text that breaks `rule`. The message repeats the text, so secrets need a message without it. */
export function mustBe(rule: string) {
  return ({ received }: v.BaseIssue<unknown>): string => `must be ${rule}, not ${received}.`;
}

/** A whole number, in decimal digits. */
export function integer(variable: string, fallback: number, { min, max }: { min: number; max: number }) {
  const isInRange = (text: string): boolean => /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max;
  const inRange = v.check(isInRange, mustBe(`a whole number from ${min} to ${max}`));
  const text = v.optional(v.string(), String(fallback));
  return setting(variable, String(fallback), v.pipe(text, inRange, v.transform(Number)));
}

/** A switch, `on` or `off`. */
export function boolean(variable: string, fallback: boolean) {
  const text = v.optional(v.picklist(['on', 'off'], mustBe('"on" or "off"')), fallback ? 'on' : 'off');
  const isOn = v.transform((word: 'on' | 'off') => word === 'on');
  return setting(variable, 'on', v.pipe(text, isOn));
}

/** One of several words. */
export function choice<const Word extends string>(variable: string, words: readonly Word[], fallback: NoInfer<Word>) {
  return setting(variable, fallback, v.optional(v.picklist(words, mustBe(`one of ${words.join(', ')}`)), fallback));
}

/** Text without line breaks and other control characters, and without a comment: a `#` after white space. */
export const line = v.pipe(v.string(), v.regex(/^(?!.*\s#)\P{Cc}*$/su, mustBe('one line without a comment')));

/** Any text; undefined if the variable is unset. */
export function optionalText(variable: string, example: string) {
  return setting(variable, example, v.optional(v.string()));
}

/**
 * The text of an absolute URL that has a host and that `isAllowed` accepts. The message does not repeat the URL, which may contain a
 * password.
 */
export function url(rule: string, isAllowed: (url: URL) => boolean) {
  const isValid = (address: string): boolean => {
    // The URL parser would remove line breaks and encode spaces.
    const parsed = /[\s\p{Cc}]/u.test(address) ? null : URL.parse(address);
    return parsed !== null && parsed.hostname !== '' && isAllowed(parsed);
  };
  return v.pipe(v.string(), v.check(isValid, `must be ${rule}.`));
}

/** Whether the scheme of a URL is http or https. */
export function isHttp({ protocol }: URL): boolean {
  return protocol === 'http:' || protocol === 'https:';
}

/** Whether a URL contains a user name or a password. */
export function hasCredentials({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}

/** A URL whose credentials can be percent-decoded, as its client does. */
export const decodableCredentials = v.check((address: string) => {
  const { username, password } = new URL(address);
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}, 'must write a "%" in the user name or the password as "%25".');

/**
 * Whether nobody on the network can change what is sent to or from a URL
 * (https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy).
 */
export function isTrustworthy({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

/** The address of public keys. Whoever could change the keys on their way could sign for anybody: hence https. */
export const keyUrl = v.pipe(
  url(
    'an https URL (http only for a loopback address) without credentials',
    (address) => isTrustworthy(address) && !hasCredentials(address),
  ),
  v.transform((address) => new URL(address).href),
);

/** Items that are separated by commas or line breaks. */
export const list = v.pipe(
  v.string(),
  v.transform((items) => items.split(/[,\r\n]/).map((item) => item.trim())),
  v.filterItems((item) => item !== ''),
);

/** From the path of a file to the file's text, without a byte order mark, which editors on Windows write. */
export function fileText(readFile: ReadFile) {
  return v.pipe(
    v.string(),
    v.rawTransform(({ dataset: { value: path }, addIssue, NEVER }) => {
      try {
        return readFile(path).replace(/^\uFEFF/, '');
      } catch {
        addIssue({ message: `must name a readable file, not "${path}".` });
        return NEVER;
      }
    }),
  );
}

/** Whether a host is reachable from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
