import { createYoga, type GraphiQLOptions } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';

import { type AuthSettings, createAuthenticate } from './auth/authenticate.ts';
import { createIdentify } from './auth/identify.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Context } from './context.ts';
import { corsFor } from './cors.ts';
import { idsOf, type WebhookEvent } from './live/events.ts';
import { createWatch, DEFAULT_LIVE_LIMITS, type LiveLimits } from './live/watch.ts';
import { createWebhookReceiver } from './live/webhook.ts';
import { createLoaders, type Loaders } from './loaders.ts';
import { renderGraphiQL } from './graphiql.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { type Log, withoutSecrets } from './log.ts';
import { callerOf, useAuthentication } from './plugins/useAuthentication.ts';
import { useBodyLimit } from './plugins/useBodyLimit.ts';
import { useBrokenStreams } from './plugins/useBrokenStreams.ts';
import { useCostLimit } from './plugins/useCostLimit.ts';
import { useCsrfPrevention } from './plugins/useCsrfPrevention.ts';
import { useErrorCodes } from './plugins/useErrorCodes.ts';
import { useHiddenSchema } from './plugins/useHiddenSchema.ts';
import { useKeptAnswers } from './plugins/useKeptAnswers.ts';
import { useLocalHost } from './plugins/useLocalHost.ts';
import { useQueryLimits } from './plugins/useQueryLimits.ts';
import { useReadiness } from './plugins/useReadiness.ts';
import { useRequestId } from './plugins/useRequestId.ts';
import { DOCUMENT_ID, type TrustedDocuments, useTrustedDocuments } from './plugins/useTrustedDocuments.ts';
import { useUpstreamReport } from './plugins/useUpstreamReport.ts';
import { useWebhooks } from './plugins/useWebhooks.ts';
import { useWellFormedRequest } from './plugins/useWellFormedRequest.ts';
import { createGatewaySchema } from './schema.ts';
import type { ClientSettings } from './upstream/client.ts';
import { DEFAULT_ECONOMY, type EconomySettings } from './upstream/economy.ts';
import type { Transport } from './upstream/transport.ts';
import { createUpstream } from './upstream/upstream.ts';

/** Which app is served, with which credential, and how patiently. */
export interface UpstreamSettings extends ClientSettings {
  /** Secret. The gateway's own, from which callers are served who bring none; null: all of them do. */
  token: string | null;
}

export interface GatewayOptions {
  upstream: UpstreamSettings;
  /** How answers are kept and requests are spent; what is left out is as by default. */
  economy?: Partial<EconomySettings>;
  /** Whether callers may ask what their operations cost. */
  reports?: boolean;
  transport: Transport;
  log: Log;
  /** GraphiQL's look and its first tabs; false: it is not served. */
  graphiql: GraphiQLOptions | false;
  /** How callers show who they are; by default not at all. */
  auth?: AuthSettings;
  /** What one request may ask for; what is left out is as by default. */
  limits?: Partial<Limits>;
  /** Which sites' pages may call, as `https://example.com`; `*`: any. By default none. */
  corsOrigins?: readonly string[];
  /** Whether only this machine's own names are answered to. */
  localOnly?: boolean;
  /** Whether introspection and `_service` are answered, by default yes. */
  tellsSchema?: boolean;
  /** Whether errors name what the schema has that was nearly named, by default yes. */
  suggestions?: boolean;
  trustedDocuments?: TrustedDocuments;
  /** Where the public key of RealtimeKit's webhooks is; null: none are received. */
  webhookKeyUrl?: string | null;
  /** How many may watch; what is left out is as by default. */
  live?: Partial<LiveLimits>;
  /** False while no new work is wanted: `GET /ready` then answers 503. */
  isReady?: () => boolean;
  clock?: Clock;
  /** From 0 to 1, for the jitter of waits. */
  random?: () => number;
}

/**
 * Puts the gateway together. What it gives has `fetch`, and is itself a listener for `node:http`. With `endSubscriptions` all who watch
 * are sent away, each to come back elsewhere, and nobody can watch any more.
 */
export function createGateway(options: GatewayOptions) {
  const { transport, graphiql, reports = false, corsOrigins = [], localOnly = false } = options;
  const { auth = { kind: 'none' }, trustedDocuments = { documents: new Map(), only: false } } = options;
  const { isReady = () => true, clock = systemClock, random = Math.random } = options;
  const { tellsSchema = true, suggestions = true, webhookKeyUrl = null } = options;
  const { token, ...client } = options.upstream;
  const secrets = [token ?? '', client.accountId, client.appId].filter((secret) => secret !== '');
  const log = withoutSecrets(options.log, secrets);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const economy = { ...DEFAULT_ECONOMY, ...options.economy };
  const upstream = createUpstream({ ...client, ...economy, transport, clock, random });
  const live = { ...DEFAULT_LIVE_LIMITS, ...options.live };
  const watch = createWatch({ upstream, clock, freshness: economy.freshness, limits: live });
  const onEvent = (event: WebhookEvent): void => watch.told(idsOf(event));
  const receive =
    webhookKeyUrl === null ? null : createWebhookReceiver({ keyUrl: webhookKeyUrl, transport, clock, log, onEvent });
  const identify = createIdentify({
    authenticate: createAuthenticate(auth, { transport, clock, log }),
    upstream,
    token,
    log,
  });
  const contextOf = (request: Request): Context => {
    const { viewer, account } = callerOf(request);
    const signal = following(request.signal);
    const loadersOf = (): Loaders => createLoaders(upstream, account, signal);
    return {
      viewer,
      loaders: loadersOf(),
      createLoaders: loadersOf,
      watch: async (target) => watch.subscribe(account, `${account.id} ${viewer.id}`, target),
    };
  };

  const server = createYoga<object, Context>({
    schema: createGatewaySchema(),
    context: ({ request }) => contextOf(request),
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
      useRequestId(),
      // Before hosts and callers are looked at: they have a signature.
      ...(receive === null ? [] : [useWebhooks(receive)]),
      ...(localOnly ? [useLocalHost()] : []),
      useReadiness(isReady),
      // Before anything of a request's body is read.
      useCsrfPrevention(corsOrigins),
      useAuthentication(identify),
      useWellFormedRequest(),
      useBodyLimit(limits.bodyBytes),
      // What a document's id stands for is looked at as if it had been sent.
      useTrustedDocuments(trustedDocuments),
      useQueryLimits(limits),
      ...(tellsSchema ? [] : [useHiddenSchema()]),
      useCostLimit(limits),
      ...(reports ? [useUpstreamReport()] : []),
      useKeptAnswers(upstream.answers),
      useBrokenStreams(),
      // Last, so that it sees the errors of all the others.
      useErrorCodes(log, suggestions),
    ],
  });
  return Object.assign(server, {
    endSubscriptions: () => watch.end(),
    /** How many subscriptions there are. */
    subscriptions: () => watch.size(),
  });
}

/** Parsed documents, as many as fit, by their characters, of which each takes up to 190 bytes: callers can send any number. */
function documentCache<Value extends object>(): LRUCache<string, Value> {
  return new LRUCache({ maxSize: 200_000, sizeCalculation: (_value, text) => 1 + text.length });
}

/** A plain signal that follows the server's own, which costs much at every look: each read takes several. */
function following(signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return controller.signal;
}

export type Gateway = ReturnType<typeof createGateway>;
