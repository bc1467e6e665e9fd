import type { Plugin } from 'graphql-yoga';

import { isRequestFor } from './isRequestFor.ts';

/** Further properties of the body of `GET /ready`. They must not contain secrets: the endpoint needs no credential. */
export type ReadinessDetails = Readonly<Record<string, string | number | boolean>>;

/** Answers `GET /ready` with `{ "ready": …, … }`: status 200 while `isReady` returns true, otherwise 503. */
export function useReadiness(isReady: () => boolean, details: () => ReadinessDetails): Plugin {
  return {
    onRequest(hook) {
      const { request, fetchAPI } = hook;
      if ((request.method !== 'GET' && request.method !== 'HEAD') || !isRequestFor(hook, '/ready')) return;
      const ready = isReady();
      const body = request.method === 'HEAD' ? null : `${JSON.stringify({ ready, ...details() })}\n`;
      const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
      hook.endResponse(new fetchAPI.Response(body, { status: ready ? 200 : 503, headers }));
    },
  };
}
