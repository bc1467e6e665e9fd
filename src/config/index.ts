import * as v from 'valibot';

import type { AuthSettings } from '../auth/authenticate.ts';
import type { RedisSettings } from '../cluster/redis.ts';
import type { CachingSettings } from '../data/cachingSettings.ts';
import { DEFAULT_OPERATION_LIMITS, type OperationLimits } from '../graphql/limits/operationLimits.ts';
import { DEFAULT_LIVE_LIMITS, type LiveLimits } from '../live/subscriptions.ts';
import type { TelemetrySettings } from '../telemetry/telemetrySettings.ts';
import { apiKeySettings, authSettings, jwtSettings, readAuth } from './auth.ts';
import { cachingSettings, readCaching, ttlSettings } from './caching.ts';
import { clusterSettings, readCluster } from './cluster.ts';
import * as env from './env.ts';
import { documentSettings, readDocuments, type TrustedDocuments } from './persistedDocuments.ts';
import { type AppSettings, appSettings, readApp } from './realtimekit.ts';
import { readTelemetry, telemetrySettings } from './telemetry.ts';

/** How the process shuts down after SIGTERM or SIGINT. */
export interface DrainSettings {
  /** How long to keep serving while `/ready` answers 503, so that load balancers stop sending requests here. */
  delayMs: number;
  /** How long, after that, to wait for pending work. */
  timeoutMs: number;
}

/** All settings of the gateway. */
export interface Config {
  host: string;
  port: number;
  auth: AuthSettings;
  /** The app to serve; null for the sandbox. */
  app: AppSettings | null;
  sandboxPort: number;
  /** How long a single attempt of an upstream request may take. */
  attemptTimeoutMs: number;
  /** How long an upstream request may take with all its retries. */
  totalTimeoutMs: number;
  /** The maximum number of upstream requests in any second; 0 for no limit. */
  requestsPerSecond: number;
  caching: CachingSettings;
  limits: OperationLimits;
  trustedDocuments: TrustedDocuments;
  live: LiveLimits;
  /** How replicas share state; null for a single replica. */
  redis: RedisSettings | null;
  /** The URL of the public key that verifies RealtimeKit's webhooks; null for the sandbox's. */
  webhookKeyUrl: string | null;
  drain: DrainSettings;
  /** The origins whose pages may send requests; `*` for any. */
  corsOrigins: readonly string[];
  /** Whether to serve GraphiQL. */
  graphiql: boolean;
  /** Whether to allow introspection and `_service`. */
  introspection: boolean;
  /** Whether error messages suggest names from the schema. */
  suggestions: boolean;
  /** Whether callers may request a report of the upstream requests of their operation. */
  upstreamReport: boolean;
  telemetry: TelemetrySettings;
}

const PORT_RANGE = { min: 0, max: 65_535 };
const TIMEOUT_RANGE = { min: 1, max: 600_000 };
const DRAIN_RANGE = { min: 0, max: 3_600_000 };
const LIMIT_RANGE = { min: 1, max: 100_000_000 };
const SUBSCRIPTION_RANGE = { min: 0, max: 1_000_000 };
const WEBHOOK_KEY_URL = 'https://api.realtime.cloudflare.com/.well-known/webhooks.json';

const hostName = v.pipe(v.string(), v.regex(/^[A-Za-z0-9.:-]{1,253}$/, env.mustBe('an IP address or a host name')));
const origin = v.pipe(
  v.string(),
  v.check((text) => text === '*' || URL.parse(text)?.origin === text, env.mustBe('an origin or "*"')),
);

const serverSettings = {
  host: env.setting('HOST', '127.0.0.1', v.optional(hostName, '127.0.0.1')),
  port: env.integer('PORT', 4000, PORT_RANGE),
  sandboxPort: env.integer('SANDBOX_PORT', 4001, PORT_RANGE),
  attemptTimeoutMs: env.integer('UPSTREAM_ATTEMPT_TIMEOUT_MS', 10_000, TIMEOUT_RANGE),
  totalTimeoutMs: env.integer('UPSTREAM_TIMEOUT_MS', 25_000, TIMEOUT_RANGE),
  requestsPerSecond: env.integer('REQUESTS_PER_SECOND', 200, { min: 0, max: 100_000 }),
  corsOrigins: env.setting(
    'CORS_ORIGINS',
    'https://app.example.com',
    v.optional(v.pipe(env.list, v.array(origin)), ''),
  ),
};

