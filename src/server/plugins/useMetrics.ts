import type { Plugin } from 'graphql-yoga';

import type { Metrics } from '../../telemetry/metrics.ts';

const PATH = '/metrics';

/** Answers `GET /metrics`. Whoever reaches the gateway reads them: they tell no secret, but how much it has to do. */
export function useMetrics(metrics: Pick<Metrics, 'expose'>): Plugin {
  return {
    onRequest(hook) {
      const { request, fetchAPI } = hook;
      // To take an address apart costs more than to see that it is another one.
      if (request.method !== 'GET' || !request.url.includes(PATH) || hook.url.pathname !== PATH) return undefined;
      return metrics
        .expose()
        .then(({ contentType, text }) =>
          hook.endResponse(new fetchAPI.Response(text, { headers: { 'content-type': contentType } })),
        );
    },
  };
}
