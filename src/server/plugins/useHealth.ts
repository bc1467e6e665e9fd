import type { Plugin } from 'graphql-yoga';

import { isRequestFor } from './isRequestFor.ts';

/**
 * Answers `GET /health` with 200 and `{ "status": "ok", "version": … }` for as long as the process runs, whatever the state of
 * RealtimeKit and Redis. Needs no credential.
 */
export function useHealth(version: string | undefined): Plugin {
  return {
    onRequest(hook) {
      const { request, fetchAPI } = hook;
      if ((request.method !== 'GET' && request.method !== 'HEAD') || !isRequestFor(hook, '/health')) return;
      const body = request.method === 'HEAD' ? null : `${JSON.stringify({ status: 'ok', version })}\n`;
      const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
      hook.endResponse(new fetchAPI.Response(body, { headers }));
    },
  };
}
