import type { Plugin } from 'graphql-yoga';

import type { Clock } from '../../lib/clock.ts';
import type { ReportOperation } from '../../telemetry/operationReporter.ts';
import type { CacheHeaders } from '../cacheHeaders.ts';
import type { WarnOfOrigin } from '../cors.ts';
import { rateLimitFields } from '../rateLimitFields.ts';
import { REQUEST_ID, type ServerContext, stateOf } from '../requestState.ts';
import { GRAPHQL_PATH, pathOf, SCHEMA_PATH } from '../requestTarget.ts';

export interface ResponseHeaderOptions {
  clock: Pick<Clock, 'now'>;
  /** Called for a request that was rejected, unless it was reported before. */
  report: ReportOperation;
  /** Null if no cache may store responses. */
  cacheHeaders: CacheHeaders | null;
  /** Warns of requests that pages of other origins send. */
  warnOfOrigin: WarnOfOrigin;
}

/**
 * Sets the header fields of every response: the request's id, what caches may do, and the caller's share of the budget. Reports requests
 * that were rejected by their HTTP status alone.
 */
export function useResponseHeaders({
  clock,
  report,
  cacheHeaders,
  warnOfOrigin,
}: ResponseHeaderOptions): Plugin<object, ServerContext> {
  return {
    onResponse({ request, response, serverContext }) {
      const state = stateOf(serverContext, request);
      const { record, storable, caller } = state;
      response.headers.set(REQUEST_ID, record.id);
      if (storable === null || cacheHeaders === null) forbidCaching(response);
      else cacheHeaders.write(response.headers, storable, state);
      const share = caller?.account.budget.share();
      if (share) setFields(response, rateLimitFields(share, clock.now()));
      warnOfOrigin((name) => request.headers.get(name));
      const { status } = response;
      const path = pathOf(request.url);
      // A request rejected by its HTTP status alone, for example because of its content type. Unknown files and paths do not count.
      const isRejected = status >= 400 && status !== 404 && (path === GRAPHQL_PATH || path === SCHEMA_PATH);
      if (isRejected) report(record, { codes: [codeOfStatus(status)], status });
    },
  };
}

function setFields({ headers }: Response, fields: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(fields)) headers.set(name, value);
}

function codeOfStatus(status: number): string {
  if (status === 401) return 'UNAUTHENTICATED';
  if (status === 503) return 'UPSTREAM_UNAVAILABLE';
  return status < 500 ? 'BAD_REQUEST' : 'INTERNAL_SERVER_ERROR';
}

/**
 * Keeps caches from storing a response, which depends on the caller or on the moment, or may contain secrets. The page of GraphiQL, the schema and event
 * streams have headers of their own.
 */
function forbidCaching({ headers }: Response): void {
  const current = headers.get('cache-control');
  if (current !== null && /max-age|no-cache|no-transform/.test(current)) return;
  // Otherwise Yoga's implementation of `set` would send both values, if the name was in another letter case before.
  if (current !== null) headers.delete('cache-control');
  headers.set('cache-control', 'private, no-store');
}
