import type { FetchAPI, Plugin } from 'graphql-yoga';

import type { Metrics } from '../../telemetry/metrics.ts';
import type { WebhookReceiver } from '../../webhooks/receiver.ts';
import { createGraphiql } from '../graphiql/graphiql.ts';
import type { GraphiqlOptions } from '../graphiql/page.ts';
import type { GraphqlHandler } from '../graphqlHandler.ts';
import { prefersHtml } from '../negotiation.ts';
import { isLocalHost, NOT_LOCAL_MESSAGE } from '../localHost.ts';
import type { ServerContext } from '../requestState.ts';
import { GRAPHQL_PATH, NOT_FOUND_MESSAGE, pathOf, SCHEMA_PATH } from '../requestTarget.ts';
import type { ServeSchemaFile } from '../schemaFile.ts';

/** The path of the endpoint for RealtimeKit's webhooks. */
export const WEBHOOK_PATH = '/webhooks/realtimekit';

/** Further properties of the body of `GET /ready`. They must not contain secrets: the endpoint needs no credential. */
export type ReadinessDetails = Readonly<Record<string, string | number | boolean>>;

export interface RouteOptions {
  /** The program's version, for `/health`. */
  version?: string | undefined;
  /** Whether `/ready` answers 200 or 503. */
  isReady: () => boolean;
  readinessDetails: () => ReadinessDetails;
  /** Undefined for no `/metrics`. */
  metrics?: Pick<Metrics, 'expose'> | undefined;
  /** Checks the signature of webhooks; null to receive none. */
  webhookReceiver: WebhookReceiver | null;
  /** Whether to reject requests whose `Host` is not a name of this machine, with 421. */
  localOnly: boolean;
  /** What GraphiQL shows; false to serve no GraphiQL. */
  graphiql: GraphiqlOptions | false;
  /** Serves the schema as a file; null to serve none. */
  schemaFile: ServeSchemaFile | null;
  /** Creates what answers requests for GraphQL. */
  graphql: (fetchAPI: FetchAPI) => GraphqlHandler;
}

/**
 * Answers all requests by their path, but for preflights: where pages of other origins may send requests, Yoga has answered them before.
 * Apart from GraphQL, only `/schema.graphql` needs a credential, as introspection does. `/health` says that the process runs, whatever the state of RealtimeKit and Redis; `/ready` whether
 * it should get requests; `/metrics` contains no secrets, but shows how busy the gateway is; webhooks are authenticated by their
 * signature.
 */
export function useRoutes(options: RouteOptions): Plugin<object, ServerContext> {
  const { version, isReady, readinessDetails, metrics, webhookReceiver, localOnly, schemaFile } = options;
  const graphiql = options.graphiql === false ? null : createGraphiql(options.graphiql);
  let answerGraphql: GraphqlHandler;
  return {
    onYogaInit({ yoga }) {
      answerGraphql = options.graphql(yoga.fetchAPI);
    },
    onRequest(hook) {
      const { url, method, headers } = hook.request;
      const path = pathOf(url);
      const isRead = method === 'GET' || method === 'HEAD';
      const isPageView = method === 'GET' && prefersHtml(headers.get('accept'));
      if (path === '/health' && isRead) return endWithJson(hook, { status: 'ok', version }, 200);
      if (path === WEBHOOK_PATH && webhookReceiver !== null) {
        if (method !== 'POST')
          return end(hook, 'Send webhooks with POST.\n', { status: 405, headers: { allow: 'POST' } });
        return webhookReceiver(hook.request).then((response) => hook.endResponse(response));
      }
      if (localOnly && !isLocalHost(headers.get('host') ?? ''))
        return end(hook, `${NOT_LOCAL_MESSAGE}\n`, { status: 421 });
      if (path === GRAPHQL_PATH) {
        const file = isRead ? graphiql?.asset(hook.request) : undefined;
        const page = file ?? (isPageView ? graphiql?.page(hook.request) : undefined);
        return page === undefined
          ? answerGraphql(hook.request, hook.serverContext).then((response) => hook.endResponse(response))
          : page.then(({ body, init }) => end(hook, body, init));
      }
      if (path === SCHEMA_PATH && isRead && schemaFile !== null)
        return schemaFile(hook.request).then(({ body, ...init }) => end(hook, body, init));
      if (path === '/ready' && isRead) {
        const ready = isReady();
        return endWithJson(hook, { ready, ...readinessDetails() }, ready ? 200 : 503);
      }
      if (path === '/metrics' && method === 'GET' && metrics !== undefined)
        return metrics
          .expose()
          .then(({ contentType, text }) => end(hook, text, { headers: { 'content-type': contentType } }));
      // The redirect is relative, because a proxy may serve the gateway under a prefix.
      if (path === '/' && isPageView)
        return end(hook, '', { status: 302, headers: { location: GRAPHQL_PATH.slice(1) } });
      return end(hook, `${NOT_FOUND_MESSAGE}\n`, { status: 404 });
    },
  };
}

type RequestHook = Pick<Parameters<NonNullable<Plugin['onRequest']>>[0], 'request' | 'fetchAPI' | 'endResponse'>;

function endWithJson(hook: RequestHook, body: object, status: number): void {
  const headers = { 'content-type': 'application/json' };
  end(hook, `${JSON.stringify(body)}\n`, { status, headers });
}

function end(hook: RequestHook, body: BodyInit | null, init: ResponseInit): void {
  hook.endResponse(new hook.fetchAPI.Response(hook.request.method === 'HEAD' ? null : body, init));
}
