import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Metrics } from './metrics.ts';

const PREFIX = 'realtimekit_graphql_';
/** Operations with further names are counted as `other`: callers may invent any number of names. */
const MAX_OPERATION_NAMES = 200;
/** In seconds. A response from the cache takes less than a millisecond; a slow upstream request takes its whole timeout. */
const OPERATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const REQUEST_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Creates metrics for Prometheus, together with Node's default metrics. The number of series is bounded whatever callers send. Names
 * follow https://prometheus.io/docs/practices/naming/. `version` is the program's.
 */
export function createPrometheus(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const operations = new Counter({
    name: `${PREFIX}operations_total`,
    help: 'Completed operations by name, kind and code. Kind "none": requests rejected before their operation was known.',
    labelNames: ['operation', 'kind', 'code'] as const,
    registers,
  });
  const operationDurations = new Histogram({
    name: `${PREFIX}operation_duration_seconds`,
    help: 'Duration of queries and mutations.',
    labelNames: ['kind'] as const,
    buckets: OPERATION_BUCKETS,
    registers,
  });
  const requests = new Counter({
    name: `${PREFIX}upstream_requests_total`,
    help: 'Upstream requests by method, route and HTTP status. Status "none": no response.',
    labelNames: ['method', 'route', 'status'] as const,
    registers,
  });
  const requestDurations = new Histogram({
    name: `${PREFIX}upstream_request_duration_seconds`,
    help: 'Duration of upstream requests by route.',
    labelNames: ['route'] as const,
    buckets: REQUEST_BUCKETS,
    registers,
  });
  const webhooks = new Counter({
    name: `${PREFIX}webhooks_total`,
    help: 'Webhook deliveries by outcome.',
    labelNames: ['outcome'] as const,
    registers,
  });
  const buildInfo = new Gauge({
    name: `${PREFIX}build_info`,
    help: 'The version of the gateway. The value is always 1.',
    labelNames: ['version'] as const,
    registers,
  });
  buildInfo.set({ version }, 1);
  const nameOf = limitOperationNames();

  return {
    operation({ name, kind, code, seconds }) {
      operations.inc({ operation: kind === null ? 'none' : nameOf(name), kind: kind ?? 'none', code });
      if (kind === 'query' || kind === 'mutation') operationDurations.observe({ kind }, seconds);
    },
    upstreamRequest({ method, route, status, seconds }) {
      requests.inc({ method, route, status: status === null ? 'none' : String(status) });
      requestDurations.observe({ route }, seconds);
    },
    read: createReadCounter(registry),
    webhook: (outcome) => webhooks.inc({ outcome }),
    gauge(name, help, read) {
      const gauge = new Gauge({
        name: PREFIX + name,
        help,
        registers,
        async collect() {
          const value = await read();
          if (value === undefined) gauge.remove();
          else gauge.set(value);
        },
      });
    },
    expose: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

/** Counts reads in plain numbers and copies them at each scrape: an operation on fifty rows makes a hundred reads. */
function createReadCounter(registry: Registry): Metrics['read'] {
  const counts = { network: 0, cache: 0, stale: 0, coalesced: 0, response_cache: 0 };
  const reads = new Counter({
    name: `${PREFIX}reads_total`,
    help: 'Reads by the source of their value. Source "response_cache": whole operations served from the response cache.',
    labelNames: ['source'] as const,
    registers: [registry],
    collect() {
      reads.reset();
      for (const [source, count] of Object.entries(counts)) reads.inc({ source }, count);
    },
  });
  return (source) => {
    counts[source] += 1;
  };
}

/** Maps operation names to label values: the first names to themselves, all later ones to `other`. */
function limitOperationNames(): (name: string | null) => string {
  const known = new Set<string>();
  return (name) => {
    if (name === null) return 'anonymous';
    if (known.has(name)) return name;
    if (known.size >= MAX_OPERATION_NAMES) return 'other';
    known.add(name);
    return name;
  };
}
