import { createMetricRegistry } from './metricRegistry.ts';
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
 * Creates metrics for Prometheus, on any runtime. The number of series is bounded whatever callers send. Names follow
 * https://prometheus.io/docs/practices/naming/. `version` is the program's.
 */
export function createPrometheus(version: string): Metrics {
  const registry = createMetricRegistry();
  const operations = registry.counter(
    `${PREFIX}operations_total`,
    'Completed operations by name, kind and code. Kind "none": requests rejected before their operation was known.',
    ['operation', 'kind', 'code'],
  );
  const observeOperation = registry.histogram(
    `${PREFIX}operation_duration_seconds`,
    'Duration of queries and mutations.',
    { labelNames: ['kind'], buckets: OPERATION_BUCKETS },
  );
  const requests = registry.counter(
    `${PREFIX}upstream_requests_total`,
    'Upstream requests by method, route and HTTP status. Status "none": no response.',
    ['method', 'route', 'status'],
  );
  const observeRequest = registry.histogram(
    `${PREFIX}upstream_request_duration_seconds`,
    'Duration of upstream requests by route.',
    { labelNames: ['route'], buckets: REQUEST_BUCKETS },
  );
  const callerRequests = registry.counter(
    `${PREFIX}caller_requests_total`,
    'Upstream requests that callers needed. Outcome "rate_limited": held back, because the caller\'s share of the budget was used up.',
    ['caller', 'outcome'],
  );
  const upstreamFailures = registry.counter(
    `${PREFIX}upstream_failures_total`,
    'Upstream requests that failed for a reason that the operator can fix, by cause.',
    ['cause'],
  );
  // A series that begins with its first failure would hide that failure from rate().
  for (const cause of UPSTREAM_FAILURE_CAUSES) upstreamFailures({ cause });
  const webhooks = registry.counter(`${PREFIX}webhooks_total`, 'Webhook deliveries by outcome.', ['outcome']);
  const purges = registry.counter(
    `${PREFIX}purges_total`,
    'Purges by endpoint and outcome. Outcome "failed": requests that failed; "given_up": purges that are not tried again.',
    ['endpoint', 'outcome'],
  );
  const buildInfo = registry.gauge(`${PREFIX}build_info`, 'The version of the gateway. The value is always 1.', [
    'version',
  ]);
  buildInfo({ version }).value = 1;
  const reads = registry.counter(
    `${PREFIX}reads_total`,
    'Reads by the source of their value. Source "response_cache": whole operations served from the response cache.',
    ['source'],
  );
  // Looked up once: an operation on fifty rows makes a hundred reads.
  const readsBySource = {
    network: reads({ source: 'network' }),
    cache: reads({ source: 'cache' }),
    stale: reads({ source: 'stale' }),
    coalesced: reads({ source: 'coalesced' }),
    response_cache: reads({ source: 'response_cache' }),
  };
  const operationNameOf = limitNames(MAX_OPERATION_NAMES);
  const nameOf = (name: string | null): string => (name === null ? 'anonymous' : operationNameOf(name));
  const callerOf = limitNames(MAX_CALLERS);

  return {
    operation({ name, kind, code, seconds }) {
      operations({ operation: kind === null ? 'none' : nameOf(name), kind: kind ?? 'none', code }).value += 1;
      if (kind === 'query' || kind === 'mutation') observeOperation({ kind }, seconds);
    },
    upstreamRequest({ method, route, status, seconds }) {
      requests({ method, route, status: status === null ? 'none' : String(status) }).value += 1;
      observeRequest({ route }, seconds);
    },
    callerRequest(caller, outcome) {
      callerRequests({ caller: callerOf(caller), outcome }).value += 1;
    },
    read(source) {
      readsBySource[source].value += 1;
    },
    webhook(outcome) {
      webhooks({ outcome }).value += 1;
    },
    purge(endpoint, outcome) {
      for (const each of PURGE_OUTCOMES) purges({ endpoint, outcome: each }).value += each === outcome ? 1 : 0;
    },
    upstreamFailure(cause) {
      upstreamFailures({ cause }).value += 1;
    },
    gauge: (name, help, read) => registry.computedGauge(PREFIX + name, help, read),
    expose: async () => registry.expose(),
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
