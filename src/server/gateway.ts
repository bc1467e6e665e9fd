import { createYoga } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';

import { createAuthenticate } from '../auth/authenticate.ts';
import { createResolveCaller } from '../auth/resolveCaller.ts';
import { DEFAULT_CACHING } from '../data/cachingSettings.ts';
import { createDataSource } from '../data/dataSource.ts';
import type { Context } from '../graphql/context.ts';
import { DEFAULT_OPERATION_LIMITS } from '../graphql/limits/operationLimits.ts';
import { gatewaySchema } from '../graphql/schema.ts';
import { systemClock } from '../lib/clock.ts';
import { redactingLog } from '../lib/log.ts';
import { createLiveSubscriptions, DEFAULT_LIVE_LIMITS } from '../live/subscriptions.ts';
import { createWebhookReceiver } from '../webhooks/receiver.ts';
import { changedIdsOf } from '../webhooks/webhookEvent.ts';
import { corsFor } from './cors.ts';
import { createContext } from './createContext.ts';
import type { GatewayOptions } from './gatewayOptions.ts';
import { renderGraphiQL } from './graphiql.ts';
import { useAuthentication } from './plugins/useAuthentication.ts';
import { useBodyLimit } from './plugins/useBodyLimit.ts';
import { useCostLimit } from './plugins/useCostLimit.ts';
import { useCsrfPrevention } from './plugins/useCsrfPrevention.ts';
import { useDisableIntrospection } from './plugins/useDisableIntrospection.ts';
import { createErrorFormatter, useErrorFormatting } from './plugins/useErrorFormatting.ts';
import { useHealth } from './plugins/useHealth.ts';
import { useHostCheck } from './plugins/useHostCheck.ts';
import { useMetrics } from './plugins/useMetrics.ts';
import { useOperationTelemetry } from './plugins/useOperationTelemetry.ts';
import { useQueryLimits } from './plugins/useQueryLimits.ts';
import { useReadiness } from './plugins/useReadiness.ts';
import { useRequestId } from './plugins/useRequestId.ts';
import { useRequestValidation } from './plugins/useRequestValidation.ts';
import { useResponseCache } from './plugins/useResponseCache.ts';
import { useStreamTermination } from './plugins/useStreamTermination.ts';
import { DOCUMENT_ID, useTrustedDocuments } from './plugins/useTrustedDocuments.ts';
import { useUpstreamReport } from './plugins/useUpstreamReport.ts';
import { useWebhooks } from './plugins/useWebhooks.ts';
import { registerGauges } from './registerGauges.ts';

/**
 * Creates the gateway: a request handler with a `fetch` method, which is also a request listener for `node:http`.
 *
 * A request passes through the plugins below. Its operation is executed by the resolvers (src/graphql/resolvers), which read through
 * the operation's loaders (src/graphql/loaders) from the data source (src/data). The data source answers from its cache or sends
 * requests to RealtimeKit (src/realtimekit). Subscriptions (src/live) poll the data source; webhooks (src/webhooks) make them poll at
 * once.
 */
