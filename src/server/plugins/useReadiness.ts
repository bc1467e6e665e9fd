import type { Plugin } from 'graphql-yoga';

/** What `/ready` tells beside whether new work is wanted. No secret may be in it: whoever reaches the gateway can read it. */
export type ReadinessDetails = Readonly<Record<string, string | number | boolean>>;

/**
 * Answers `GET /ready` with `{ "ready": … }` and the details: 200 while `isReady`, else 503. Yoga's own plugin looks at the address of
 * every request, this at few.
 */
export function useReadiness(isReady: () => boolean, details: () => ReadinessDetails): Plugin {
  return {
    onRequest(hook) {
      const { request, url, fetchAPI } = hook;
      if ((request.method !== 'GET' && request.method !== 'HEAD') || url.pathname !== '/ready') return;
      const ready = isReady();
      const body = request.method === 'HEAD' ? null : `${JSON.stringify({ ready, ...details() })}\n`;
      const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
      hook.endResponse(new fetchAPI.Response(body, { status: ready ? 200 : 503, headers }));
    },
  };
}
