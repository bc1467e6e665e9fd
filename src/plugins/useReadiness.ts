import type { Plugin } from 'graphql-yoga';

/** Answers `GET /ready`: 200 while `isReady`, else 503. Yoga's own plugin looks at the address of every request, this at few. */
export function useReadiness(isReady: () => boolean): Plugin {
  return {
    onRequest(hook) {
      const { request, url, fetchAPI } = hook;
      if (request.method !== 'GET' || url.pathname !== '/ready') return;
      hook.endResponse(new fetchAPI.Response(null, { status: isReady() ? 200 : 503 }));
    },
  };
}
