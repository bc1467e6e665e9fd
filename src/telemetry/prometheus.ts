import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import { type Metrics, PURGE_OUTCOMES, UPSTREAM_FAILURE_CAUSES } from './metrics.ts';

const PREFIX = 'realtimekit_graphql_';
/** Operations with further names are counted as `other`: callers may invent any number of names. */
const MAX_OPERATION_NAMES = 200;
/** Further callers are counted together as `other`. */
const MAX_CALLERS = 50;
/** In seconds. A response from the cache takes less than a millisecond; a slow upstream request takes its whole timeout. */
const OPERATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const REQUEST_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Creates metrics for Prometheus, together with Node's default metrics. The number of series is bounded whatever callers send. Names
 * follow https://prometheus.io/docs/practices/naming/. `version` is the program's.
 */
export function createPrometheus(version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  function describe<const Labels extends readonly string[]>(name: string, help: string, labelNames: Labels) {
    return { name: PREFIX + name, help, labelNames, registers: [registry] };
  }
  const operations = new Counter(
    describe(
      'operations_total',
      'Completed operations by name, kind and code. Kind "none": requests rejected before their operation was known.',
      ['operation', 'kind', 'code'],
    ),
  );
  const operationDurations = new Histogram({
    ...describe('operation_duration_seconds', 'Duration of queries and mutations.', ['kind']),
    buckets: OPERATION_BUCKETS,
  });
  const requests = new Counter(
    describe(
      'upstream_requests_total',
      'Upstream requests by method, route and HTTP status. Status "none": no response.',
      ['method', 'route', 'status'],
    ),
  );
  const requestDurations = new Histogram({
    ...describe('upstream_request_duration_seconds', 'Duration of upstream requests by route.', ['route']),
    buckets: REQUEST_BUCKETS,
  });
  const callerRequests = new Counter(
    describe(
      'caller_requests_total',
      'Upstream requests that callers needed. Outcome "rate_limited": held back, because the caller\'s share of the budget was used up.',
      ['caller', 'outcome'],
    ),
  );
  const upstreamFailures = new Counter(
    describe(
      'upstream_failures_total',
      'Upstream requests that failed for a reason that the operator can fix, by cause.',
      ['cause'],
    ),
  );
  // A series that begins with its first failure would hide that failure from rate().
  for (const cause of UPSTREAM_FAILURE_CAUSES) upstreamFailures.inc({ cause }, 0);
  const webhooks = new Counter(describe('webhooks_total', 'Webhook deliveries by outcome.', ['outcome']));
  const purges = new Counter(
    describe(
      'purges_total',
      'Purges by endpoint and outcome. Outcome "failed": requests that failed; "given_up": purges that are not tried again.',
      ['endpoint', 'outcome'],
    ),
  );
  new Gauge(describe('build_info', 'The version of the gateway. The value is always 1.', ['version'])).set(
    { version },
    1,
  );
  // Plain numbers, copied at each scrape: an operation on fifty rows makes a hundred reads.
  const readCounts = { network: 0, cache: 0, stale: 0, coalesced: 0, response_cache: 0 };
  const reads = new Counter({
    ...describe(
      'reads_total',
      'Reads by the source of their value. Source "response_cache": whole operations served from the response cache.',
      ['source'],
    ),
    collect() {
      reads.reset();
      for (const [source, count] of Object.entries(readCounts)) reads.inc({ source }, count);
    },
  });
  const operationNameOf = limitNames(MAX_OPERATION_NAMES);
  const nameOf = (name: string | null): string => (name === null ? 'anonymous' : operationNameOf(name));
  const callerOf = limitNames(MAX_CALLERS);

  return {
    operation({ name, kind, code, seconds }) {
      operations.inc({ operation: kind === null ? 'none' : nameOf(name), kind: kind ?? 'none', code });
      if (kind === 'query' || kind === 'mutation') operationDurations.observe({ kind }, seconds);
    },
    upstreamRequest({ method, route, status, seconds }) {
      requests.inc({ method, route, status: status === null ? 'none' : String(status) });
      requestDurations.observe({ route }, seconds);
    },
    callerRequest: (caller, outcome) => callerRequests.inc({ caller: callerOf(caller), outcome }),
    read(source) {
      readCounts[source] += 1;
    },
    webhook: (outcome) => webhooks.inc({ outcome }),
    purge(endpoint, outcome) {
      for (const each of PURGE_OUTCOMES) purges.inc({ endpoint, outcome: each }, each === outcome ? 1 : 0);
    },
    upstreamFailure: (cause) => upstreamFailures.inc({ cause }),
    gauge(name, help, read) {
      const gauge = new Gauge({
        ...describe(name, help, []),
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

/** Maps names to label values: the first `max` names to themselves, all later ones to `other`. */
function limitNames(max: number): (name: string) => string {
  const known = new Set<string>();
  return (name) => {
    if (known.has(name)) return name;
    if (known.size >= max) return 'other';
    known.add(name);
    return name;
  };
}
