import * as v from 'valibot';

import { DEFAULT_OPERATION_LIMITS as DEFAULT_LIMITS } from '../graphql/limits/operationLimits.ts';
import { DEFAULT_LIVE_LIMITS } from '../live/subscriptions.ts';
import { apiKeySettings, authSettings, jwtSettings, readAuth } from './auth.ts';
import { cachingSettings, readCaching, ttlSettings } from './caching.ts';
import { callerSettings, readCallerShares } from './callerShares.ts';
import { clusterSettings, readCluster } from './cluster.ts';
import * as env from './env.ts';
import { documentSettings, readDocuments } from './persistedDocuments.ts';
import { proxySettings, readProxy } from './proxy.ts';
import { purgeSettings, readPurge } from './purge.ts';
import { appSettings, BASE_URL, readApp, sandboxSettings, servesSandbox } from './realtimekit.ts';
import { readTelemetry, telemetrySettings } from './telemetry.ts';

const PORT_RANGE = { min: 0, max: 65_535 };
const TIMEOUT_RANGE = { min: 1, max: 600_000 };
const KEEP_ALIVE_RANGE = { min: 1000, max: 86_400_000 };
const DRAIN_RANGE = { min: 0, max: 3_600_000 };
const LIMIT_RANGE = { min: 1, max: 100_000_000 };
const SUBSCRIPTION_RANGE = { min: 0, max: 1_000_000 };
const WEBHOOK_KEY_URL = 'https://api.realtime.cloudflare.com/.well-known/webhooks.json';

const hostName = v.pipe(
  v.string(),
  v.check(isHostName, env.mustBe('an IP address without brackets or a host name, without a port')),
);
const mustBeOrigin = env.mustBe(
  'an origin without a path, such as https://app.example.com or https://*.example.com, or "*"',
);
const origin = v.pipe(
  v.string(),
  v.check(isOrigin, (issue) => mustBeOrigin(issue) + originHint(issue.input)),
);

const serverSettings = {
  host: env.setting('HOST', '127.0.0.1', v.optional(hostName, '127.0.0.1')),
  port: env.integer('PORT', 4000, PORT_RANGE),
  sandboxPort: env.integer('SANDBOX_PORT', 4001, PORT_RANGE),
  /** How long idle connections are kept open. The default is longer than the one minute of many proxies. */
  keepAliveTimeoutMs: env.integer('KEEP_ALIVE_TIMEOUT_MS', 75_000, KEEP_ALIVE_RANGE),
  /** How long a single attempt of an upstream request may take. */
  attemptTimeoutMs: env.integer('UPSTREAM_ATTEMPT_TIMEOUT_MS', 10_000, TIMEOUT_RANGE),
  /** How long an upstream request may take with all its retries. */
  totalTimeoutMs: env.integer('UPSTREAM_TIMEOUT_MS', 25_000, TIMEOUT_RANGE),
  /** The maximum number of upstream requests in any second; 0 for no limit. */
  requestsPerSecond: env.integer('REQUESTS_PER_SECOND', 200, { min: 0, max: 100_000 }),
  /** Who may store responses besides the gateway: nobody, the caller's own cache, or also caches that callers share. */
  cacheHeaders: env.choice('CACHE_HEADERS', ['off', 'private', 'public'], 'private'),
  /** The origins whose pages may send requests; `*` for any. */
  corsOrigins: env.setting(
    'CORS_ORIGINS',
    'https://app.example.com',
    v.optional(v.pipe(env.list, v.array(origin)), ''),
  ),
};

/** The limits of a single request. */
const limitSettings = {
  depth: env.integer('QUERY_DEPTH', DEFAULT_LIMITS.depth, LIMIT_RANGE),
  aliases: env.integer('QUERY_ALIASES', DEFAULT_LIMITS.aliases, LIMIT_RANGE),
  rootFields: env.integer('QUERY_ROOT_FIELDS', DEFAULT_LIMITS.rootFields, LIMIT_RANGE),
  directives: env.integer('QUERY_DIRECTIVES', DEFAULT_LIMITS.directives, LIMIT_RANGE),
  tokens: env.integer('QUERY_TOKENS', DEFAULT_LIMITS.tokens, LIMIT_RANGE),
  queryBytes: env.integer('QUERY_BYTES', DEFAULT_LIMITS.queryBytes, LIMIT_RANGE),
  bodyBytes: env.integer('BODY_BYTES', DEFAULT_LIMITS.bodyBytes, LIMIT_RANGE),
  upstreamRequests: env.integer('QUERY_COST', DEFAULT_LIMITS.upstreamRequests, LIMIT_RANGE),
  fields: env.integer('QUERY_FIELDS', DEFAULT_LIMITS.fields, LIMIT_RANGE),
};

const liveSettings = {
  total: env.integer('SUBSCRIPTIONS', DEFAULT_LIVE_LIMITS.total, SUBSCRIPTION_RANGE),
  perCaller: env.integer('SUBSCRIPTIONS_PER_CALLER', DEFAULT_LIVE_LIMITS.perCaller, SUBSCRIPTION_RANGE),
};

