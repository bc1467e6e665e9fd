import { createYoga } from 'graphql-yoga';

import { createApiKeys } from '../auth/apiKeys.ts';
import { createAuthenticate } from '../auth/authenticate.ts';
import { createResolveCaller } from '../auth/resolveCaller.ts';
import { createCallerAccounts, EQUAL_SHARES } from '../data/callerAccounts.ts';
import { DEFAULT_CACHING } from '../data/cachingSettings.ts';
import { createDataSource } from '../data/dataSource.ts';
import { DEFAULT_OPERATION_LIMITS } from '../graphql/limits/operationLimits.ts';
import { gatewaySchema } from '../graphql/schema.ts';
import { systemClock } from '../lib/clock.ts';
import { redactingLog } from '../lib/log.ts';
import { createLiveSubscriptions, DEFAULT_LIVE_LIMITS } from '../live/subscriptions.ts';
import { createPurger, purgeSecrets } from '../purge/purger.ts';
import { createUpstreamStatus } from '../realtimekit/upstreamStatus.ts';
import { createOperationReporter } from '../telemetry/operationReporter.ts';
import { createWebhookReceiver } from '../webhooks/receiver.ts';
import { createCacheHeaders } from './cacheHeaders.ts';
import { TAGS_HEADER } from './apolloCacheTags.ts';
import { REPORT_HEADER } from './answerOperation.ts';
import { checkUpstream } from './checkUpstream.ts';
import { corsFor, createOriginWarning } from './cors.ts';
import { COST_HEADER } from './costRequest.ts';
import { createErrorFormatter } from './formatErrors.ts';
import type { GatewayOptions } from './gatewayOptions.ts';
import { createGraphqlHandler } from './graphqlHandler.ts';
import { createPersistedDocuments } from './persistedDocuments.ts';
import { useResponseHeaders } from './plugins/useResponseHeaders.ts';
import { useRoutes } from './plugins/useRoutes.ts';
import { registerGauges } from './registerGauges.ts';
import { RATE_LIMIT_FIELDS } from './rateLimitFields.ts';
import { REQUEST_ID, type ServerContext } from './requestState.ts';
import { GRAPHQL_PATH, SCHEMA_PATH } from './requestTarget.ts';
import { createSchemaFile } from './schemaFile.ts';

/**
 * Creates the gateway: a request handler with a `fetch` method. `httpServer.ts` serves it over `node:http`.
 *
 * A request passes through the plugins below, each of which may end it. Its operation is executed by the resolvers (src/graphql/resolvers), which read through
 * the operation's loaders (src/graphql/loaders) from the data source (src/data). The data source answers from its cache or sends
 * requests to RealtimeKit (src/realtimekit). Subscriptions (src/live) poll the data source; webhooks (src/webhooks) make them poll at
 * once.
 */
