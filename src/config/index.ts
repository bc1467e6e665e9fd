import type { AuthSettings } from '../auth/authenticate.ts';
import { type AppSettings, readApp } from './realtimekit.ts';
import { readAuth } from './auth.ts';
import { readDocuments, type TrustedDocuments } from './persistedDocuments.ts';
import { readCaching } from './caching.ts';
import { readLimits } from './limits.ts';
import {
  ConfigError,
  type Environment,
  type ReadFile,
  readList,
  readHttpsUrl,
  readBoolean,
  readInteger,
  type IntegerRule,
} from './env.ts';
import { readTelemetry } from './telemetry.ts';
import type { TelemetrySettings } from '../telemetry/telemetrySettings.ts';
import type { OperationLimits } from '../graphql/limits/operationLimits.ts';
import { DEFAULT_LIVE_LIMITS, type LiveLimits } from '../live/subscriptions.ts';
import type { RedisSettings } from '../cluster/redis.ts';
import type { CachingSettings } from '../data/cachingSettings.ts';

/** How the process ends when it is told to, in milliseconds. */
export interface DrainSettings {
  /** How long everything is served on, so that whoever sends requests here can notice that no more are wanted. */
  delay: number;
  /** From then on, how long what is under way may take to end. */
  time: number;
}

/** How to run, as the environment says it. */
export interface Config {
  host: string;
  port: number;
  auth: AuthSettings;
  /** Null: the sandbox is started and served. */
  app: AppSettings | null;
  sandboxPort: number;
  /** Milliseconds that one sending of an upstream request may take. */
  attemptTimeoutMs: number;
  /** Milliseconds that an upstream request may take in all. */
  totalTimeoutMs: number;
  /** The most upstream requests in any second; 0: no limit. */
  requestsPerSecond: number;
  caching: CachingSettings;
  limits: OperationLimits;
  trustedDocuments: TrustedDocuments;
  live: LiveLimits;
  /** What replicas share; null: there is but one. */
  redis: RedisSettings | null;
  /** Where the public key of RealtimeKit's webhooks is; null: the sandbox's. */
  webhookKeyUrl: string | null;
  drain: DrainSettings;
  /** Which sites' pages may call; `*`: any. */
  corsOrigins: readonly string[];
  /** Whether GraphiQL is served. */
  graphiql: boolean;
  /** Whether introspection and `_service` are answered. */
  introspection: boolean;
  /** Whether errors name what the schema has that was nearly named. */
  suggestions: boolean;
  /** Whether callers may ask what their operations cost upstream. */
  upstreamReport: boolean;
  telemetry: TelemetrySettings;
}

const TIMEOUT: Omit<IntegerRule, 'default'> = { min: 1, max: 600_000 };
const PORTS: Omit<IntegerRule, 'default'> = { min: 0, max: 65_535 };

/** Reads and checks all settings; throws a `ConfigError` for the first that cannot serve. */
export function readConfig(environment: Environment, readFile: ReadFile): Config {
  const host = readHost(environment['HOST'] || '127.0.0.1');
  const auth = readAuth(environment, host, readFile);
  const app = readApp(environment, auth.kind === 'passthrough');
  const isDevelopment = environment['NODE_ENV'] !== 'production';
  return Object.freeze({
    host,
    port: readInteger(environment, 'PORT', { default: 4000, ...PORTS }),
    auth,
    app,
    sandboxPort: readInteger(environment, 'SANDBOX_PORT', { default: 4001, ...PORTS }),
    attemptTimeoutMs: readInteger(environment, 'UPSTREAM_ATTEMPT_TIMEOUT_MS', { default: 10_000, ...TIMEOUT }),
    totalTimeoutMs: readInteger(environment, 'UPSTREAM_TIMEOUT_MS', { default: 25_000, ...TIMEOUT }),
    requestsPerSecond: readInteger(environment, 'REQUESTS_PER_SECOND', { default: 200, min: 0, max: 100_000 }),
    caching: readCaching(environment),
    limits: readLimits(environment),
    trustedDocuments: readDocuments(environment, readFile),
    live: readLive(environment),
    redis: readRedis(environment),
    webhookKeyUrl: readKeyUrl(environment['WEBHOOK_KEY_URL'], app),
    drain: readDrain(environment),
    corsOrigins: readList(environment['CORS_ORIGINS']).map(checkOrigin),
    graphiql: readBoolean(environment, 'GRAPHIQL', isDevelopment),
    introspection: readBoolean(environment, 'INTROSPECTION', isDevelopment),
    suggestions: readBoolean(environment, 'SUGGESTIONS', isDevelopment),
    upstreamReport: readBoolean(environment, 'UPSTREAM_REPORT', isDevelopment && app === null),
    telemetry: readTelemetry(environment),
  });
}

function readLive(environment: Environment): LiveLimits {
  const { total, perCaller } = DEFAULT_LIVE_LIMITS;
  return {
    total: readInteger(environment, 'SUBSCRIPTIONS', { default: total, min: 0, max: 1_000_000 }),
    perCaller: readInteger(environment, 'SUBSCRIPTIONS_PER_CALLER', { default: perCaller, min: 0, max: 1_000_000 }),
  };
}

function readRedis(environment: Environment): RedisSettings | null {
  const url = environment['REDIS_URL'];
  const minReplicas = readInteger(environment, 'REPLICAS', { default: 3, min: 1, max: 1000 });
  if (!url) return null;
  if (!URL.canParse(url) || !/^rediss?:$/.test(new URL(url).protocol))
    refuseRedis('it is to be a redis or rediss address.');
  const { username, password, pathname } = new URL(url);
  if (!isEscaped(username) || !isEscaped(password))
    refuseRedis('in its user and its password a "%" is to be written "%25".');
  if (!/^(\/\d{0,5})?$/.test(pathname)) refuseRedis('after the port only a database’s number may follow.');
  return { url, minReplicas };
}

/** Without the value: a password may stand in it. */
function refuseRedis(problem: string): never {
  throw new ConfigError('REDIS_URL', problem, 'redis://127.0.0.1:6379');
}

function isEscaped(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function readDrain(environment: Environment): DrainSettings {
  const milliseconds = (variable: string, fallback: number): number =>
    readInteger(environment, variable, { default: fallback, min: 0, max: 3_600_000 });
  return { delay: milliseconds('DRAIN_DELAY_MS', 0), time: milliseconds('DRAIN_MS', 25_000) };
}

const WEBHOOK_KEY_URL = 'https://api.realtime.cloudflare.com/.well-known/webhooks.json';

function readKeyUrl(value: string | undefined, app: AppSettings | null): string | null {
  if (value) return readHttpsUrl('WEBHOOK_KEY_URL', value, WEBHOOK_KEY_URL);
  return app === null ? null : WEBHOOK_KEY_URL;
}

function readHost(host: string): string {
  if (/^[A-Za-z0-9.:-]{1,253}$/.test(host)) return host;
  throw new ConfigError('HOST', `"${host}" is neither an address nor a name.`, '127.0.0.1');
}

function checkOrigin(origin: string): string {
  const isOrigin = origin === '*' || (URL.canParse(origin) && new URL(origin).origin === origin);
  if (isOrigin) return origin;
  throw new ConfigError('CORS_ORIGINS', `"${origin}" is not an origin.`, 'https://app.example.com');
}