/** How the process shuts down after SIGTERM or SIGINT. */
const drainSettings = {
  /** How long to keep serving while `/ready` answers 503, so that load balancers stop sending requests here. */
  delayMs: env.integer('DRAIN_DELAY_MS', 0, DRAIN_RANGE),
  /** How long, after that, to wait for pending work. */
  timeoutMs: env.integer('DRAIN_MS', 25_000, DRAIN_RANGE),
};

/** What callers may learn about the gateway: by default less in production, and less about a real app than the sandbox. */
const disclosureSettings = (isProduction: boolean, isSandbox: boolean) => ({
  /** Whether to serve GraphiQL. */
  graphiql: env.boolean('GRAPHIQL', !isProduction),
  /** Whether to allow introspection and `_service`. */
  introspection: env.boolean('INTROSPECTION', !isProduction),
  /** Whether error messages suggest names from the schema. */
  suggestions: env.boolean('SUGGESTIONS', !isProduction),
  /** Whether callers may request a report of the upstream requests of their operation. */
  upstreamReport: env.boolean('UPSTREAM_REPORT', !isProduction && isSandbox),
  /** Whether callers may ask what an operation costs, or would cost. */
  costReport: env.boolean('COST_REPORT', !isProduction),
});

const otherSettings = {
  /** Every value but `development` and `test` means production. */
  isProduction: env.setting(
    'NODE_ENV',
    'production',
    v.pipe(
      v.optional(v.string(), 'development'),
      v.transform((word) => !['development', 'test'].includes(word.toLowerCase())),
    ),
  ),
  /** The URL of the public key that verifies RealtimeKit's webhooks. */
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
  sandboxSettings(true),
  authSettings,
  jwtSettings,
  apiKeySettings(noFile),
  appSettings,
  proxySettings,
  cachingSettings,
  callerSettings,
  ttlSettings,
  clusterSettings,
  limitSettings,
  documentSettings(noFile),
  purgeSettings,
  telemetrySettings,
].flatMap((table) => Object.values(table).map(({ variable }: env.Setting) => variable));

/** Reads and validates all settings; throws a `ConfigError` for the first one that is missing or invalid. */
export function readConfig(environment: env.Environment, readFile: env.ReadFile) {
  const server = env.readGroup(environment, serverSettings);
  const auth = readAuth(environment, server.host, readFile);
  const { isProduction, webhookKeyUrl } = env.readGroup(environment, otherSettings);
  const app = servesSandbox(environment, isProduction) ? null : readApp(environment, auth.kind === 'passthrough');
  if (app === null && server.port === server.sandboxPort && server.port !== 0)
    throw new env.ConfigError('SANDBOX_PORT', 'must differ from PORT.', String(server.port + 1));
  return Object.freeze({
    ...server,
    auth,
    /** The app to serve; null for the sandbox. */
    app,
    proxy: readProxy(environment),
    caching: readCaching(environment),
    /** How callers share the request budget; null if they do not. */
    callerShares: readCallerShares(environment),
    limits: env.readGroup(environment, limitSettings),
    trustedDocuments: readDocuments(environment, readFile),
    live: env.readGroup(environment, liveSettings),
    /** How replicas share state; null for a single replica. */
    redis: readCluster(environment),
    /** Null for the URL of the sandbox's key. */
    webhookKeyUrl: webhookKeyUrl ?? (app && WEBHOOK_KEY_URL),
    /** The caches to purge; null for none. */
    purge: readPurge(environment, app?.baseUrl ?? BASE_URL),
    drain: env.readGroup(environment, drainSettings),
    ...env.readGroup(environment, disclosureSettings(isProduction, app === null)),
    telemetry: readTelemetry(environment),
    /** The paths of the files that have been read and may change; null for those that no setting names. */
    files: {
      apiKeys: auth.kind === 'api-key' ? env.pathOf(environment, apiKeySettings(readFile).file) : null,
      trustedDocuments: env.pathOf(environment, documentSettings(readFile).documents),
    },
  });
}

/** All settings of the gateway. */
export type Config = ReturnType<typeof readConfig>;
export type DrainSettings = Config['drain'];

/** Whether a text could be a host: the operating system decides whether it is one of this machine. */
function isHostName(text: string): boolean {
  const isName = /^(?!-)[A-Za-z0-9.-]{1,253}$/.test(text);
  return isName || (text.includes(':') && URL.canParse(`http://[${text}]`));
}

/** Whether a text is `*` or a web page's origin. The first label of its host may be `*`, for any one label. */
function isOrigin(text: string): boolean {
  const example = text.replace('://*.', '://any.');
  const url = URL.parse(example);
  return text === '*' || (url?.origin === example && env.isHttp(url) && !example.includes('*'));
}

/** Says how browsers write the origin in a text; empty if there is none. */
function originHint(text: string): string {
  const written = URL.parse(text.replace('://*.', '://any.'))?.origin.replace('://any.', '://*.') ?? '';
  return isOrigin(written) ? ` Write it as ${written}.` : '';
}