export function createGateway(options: GatewayOptions) {
  const { transport, cluster = null, savedState = null, clock = systemClock, random = Math.random } = options;
  const { callerShares = EQUAL_SHARES } = options;
  const { auth = { kind: 'none' }, corsOrigins = [], localOnly = false, webhookKeyUrl = null } = options;
  const { introspection = true, suggestions = true, upstreamReport = false, costReport = false, graphiql } = options;
  const { trustedDocuments = { documents: new Map(), isExclusive: false } } = options;
  const { purge = null, metrics, tracer, version, isReady = () => true, readinessDetails = () => ({}) } = options;
  const { token, ...client } = options.upstream;
  const caching = { ...DEFAULT_CACHING, ...options.caching };
  const limits = { ...DEFAULT_OPERATION_LIMITS, ...options.limits };
  const ownSecrets = [token ?? '', client.accountId, client.appId].filter((secret) => secret !== '');
  const secrets = [...ownSecrets, ...(purge === null ? [] : purgeSecrets(purge))];
  const log = redactingLog(options.log, secrets);

  const purger = purge === null ? null : createPurger(purge, { transport, clock, random, log, metrics });
  const hasPersonalNames = auth.kind === 'jwt';
  const hasShares = callerShares !== null && (hasPersonalNames || auth.kind === 'api-key');
  const upstreamStatus = createUpstreamStatus(clock, log, metrics);
  const dataSource = createDataSource({
    ...client,
    ...caching,
    passthrough: auth.kind === 'passthrough',
    transport,
    clock,
    random,
    cluster,
    savedState,
    hasCallers: hasShares,
    metrics,
    onOutcome: (reason) => upstreamStatus.record(reason),
    onOutdated: purger?.purge,
  });
  const subscriptions = createLiveSubscriptions({
    dataSource,
    clock,
    ttl: caching.ttl,
    limits: { ...DEFAULT_LIVE_LIMITS, ...options.live },
  });
  const webhookReceiver =
    webhookKeyUrl === null
      ? null
      : createWebhookReceiver({
          keyUrl: webhookKeyUrl,
          transport,
          clock,
          log,
          savedState,
          onEvent: (ids) => subscriptions.onWebhook(ids),
          onOutcome: (outcome) => metrics?.webhook(outcome),
        });
  const apiKeys = createApiKeys(auth.kind === 'api-key' ? auth.keys : []);
  const authenticate = createAuthenticate(auth, { transport, clock, log, apiKeys });
  const callerAccounts = hasShares ? createCallerAccounts({ ...callerShares, hasPersonalNames, metrics }) : null;
  const resolveCaller = createResolveCaller({ authenticate, dataSource, token, callerAccounts });
  if (metrics !== undefined) {
    registerGauges(metrics, {
      budget: token === null ? null : async () => (await dataSource.account(token)).budget,
      ttl: caching.ttl,
      subscriptionCount: () => subscriptions.size(),
      store: cluster?.store ?? null,
    });
  }

  const report = createOperationReporter({ log, metrics });
  const warnOfOrigin = createOriginWarning(corsOrigins, log, clock);
  const documents = createPersistedDocuments({ trustedDocuments, limits });
  const { cacheHeaders: setting = 'private' } = options;
  if (setting === 'public' && auth.kind !== 'none')
    log('warn', 'CACHE_HEADERS=public is without effect: what callers get depends on their credential.');
  const cacheHeaders = createCacheHeaders({
    setting,
    auth: auth.kind,
    cors: corsOrigins.length > 0,
    vary: [COST_HEADER, ...(upstreamReport ? [REPORT_HEADER] : []), TAGS_HEADER],
    clock,
  });
  const graphqlOptions = {
    schema: gatewaySchema(),
    limits,
    introspection,
    dataSource,
    subscriptions,
    cacheHeaders,
    documents,
    upstreamReport,
    costReport,
    tracer,
    corsOrigins,
    resolveCaller,
    clock,
    formatErrors: createErrorFormatter(log, suggestions),
    report,
  };
  const corsRule = {
    origins: corsOrigins,
    paths: introspection ? [GRAPHQL_PATH, SCHEMA_PATH] : [GRAPHQL_PATH],
    exposedFields: [REQUEST_ID, ...(hasShares ? RATE_LIMIT_FIELDS : [])],
  };
  const yoga = createYoga<ServerContext>({
    plugins: [
      useRoutes({
        version,
        isReady,
        readinessDetails: () => ({ ...readinessDetails(), upstream: upstreamStatus.current() }),
        metrics,
        webhookReceiver,
        localOnly,
        graphiql,
        schemaFile: introspection ? createSchemaFile({ corsOrigins, resolveCaller }) : null,
        graphql: (fetchAPI) => createGraphqlHandler(graphqlOptions, fetchAPI),
      }),
      useResponseHeaders({ clock, report, cacheHeaders, warnOfOrigin }),
    ],
    cors: corsOrigins.length === 0 ? false : (request) => corsFor(request, corsRule),
    // What comes before the plugins above, which answer every request. The endpoint is one that no URL can end with.
    graphiql: false,
    healthCheckEndpoint: ' ',
    logging: false,
  });
  return Object.assign(yoga, {
    /** For requests that fail outside the plugins above. */
    log,
    report,
    warnOfOrigin,
    /** Logs whether RealtimeKit accepts the gateway's own token and ids. Never rejects. */
    checkUpstream: async () => (token === null ? undefined : checkUpstream(dataSource, token, log)),
    /** Ends all subscriptions, so that their clients reconnect elsewhere, and rejects new ones. */
    endSubscriptions: () => subscriptions.closeAll(),
    /** Accepts these API keys from now on. Ends the subscriptions of the others. */
    replaceApiKeys: apiKeys.replace,
    /** Serves these trusted documents from now on. */
    replaceTrustedDocuments: documents.replaceTrusted,
    /** The number of open subscriptions. */
    subscriptionCount: () => subscriptions.size(),
    /** The number of changes so far that the gateway made, or was told of by webhooks and other replicas. */
    changes: dataSource.changes,
    /** Starts and stops that are not settled. They continue when their callers disconnect; the process must not exit before. */
    pendingMutations: dataSource.pendingMutations,
    /** The endpoints that have not purged everything yet; undefined if there are none. */
    pendingPurges: purger?.pending,
  });
}

export type { GatewayOptions };
export type Gateway = ReturnType<typeof createGateway>;
