import type { Plugin } from 'graphql-yoga';

import type { Metrics } from '../../telemetry/metrics.ts';
import type { WebhookReceiver } from '../../webhooks/receiver.ts';
import { isLocalHost, NOT_LOCAL_MESSAGE } from '../localHost.ts';

/** The path of the endpoint for RealtimeKit's webhooks. */
export const WEBHOOK_PATH = '/webhooks/realtimekit';

/** Matches every URL of a route below, and few others: parsing the URL of each request for GraphQL would cost more than the routes. */
const ROUTE = /\/(health|ready|metrics|webhooks\/realtimekit)/;

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
}

/**
 * Answers all requests that are not for GraphQL. None of these endpoints needs a credential: `/health` says that the process runs,
 * whatever the state of RealtimeKit and Redis; `/ready` whether it should get requests; `/metrics` contains no secrets, but shows how
 * busy the gateway is; webhooks are authenticated by their signature.
 */
export function useRoutes(options: RouteOptions): Plugin {
  const { version, isReady, readinessDetails, metrics, webhookReceiver, localOnly } = options;
  return {
    onRequest(hook) {
      const { url, method, headers } = hook.request;
      const path = ROUTE.test(url) ? hook.url.pathname : null;
      const isRead = method === 'GET' || method === 'HEAD';
      if (path === '/health' && isRead) return endWithJson(hook, { status: 'ok', version }, 200);
      if (path === WEBHOOK_PATH && webhookReceiver !== null) {
        if (method !== 'POST')
          return end(hook, 'Send webhooks with POST.\n', { status: 405, headers: { allow: 'POST' } });
        return webhookReceiver(hook.request).then((response) => hook.endResponse(response));
      }
      if (localOnly && !isLocalHost(headers.get('host') ?? ''))
        return end(hook, `${NOT_LOCAL_MESSAGE}\n`, { status: 421 });
      if (path === '/ready' && isRead) {
        const ready = isReady();
        return endWithJson(hook, { ready, ...readinessDetails() }, ready ? 200 : 503);
      }
      if (path !== '/metrics' || method !== 'GET' || metrics === undefined) return undefined;
      return metrics
        .expose()
        .then(({ contentType, text }) => end(hook, text, { headers: { 'content-type': contentType } }));
    },
  };
}

type RequestHook = Parameters<NonNullable<Plugin['onRequest']>>[0];

function endWithJson(hook: RequestHook, body: object, status: number): void {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  end(hook, `${JSON.stringify(body)}\n`, { status, headers });
}

function end(hook: RequestHook, body: string, init: ResponseInit): void {
  hook.endResponse(new hook.fetchAPI.Response(hook.request.method === 'HEAD' ? null : body, init));
}
