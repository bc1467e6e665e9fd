import type { Plugin } from 'graphql-yoga';

import type { Metrics } from '../../telemetry/metrics.ts';
import { isRequestFor } from './isRequestFor.ts';

/** Answers `GET /metrics`. The endpoint needs no credential: metrics contain no secrets, but they show how busy the gateway is. */
export function useMetrics(metrics: Pick<Metrics, 'expose'>): Plugin {
  return {
    onRequest(hook) {
      const { request, fetchAPI } = hook;
      if (request.method !== 'GET' || !isRequestFor(hook, '/metrics')) return undefined;
      return metrics
        .expose()
        .then(({ contentType, text }) =>
          hook.endResponse(new fetchAPI.Response(text, { headers: { 'content-type': contentType } })),
        );
    },
  };
}
