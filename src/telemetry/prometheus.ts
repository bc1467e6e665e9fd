import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Metrics } from './metrics.ts';

const PREFIX = 'realtimekit_graphql_';
/** How many operations are counted under their own names: callers can make up any number. */
const MOST_NAMES = 200;
/** Seconds: an answer from memory takes a fraction of a millisecond, a slow upstream its whole deadline. */
const OPERATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const REQUEST_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Metrics for Prometheus, and Node's own beside them. Whatever callers send, there are only so many series. */
export function createPrometheus(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const operations = new Counter({
    name: `${PREFIX}operations_total`,
    help: 'Operations that were answered, and requests that never became one (kind "none").',
    labelNames: ['operation', 'kind', 'code'] as const,
    registers,
  });
  const durations = new Histogram({
    name: `${PREFIX}operation_duration_seconds`,
    help: 'How long queries and mutations took.',
    labelNames: ['kind'] as const,
    buckets: OPERATION_BUCKETS,
    registers,
  });
  const requests = new Counter({
    name: `${PREFIX}upstream_requests_total`,
    help: 'Upstream requests by route and HTTP status; "none": no answer came.',
    labelNames: ['method', 'route', 'status'] as const,
    registers,
  });
  const requestDurations = new Histogram({
    name: `${PREFIX}upstream_request_duration_seconds`,
    help: 'How long upstream requests took.',
    labelNames: ['route'] as const,
    buckets: REQUEST_BUCKETS,
    registers,
  });
  const webhooks = new Counter({
    name: `${PREFIX}webhooks_total`,
    help: 'Deliveries of webhooks by what became of them.',
    labelNames: ['outcome'] as const,
    registers,
  });
  const answerSource = countSources(registry);
  const nameOf = boundedNames();

  return {
    operation({ name, kind, code, seconds }) {
      operations.inc({ operation: kind === null ? 'none' : nameOf(name), kind: kind ?? 'none', code });
      if (kind === 'query' || kind === 'mutation') durations.observe({ kind }, seconds);
    },
    upstreamRequest({ method, route, status, seconds }) {
      requests.inc({ method, route, status: status === null ? 'none' : String(status) });
      requestDurations.observe({ route }, seconds);
    },
    answerSource,
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

/** An answer of fifty rows has a hundred sources: they are counted by hand, and told when they are asked for. */
function countSources(registry: Registry): Metrics['answerSource'] {
  const counts = { network: 0, cache: 0, stale: 0, coalesced: 0, kept: 0 };
  const answers = new Counter({
    name: `${PREFIX}answers_total`,
    help: 'Where what operations read came from; "kept": whole answers that were given again.',
    labelNames: ['source'] as const,
    registers: [registry],
    collect() {
      answers.reset();
      for (const [source, count] of Object.entries(counts)) answers.inc({ source }, count);
    },
  });
  return (source) => {
    counts[source] += 1;
  };
}

/** The names that came first; all others are one. */
function boundedNames(): (name: string | null) => string {
  const known = new Set<string>();
  return (name) => {
    if (name === null) return 'anonymous';
    if (known.has(name)) return name;
    if (known.size >= MOST_NAMES) return 'other';
    known.add(name);
    return name;
  };
}