export function createGateway(options: GatewayOptions) {
  const { transport, cluster = null, clock = systemClock, random = Math.random } = options;
  const { auth = { kind: 'none' }, corsOrigins = [], localOnly = false, webhookKeyUrl = null } = options;
  const { introspection = true, suggestions = true, upstreamReport = false, graphiql } = options;
  const { trustedDocuments = { documents: new Map(), isExclusive: false } } = options;
  const { metrics, tracer, version, isReady = () => true, readinessDetails = () => ({}) } = options;
  const { token, ...client } = options.upstream;
  const caching = { ...DEFAULT_CACHING, ...options.caching };
  const limits = { ...DEFAULT_OPERATION_LIMITS, ...options.limits };
  const secrets = [token ?? '', client.accountId, client.appId].filter((secret) => secret !== '');
  const log = redactingLog(options.log, secrets);

  const dataSource = createDataSource({ ...client, ...caching, transport, clock, random, cluster, metrics });
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
          onEvent: (event) => subscriptions.onWebhook(changedIdsOf(event)),
          onOutcome: (outcome) => metrics?.webhook(outcome),
        });
  const authenticate = createAuthenticate(auth, { transport, clock, log });
  const resolveCaller = createResolveCaller({ authenticate, dataSource, token, log });
  const operationTelemetry = useOperationTelemetry({ log, metrics, tracer });
  if (metrics !== undefined) {
    registerGauges(metrics, {
      budget: token === null ? null : async () => (await dataSource.account(token)).budget,
      ttl: caching.ttl,
      subscriptionCount: () => subscriptions.size(),
      store: cluster?.store ?? null,
    });
  }

  const yoga = createYoga<object, Context>({
    schema: gatewaySchema(),
    context: ({ request }) => createContext(request, { dataSource, subscriptions }),
    // The order matters: a plugin sees a request after the plugins before it, and may end it.
    plugins: [
      operationTelemetry.first,
      useRequestId(),
      useHealth(version),
      // Before the checks of host and caller: webhooks are authenticated by their signature.
      ...(webhookReceiver === null ? [] : [useWebhooks(webhookReceiver)]),
      ...(localOnly ? [useHostCheck()] : []),
      useReadiness(isReady, readinessDetails),
      ...(metrics === undefined ? [] : [useMetrics(metrics)]),
      // From here on, requests for GraphQL. Those that are not allowed are rejected before their body is read.
      useCsrfPrevention(corsOrigins),
      useAuthentication(resolveCaller),
      useRequestValidation(),
      useBodyLimit(limits.bodyBytes),
      // Before the limits, which apply to trusted documents too.
      useTrustedDocuments(trustedDocuments),
      useQueryLimits(limits),
      ...(introspection ? [] : [useDisableIntrospection()]),
      useCostLimit(limits),
      ...(upstreamReport ? [useUpstreamReport()] : []),
      useResponseCache(dataSource.responseCache),
      useStreamTermination(),
      // After all other plugins, to see their errors.
      useErrorFormatting(createErrorFormatter(log, suggestions)),
      operationTelemetry.last,
    ],
    graphiql,
    renderGraphiQL,
    landingPage: ({ url, graphqlEndpoint, fetchAPI }) =>
      url.pathname === '/'
        ? new fetchAPI.Response(null, { status: 302, headers: { location: graphqlEndpoint } })
        : new fetchAPI.Response('Not found. GraphQL is at /graphql.\n', { status: 404 }),
    cors: corsOrigins.length === 0 ? false : (request) => corsFor(request, corsOrigins),
    extraParamNames: [DOCUMENT_ID],
    parserAndValidationCache: { documentCache: createDocumentCache(), errorCache: createDocumentCache() },
    multipart: false,
    batching: false,
    logging: false,
    // Yoga's own versions of three plugins above. The endpoint is one that no URL can end with.
    healthCheckEndpoint: ' ',
    maxRequestBodySize: false,
    maskedErrors: false,
  });
  return Object.assign(yoga, {
    /** Ends all subscriptions, so that their clients reconnect elsewhere, and rejects new ones. */
    endSubscriptions: () => subscriptions.closeAll(),
    /** The number of open subscriptions. */
    subscriptionCount: () => subscriptions.size(),
    /** Starts and stops that are not settled. They continue when their callers disconnect; the process must not exit before. */
    pendingMutations: dataSource.pendingMutations,
  });
}

/** A cache by the text of a document, bounded by the total length of the texts. A parsed document takes up to 190 bytes a character. */
function createDocumentCache<Value extends object>(): LRUCache<string, Value> {
  return new LRUCache({ maxSize: 200_000, sizeCalculation: (_value, text) => 1 + text.length });
}

export type { GatewayOptions };
export type Gateway = ReturnType<typeof createGateway>;
