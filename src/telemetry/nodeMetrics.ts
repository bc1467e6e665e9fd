import { collectDefaultMetrics, Registry } from 'prom-client';

import type { Metrics } from './metrics.ts';
import { createPrometheus } from './prometheus.ts';

/** Creates the gateway's metrics, and exposes those of the Node.js process before them. `version` is the program's. */
export function createNodeMetrics(version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const metrics = createPrometheus(version);
  return {
    ...metrics,
    async expose() {
      const [processText, { contentType, text }] = await Promise.all([registry.metrics(), metrics.expose()]);
      return { contentType, text: `${processText}\n${text}` };
    },
  };
}