/** The limits of a single request. */
const limitSettings = {
  depth: env.integer('QUERY_DEPTH', DEFAULT_OPERATION_LIMITS.depth, LIMIT_RANGE),
  aliases: env.integer('QUERY_ALIASES', DEFAULT_OPERATION_LIMITS.aliases, LIMIT_RANGE),
  rootFields: env.integer('QUERY_ROOT_FIELDS', DEFAULT_OPERATION_LIMITS.rootFields, LIMIT_RANGE),
  directives: env.integer('QUERY_DIRECTIVES', DEFAULT_OPERATION_LIMITS.directives, LIMIT_RANGE),
  tokens: env.integer('QUERY_TOKENS', DEFAULT_OPERATION_LIMITS.tokens, LIMIT_RANGE),
  queryBytes: env.integer('QUERY_BYTES', DEFAULT_OPERATION_LIMITS.queryBytes, LIMIT_RANGE),
  bodyBytes: env.integer('BODY_BYTES', DEFAULT_OPERATION_LIMITS.bodyBytes, LIMIT_RANGE),
  upstreamRequests: env.integer('QUERY_COST', DEFAULT_OPERATION_LIMITS.upstreamRequests, LIMIT_RANGE),
  fields: env.integer('QUERY_FIELDS', DEFAULT_OPERATION_LIMITS.fields, LIMIT_RANGE),
};

const liveSettings = {
  total: env.integer('SUBSCRIPTIONS', DEFAULT_LIVE_LIMITS.total, SUBSCRIPTION_RANGE),
  perCaller: env.integer('SUBSCRIPTIONS_PER_CALLER', DEFAULT_LIVE_LIMITS.perCaller, SUBSCRIPTION_RANGE),
};

const drainSettings = {
  delayMs: env.integer('DRAIN_DELAY_MS', 0, DRAIN_RANGE),
  timeoutMs: env.integer('DRAIN_MS', 25_000, DRAIN_RANGE),
};

/** What callers may learn about the gateway: by default less in production, and less about a real app than the sandbox. */
const disclosureSettings = (isDevelopment: boolean, isSandbox: boolean) => ({
  graphiql: env.boolean('GRAPHIQL', isDevelopment),
  introspection: env.boolean('INTROSPECTION', isDevelopment),
  suggestions: env.boolean('SUGGESTIONS', isDevelopment),
  upstreamReport: env.boolean('UPSTREAM_REPORT', isDevelopment && isSandbox),
});

const otherSettings = {
  nodeEnv: env.optionalText('NODE_ENV', 'production'),
  webhookKeyUrl: env.setting('WEBHOOK_KEY_URL', WEBHOOK_KEY_URL, v.optional(env.keyUrl)),
};

const noFile: env.ReadFile = () => '';

/** The names of all environment variables that the gateway reads. */
export const VARIABLES: readonly string[] = [
  serverSettings,
  liveSettings,
  drainSettings,
  disclosureSettings(true, true),
  otherSettings,
  authSettings,
  jwtSettings,
  apiKeySettings(noFile),
  appSettings,
  cachingSettings,
  ttlSettings,
  clusterSettings,
  limitSettings,
  documentSettings(noFile),
  telemetrySettings,
].flatMap((table: env.SettingsTable) => Object.values(table).map(({ variable }) => variable));

/** Reads and validates all settings; throws a `ConfigError` for the first one that is missing or invalid. */
export function readConfig(environment: env.Environment, readFile: env.ReadFile): Config {
  const server = env.readGroup(environment, serverSettings);
  const auth = readAuth(environment, server.host, readFile);
  const app = readApp(environment, auth.kind === 'passthrough');
  const { nodeEnv, webhookKeyUrl = app && WEBHOOK_KEY_URL } = env.readGroup(environment, otherSettings);
  return Object.freeze({
    ...server,
    auth,
    app,
    caching: readCaching(environment),
    limits: env.readGroup(environment, limitSettings),
    trustedDocuments: readDocuments(environment, readFile),
    live: env.readGroup(environment, liveSettings),
    redis: readCluster(environment),
    webhookKeyUrl,
    drain: env.readGroup(environment, drainSettings),
    ...env.readGroup(environment, disclosureSettings(nodeEnv !== 'production', app === null)),
    telemetry: readTelemetry(environment),
  });
}
