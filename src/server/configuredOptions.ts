import type { Config } from '../config/index.ts';
import type { GatewayOptions, UpstreamSettings } from './gatewayOptions.ts';
import { type ExampleIds, graphiqlOptions } from './graphiql/exampleTabs.ts';

/** What a gateway in its sandbox needs to know of it. */
export interface ServedSandbox {
  /** The base URL of its API. */
  url: string;
  /** The URL of its webhooks' public key. */
  keyUrl: string;
  sandbox: { exampleIds: ExampleIds };
}

/** The sandbox accepts any ids and any token. */
const SANDBOX_APP = { accountId: 'sandbox-account', appId: 'sandbox-app', token: 'sandbox-token' };

/** The credential and the ids of the app that the settings name, or the sandbox's. */
export function configuredApp({ app }: Config, sandbox: ServedSandbox | null) {
  return app ?? { ...SANDBOX_APP, baseUrl: sandbox?.url ?? '' };
}

/** How many operations that are not subscriptions a WebSocket may have in progress, on top of the caller's subscriptions. */
const OTHER_OPERATIONS_PER_SOCKET = 100;

/** The options of WebSockets that follow from the gateway's settings, on every platform. */
export function configuredSocketOptions({ auth, corsOrigins, limits, live }: Config) {
  return {
    corsOrigins,
    localOnly: auth.kind === 'none',
    maxMessageBytes: limits.bodyBytes,
    maxOperations: live.perCaller + OTHER_OPERATIONS_PER_SOCKET,
  };
}

/** The options of a gateway that follow from its settings, on every platform. `sandbox`: null for a real app. */
export function configuredOptions(config: Config, sandbox: ServedSandbox | null) {
  const { auth, upstreamReport, costReport } = config;
  const app = configuredApp(config, sandbox);
  const upstream: UpstreamSettings = {
    ...app,
    attemptTimeoutMs: config.attemptTimeoutMs,
    totalTimeoutMs: config.totalTimeoutMs,
    requestsPerSecond: config.requestsPerSecond,
  };
  return {
    upstream,
    caching: config.caching,
    cacheHeaders: config.cacheHeaders,
    auth,
    callerShares: config.callerShares,
    // Without authentication, a site could reach the gateway from its visitors' browsers by DNS rebinding.
    localOnly: auth.kind === 'none',
    limits: config.limits,
    corsOrigins: config.corsOrigins,
    trustedDocuments: config.trustedDocuments,
    live: config.live,
    webhookKeyUrl: config.webhookKeyUrl ?? sandbox?.keyUrl ?? null,
    purge: config.purge,
    introspection: config.introspection,
    suggestions: config.suggestions,
    upstreamReport,
    costReport,
    graphiql:
      config.graphiql &&
      graphiqlOptions({
        exampleIds: sandbox?.sandbox.exampleIds ?? null,
        upstreamHost: sandbox === null ? new URL(app.baseUrl).host : null,
        auth: auth.kind,
        upstreamReport,
        costReport,
      }),
  } satisfies Partial<GatewayOptions>;
}
