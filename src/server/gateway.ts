import { createYoga } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';

import { createAuthenticate } from '../auth/authenticate.ts';
import { createResolveCaller } from '../auth/resolveCaller.ts';
import { systemClock } from '../lib/clock.ts';
import type { Context } from '../graphql/context.ts';
import { createContext } from './createContext.ts';
import { corsFor } from './cors.ts';
import { changedIdsOf, type WebhookEvent } from '../webhooks/webhookEvent.ts';
import { createLiveSubscriptions, DEFAULT_LIVE_LIMITS } from '../live/subscriptions.ts';
import { createWebhookReceiver } from '../webhooks/receiver.ts';
import type { WebhookOutcome } from '../telemetry/metrics.ts';
import type { GatewayOptions } from './gatewayOptions.ts';
import { renderGraphiQL } from './graphiql.ts';
import { DEFAULT_OPERATION_LIMITS } from '../graphql/limits/operationLimits.ts';
import { redactingLog } from '../lib/log.ts';
import { useAuthentication } from './plugins/useAuthentication.ts';
import { useBodyLimit } from './plugins/useBodyLimit.ts';
import { useStreamTermination } from './plugins/useStreamTermination.ts';
import { useCostLimit } from './plugins/useCostLimit.ts';
import { useCsrfPrevention } from './plugins/useCsrfPrevention.ts';
import { createErrorFormatter, useErrorFormatting } from './plugins/useErrorFormatting.ts';
import { useDisableIntrospection } from './plugins/useDisableIntrospection.ts';
import { useResponseCache } from './plugins/useResponseCache.ts';
import { useHostCheck } from './plugins/useHostCheck.ts';
import { useMetrics } from './plugins/useMetrics.ts';
import { useOperationTelemetry } from './plugins/useOperationTelemetry.ts';
import { useQueryLimits } from './plugins/useQueryLimits.ts';
import { useReadiness } from './plugins/useReadiness.ts';
import { useRequestId } from './plugins/useRequestId.ts';
import { DOCUMENT_ID, useTrustedDocuments } from './plugins/useTrustedDocuments.ts';
import { useUpstreamReport } from './plugins/useUpstreamReport.ts';
import { useWebhooks } from './plugins/useWebhooks.ts';
import { useRequestValidation } from './plugins/useRequestValidation.ts';
import { createGatewaySchema } from '../graphql/schema.ts';
import { registerGauges } from './registerGauges.ts';
import { DEFAULT_CACHING } from '../data/cachingSettings.ts';
import { createDataSource } from '../data/dataSource.ts';

/**
 * Puts the gateway together. What it gives has `fetch`, and is itself a listener for `node:http`. With `endSubscriptions` all who watch
 * are sent away, each to come back elsewhere, and nobody can watch any more.
 */
export function createGateway(options: GatewayOptions) {
  const { transport, graphiql, upstreamReport = false, corsOrigins = [], localOnly = false } = options;
  const { auth = { kind: 'none' }, trustedDocuments = { documents: new Map(), isExclusive: false } } = options;
  const { isReady = () => true, readinessDetails = () => ({}) } = options;
  const { clock = systemClock, random = Math.random } = options;
  const { cluster = null, introspection = true, suggestions = true, webhookKeyUrl = null } = options;
  const { metrics, tracer } = options;
  const { token, ...client } = options.upstream;
  const secrets = [token ?? '', client.accountId, client.appId].filter((secret) => secret !== '');
  const log = redactingLog(options.log, secrets);
  const limits = { ...DEFAULT_OPERATION_LIMITS, ...options.limits };
  const economy = { ...DEFAULT_CACHING, ...options.caching };
  const dataSource = createDataSource({ ...client, ...economy, transport, clock, random, cluster: cluster, metrics });
  const live = { ...DEFAULT_LIVE_LIMITS, ...options.live };
  const watch = createLiveSubscriptions({ dataSource, clock, ttl: economy.ttl, limits: live });
  const onEvent = (event: WebhookEvent): void => watch.onWebhook(changedIdsOf(event));
  const onOutcome = (outcome: WebhookOutcome): void => metrics?.webhook(outcome);
  const receive =
    webhookKeyUrl === null
      ? null
      : createWebhookReceiver({ keyUrl: webhookKeyUrl, transport, clock, log, onEvent, onOutcome });
  const identify = createResolveCaller({
    authenticate: createAuthenticate(auth, { transport, clock, log }),
    dataSource,
    token,
    log,
  });

  const present = createErrorFormatter(log, suggestions);
  const operations = useOperationTelemetry({ log, metrics, tracer });
  if (metrics !== undefined) {
    const budget = token === null ? null : async () => (await dataSource.account(token)).budget;
    registerGauges(metrics, {
      budget,
      freshness: economy.ttl,
      subscriptions: () => watch.size(),
      store: cluster?.store ?? null,
    });
  }

  const yoga = createYoga<object, Context>({
    schema: createGatewaySchema(),
    context: ({ request }) => createContext(request, { upstream: dataSource, watch }),
    graphiql,
    renderGraphiQL,
    landingPage: ({ url, graphqlEndpoint, fetchAPI }) =>
      url.pathname === '/'
        ? new fetchAPI.Response(null, { status: 302, headers: { location: graphqlEndpoint } })
        : new fetchAPI.Response('There is nothing here. GraphQL is at /graphql.\n', { status: 404 }),
    cors: corsOrigins.length === 0 ? false : (request) => corsFor(request, corsOrigins),
    multipart: false,
    batching: false,
    extraParamNames: [DOCUMENT_ID],
    parserAndValidationCache: { documentCache: documentCache(), errorCache: documentCache() },
    // useBodyLimit does it at a fraction of the cost.
    maxRequestBodySize: false,
    // useErrorCodes masks, since it knows the request that an error belongs to.
    maskedErrors: false,
    logging: false,
    plugins: [
      operations.first,
      useRequestId(),
      // Before hosts and callers are looked at: they have a signature.
      ...(receive === null ? [] : [useWebhooks(receive)]),
      ...(localOnly ? [useHostCheck()] : []),
      useReadiness(isReady, readinessDetails),
      ...(metrics === undefined ? [] : [useMetrics(metrics)]),
      // Before anything of a request's body is read.
      useCsrfPrevention(corsOrigins),
      useAuthentication(identify),
      useRequestValidation(),
      useBodyLimit(limits.bodyBytes),
      // What a document's id stands for is looked at as if it had been sent.
      useTrustedDocuments(trustedDocuments),
      useQueryLimits(limits),
      ...(introspection ? [] : [useDisableIntrospection()]),
      useCostLimit(limits),
      ...(upstreamReport ? [useUpstreamReport()] : []),
      useResponseCache(dataSource.responseCache),
      useStreamTermination(),
      // Last, so that it sees the errors of all the others.
      useErrorFormatting(present),
      operations.last,
    ],
  });
  return Object.assign(yoga, {
    endSubscriptions: () => watch.closeAll(),
    /** How many subscriptions there are. */
    subscriptions: () => watch.size(),
    /** Starts and stops that are not settled yet: they go on when their callers leave, and the process has to wait for them. */
    pendingMutations: dataSource.pendingMutations,
  });
}

/** Parsed documents, as many as fit, by their characters, of which each takes up to 190 bytes: callers can send any number. */
function documentCache<Value extends object>(): LRUCache<string, Value> {
  return new LRUCache({ maxSize: 200_000, sizeCalculation: (_value, text) => 1 + text.length });
}

export type { GatewayOptions };
export type Gateway = ReturnType<typeof createGateway>;
