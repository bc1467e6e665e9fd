import { DEFAULT_ECONOMY, type EconomySettings } from './upstream/economy.ts';

/** Which of the API's apps is served, and with which credential. */
export interface AppSettings {
  /** Without a slash at its end. */
  baseUrl: string;
  accountId: string;
  appId: string;
  /** Secret. */
  token: string;
}

/** How to run, as the environment says it. */
export interface Config {
  host: string;
  port: number;
  /** Null: the sandbox is started and served. */
  app: AppSettings | null;
  sandboxPort: number;
  /** Milliseconds that one sending of an upstream request may take. */
  attemptTimeout: number;
  /** Milliseconds that an upstream request may take in all. */
  totalTimeout: number;
  /** The most upstream requests in any second; 0: no limit. */
  perSecond: number;
  economy: EconomySettings;
  /** Whether callers may ask what their operations cost upstream. */
  reports: boolean;
}

/** A setting that is missing or wrong. The message is one line that names it, says what is wrong and gives an example. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(variable: string, problem: string, example: string) {
    super(`${variable}: ${problem} Example: ${variable}=${example}`);
  }
}

/** The names and values of the environment's variables; an empty value is as good as none. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks all settings; throws a `ConfigError` for the first that cannot serve. */
export function readConfig(environment: Environment): Config {
  checkAuth(environment['AUTH']);
  const attemptTimeout = readWhole(environment, 'UPSTREAM_ATTEMPT_TIMEOUT_MS', {
    default: 10_000,
    least: 1,
    most: 600_000,
  });
  const totalTimeout = readWhole(environment, 'UPSTREAM_TIMEOUT_MS', { default: 25_000, least: 1, most: 600_000 });
  const app = readApp(environment);
  return Object.freeze({
    host: readHost(environment['HOST'] || '127.0.0.1'),
    port: readWhole(environment, 'PORT', { default: 4000, least: 0, most: 65_535 }),
    app,
    sandboxPort: readWhole(environment, 'SANDBOX_PORT', { default: 4001, least: 0, most: 65_535 }),
    attemptTimeout,
    totalTimeout,
    perSecond: readWhole(environment, 'REQUESTS_PER_SECOND', { default: 200, least: 0, most: 100_000 }),
    economy: readEconomy(environment),
    reports: readSwitch(environment, 'UPSTREAM_REPORT', app === null),
  });
}

function readEconomy(environment: Environment): EconomySettings {
  const { freshness, cacheBytes, share, usesLists } = DEFAULT_ECONOMY;
  const milliseconds = (variable: string, fallback: number): number =>
    readWhole(environment, variable, { default: fallback, least: 0, most: 86_400_000 });
  return {
    freshness: {
      status: milliseconds('FRESH_STATUS_MS', freshness.status),
      meters: milliseconds('FRESH_METERS_MS', freshness.meters),
      ended: milliseconds('FRESH_ENDED_MS', freshness.ended),
      nothing: milliseconds('FRESH_NOTHING_MS', freshness.nothing),
      stale: milliseconds('STALE_MS', freshness.stale),
      staleWait: milliseconds('STALE_WAIT_MS', freshness.staleWait),
    },
    cacheBytes:
      readWhole(environment, 'CACHE_MB', { default: cacheBytes / MEGABYTE, least: 1, most: 65_536 }) * MEGABYTE,
    share: readWhole(environment, 'REQUESTS_PER_OPERATION', { default: share, least: 1, most: 100_000 }),
    usesLists: readSwitch(environment, 'LIST_SOURCE', usesLists),
  };
}

const MEGABYTE = 1024 * 1024;

function readApp(environment: Environment): AppSettings | null {
  const { CLOUDFLARE_ACCOUNT_ID: accountId, REALTIMEKIT_APP_ID: appId, CLOUDFLARE_API_TOKEN: token } = environment;
  if (!accountId && !appId) return null;
  return {
    baseUrl: readBaseUrl(environment['CLOUDFLARE_BASE_URL'] || 'https://api.cloudflare.com/client/v4'),
    accountId: readId('CLOUDFLARE_ACCOUNT_ID', accountId, 'REALTIMEKIT_APP_ID', '023e105f4ecef8ad9ca31a8372d0c353'),
    appId: readId('REALTIMEKIT_APP_ID', appId, 'CLOUDFLARE_ACCOUNT_ID', '2ed2a2c4-9b1e-4b0e-8a3c-6f0d5c1a7e11'),
    token: readToken(token),
  };
}

/** The ids stand in every path of the API, so that nothing else may be in them; how long they are is not documented well. */
function readId(variable: string, value: string | undefined, other: string, example: string): string {
  if (!value) throw new ConfigError(variable, `missing, while ${other} is set.`, example);
  if (/^[A-Za-z0-9-]{1,64}$/.test(value)) return value;
  throw new ConfigError(variable, 'it is to be 1 to 64 letters, digits and hyphens.', example);
}

function readToken(token: string | undefined): string {
  const example = 'Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY';
  if (!token) throw new ConfigError('CLOUDFLARE_API_TOKEN', 'missing; it needs the permission "Realtime".', example);
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new ConfigError('CLOUDFLARE_API_TOKEN', 'it holds a space or a character that no token has.', example);
}

function readBaseUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : null;
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && !url.username && !url.search && !url.hash;
  if (isPlain) return url.href.replace(/\/+$/, '');
  const problem = 'it is to be an http or https address without credentials, query or fragment.';
  throw new ConfigError('CLOUDFLARE_BASE_URL', problem, 'https://api.cloudflare.com/client/v4');
}

/** Whoever reaches the gateway can use its token, so that it listens where only this machine's own users reach it. */
function readHost(host: string): string {
  if (host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)) return host;
  throw new ConfigError('HOST', `"${host}" is not a loopback address, and callers are not authenticated.`, '127.0.0.1');
}

function checkAuth(auth: string | undefined): void {
  if (auth && auth !== 'none') throw new ConfigError('AUTH', `"${auth}" is not supported.`, 'none');
}

function readSwitch(environment: Environment, variable: string, fallback: boolean): boolean {
  const value = environment[variable] || (fallback ? 'on' : 'off');
  if (value === 'on' || value === 'off') return value === 'on';
  throw new ConfigError(variable, `"${value}" is neither "on" nor "off".`, 'on');
}

interface WholeRule {
  default: number;
  least: number;
  most: number;
}

function readWhole(environment: Environment, variable: string, rule: WholeRule): number {
  const value = environment[variable];
  if (!value) return rule.default;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : -1;
  if (number >= rule.least && number <= rule.most) return number;
  throw new ConfigError(
    variable,
    `"${value}" is not a whole number from ${rule.least} to ${rule.most}.`,
    String(rule.default),
  );
}
